"""The panel *Studies*: the stores of sweeps in one folder, what is computed of them, maps and curves of their values.

The folder is given where the server is started, never by the page: a page may only choose among the names found in it.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import panel as pn
import xarray as xr

from spinvalley.app.controls import Controls
from spinvalley.app.look import Look
from spinvalley.app.study_plots import StudyPlot
from spinvalley.app.view import View, facts
from spinvalley.app.worker import Tell
from spinvalley.checks import InvalidInput
from spinvalley.store import open_store
from spinvalley.studies.study import Study

_DEPTH, _MOST = 3, 200
_EVERY: Final = 3000  # ms between two looks at a study that runs
_NONE: Final = "(none)"
_ALWAYS: Final = ("status", "message")


@dataclass(frozen=True, eq=False)
class Opened:
    """What a store holds at this moment."""

    name: str
    data: xr.Dataset
    states: Mapping[str, int]
    counts: Mapping[str, int]
    run_file: str
    running: bool
    told: Mapping[str, Any]


class StudiesView(View):
    """Stores of sweeps -> maps and curves of their values, progress of one that runs.

    Args:
        look: colours of the session.
        folder: where the stores are; None: there are none to look at.
    """

    name, title = "studies", "Studies"

    def __init__(self, look: Look, folder: Path | None = None) -> None:
        self._folder = folder.resolve() if folder is not None else None
        self._stores: dict[str, Path] = {}
        self._opened_study: Opened | None = None
        self._filling = False
        self._timer: Any = None
        super().__init__(look)

    def make_controls(self) -> Controls:
        """Which study, which variable, which axes; they depend on the store, so that they are no fixed controls."""
        self._study = pn.widgets.Select(label="Study", options=[], sizing_mode="stretch_width")
        self._variable = pn.widgets.Select(label="Variable", options=[], sizing_mode="stretch_width")
        self._x = pn.widgets.Select(label="Along x", options=[], sizing_mode="stretch_width")
        self._y = pn.widgets.Select(label="Along y", options=[], sizing_mode="stretch_width")
        self._others = pn.Column(sizing_mode="stretch_width")
        return Controls({})

    def pictures(self) -> list[Any]:
        """The values; below what is known of the study."""
        again = pn.widgets.Button(label="Look again", sizing_mode="stretch_width")
        again.on_click(lambda _: self._look_again())
        self.controls.layout.extend([self._study, again, self._variable, self._x, self._y, self._others])
        self._study.param.watch(lambda _: self._chosen(self.start), "value")
        for select in (self._variable, self._x, self._y):
            select.param.watch(lambda _: self._chosen(self._draw), "value")
        self.plot = StudyPlot(self.look)
        self._figure = pn.Column(self.plot.figure, sizing_mode="stretch_width", visible=False)
        return [self._figure, self.facts]

    def open(self) -> None:
        """Look for stores."""
        if not self._opened:
            self._opened = True
            self._look_again()

    def start(self) -> None:
        """Read the chosen store."""
        name = self._study.value
        if name not in self._stores:
            return
        self.worker.start(lambda tell: self._read(name, tell))

    def compute(self, values: Mapping[str, Any], tell: Tell) -> Iterator[Opened]:
        """Everything of the chosen store."""
        del values
        return self._read(str(self._study.value), tell)

    def show(self, result: Opened) -> None:
        """Fill the choices, draw, and look again later if the study runs."""
        fresh = self._opened_study is None or self._opened_study.name != result.name
        self._opened_study = result
        if fresh:
            self._fill(result.data)
        self.facts.object = _about(result)
        self._draw()
        self._watch(result.running)

    def close(self) -> None:
        """Look no more."""
        self._watch(False)
        super().close()

    def _chosen(self, act: Callable[[], None]) -> None:
        """Another choice of the user; not one of ours while the choices are filled."""
        if not self._filling:
            act()

    def _look_again(self) -> None:
        """Find the stores of the folder."""
        self._stores = _stores(self._folder)
        self._filling = True
        self._study.options = list(self._stores)
        self._filling = False
        if not self._stores:
            self._figure.visible = False
            self.state.object = f'<div class="state" role="status"><span>{_nothing(self._folder)}</span></div>'
            return
        if self._study.value not in self._stores:
            self._study.value = next(iter(self._stores))
        self.start()

    def _read(self, name: str, tell: Tell) -> Iterator[Opened]:
        tell("reading", 0, 1)
        store = open_store(self._stores[name])
        study = Study(store.url)
        history = store.history
        running = bool(history) and history[-1]["ended"] is None and store.states().get("pending", 0) > 0
        told = {"sessions": len(history), "compute time": sum(float(h["seconds"] or 0.0) for h in history)}
        yield Opened(name, study.dataset(), store.states(), study.counts(), study.run_file, running, told)

    def _fill(self, data: xr.Dataset) -> None:
        """The choices that this Dataset offers."""
        self._filling = True
        numbers = [str(n) for n, v in data.data_vars.items() if v.dtype.kind in "fiu" and v.dims]
        names = numbers + [n for n in _ALWAYS[:1] if n in data]
        self._variable.options, self._variable.value = names, names[0] if names else None
        dims = [str(d) for d in data[names[0]].dims] if names else []
        dims.sort(key=lambda d: -data.sizes[d])
        self._x.options, self._x.value = dims, dims[0] if dims else None
        second = dims[1] if len(dims) > 1 and data.sizes[dims[1]] > 1 else _NONE
        self._y.options, self._y.value = [_NONE, *dims], second
        self._others.objects = [
            pn.widgets.DiscreteSlider(
                label=d, options={_label(value): n for n, value in enumerate(data[d].values)}, value=0,
                sizing_mode="stretch_width",
            )
            for d in dims if data.sizes[d] > 1
        ]  # fmt: skip
        for slider in self._others.objects:
            slider.param.watch(lambda _: self._chosen(self._draw), "value")
        self._filling = False

    def _draw(self) -> None:
        """Draw the chosen slice."""
        if (
            self._opened_study is None
            or not self._variable.value
            or self._variable.value not in self._opened_study.data
        ):
            return
        data = self._opened_study.data
        chosen = data[self._variable.value]
        x, y = self._x.value, self._y.value
        if x not in chosen.dims or x == y:
            self.complain(InvalidInput("the axes must be two different ones that the variable has"))
            return
        y = y if y in chosen.dims else None
        places = {slider.label: slider.value for slider in self._others.objects}
        held = {d: int(places.get(str(d), 0)) for d in chosen.dims if d not in (x, y)}
        for slider in self._others.objects:
            slider.visible = slider.label in held
        status = data["status"]
        self.plot.show(chosen.isel(held), status.isel({d: n for d, n in held.items() if d in status.dims}), x, y)
        self._figure.visible = True

    def _watch(self, running: bool) -> None:
        """Look again every few seconds while a study runs."""
        if running and self._timer is None and pn.state.curdoc is not None:
            self._timer = pn.state.add_periodic_callback(self.start, period=_EVERY)
        elif not running and self._timer is not None:
            self._timer.stop()
            self._timer = None


def _stores(folder: Path | None) -> dict[str, Path]:
    """Name relative to the folder -> store, of at most some depth; links that lead out of the folder are left out."""
    if folder is None:
        return {}
    found: dict[str, Path] = {}
    level = [folder]
    for _ in range(_DEPTH):
        inner: list[Path] = []
        for place in level:
            for path in _folders(place):
                if not path.resolve().is_relative_to(folder):
                    continue
                if (path / "zarr.json").is_file():
                    found[path.relative_to(folder).as_posix()] = path
                else:
                    inner.append(path)
        level = inner[:_MOST]
    return dict(list(found.items())[:_MOST])


def _folders(place: Path) -> list[Path]:
    """The folders in a folder; none in one that may not be read."""
    try:
        return sorted(p for p in place.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError:
        return []


def _nothing(folder: Path | None) -> str:
    if folder is None:
        return "no folder of studies: start the app with <code>spinvalley app --studies FOLDER</code>"
    return f"no study in {html.escape(str(folder))} yet: <code>spinvalley run FILE</code> makes one"


def _about(opened: Opened) -> str:
    total = sum(opened.states.values()) or 1
    pending = opened.states.get("pending", 0)
    bar = f'<div class="state"><progress max="1" value="{1 - pending / total:.4f}" aria-label="computed"></progress>'
    bar += f"<span>{total - pending} of {total} points{', running' if opened.running else ''}</span></div>"
    sessions = "one session" if opened.told["sessions"] == 1 else f"{opened.told['sessions']} sessions"
    table = facts({
        "Points": ", ".join(f"{n} {name}" for name, n in opened.counts.items() if n),
        "Compute time": f"{opened.told['compute time']:.3g} s in {sessions}",
    })  # fmt: skip
    text = html.escape(opened.run_file)
    return bar + table + (f"<details><summary>Run file</summary><pre>{text}</pre></details>" if text else "")


def _label(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
