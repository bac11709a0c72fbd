"""Pairing: the BdG Hamiltonian, the free energy as a function of the gap, the linearised gap equation."""

from spinvalley.pairing.channel import Pairing, s_wave
from spinvalley.pairing.gap import GapState, free_energy, solve_gap
from spinvalley.pairing.landscape import Branch
from spinvalley.pairing.superconductor import Superconductor

__all__ = ["Branch", "GapState", "Pairing", "Superconductor", "free_energy", "s_wave", "solve_gap"]
