"""Topology: symmetry class, nodal points, winding numbers, strips and semi-infinite edges."""

from spinvalley.topology.winding import winding, winding_integral

__all__ = ["winding", "winding_integral"]
