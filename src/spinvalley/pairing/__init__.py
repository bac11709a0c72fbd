"""Pairing: BdG Hamiltonian, free energy as a function of the gap, linearised gap equation, pair breaking, Hc2(T)."""

from spinvalley.pairing.anatomy import hc2_limits
from spinvalley.pairing.carrier import Pairing, s_wave
from spinvalley.pairing.channels import Channel
from spinvalley.pairing.competition import Competition
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.gap import GapState, free_energy, solve_gap
from spinvalley.pairing.hc2 import hc2, hc2_angle
from spinvalley.pairing.interactions import Interaction, Reduced
from spinvalley.pairing.kernel import pair_breaking
from spinvalley.pairing.landscape import Branch
from spinvalley.pairing.laws import (
    DEVICES,
    AbrikosovGorkov,
    ConstantSplitting,
    Device,
    InterValley,
    KlemmLutherBeasley,
    PauliLimit,
    WerthamerHelfandHohenberg,
)
from spinvalley.pairing.limits import hc2_constant_splitting, pauli_limit, tricritical_point
from spinvalley.pairing.mixing import TripletAdmixture, pair_breaking_matrix
from spinvalley.pairing.pockets import Pocket, constant_splitting, from_pockets, nodal_pocket, valley_pockets
from spinvalley.pairing.superconductor import Superconductor
from spinvalley.pairing.surfaces import fermi_surface

__all__ = [
    "DEVICES",
    "AbrikosovGorkov",
    "Branch",
    "Channel",
    "Competition",
    "ConstantSplitting",
    "Device",
    "FermiSurface",
    "GapState",
    "InterValley",
    "Interaction",
    "KlemmLutherBeasley",
    "Pairing",
    "PauliLimit",
    "Pocket",
    "Reduced",
    "Superconductor",
    "TripletAdmixture",
    "WerthamerHelfandHohenberg",
    "constant_splitting",
    "fermi_surface",
    "free_energy",
    "from_pockets",
    "hc2",
    "hc2_angle",
    "hc2_constant_splitting",
    "hc2_limits",
    "nodal_pocket",
    "pair_breaking",
    "pair_breaking_matrix",
    "pauli_limit",
    "s_wave",
    "solve_gap",
    "tricritical_point",
    "valley_pockets",
]
