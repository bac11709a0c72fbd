"""Topology: symmetry class, nodal points, winding numbers, strips and semi-infinite edges."""

from spinvalley.topology.symmetry import symmetry_class
from spinvalley.topology.winding import winding, winding_integral
from spinvalley.topology.zero_modes import zero_modes

__all__ = ["symmetry_class", "winding", "winding_integral", "zero_modes"]
