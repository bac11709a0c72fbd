"""Models of the normal state: lattices, tight binding and its terms, ready films and stacks."""

from spinvalley.models.calibration import OneBandHoppings, fitted_hoppings, one_band
from spinvalley.models.decomposition import spin_decomposition
from spinvalley.models.films import film, from_callable, from_hoppings, heterostructure, ising_film, stack, tmd
from spinvalley.models.fourier import hoppings_of
from spinvalley.models.lattice import Lattice, square, triangular
from spinvalley.models.materials import MaterialTable, material_names, material_table
from spinvalley.models.model import Bloch, Model, TightBinding
from spinvalley.models.nbse2 import nbse2
from spinvalley.models.one_band import OneBand, OneBandCalibration, OneBandParameters
from spinvalley.models.terms import Displacement, IsingSOC, OrbitalShift, Potential, Rashba, Term, TermSum, Zeeman
from spinvalley.models.three_band import three_band
from spinvalley.models.validity import ValidityWarning
from spinvalley.models.valley_kp import ValleyModel, valley_kp
from spinvalley.models.wannier import read_wannier

__all__ = [
    "Bloch",
    "Displacement",
    "IsingSOC",
    "Lattice",
    "MaterialTable",
    "Model",
    "OneBand",
    "OneBandCalibration",
    "OneBandHoppings",
    "OneBandParameters",
    "OrbitalShift",
    "Potential",
    "Rashba",
    "Term",
    "TermSum",
    "TightBinding",
    "ValidityWarning",
    "ValleyModel",
    "Zeeman",
    "film",
    "fitted_hoppings",
    "from_callable",
    "from_hoppings",
    "heterostructure",
    "hoppings_of",
    "ising_film",
    "material_names",
    "material_table",
    "nbse2",
    "one_band",
    "read_wannier",
    "spin_decomposition",
    "square",
    "stack",
    "three_band",
    "tmd",
    "triangular",
    "valley_kp",
]
