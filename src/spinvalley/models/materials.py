"""The material library: published parameters of monolayer dichalcogenides, each table with its DOI and validity.

Numbers are kept as printed (eV and angstrom in the three-band tables); the models convert to meV and nm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from types import MappingProxyType

import xarray as xr

from spinvalley.checks import InvalidInput, one_of

_NAMES = ("MoS2", "WS2", "MoSe2", "WSe2", "MoTe2", "WTe2")
_LIU = "10.1103/PhysRevB.88.085433"
_KORMANYOS = "10.1088/2053-1583/2/2/022001"


@dataclass(frozen=True)
class MaterialTable:
    """Published parameters of several materials, with the source and the range where they hold.

    Args:
        title: what the parameters describe.
        columns: name of each parameter.
        units: unit of each parameter.
        rows: {material: numbers in the order of `columns`}, as printed in the source.
        doi: digital object identifier of the source.
        validity: where the numbers hold, in words.
    """

    title: str
    columns: tuple[str, ...]
    units: tuple[str, ...]
    rows: Mapping[str, tuple[float, ...]]
    doi: str
    validity: str

    def __post_init__(self) -> None:
        """Freeze the rows."""
        object.__setattr__(self, "rows", MappingProxyType(dict(self.rows)))

    def row(self, material: str) -> dict[str, float]:
        """{parameter: number as printed} of one material.

        Raises:
            InvalidInput: unknown material (lists the known ones).
        """
        one_of("material", material, self.rows)
        return dict(zip(self.columns, self.rows[material], strict=True))

    def dataset(self) -> xr.Dataset:
        """The table as a Dataset over `material`; each variable carries its unit, the attributes DOI and validity."""
        names = list(self.rows)
        variables = {
            column: ("material", [self.rows[name][n] for name in names], {"units": unit})
            for n, (column, unit) in enumerate(zip(self.columns, self.units, strict=True))
        }
        notes = {"title": self.title, "doi": self.doi, "validity": self.validity}
        return xr.Dataset(variables, coords={"material": names}, attrs=notes)

    def __str__(self) -> str:
        heads = [f"{c} ({u})" if u else c for c, u in zip(self.columns, self.units, strict=True)]
        cells = [[name, *(f"{value:g}" for value in row)] for name, row in self.rows.items()]
        table = [["", *heads], *cells]
        widths = [max(len(line[n]) for line in table) for n in range(len(heads) + 1)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in table]
        return "\n".join([self.title, *lines, f"source: https://doi.org/{self.doi}", f"validity: {self.validity}"])


_NEAREST = ("a", "e1", "e2", "t0", "t1", "t2", "t11", "t12", "t22")
_FURTHER = ("r0", "r1", "r2", "r11", "r12", "u0", "u1", "u2", "u11", "u12", "u22")

THREE_BAND_NEAREST = MaterialTable(
    title="Three-band tight binding (d_z2, d_xy, d_x2-y2), nearest neighbours, GGA",
    columns=(*_NEAREST, "lambda"),
    units=("angstrom",) + ("eV",) * 9,
    rows={
        "MoS2": (3.190, 1.046, 2.104, -0.184, 0.401, 0.507, 0.218, 0.338, 0.057, 0.073),
        "WS2": (3.191, 1.130, 2.275, -0.206, 0.567, 0.536, 0.286, 0.384, -0.061, 0.211),
        "MoSe2": (3.326, 0.919, 2.065, -0.188, 0.317, 0.456, 0.211, 0.290, 0.130, 0.091),
        "WSe2": (3.325, 0.943, 2.179, -0.207, 0.457, 0.486, 0.263, 0.329, 0.034, 0.228),
        "MoTe2": (3.557, 0.605, 1.972, -0.169, 0.228, 0.390, 0.207, 0.239, 0.252, 0.107),
        "WTe2": (3.560, 0.606, 2.102, -0.175, 0.342, 0.410, 0.233, 0.270, 0.190, 0.237),
    },
    doi=_LIU,
    validity="band edges and their surroundings at K and K'; neither Gamma nor the Q valleys; no conduction splitting",
)

THREE_BAND_THIRD = MaterialTable(
    title="Three-band tight binding (d_z2, d_xy, d_x2-y2), up to third neighbours, GGA",
    columns=(*_NEAREST, *_FURTHER, "lambda"),
    units=("angstrom",) + ("eV",) * 20,
    rows={
        "MoS2": (
            *(3.190, 0.683, 1.707, -0.146, -0.114, 0.506, 0.085, 0.162, 0.073),
            *(0.060, -0.236, 0.067, 0.016, 0.087, -0.038, 0.046, 0.001, 0.266, -0.176, -0.150, 0.073),
        ),
        "WS2": (
            *(3.191, 0.717, 1.916, -0.152, -0.097, 0.590, 0.047, 0.178, 0.016),
            *(0.069, -0.261, 0.107, -0.003, 0.109, -0.054, 0.045, 0.002, 0.325, -0.206, -0.163, 0.211),
        ),
        "MoSe2": (
            *(3.326, 0.684, 1.546, -0.146, -0.130, 0.432, 0.144, 0.117, 0.075),
            *(0.039, -0.209, 0.069, 0.052, 0.060, -0.042, 0.036, 0.008, 0.272, -0.172, -0.150, 0.091),
        ),
        "WSe2": (
            *(3.325, 0.728, 1.655, -0.146, -0.124, 0.507, 0.117, 0.127, 0.015),
            *(0.036, -0.234, 0.107, 0.044, 0.075, -0.061, 0.032, 0.007, 0.329, -0.202, -0.164, 0.228),
        ),
        "MoTe2": (
            *(3.557, 0.588, 1.303, -0.226, -0.234, 0.036, 0.400, 0.098, 0.017),
            *(0.003, -0.025, -0.169, 0.082, 0.051, 0.057, 0.103, 0.187, -0.045, -0.141, 0.087, 0.107),
        ),
        "WTe2": (
            *(3.560, 0.697, 1.380, -0.109, -0.164, 0.368, 0.204, 0.093, 0.038),
            *(-0.015, -0.209, 0.107, 0.115, 0.009, -0.066, 0.011, -0.013, 0.312, -0.177, -0.132, 0.237),
        ),
    },
    doi=_LIU,
    validity="the three bands in the whole zone within about 0.1 eV of GGA; no conduction splitting at K",
)

VALLEY_KP = MaterialTable(
    title="K-valley k.p: masses of the spin-split bands and splittings at K",
    columns=("m_c1", "m_c2", "splitting_c", "m_v1", "m_v2", "splitting_v"),
    units=("m_e", "m_e", "meV", "m_e", "m_e", "meV"),
    rows={
        "MoS2": (0.46, 0.43, 3.0, 0.54, 0.61, 148.0),
        "WS2": (0.26, 0.35, -32.0, 0.35, 0.49, 429.0),
        "MoSe2": (0.56, 0.49, 22.0, 0.59, 0.70, 186.0),
        "WSe2": (0.28, 0.39, -37.0, 0.36, 0.54, 466.0),
        "MoTe2": (0.62, 0.53, 36.0, 0.66, 0.82, 219.0),
        "WTe2": (0.26, 0.39, -52.0, 0.34, 0.58, 484.0),
    },
    doi=_KORMANYOS,
    validity="parabolas close to K and K'; no trigonal warping, no Q or Gamma valleys (see `valley_kp`)",
)

ONE_BAND = MaterialTable(
    title="One conduction band on the triangular lattice, third neighbours",
    columns=("a", "t1", "t2", "t3"),
    units=("nm", "meV", "meV", "meV"),
    rows={"MoS2": (0.3160, 229.5, -0.40 * 229.5, 0.05 * 229.5)},
    doi="10.1038/nphys3580",
    validity=(
        "inferred from Supplementary Fig. 4 of the source, which prints no hoppings; "
        "closed pockets around K and K' only"
    ),
)


OTHER_VALLEYS = MaterialTable(
    title="Valleys that compete with K in the third-neighbour three-band model with L.S",
    columns=("q_above_k", "gamma_below_k"),
    units=("meV", "meV"),
    rows={
        "MoS2": (265.0, 71.1),
        "WS2": (103.0, 258.8),
        "MoSe2": (136.4, 353.7),
        "WSe2": (33.5, 549.8),
        "MoTe2": (108.9, 556.3),
        "WTe2": (132.2, 745.2),
    },
    doi=_LIU,
    validity=(
        "computed from the GGA set of the source to 0.1 meV (conduction minimum at Q above that at K; valence top at "
        "Gamma below that at K); other functionals shift them by tens of meV"
    ),
)


def material_names() -> tuple[str, ...]:
    """Names of the dichalcogenides in the library.

    >>> from spinvalley.models import material_names
    >>> material_names()
    ('MoS2', 'WS2', 'MoSe2', 'WSe2', 'MoTe2', 'WTe2')
    """
    return _NAMES


def material_table(model: str = "three_band", *, neighbours: int = 3) -> MaterialTable:
    """The published parameters behind one of the models, with DOI and range of validity.

    Args:
        model: "three_band", "valley_kp", "one_band" or "other_valleys" (where Q and Gamma lie).
        neighbours: 1 or 3; only for "three_band".

    Raises:
        InvalidInput: unknown model, or a neighbour shell that was not published.

    >>> from spinvalley.models import material_table
    >>> material_table("valley_kp").row("MoS2")["splitting_c"]
    3.0
    >>> print(material_table("one_band"))
    One conduction band on the triangular lattice, third neighbours
          a (nm)  t1 (meV)  t2 (meV)  t3 (meV)
    MoS2   0.316     229.5     -91.8    11.475
    source: https://doi.org/10.1038/nphys3580
    validity: inferred from Supplementary Fig. 4 of the source, which prints no hoppings; closed pockets ...
    """
    others = {"valley_kp": VALLEY_KP, "one_band": ONE_BAND, "other_valleys": OTHER_VALLEYS}
    one_of("model", model, ("three_band", *others))
    return three_band_table(neighbours) if model == "three_band" else others[model]


def three_band_table(neighbours: int) -> MaterialTable:
    """The three-band table of Liu et al. with hoppings to the first or to the third neighbours."""
    if not isinstance(neighbours, Real) or neighbours not in (1, 3):
        raise InvalidInput(f"`neighbours` must be 1 or 3, the published parameter sets, but is {neighbours!r}")
    return THREE_BAND_NEAREST if neighbours == 1 else THREE_BAND_THIRD
