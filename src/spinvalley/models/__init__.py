"""Models of the normal state: lattices, tight binding and its terms, ready films and stacks."""

from spinvalley.models.films import film, from_callable, from_hoppings, heterostructure, ising_film, stack, tmd
from spinvalley.models.fourier import hoppings_of
from spinvalley.models.lattice import Lattice, square, triangular
from spinvalley.models.model import Bloch, Model, TightBinding
from spinvalley.models.terms import IsingSOC, Potential, Rashba, Term, TermSum, Zeeman

__all__ = [
    "Bloch",
    "IsingSOC",
    "Lattice",
    "Model",
    "Potential",
    "Rashba",
    "Term",
    "TermSum",
    "TightBinding",
    "Zeeman",
    "film",
    "from_callable",
    "from_hoppings",
    "heterostructure",
    "hoppings_of",
    "ising_film",
    "square",
    "stack",
    "tmd",
    "triangular",
]
