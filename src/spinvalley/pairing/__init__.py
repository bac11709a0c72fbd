"""Pairing: BdG Hamiltonian, free energy as a function of the gap, linearised gap equation, pair breaking, Hc2(T)."""

from spinvalley.pairing import channels, interactions
from spinvalley.pairing.anatomy import hc2_limits
from spinvalley.pairing.carrier import Pairing, s_wave
from spinvalley.pairing.channels import Channel
from spinvalley.pairing.competition import (
    Competition,
    State,
    States,
    families,
    free_energy_map,
    free_energy_of,
    instabilities,
    minima,
    orientation_map,
    spin_mixing,
    state_diagram,
    susceptibility_matrix,
    transition_fields,
    transition_temperatures,
    transitions,
)
from spinvalley.pairing.effective_model import in_mean_fields
from spinvalley.pairing.fermi_surface import FermiSurface
from spinvalley.pairing.gap import GapState, free_energy, solve_gap
from spinvalley.pairing.hartree_fock import MeanFields
from spinvalley.pairing.hc2 import hc2, hc2_angle
from spinvalley.pairing.interactions import BondAttraction, FromMomentum, Interaction, Reduced, spin_fluctuation
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
    "BondAttraction",
    "Branch",
    "Channel",
    "Competition",
    "ConstantSplitting",
    "Device",
    "FermiSurface",
    "FromMomentum",
    "GapState",
    "InterValley",
    "Interaction",
    "KlemmLutherBeasley",
    "MeanFields",
    "Pairing",
    "PauliLimit",
    "Pocket",
    "Reduced",
    "State",
    "States",
    "Superconductor",
    "TripletAdmixture",
    "WerthamerHelfandHohenberg",
    "channels",
    "constant_splitting",
    "families",
    "fermi_surface",
    "free_energy",
    "free_energy_map",
    "free_energy_of",
    "from_pockets",
    "hc2",
    "hc2_angle",
    "hc2_constant_splitting",
    "hc2_limits",
    "in_mean_fields",
    "instabilities",
    "interactions",
    "minima",
    "nodal_pocket",
    "orientation_map",
    "pair_breaking",
    "pair_breaking_matrix",
    "pauli_limit",
    "s_wave",
    "solve_gap",
    "spin_fluctuation",
    "spin_mixing",
    "state_diagram",
    "susceptibility_matrix",
    "transition_fields",
    "transition_temperatures",
    "transitions",
    "tricritical_point",
    "valley_pockets",
]
