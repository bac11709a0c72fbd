"""Band bending of a gated crystal: Poisson's equation on the layers, with parabolic valleys or tight-binding layers."""

from spinvalley.gating.layers import ValleyWarning, solve_layers, top_density
from spinvalley.gating.parabolas import Valley, geometric_ratio
from spinvalley.gating.slab import Slab, solve_slab
from spinvalley.gating.stacking import QShift, slab

__all__ = [
    "QShift",
    "Slab",
    "Valley",
    "ValleyWarning",
    "geometric_ratio",
    "slab",
    "solve_layers",
    "solve_slab",
    "top_density",
]
