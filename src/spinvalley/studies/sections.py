"""The sections of a run file, as their types: what may stand where, in which unit, within which limits.

A key that is left out has the default of the function behind it. Nothing here computes.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

SECTIONS: Final = ("model", "pairing", "conditions")
"""Sections whose keys may be swept."""


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Triple = Annotated[tuple[float, float, float], BeforeValidator(_tuple)]
Names = Annotated[tuple[str, ...], BeforeValidator(_tuple), Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """A table of the run file: unknown keys, wrong types, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class About(Section):
    """[study]: what is computed."""

    name: str = Field(default="", description="title, for figures and provenance")
    quantity: str = Field(description="what is computed at each point")
    tolerance: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        default=None, description="error asked for, as in the function behind the quantity; its default if left out"
    )
    seed: Annotated[int, Field(ge=0)] = Field(
        default=0, description="of everything random: the same seed, the same bytes"
    )
    block: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="points of one task, which is one chunk of the store; from measured time if left out"
    )
    outputs: Names | None = Field(
        default=None, description="variables to keep; all if left out. status and error are kept"
    )


# [model]: one class for each kind -------------------------------------------------------------------------------------
class Kind(Section):
    """[model]: the system in its normal state."""

    factory: ClassVar[str]
    """Name of the function in `spinvalley.models` or of the theory in `spinvalley.pairing`."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Keys that must be fixed or swept."""


class Lattice(Kind):
    """A tight-binding model."""

    rashba: float | None = Field(default=None, description="Rashba coupling added in all layers, energy")


class Film(Lattice):
    """A superconducting film in its normal state; energies in its own unit, |t| = 1 by default."""

    factory: ClassVar[str] = "film"
    kind: Literal["film"]
    t: float | None = Field(default=None, description="hopping")
    mu: float | None = Field(default=None, description="chemical potential")


class Tmd(Lattice):
    """The top valence bands of a dichalcogenide."""

    factory: ClassVar[str] = "tmd"
    kind: Literal["tmd"]
    t: float | None = Field(default=None, description="hopping")
    mu: float | None = Field(default=None, description="chemical potential")
    beta_so: float | None = Field(default=None, description="Ising coupling")


class IsingFilm(Lattice):
    """A film with an Ising coupling of its own."""

    factory: ClassVar[str] = "ising_film"
    needs: ClassVar[tuple[str, ...]] = ("beta_so",)
    kind: Literal["ising_film"]
    beta_so: float | None = Field(default=None, description="Ising coupling")
    t: float | None = Field(default=None, description="hopping")
    mu: float | None = Field(default=None, description="chemical potential")


class Heterostructure(Lattice):
    """Superconducting film on a dichalcogenide; layers sc and tmd."""

    factory: ClassVar[str] = "heterostructure"
    kind: Literal["heterostructure"]
    t_sc: float | None = Field(default=None, description="hopping of the superconductor")
    t_tmd: float | None = Field(default=None, description="hopping of the dichalcogenide")
    mu_sc: float | None = Field(default=None, description="chemical potential of the superconductor")
    mu_tmd: float | None = Field(default=None, description="chemical potential of the dichalcogenide")
    beta_so: float | None = Field(default=None, description="Ising coupling of the dichalcogenide")
    coupling: float | None = Field(default=None, description="vertical hopping Gamma")
    zeeman_on: Literal["both", "sc"] | None = Field(default=None, description="layers that feel the field")


class OneBand(Lattice):
    """One band of a gated dichalcogenide, calibrated to its density; meV and nm."""

    factory: ClassVar[str] = "one_band"
    kind: Literal["one_band"]
    material: str = Field(default="MoS2", description="a material of the library")
    density: Positive | None = Field(default=None, description="sheet density, cm^-2")
    rashba_ratio: NonNegative | None = Field(default=None, description="in-plane over out-of-plane coupling at k_F")
    splitting_k: Positive | None = Field(default=None, description="spin splitting at K, meV")
    splitting_fermi: float | None = Field(default=None, description="spin splitting at the Fermi line, meV")


class ThreeBand(Lattice):
    """Three-band tight binding of a dichalcogenide; meV and nm."""

    factory: ClassVar[str] = "three_band"
    kind: Literal["three_band"]
    material: str = Field(default="MoS2", description="a material of the library")
    neighbours: Literal[1, 3] | None = Field(default=None, description="range of the hoppings")
    density: Positive | None = Field(default=None, description="sheet density of electrons, cm^-2")


class NbSe2(Lattice):
    """Monolayer NbSe2, one band with Gamma and K pockets; meV and nm."""

    factory: ClassVar[str] = "nbse2"
    kind: Literal["nbse2"]
    splitting: NonNegative | None = Field(default=None, description="spin splitting around K, meV")
    electrons: Positive | None = Field(default=None, description="electrons per cell")


class Wannier(Lattice):
    """A model from a Wannier90 file; meV and nm."""

    factory: ClassVar[str] = "read_wannier"
    needs: ClassVar[tuple[str, ...]] = ("a",)
    kind: Literal["wannier"]
    file: str = Field(description="the _hr.dat file, relative to the run file")
    a: Positive | None = Field(default=None, description="constant of the triangular lattice, nm")
    spinful: bool | None = Field(default=None, description="the Wannier functions are spinors")
    spin_order: Literal["blocks", "interleaved"] | None = Field(default=None, description="of a spinful file")
    soc: float | None = Field(default=None, description="atomic coupling lambda added to a spinless file, eV")
    orbitals: Names | None = Field(default=None, description="name of each Wannier function, with soc")
    fermi_energy: float | None = Field(default=None, description="zero of energy, eV")
    filled_bands: Annotated[int, Field(ge=0)] | None = Field(default=None, description="full spin-bands without doping")
    layers: Names | None = Field(default=None, description="layer of each orbital")


class ValleyKp(Kind):
    """K valleys of a dichalcogenide; meV and nm. For hc2 and hc2_limits."""

    factory: ClassVar[str] = "valley_kp"
    needs: ClassVar[tuple[str, ...]] = ("density",)
    kind: Literal["valley_kp"]
    material: str = Field(default="MoS2", description="a material of the library")
    band: Literal["conduction", "valence"] | None = Field(default=None, description="which band")
    rashba: float | None = Field(default=None, description="Rashba coupling, as in valley_kp")
    density: Positive | None = Field(default=None, description="sheet density, cm^-2")


class Theory(Kind):
    """A closed theory of Hc2, for the quantity hc2."""


class KlemmLutherBeasley(Theory):
    """Spin-orbit scattering in a layered superconductor."""

    factory: ClassVar[str] = "KlemmLutherBeasley"
    needs: ClassVar[tuple[str, ...]] = ("tau_so",)
    kind: Literal["klemm_luther_beasley"]
    tau_so: Positive | None = Field(default=None, description="spin-orbit scattering time, fs")
    g_factor: Positive | None = Field(default=None, description="g-factor of the electrons")


class InterValley(Theory):
    """Ising coupling with scattering between the valleys."""

    factory: ClassVar[str] = "InterValley"
    needs: ClassVar[tuple[str, ...]] = ("splitting", "rate")
    kind: Literal["inter_valley"]
    splitting: NonNegative | None = Field(default=None, description="Ising splitting, meV")
    rate: NonNegative | None = Field(default=None, description="hbar/tau of the scattering, meV")
    g_factor: Positive | None = Field(default=None, description="g-factor of the electrons")


class AbrikosovGorkov(Theory):
    """Pair breaking of a given power of the field."""

    factory: ClassVar[str] = "AbrikosovGorkov"
    needs: ClassVar[tuple[str, ...]] = ("rate",)
    kind: Literal["abrikosov_gorkov"]
    rate: NonNegative | None = Field(default=None, description="pair-breaking energy, meV/T^power")
    power: NonNegative | None = Field(default=None, description="power of the field")
    orbital: bool | None = Field(default=None, description="whether the field acts on orbits")


class WerthamerHelfandHohenberg(Theory):
    """Orbital and Pauli limit in a dirty superconductor; Tc is that of [pairing]."""

    factory: ClassVar[str] = "WerthamerHelfandHohenberg"
    needs: ClassVar[tuple[str, ...]] = ("alpha", "lambda_so", "slope")
    kind: Literal["werthamer_helfand_hohenberg"]
    alpha: NonNegative | None = Field(default=None, description="Maki parameter")
    lambda_so: NonNegative | None = Field(default=None, description="spin-orbit scattering parameter")
    slope: Positive | None = Field(default=None, description="-dBc2/dT at Tc, T/K")


class ConstantSplitting(Theory):
    """Two valleys with a constant splitting."""

    factory: ClassVar[str] = "ConstantSplitting"
    needs: ClassVar[tuple[str, ...]] = ("splitting",)
    kind: Literal["constant_splitting"]
    splitting: NonNegative | None = Field(default=None, description="spin splitting, meV")
    rashba_ratio: NonNegative | None = Field(default=None, description="in-plane over out-of-plane coupling")
    g_factor: Positive | None = Field(default=None, description="g-factor of the electrons")


class Table(Kind):
    """Measured critical fields, for the quantity fit. A parameter that is given is held."""

    factory: ClassVar[str] = "table"
    kind: Literal["table"]
    file: str = Field(description="CSV table as `spinvalley fit` reads it, relative to the run file")
    formula: str = Field(description="a formula of `spinvalley.experiment`")
    tc: float | None = Field(default=None, description="held critical temperature, K")
    xi: float | None = Field(default=None, description="held coherence length, nm")
    d: float | None = Field(default=None, description="held thickness, nm")
    xi_c: float | None = Field(default=None, description="held coherence length across, nm")
    b_perp: float | None = Field(default=None, description="held field across, T")
    b_par: float | None = Field(default=None, description="held field along, T")
    offset: float | None = Field(default=None, description="held offset of the angle, degrees")
    slope: float | None = Field(default=None, description="held slope at Tc, T/K")
    alpha: float | None = Field(default=None, description="held Maki parameter")
    lambda_so: float | None = Field(default=None, description="held spin-orbit scattering parameter")
    tau_so: float | None = Field(default=None, description="held spin-orbit scattering time, fs")
    b0: float | None = Field(default=None, description="held field at T = 0, T")
    splitting: float | None = Field(default=None, description="held spin splitting, meV")
    rashba_ratio: float | None = Field(default=None, description="held ratio of couplings")
    tau_iv: float | None = Field(default=None, description="held time between valleys, fs")


KINDS: Final[dict[str, type[Kind]]] = {
    str(kind.model_fields["kind"].annotation.__args__[0]): kind  # type: ignore[union-attr]
    for kind in (
        Film, Tmd, IsingFilm, Heterostructure, OneBand, ThreeBand, NbSe2, Wannier, ValleyKp,
        KlemmLutherBeasley, InterValley, AbrikosovGorkov, WerthamerHelfandHohenberg,
        ConstantSplitting, Table,
    )
}  # fmt: skip
"""Every kind of [model] by its name."""

System = Annotated[
    Film | Tmd | IsingFilm | Heterostructure | OneBand | ThreeBand | NbSe2 | Wannier | ValleyKp
    | KlemmLutherBeasley | InterValley | AbrikosovGorkov | WerthamerHelfandHohenberg | ConstantSplitting | Table,
    Field(discriminator="kind"),
]  # fmt: skip


# The other sections ---------------------------------------------------------------------------------------------------
class Pairing(Section):
    """[pairing]: what pairs, and how strongly."""

    on: str | Names | None = Field(
        default=None, description="layer(s) that pair; sc, or all if there is none of this name"
    )
    channel: str | None = Field(default=None, description="what pairs, e.g. d_xy or f:z; s-wave if left out")
    interaction: Literal["reduced", "contact"] | None = Field(
        default=None, description="contact adds the mean fields of density and magnetisation"
    )
    filling: Positive | None = Field(default=None, description="electrons per cell, both spins, held fixed")
    gap0: Positive | None = Field(default=None, description="gap of this very model at T = V = 0, energy")
    v: Positive | None = Field(default=None, description="coupling, energy")
    tc: Positive | None = Field(
        default=None, description="k_B Tc of this very model, energy; Tc in K for hc2 and hc2_limits"
    )
    layer_gap0: Positive | None = Field(default=None, description="gap of the paired layer alone: it fixes v")


class Conditions(Section):
    """[conditions]: temperature, field and where to look."""

    kT: NonNegative | None = Field(default=None, description="temperature k_B T, energy")
    T: NonNegative | None = Field(default=None, description="temperature in K, for models in meV")
    zeeman: float | None = Field(default=None, description="Zeeman energy V along the direction")
    B: float | None = Field(default=None, description="field in T along the direction, for models in meV")
    direction: Triple | None = Field(default=None, description="of the field: x, y, z; z is normal to the layers")
    theta: float | None = Field(
        default=None, description="angle between field and c axis in degrees, instead of direction"
    )
    azimuth: float | None = Field(
        default=None, description="of the field's in-plane part in degrees from x, with theta"
    )
    g: Positive | None = Field(default=None, description="g-factor")
    momentum: Literal["zero", "best"] | None = Field(default=None, description="of the pairs")
    zeeman_max: Positive | None = Field(default=None, description="end of the search, energy")
    B_max: Positive | None = Field(default=None, description="end of the search, T")
    gap: NonNegative | None = Field(default=None, description="Delta as given, energy")
    edge: str | None = Field(default=None, description="armchair, zigzag, straight or diagonal")
    k_parallel: float | None = Field(default=None, description="momentum along the edge in half edge zones")
    width: Annotated[int, Field(ge=1)] | None = Field(default=None, description="columns of a strip")
