"""The panel *My data*: a measured file -> sweeps, critical fields at a criterion that is dragged, fits, a report."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import panel as pn

from spinvalley.app.controls import Choice, Controls, Number
from spinvalley.app.measured_plots import LinePlot, SweepPlot
from spinvalley.app.measured_words import page_of
from spinvalley.app.security import LARGEST, safe_name
from spinvalley.app.systems import MATERIALS
from spinvalley.app.upload import Dropper
from spinvalley.app.view import View, row
from spinvalley.app.worker import Tell, Worker
from spinvalley.checks import InvalidInput
from spinvalley.experiment.formats import open_source
from spinvalley.experiment.run import Run, read
from spinvalley.experiment.sweeps import Sweep
from spinvalley.reports import Analysis, Options, analyse
from spinvalley.reports.example import write_example
from spinvalley.reports.measured import Measured, measure

_FOUND: Final = "found by its name"
_EVERY: Final = "every channel"
_ROLES: Final = {"T": "Temperature", "B": "Field", "R": "Resistance", "theta": "Angle"}
_EXAMPLE: Final = "synthetic_example.dat"
_HINT: Final = (
    "<h3>From the cryostat's file to what limits H_c2</h3>"
    "<p>1. Drop a file at the left: PPMS, a table (CSV, TSV), QCoDeS or HDF5. Or try the example.</p>"
    "<p>2. See its sweeps at once; drag the line to move the criterion.</p>"
    "<p>3. Read T_c, H_c2, every fit with its interval, and which good fit is physically impossible.</p>"
    "<p>4. Take the report, the tables and the figures with you.</p>"
    "<p class='muted'>The file stays on this machine and is removed when the page is closed; at most 50 MB.</p>"
)


@dataclass(frozen=True, eq=False)
class Found:
    """What is known of the file so far."""

    options: Options
    run: Run
    sweeps: tuple[Sweep, ...]
    measured: Measured | None = None
    analysis: Analysis | None = None


class MeasuredView(View):
    """A measured file and settings -> sweeps, critical fields, fits, ranking, report."""

    name, title = "data", "My data"

    def make_controls(self) -> Controls:
        """Extraction, sample, theory."""
        self._folder = tempfile.TemporaryDirectory(prefix="spinvalley-app-")
        self._file: Path | None = None
        controls = Controls({
            "Extraction": [
                Number("criterion", "Criterion R / R_N", 0.05, 0.95, 0.5, "a fraction of the normal resistance", 0.01),
                Choice("normal", "Normal resistance R_N", {"Top of each sweep": "plateau", "R(T) at": "at"}, "plateau"),
                Number("normal_t", "R_N from R(T) at (K)", 1.0, 300.0, 15.0, "above T_c"),
                Choice(
                    "theta", "Direction of the field",
                    {"As in the file": "file", "In the layers": "parallel", "Across the layers": "perpendicular"},
                    "file",
                ),
            ],
            "Sample (0: unknown)": [
                Number("mobility", "Mobility (cm²/Vs)", 0.0, 1e5, 0.0, "of any film"),
                Number("mass", "Effective mass (m_e)", 0.0, 10.0, 0.0, "of any band"),
            ],
            "Fits": [
                Choice("tc", "T_c", {"Held at that of R(T)": "measured", "Free": "free"}, "measured"),
                Choice("theory", "Microscopic theory", {"None": "none"} | {f"Gated {m}": m for m in MATERIALS}, "none"),
                Number("density", "Density (10¹³ cm⁻²)", 2.0, 14.0, 8.7, "closed pockets around K and K′"),
            ],
        })  # fmt: skip
        self._visible(controls)
        return controls

    def changed(self, name: str) -> None:
        """Some settings belong to others."""
        if name in ("normal", "theory"):
            self._visible(self.controls)
        super().changed(name)

    def set_state(self, given: Mapping[str, str]) -> None:
        """Values out of the address."""
        super().set_state(given)
        self._visible(self.controls)

    @staticmethod
    def _visible(controls: Controls) -> None:
        values = controls.values()
        hidden = {"normal_t"} if values["normal"] == "plateau" else set()
        hidden |= {"density"} if values["theory"] == "none" else set()
        controls.show(set(controls.names) - hidden)

    def pictures(self) -> list[Any]:
        """Upload and columns above the controls; sweeps beside critical fields, ranking and downloads below."""
        self.sweeps, self.lines = SweepPlot(self.look, self._dragged), LinePlot(self.look)
        self._words = pn.pane.HTML(_HINT, sizing_mode="stretch_width")
        self._downloads = pn.FlexBox(gap="6px", sizing_mode="stretch_width", visible=False)
        self._make = pn.widgets.Button(label="Make the report", css_classes=["take"])
        self._make.on_click(lambda _: self._make_report())
        self._report_worker = Worker(self._offer, self._told)
        self.dropper = Dropper(self._uploaded, self._refused, LARGEST)
        example = pn.widgets.Button(label="Try the example", css_classes=["main"], sizing_mode="stretch_width")
        example.on_click(lambda _: self._try_example())
        self._columns = {
            role: pn.widgets.Select(label=f"Column of {title.lower()}", options=[_FOUND], sizing_mode="stretch_width")
            for role, title in _ROLES.items()
        }
        self._channel = pn.widgets.Select(label="Channel", options=[_EVERY], sizing_mode="stretch_width")
        for select in (*self._columns.values(), self._channel):
            select.param.watch(lambda _: self._reread(), "value")
        self._map = pn.Card(
            *self._columns.values(), self._channel, title="Columns and channel", collapsed=True, css_classes=["more"],
            sizing_mode="stretch_width",
        )  # fmt: skip
        self.controls.layout.insert(0, pn.Column(self.dropper.widget, example, self._map, sizing_mode="stretch_width"))
        self._figures = row(self.sweeps.figure, self.lines.figure)
        self._figures.visible = False
        return [self._figures, self._downloads, self._words]

    def start(self) -> None:
        """Nothing happens before there is a file."""
        if self._file is None:
            self.state.object = '<div class="state" role="status"><span>no file yet</span></div>'
            return
        try:
            options = self._options(self.controls.values())
        except InvalidInput as error:
            self.complain(error)
            return
        file = self._file
        self._downloads.visible = False
        self._report_worker.close()
        self.worker.start(lambda tell: self._analysed(file, options, tell))

    def compute(self, values: Mapping[str, Any], tell: Tell) -> Iterator[Found]:
        """The sweeps at once, then the critical points, then the fits."""
        if self._file is None:
            return iter(())
        return self._analysed(self._file, self._options(values), tell)

    def show(self, result: Found) -> None:
        """Put what is known into figures and tables."""
        self._figures.visible = True
        self.sweeps.show(result.sweeps, result.measured, result.options.criterion)
        if result.analysis is not None:
            self.lines.show(result.analysis)
            self._words.object = page_of(result.analysis)
            self._downloads.objects, self._downloads.visible = [self._make], True
        elif result.measured is not None:
            self.lines.clear()

    def close(self) -> None:
        """The file is removed."""
        super().close()
        self._report_worker.close()
        self._folder.cleanup()

    def _analysed(self, file: Path, options: Options, tell: Tell) -> Iterator[Found]:
        tell("reading", 0, 3)
        run = read(file, columns=options.columns, channels=options.channel, theta=options.theta)
        sweeps = run.sweeps()
        yield Found(options, run, sweeps)
        tell("critical points", 1, 3)
        measured = measure(file, options)
        yield Found(options, run, measured.sweeps, measured)
        tell("fits and ranking", 2, 3)
        yield Found(options, run, measured.sweeps, measured, analyse([file], options))

    def _options(self, values: Mapping[str, Any]) -> Options:
        """The settings of the library; a header or channel that the file does not have is refused by it."""
        given: dict[str, Any] = {"criterion": values["criterion"], "tc": values["tc"]}
        given["normal"] = "plateau" if values["normal"] == "plateau" else f"{values['normal_t']:g}K"
        given["theta"] = None if values["theta"] == "file" else values["theta"]
        given["channel"] = None if self._channel.value == _EVERY else self._channel.value
        given["columns"] = {role: s.value for role, s in self._columns.items() if s.value != _FOUND}
        if values["mobility"] or values["mass"]:
            given["mobility"], given["mass"] = values["mobility"] or None, values["mass"] or None
        if values["theory"] != "none":
            given["theory"] = f"{values['theory']}:{values['density']:g}e13"
        return Options(**given)

    def _uploaded(self, name: str, content: bytes) -> None:
        path = Path(self._folder.name) / safe_name(name)
        path.write_bytes(content)
        self._take(path)

    def _refused(self, sentence: str) -> None:
        self.complain(InvalidInput(sentence))

    def _try_example(self) -> None:
        path = Path(self._folder.name) / _EXAMPLE
        write_example(path)
        self._take(path)

    def _take(self, path: Path) -> None:
        """A new file: its headers go into the column map; what can be read of it is shown."""
        if self._file is not None and self._file != path:
            self._file.unlink(missing_ok=True)
        self._file = None
        self._figures.visible, self._downloads.visible, self._words.object = False, False, ""
        try:
            headers, channels = _described(path)
        except InvalidInput as error:
            path.unlink(missing_ok=True)
            self.complain(error)
            return
        for select in self._columns.values():
            select.options, select.value = [_FOUND, *headers], _FOUND
        self._channel.options, self._channel.value = [_EVERY, *channels], _EVERY
        self._map.collapsed = bool(channels)  # nothing was found by its name: the map is shown
        self._file = path
        self.start()

    def _reread(self) -> None:
        if self._file is not None:
            self.start()

    def _dragged(self, criterion: float) -> None:
        self.controls.set(criterion=round(criterion, 3))
        self.changed("criterion")

    def _make_report(self) -> None:
        """Draw the figures of the report, which takes longer than the fits."""
        found = self.last.analysis if self.last is not None else None
        if found is not None:
            self._report_worker.start(lambda tell: _report(found, tell))

    def _offer(self, files: Mapping[str, bytes]) -> None:
        """Buttons for the files of the report."""
        stem = safe_name(self._file.stem if self._file else "report", "report")
        offered = {
            "Report (HTML)": (f"{stem}_report.html", files["report.html"]),
            "All numbers (JSON)": (f"{stem}_analysis.json", files["analysis.json"]),
            "Tables and figures (ZIP)": (f"{stem}_report.zip", _zipped(files)),
        }
        self._downloads.objects = [
            pn.widgets.FileDownload(
                callback=lambda content=content: io.BytesIO(content),
                filename=name,
                label=label,
                embed=False,
                auto=True,
                css_classes=["take"],
            )
            for label, (name, content) in offered.items()
        ]
        self._downloads.visible = True


def _described(path: Path) -> tuple[list[str], list[str]]:
    """Headers of a file, and its channels where they are found by name."""
    source = open_source(path, None, None, None)
    headers = [str(name) for name in source.names]
    try:
        return headers, list(read(path).channels)
    except InvalidInput:
        return headers, []


def _report(found: Analysis, tell: Tell) -> Iterator[dict[str, bytes]]:
    tell("drawing the figures of the report", 0, 1)
    yield _written(found)


def _written(found: Analysis) -> dict[str, bytes]:
    """The files of the report, name to content; nothing is left on disk."""
    with tempfile.TemporaryDirectory(prefix="spinvalley-app-") as folder:
        made = found.write(Path(folder) / "report")
        return {file.name: file.read_bytes() for file in sorted(made.iterdir()) if file.is_file()}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
