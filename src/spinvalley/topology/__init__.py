"""Topology: symmetry class, nodal points, winding and Chern numbers, strips and semi-infinite edges."""

from spinvalley.topology.andreev import andreev
from spinvalley.topology.bulk import bulk_gap
from spinvalley.topology.chern import chern_integral, chern_number
from spinvalley.topology.chiral_modes import chiral_modes
from spinvalley.topology.edge_spectrum import edge_spectrum, edge_zero_modes
from spinvalley.topology.effective import Effective, compare_effective, effective
from spinvalley.topology.equilibrium import field_at_ratio
from spinvalley.topology.flat_bands import flat_band_map, flat_bands
from spinvalley.topology.motion import node_motion
from spinvalley.topology.nodal_lines import nodal_lines
from spinvalley.topology.nodes import nodes
from spinvalley.topology.profiles import local_density, strip_states
from spinvalley.topology.strip import FiniteSizeWarning, strip
from spinvalley.topology.symmetry import symmetry_class
from spinvalley.topology.threshold import threshold
from spinvalley.topology.width import width_for
from spinvalley.topology.winding import winding, winding_integral
from spinvalley.topology.zero_modes import zero_modes

__all__ = [
    "Effective",
    "FiniteSizeWarning",
    "andreev",
    "bulk_gap",
    "chern_integral",
    "chern_number",
    "chiral_modes",
    "compare_effective",
    "edge_spectrum",
    "edge_zero_modes",
    "effective",
    "field_at_ratio",
    "flat_band_map",
    "flat_bands",
    "local_density",
    "nodal_lines",
    "node_motion",
    "nodes",
    "strip",
    "strip_states",
    "symmetry_class",
    "threshold",
    "width_for",
    "winding",
    "winding_integral",
    "zero_modes",
]
