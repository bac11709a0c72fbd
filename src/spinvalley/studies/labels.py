"""Units of the keys and variables of studies."""

from __future__ import annotations

from typing import Final

from spinvalley.studies.sections import KINDS, Film, Heterostructure, IsingFilm, Tmd

_ENERGY: Final = "energy"
_LATTICE_UNITS: Final = (Film, Tmd, IsingFilm, Heterostructure)

_UNITS: Final[dict[str, str]] = {
    **dict.fromkeys(("T",), "K"),
    **dict.fromkeys(("B", "B_linear", "B_surface", "B_out_of_plane", "B_doubled", "B_pauli", "B_max"), "T"),
    **dict.fromkeys(("theta", "azimuth", "offset"), "degree"),
    **dict.fromkeys(
        (
            "kT", "kTc", "kTc_linear", "zeeman", "zeeman_linear", "zeeman_max", "gap", "free_energy", "condensation",
            "superheating", "jump", "jump_gap_high", "jump_gap_low", "tricritical_kT", "tricritical_zeeman", "kT_error",
            "zeeman_error", "bulk_gap", "threshold", "strip_gap", "gap0", "layer_gap0", "tc", "v", "t", "mu", "t_sc",
            "t_tmd", "mu_sc", "mu_tmd", "beta_so", "coupling", "rashba",
        ),
        _ENERGY,
    ),
    "density": "cm^-2",
    "q": "1/nm",
    "tau_so": "fs",
    "tau_so_error": "fs",
    "tau_iv": "fs",
    "tau_iv_error": "fs",
    "k_parallel": "half edge zones",
    "slope": "T/K",
    "a": "nm",
    "xi": "nm",
    "xi_error": "nm",
    "splitting": "meV",
    "splitting_error": "meV",
    "splitting_k": "meV",
    "splitting_fermi": "meV",
    "rate": "meV",
    "width": "columns",
}  # fmt: skip


def unit(name: str, kind: str = "") -> str:
    """Unit of a key or variable; "" for pure numbers and names that are not known.

    Args:
        name: of the key or variable.
        kind: of the model, which says what its energies are.

    >>> unit("zeeman", "one_band"), unit("zeeman", "film"), unit("T")
    ('meV', 'energy unit of the model', 'K')
    """
    found = _UNITS.get(name, "")
    if found != _ENERGY:
        return found
    return "energy unit of the model" if kind in KINDS and issubclass(KINDS[kind], _LATTICE_UNITS) else "meV"
