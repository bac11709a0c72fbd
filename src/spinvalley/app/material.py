"""The panel *Material*: bands with their spin along a path, and Fermi lines with their spin texture in the zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import xarray as xr

import spinvalley as sv
from spinvalley.app import coarse, systems
from spinvalley.app.band_plots import NAMES as POINT_NAMES
from spinvalley.app.band_plots import BandPlot, ZonePlot
from spinvalley.app.controls import Choice, Controls, Number
from spinvalley.app.view import View, facts, row
from spinvalley.app.worker import Tell
from spinvalley.models import Model

NAMES: Final = {
    "Film on a dichalcogenide": "heterostructure",
    "Ising film": "ising-film",
    "Dichalcogenide, valence band": "tmd",
    "NbSe₂": "NbSe2",
    **{title: name for title, name in systems.NAMES.items() if name in systems.MATERIALS},
    "MoS₂, three bands": "three-band",
}
_PATHS: Final = {"Γ – K – M – Γ": "gkmg", "K′ – Γ – K": "kgk"}
_CORNERS: Final = {"gkmg": ("Gamma", "K", "M", "Gamma"), "kgk": ("K'", "Gamma", "K")}
_POINTS: Final = (121, 601)
_LINE_POINTS: Final = (60, 240)


@dataclass(frozen=True, eq=False)
class Normal:
    """Bands and Fermi lines of one model."""

    bands: xr.Dataset
    lines: xr.Dataset
    meV: bool
    notes: tuple[str, ...]
    pockets: xr.Dataset | None = None


class MaterialView(View):
    """Controls of a model -> bands, spin texture, Fermi lines."""

    name, title = "material", "Material"

    def make_controls(self) -> Controls:
        """Model, field, view."""
        controls = Controls({
            "Model": [
                Choice("model", "Model", NAMES, "heterostructure"), systems.COUPLING, systems.BETA,
                systems.STRONG_BETA, systems.MU,
                Number("mu_tmd", "Level μ of the TMD (|t|)", -3.5, 5.9, 3.0, "inside its band"),
                systems.DENSITY, systems.RASHBA,
            ],
            "Field": [
                Number("vx", "V in the plane (|t|)", 0.0, 0.5, 0.0, "larger fields end every film"),
                Number("bx", "B in the plane (T)", 0.0, 300.0, 0.0, "the strongest magnets"),
            ],
            "View": [
                Choice("path", "Path", _PATHS, "gkmg"),
                Number("window", "Energies up to ± (meV)", 20.0, 3000.0, 400.0, "the bands of the model end there"),
            ],
        })  # fmt: skip
        self._visible(controls)
        return controls

    def pictures(self) -> list[Any]:
        """Bands beside the zone."""
        self.bands, self.zone = BandPlot(self.look), ZonePlot(self.look)
        return [row(self.bands.figure, self.zone.figure), self.facts]

    def changed(self, name: str) -> None:
        """Another model has other controls."""
        if name == "model":
            self._visible(self.controls)
        super().changed(name)

    def set_state(self, given: Mapping[str, str]) -> None:
        """Values out of the address."""
        super().set_state(given)
        self._visible(self.controls)

    def compute(self, values: Mapping[str, Any], tell: Tell) -> Iterator[Normal]:
        """Coarse lines at once, smooth ones after, then the carriers of each pocket."""
        tell("bands", 0, 3)
        name = values["model"]
        meV = name in _MEV
        field = sv.tesla(values["bx"]) if meV else values["vx"]
        corners = _CORNERS[values["path"]]
        model: Model | None = coarse.quick(values)
        notes: tuple[str, ...] = ()
        if model is None:
            model, notes = _normal_state(name, values)
        yield _drawn(model, corners, field, meV, notes, 0)
        tell("Fermi lines", 1, 3)
        model, notes = _normal_state(name, values)
        fine = _drawn(model, corners, field, meV, notes, 1)
        yield fine
        tell("Fermi lines", 2, 3)
        yield replace(fine, pockets=sv.normal.valley_contours(model, zeeman=field, points=120, tol=1e-6))
        coarse.prepare(name, partial(tell, "calibration"))

    def show(self, result: Normal) -> None:
        """Put bands and lines into the figures."""
        window = self.controls.values()["window"] if result.meV else None
        self.bands.show(result.bands, "meV" if result.meV else "|t|", window)
        self.zone.show(result.lines, "1/nm" if result.meV else "1/a")
        if result.pockets is not None:
            self.facts.object = _table(result.pockets, result.meV) + _notes(result.notes)

    def script(self, values: Mapping[str, Any]) -> str:
        """The calls behind the picture."""
        meV = values["model"] in _MEV
        field = f"sv.tesla({values['bx']:g})" if meV else f"{values['vx']:g}"
        return "\n".join([
            "import spinvalley as sv", "", f"model = {_call(values)}",
            f"bands = sv.normal.bands(model, {_CORNERS[values['path']]}, points=601, zeeman={field})",
            f"lines = sv.normal.valley_contours(model, zeeman={field})",
        ])  # fmt: skip

    @staticmethod
    def _visible(controls: Controls) -> None:
        model = controls.values()["model"]
        controls.show(["model", "path", *_NEEDED[model], *(("bx", "window") if model in _MEV else ("vx",))])


_MEV: Final = (*systems.MATERIALS, "NbSe2", "three-band")
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "heterostructure": ("coupling", "beta_tmd", "mu", "mu_tmd"),
    "ising-film": ("beta_so", "mu"),
    "tmd": ("beta_tmd", "mu_tmd"),
    "NbSe2": (),
    "three-band": ("density",),
    **dict.fromkeys(systems.MATERIALS, ("density", "rashba")),
}


def _normal_state(name: str, values: Mapping[str, Any]) -> tuple[Model, tuple[str, ...]]:
    if name in (*systems.MATERIALS, "ising-film"):
        return systems.normal_state(name, values)
    if name == "NbSe2":
        return sv.models.nbse2(), ()
    if name == "three-band":
        return sv.normal.doped(sv.models.three_band("MoS2"), 1e13 * values["density"]), ()
    if name == "tmd":
        return sv.models.tmd(mu=values["mu_tmd"], beta_so=values["beta_tmd"]), ()
    return sv.models.heterostructure(
        coupling=values["coupling"], beta_so=values["beta_tmd"], mu_sc=values["mu"], mu_tmd=values["mu_tmd"]
    ), ()


def _drawn(
    model: Model, corners: tuple[str, ...], field: float, meV: bool, notes: tuple[str, ...], step: int
) -> Normal:
    """Bands and Fermi lines, coarse in step 0, smooth in step 1."""
    bands = sv.normal.bands(model, corners, points=_POINTS[step], zeeman=field)
    lines = sv.normal.fermi_contours(model, zeeman=field, points=_LINE_POINTS[step], tol=1e-6)
    return Normal(bands, lines, meV, notes)


def _call(values: Mapping[str, Any]) -> str:
    name, v = values["model"], values
    if name in systems.MATERIALS:
        more = "" if name == "MoS2" else f', hoppings=sv.models.fitted_hoppings("{name}")'
        return f'sv.models.one_band("{name}", density={v["density"]:g}e13, rashba_ratio={v["rashba"]:g}{more})'
    calls = {
        "NbSe2": "sv.models.nbse2()",
        "three-band": f'sv.normal.doped(sv.models.three_band("MoS2"), {v["density"]:g}e13)',
        "tmd": f"sv.models.tmd(mu={v['mu_tmd']:g}, beta_so={v['beta_tmd']:g})",
        "ising-film": f"sv.models.ising_film({v['beta_so']:g}, mu={v['mu']:g})",
        "heterostructure": f"sv.models.heterostructure(coupling={v['coupling']:g}, beta_so={v['beta_tmd']:g}, "
        f"mu_sc={v['mu']:g}, mu_tmd={v['mu_tmd']:g})",
    }
    return calls[name]


def _table(pockets: xr.Dataset, meV: bool) -> str:
    """The pockets, one row each."""
    head = ["valley", "kind", "spin", "area (of the zone)"]
    head += ["carriers (10¹³ cm⁻²)", "mean splitting (meV)"] if meV else ["mean splitting (|t|)"]
    rows = []
    for n in range(pockets.sizes["contour"]):
        one = pockets.isel(contour=n)
        spin = {1: "up", -1: "down"}.get(int(one.spin), "mixed")
        cells = [
            POINT_NAMES.get(str(one.valley.item()), str(one.valley.item())),
            str(one.kind.item()),
            spin,
            f"{float(one.area):.5f}",
        ]
        cells += [f"{float(one.density) / 1e13:.4g}"] if meV else []
        rows.append([*cells, f"{float(one.splitting_mean):.4g}"])
    if not rows:
        return "<p class='muted'>No Fermi line: an insulator at this filling.</p>"
    header = "".join(f"<th>{text}</th>" for text in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in rows)
    return (
        f"<div class='scroll'><table class='facts'><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _notes(notes: tuple[str, ...]) -> str:
    return facts({"Note": "; ".join(notes)}) if notes else ""
