"""Models on the square lattice and pairing channels written from their tables, beside those of the catalogue."""

import numpy as np

import spinvalley as sv
from spinvalley.spin import SX, SY, SZ, singlet

FLIP = singlet(1)
SPINS = {"s": FLIP, "x": SX @ FLIP, "y": SY @ FLIP, "z": SZ @ FLIP}


def square_film(mu):
    """xi = -2 (cos kx + cos ky) - mu."""
    one = np.eye(2)
    table = {(0, 0): -mu * one} | dict.fromkeys([(1, 0), (-1, 0), (0, 1), (0, -1)], -one)
    return sv.models.from_hoppings(table, sv.models.square(), ("sc",))


def bonds(model, name, numbers, spin):
    """sum_R numbers[R] exp(i k.R) times a matrix of spin, of norm 1."""
    table = {cell: number * spin for cell, number in numbers.items()}
    return sv.pairing.Channel(name, model.lattice, model.layers, table).normalised()


def d_xy(model):
    """2 sin kx sin ky on the square lattice."""
    return bonds(model, "d_xy", {(1, 1): -1, (-1, -1): -1, (1, -1): 1, (-1, 1): 1}, FLIP)


def d_x2_y2(model):
    """cos kx - cos ky on the square lattice."""
    return bonds(model, "d_x2-y2", {(1, 0): 1, (-1, 0): 1, (0, 1): -1, (0, -1): -1}, FLIP)


def p_wave(model, axis, spin):
    """sqrt2 sin k_axis with a matrix of spin."""
    cell = (1, 0) if axis == "x" else (0, 1)
    return bonds(model, f"p_{axis}", {cell: -1j, (-cell[0], -cell[1]): 1j}, spin)


def turning(model, turns, spin):
    """Form factor of the six nearest neighbours of a triangular lattice whose phase turns with the bond."""
    numbers = {}
    for cell in [(1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1)]:
        x, y = model.lattice.translation(cell)
        numbers[cell] = np.exp(1j * turns * np.arctan2(y, x)) * (1 if turns % 2 == 0 else -1j)
    return bonds(model, f"l = {turns}", numbers, spin)


def superconductor(model, form):
    """A superconductor with this form; its strength is not used by topology."""
    return sv.Superconductor(model, sv.pairing.Pairing(form=form, v=1.0))
