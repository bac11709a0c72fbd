"""From the files of a cryostat, or a table of critical fields, to everything that a report tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from spinvalley.checks import InvalidInput
from spinvalley.experiment.tables import columns, open_table
from spinvalley.files import check_folder, json_text, staged_folder, write_text
from spinvalley.reports import document, drawings, page
from spinvalley.reports.carriers import Carriers, carriers
from spinvalley.reports.judged import Held, Joint, Judged, joint, judge, microscopic_of, suited
from spinvalley.reports.lines import Line, lines, orientation, tc_of
from spinvalley.reports.measured import Measured, measure
from spinvalley.reports.options import Options

VERSION: Final = version("spinvalley")


@dataclass(frozen=True)
class Source:
    """A file that was read: name, SHA-256, format, title, rows, what it says of itself, what its end lost."""

    name: str
    sha256: str
    format: str
    title: str = ""
    rows: int = 0
    theta: str = ""
    header: Mapping[str, str] | None = None
    loss: str = ""


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that a report tells.

    Args:
        sources: the files.
        measured: the runs with their critical points; empty for a table of critical fields.
        tc: Tc at B = 0 by channel and criterion.
        judged: every line with its fits.
        joints: joint Ginzburg-Landau fits of both directions.
        options: the settings.
        date: when, UTC.
        version: of spinvalley.
        selected: what was picked out of a table, column to value.
        carriers: what the Hall voltage tells; None where it was not asked for.
    """

    sources: tuple[Source, ...]
    measured: tuple[Measured, ...]
    tc: tuple[dict[str, Any], ...]
    judged: tuple[Judged, ...]
    joints: tuple[Joint, ...]
    options: Options
    date: str
    version: str = VERSION
    selected: Mapping[str, str] | None = None
    carriers: Carriers | None = None

    def document(self) -> dict[str, Any]:
        """Everything as plain numbers and texts."""
        return document.document(self)

    def json(self) -> str:
        """One JSON document."""
        return json_text(self.document())

    def summary(self) -> tuple[str, ...]:
        """What was found, in sentences."""
        return tuple(self.document()["summary"])

    def write(self, folder: str | Path) -> Path:
        """Write report.html, analysis.json, and figures (PDF in two widths) with their numbers (CSV) into a folder.

        Args:
            folder: made, or replaced if it is ours; nothing is left in it if the work fails.

        Returns:
            Its full path.

        Raises:
            InvalidInput: nothing of ours can be put there.
        """
        told = self.document()
        with staged_folder(Path(folder)) as staged:
            figures = drawings.figures(self)
            for figure in figures:
                figure.write(staged)
            write_text(staged / "analysis.json", json_text(told) + "\n")
            write_text(staged / "report.html", page.page(told, figures))
        return check_folder(Path(folder))


def analyse(files: Sequence[str | Path], options: Options | None = None, *, date: str | None = None) -> Analysis:
    """Critical temperatures, critical fields, fits and their ranking from the files of a cryostat.

    Args:
        files: measurements of one sample: equal channels and directions are put together.
        options: the settings.
        date: when, for the report; now if None.

    Returns:
        The `Analysis`.

    Raises:
        InvalidInput: no file, one that cannot be read, no sweep that crosses the criterion: one sentence each.
    """
    chosen = options or Options()
    if isinstance(files, str | Path) or not files:
        raise InvalidInput("`files` must be a list of files, one at least, but is " + (repr(files)[:80] or "empty"))
    measured = tuple(measure(file, chosen) for file in files)
    hashes = [one.run.data.attrs["sha256"] for one in measured]
    if len(set(hashes)) < len(hashes):
        raise InvalidInput("`files` must hold different measurements, but two are equal")
    found = lines(measured, str(chosen.criterion))
    tc = [row for c in chosen.every_criterion for row in tc_of(measured, str(c))]
    bar = carriers(files, measured, chosen)
    judged, joints = _judged(found, _informed(chosen, bar))
    sources = tuple(_source(one) for one in measured)
    return Analysis(sources, measured, tuple(tc), judged, joints, chosen, date or _now(), carriers=bar)


def _informed(options: Options, bar: Carriers | None) -> Options:
    """The settings with the scattering time of the Hall bar, where no other is given."""
    if bar is None or options.tau is not None or not bar.result.tau > 0:
        return options
    return replace(options, tau=bar.result.tau, geometry=None, mass=None)


def analyse_table(
    path: str | Path,
    options: Options | None = None,
    *,
    select: Mapping[str, str] | None = None,
    date: str | None = None,
) -> Analysis:
    """Fits and their ranking from a table of critical fields that are already known.

    Args:
        path: table as for `tables.read_table`; columns device (or channel) and orientation part it into lines.
        options: the settings; criterion, normal and channel do not matter here.
        select: values that columns must have, e.g. {"orientation": "parallel"}.
        date: when, for the report; now if None.

    Returns:
        The `Analysis`, without runs.

    Raises:
        InvalidInput: not such a table, too few points, or no line can be fitted: one sentence.
    """
    chosen = options or Options()
    if chosen.hall is not None:
        raise InvalidInput("`hall` must be left out for a table of critical fields, but is given")
    file = Path(path)
    picked = dict(select or {})
    if "orientation" in picked and file.is_file() and "orientation" not in open_table(file)[0]:
        chosen_orientation = picked.pop("orientation")
    else:
        chosen_orientation = ""
    table, doubt = open_table(file, **picked)
    found = _table_lines(table, file.name, chosen_orientation or _word(chosen.theta))
    judged, joints = _judged(found, chosen)
    with file.open("rb") as handle:
        digest = file_digest(handle, "sha256").hexdigest()
    source = Source(file.name, digest, "table of critical fields", rows=len(table), loss=doubt)
    return Analysis((source,), (), (), judged, joints, chosen, date or _now(), selected=dict(select or {}))


def _judged(found: Sequence[Line], options: Options) -> tuple[tuple[Judged, ...], tuple[Joint, ...]]:
    """Perpendicular lines first: they give xi to the parallel ones of their channel."""
    lengths: dict[str, Held] = {}
    results: dict[int, Judged] = {}
    for n in sorted(range(len(found)), key=lambda n: found[n].orientation != "perpendicular"):
        one = judge(found[n], options, lengths.get(found[n].channel))
        results[n] = one
        if one.line.orientation == "perpendicular":
            lengths |= _length(one)
    judged = tuple(results[n] for n in range(len(found)))
    asked = [one for one in judged if suited(one.line, options)]
    if options.models and not judged:
        raise InvalidInput("`models` must be left out where no critical field was measured, but are given")
    if options.models and not asked:
        there = ", ".join(sorted({one.line.orientation for one in judged}))
        raise InvalidInput(
            f"`models` must suit the direction of the field ({there}), but are {', '.join(options.models)}"
        )
    if options.models and not any(one.fitted for one in asked):
        raise InvalidInput(asked[0].problem)
    if options.theory is not None and not any(microscopic_of(one.line, options) for one in judged):
        there = ", ".join(sorted({one.line.orientation for one in judged})) or "none"
        raise InvalidInput(f"`theory` needs Hc2(T) in a field along the layers, but the directions are: {there}")
    return judged, joint(judged, options)


def _length(one: Judged) -> dict[str, Held]:
    """Channel to the coherence length of its Ginzburg-Landau fit in a perpendicular field, with its error if known."""
    found = next((c.fit for c in one.fitted if c.name == "gl_perpendicular"), None)
    if found is None or "xi" not in found.params:
        return {}
    xi, error = found.params["xi"], found.errors["xi"]
    return {one.line.channel: (xi, error) if 0 < error < np.inf else xi}


def _table_lines(table: pd.DataFrame, name: str, where: str) -> tuple[Line, ...]:
    variable = "T" if "theta" not in table else "theta"
    columns(table, variable)
    device = next((c for c in ("device", "channel", "sample") if c in table), None)
    found = []
    keys = [c for c in (device, "orientation" if "orientation" in table else None) if c]
    if variable == "theta" and "T" in table:
        keys.append("T")
    for key, part in table.groupby(keys, sort=False) if keys else [((), table)]:
        known = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True))
        direction = "angle" if variable == "theta" else str(known.get("orientation", where or "unknown"))
        numbers = [c for c in (variable, "B", "sigma_B", f"sigma_{variable}") if c in part]
        T = float(known.get("T", np.nan))
        channel = str(known[device]) if device else Path(name).stem
        found.append(Line(channel, direction, part[numbers].reset_index(drop=True), variable, T, None, (name,)))
    return tuple(found)


def _word(theta: float | str | None) -> str:
    return "" if theta is None else theta if isinstance(theta, str) else orientation(theta)


def _source(one: Measured) -> Source:
    attrs = one.run.data.attrs
    return Source(
        one.name, attrs["sha256"], attrs["format"], attrs["title"], int(attrs["rows_read"]), attrs["theta_source"],
        one.run.header, attrs["loss"],
    )  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
