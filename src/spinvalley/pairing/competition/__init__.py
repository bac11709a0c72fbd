"""Channels that compete: linearised problem, free energy of several complex amplitudes, minima and transitions."""

from spinvalley.pairing.competition.families import families
from spinvalley.pairing.competition.fields import transition_fields
from spinvalley.pairing.competition.functional import free_energy_of
from spinvalley.pairing.competition.instabilities import instabilities, spin_mixing
from spinvalley.pairing.competition.maps import free_energy_map, orientation_map
from spinvalley.pairing.competition.matrix import susceptibility_matrix
from spinvalley.pairing.competition.minima import minima
from spinvalley.pairing.competition.phases import state_diagram
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.competition.states import State, States
from spinvalley.pairing.competition.temperatures import transition_temperatures
from spinvalley.pairing.competition.transitions import transitions

__all__ = [
    "Competition",
    "State",
    "States",
    "families",
    "free_energy_map",
    "free_energy_of",
    "instabilities",
    "minima",
    "orientation_map",
    "spin_mixing",
    "state_diagram",
    "susceptibility_matrix",
    "transition_fields",
    "transition_temperatures",
    "transitions",
]
