"""The normal state: bands, Fermi lines, density of states, spectral functions and the proximity effect."""

from spinvalley.normal.bands import bands
from spinvalley.normal.contours import fermi_contours, fermi_momentum, occupied_fraction
from spinvalley.normal.dos import density_of_states
from spinvalley.normal.filling import chemical_potential, doped, sheet_density
from spinvalley.normal.hall import hall_density
from spinvalley.normal.proximity import (
    effective_hamiltonian,
    equation_5,
    induced,
    isolated,
    printed_equation_5,
    self_energy,
)
from spinvalley.normal.sectors import conserved_axis
from spinvalley.normal.spectral import green, spectral_densities, spectral_map
from spinvalley.normal.validity import pole_contours, renormalised_film, static_validity
from spinvalley.normal.valleys import spin_splitting, valley_contours

__all__ = [
    "bands",
    "chemical_potential",
    "conserved_axis",
    "density_of_states",
    "doped",
    "effective_hamiltonian",
    "equation_5",
    "fermi_contours",
    "fermi_momentum",
    "green",
    "hall_density",
    "induced",
    "isolated",
    "occupied_fraction",
    "pole_contours",
    "printed_equation_5",
    "renormalised_film",
    "self_energy",
    "sheet_density",
    "spectral_densities",
    "spectral_map",
    "spin_splitting",
    "static_validity",
    "valley_contours",
]
