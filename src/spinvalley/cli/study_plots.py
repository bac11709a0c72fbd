"""The command `plot`: a study as a figure with its provenance inside. Imported when it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from spinvalley.checks import InvalidInput, one_of
from spinvalley.cli.giving import FIGURES
from spinvalley.cli.study_options import View
from spinvalley.figures.study import draw_study_lines, draw_study_map
from spinvalley.figures.style import journal, panels
from spinvalley.files import check_file, json_text, staged_file
from spinvalley.studies.study import Study, open_study

_HIDDEN: Final = ("status", "message", "error")
_CLOSE: Final = 1e-9


def plot(store: str, view: View, json: bool) -> int:
    """A map or lines of one variable. Returns the exit code."""
    study = open_study(store)
    out = view.out if view.out is not None else Path(Path(study.url.rstrip("/")).stem + ".pdf")
    one_of("out", out.suffix, FIGURES)
    path = check_file(out)
    data = study.dataset()
    variable = _variable(data, view.variable)
    x, y, family, chosen = _layout(_at(data, view.at or ()), variable, view)
    with journal(), staged_file(path) as staged:
        figure, (ax,) = panels()
        if y is not None:
            draw_study_map(ax, chosen, variable, x, y)
        else:
            draw_study_lines(ax, chosen, variable, x, family)
        figure.savefig(staged, metadata=_metadata(study, path.suffix), bbox_inches="tight")
    drawn = {"variable": variable, "x": x, "y": y, "family": family}
    beside = f" and {y}" if y else f", a line for each {family}" if family else ""
    print(json_text({"store": study.url, "out": path} | drawn) if json else f"{path}: {variable} over {x}{beside}")
    return 0


def _variable(data: xr.Dataset, wanted: str | None) -> str:
    known = [str(name) for name in data.data_vars if name != "message"]
    if wanted is not None:
        return one_of("variable", wanted, known)
    return next((name for name in known if name not in _HIDDEN), "status")


def _at(data: xr.Dataset, fixed: Any) -> xr.Dataset:
    """The Dataset at given values of some coordinates."""
    for text in fixed:
        name, sign, value = text.partition("=")
        if not sign:
            raise InvalidInput(f"`at` must be KEY=VALUE, but is {text!r}")
        one_of("at", name, [str(dim) for dim in data.dims])
        data = data.isel({name: _place(name, data[name].values, value)})
    return data


def _place(name: str, values: Any, text: str) -> int:
    if values.dtype.kind not in "fiu":
        return list(map(str, values)).index(one_of(f"at {name}", text, list(map(str, values))))
    try:
        distance = np.abs(values - float(text))
    except ValueError:
        raise InvalidInput(f"`at` must hold a number for {name}, but is {text!r}") from None
    place = int(distance.argmin())
    if not distance[place] <= _CLOSE * max(1.0, float(np.abs(values).max())):
        nearest = f"{values[place]:.10g}"
        raise InvalidInput(
            f"`at` must be one of the {len(values)} values of {name}, but is {text}: nearest is {nearest}"
        )
    return place


def _layout(data: xr.Dataset, variable: str, view: View) -> tuple[str, str | None, str | None, xr.Dataset]:
    """x, y of a map, family of lines, and the Dataset over them only."""
    dims = [str(dim) for dim in data[variable].dims]
    for name in (view.x, view.y):
        if name is not None:
            one_of("axis", name, dims)
    if not dims:
        raise InvalidInput(f"`at` must leave a coordinate to draw {variable} over, but fixes all")
    others = [dim for dim in dims if dim not in (view.x, view.y)]
    x = view.x if view.x is not None else others.pop()
    y = view.y if view.y is not None else others.pop() if view.x is None and others else None
    family = others.pop() if y is None and others else None
    if others:
        example = f"{others[0]}={data[others[0]].values[0]}" if others[0] in data.coords else others[0]
        raise InvalidInput(f"`at` must fix {', '.join(others)} for a figure, e.g. --at {example}, but does not")
    return x, y, family, data[list(dict.fromkeys([variable, "status"]))]


def _metadata(study: Study, suffix: str) -> dict[str, Any]:
    """What a figure carries: the study, its versions and its run file, in the fields that the format has."""
    about = study.provenance
    text = json_text(dict(about.items()))
    made = f"spinvalley {about.get('versions', {}).get('spinvalley', '')}".strip()
    title = about.get("run_file_name", study.url)
    if suffix == ".pdf":
        return {"Title": title, "Creator": made, "Subject": text}
    if suffix == ".png":
        return {"Title": title, "Software": made, "Description": text}
    return {"Title": title, "Creator": made, "Description": text}
