"""The run file that `spinvalley init` writes."""

from __future__ import annotations

from typing import Final

EXAMPLE: Final = """\
# A study for spinvalley. Start it with:   spinvalley run study.toml
# It may be killed at any moment; go on:   spinvalley resume study.zarr
# Every key and its meaning:               spinvalley init --schema

[study]
name = "Critical field of a heterostructure"
quantity = "critical_field"   # or phase_diagram, gap, critical_temperature, tricritical_point, hc2, hc2_limits,
                              # nodes, bulk_gap, threshold, flat_bands, winding, strip_gap, fit
tolerance = 1e-3              # relative error asked for; the error reached is stored beside each value
seed = 0
# outputs = ["zeeman", "order"]   # keep these variables only (status and error always)

[model]
kind = "heterostructure"      # or film, tmd, ising_film, one_band, three_band, nbse2, wannier, valley_kp, ...
# Energies are in the unit of the model: here the hopping |t|. What is left out has its default.
beta_so = 0.5
# rashba = 0.02               # adds a Rashba term

[pairing]
on = "sc"
# Exactly one strength, here or as an axis: layer_gap0 (gap of the paired layer alone), gap0, tc (of the whole), v.

[conditions]
kT = 0.01                     # or T in kelvin for models in meV
direction = [1.0, 0.0, 0.0]   # of the field; z is normal to the layers

# Each [axes.KEY] sweeps a key of [model], [pairing] or [conditions]: values, linspace or logspace.
[axes.coupling]
linspace = [0.0, 0.6, 7]      # start, stop, number

[axes.layer_gap0]
values = [0.05, 0.1, 0.15, 0.2]

# [refine]                    # points along a boundary only, instead of the full grid
# of = "order"
# levels = 2
"""
"""A commented run file: a map of Hc2 over coupling and gap."""
