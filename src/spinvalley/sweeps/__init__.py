"""Sweeps: a function over named coordinates, here or on a cluster, with a store that survives."""

from spinvalley.sweeps.boundary import Boundary
from spinvalley.sweeps.clusters import connect, local_cluster, slurm_cluster, slurm_script
from spinvalley.sweeps.driver import Progress
from spinvalley.sweeps.executors import ClusterLost
from spinvalley.sweeps.sweeping import SweepWarning, sweep

__all__ = [
    "Boundary",
    "ClusterLost",
    "Progress",
    "SweepWarning",
    "connect",
    "local_cluster",
    "slurm_cluster",
    "slurm_script",
    "sweep",
]
