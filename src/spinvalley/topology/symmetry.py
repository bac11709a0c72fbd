"""On-site symmetries of a superconductor and its tenfold class, in the zone and on the line of fixed k_par."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from spinvalley.checks import Status
from spinvalley.models.model import Cell, Matrix
from spinvalley.numerics.intertwiners import antisymmetric_unitary, intertwiners, symmetric_unitary, violation
from spinvalley.pairing import Superconductor
from spinvalley.spin import S0, SX, SY, SZ
from spinvalley.topology.breaking import chiral_breakers, parts
from spinvalley.topology.chirality import find_chiral, mirrored
from spinvalley.topology.columns import columns
from spinvalley.topology.edges import Edge

SYMMETRIES = ("chiral", "time_reversal", "particle_hole", "time_reversal_1d", "particle_hole_1d")
_FLIPS = {"time_reversal": 1, "particle_hole": -1}  # sign of U H^* U^+ = +- H
_TENFOLD = {
    (0, 0, 0): "A",
    (0, 0, 1): "AIII",
    (1, 0, 0): "AI",
    (1, 1, 1): "BDI",
    (0, 1, 0): "D",
    (-1, 1, 1): "DIII",
    (-1, 0, 0): "AII",
    (-1, -1, 1): "CII",
    (0, -1, 0): "C",
    (1, -1, 1): "CI",
}
_EXACT = 1e-10
Table = Mapping[Cell, Matrix]


def symmetry_class(sc: Superconductor, gap: float, zeeman: ArrayLike = 0.0, edge: object = "armchair") -> xr.Dataset:
    """Chiral, time-reversal-like and particle-hole-like symmetries, the tenfold class, and what breaks each.

    Searched are all unitaries U on the states of a cell (K: complex conjugation):

        chiral            U H(k) U^+ = -H(k)
        time_reversal     U H(k)^* U^+ = H(-k)                 particle_hole     ... = -H(-k)
        time_reversal_1d  U H(k)^* U^+ = H(k_par, -k_perp)     particle_hole_1d  ... = -H(k_par, -k_perp)

    The last two, with the chiral one, make the class at fixed k_par (the paper's T_1D, P_1D, C). Where a conserved
    quantity leaves a choice, both squares of U K can exist; the class then takes +1 for particle-hole and, in the zone,
    -1 for time reversal (electrons), at fixed k_par +1.

    Args:
        sc: the superconductor.
        gap: pairing amplitude Delta, energy unit of the model.
        zeeman: V of sigma, energy; a number is along x, or a 3-vector.
        edge: direction of k_par, as in `winding`.

    Returns:
        Dataset over symmetry (the five above): exists (bool), square (of U K, or of the chiral U: +1, -1, 0 where
        there is none), both_squares (bool), operator (symmetry, row, column; NaN where there is none), paper_violation
        (largest |U H - H' U| of the operators named in the paper and of electrons, C = sigma_x tau_y, T = i sigma_y K,
        P = tau_x K, T_1D = sigma_x tau_z K, P_1D = tau_x K, relative to the largest matrix element); over (term,
        symmetry): broken_by (the same for each term of H alone). Attributes: tenfold, tenfold_1d, conserved (number of
        independent on-site unitaries that commute with H, beside 1), chiral_broken_by (text). status.

    Raises:
        InvalidInput: negative gap, NaN, unknown edge, hoppings without finite range.

    Source: heterostructure.txt, below eq. 8; Altland and Zirnbauer, doi:10.1103/PhysRevB.55.1142.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.heterostructure(), sv.s_wave(on="sc", gap0=0.1))
    >>> sv.topology.symmetry_class(sc, gap=0.1, zeeman=0.4).attrs["tenfold_1d"]
    'BDI'
    """
    sides = columns(sc, gap, zeeman, edge)
    found = {name: _operators(name, sides.table, sides.edge) for name in SYMMETRIES}
    squares = {name: _preferred(name, found[name]) for name in SYMMETRIES}
    empty = np.full((sides.dim, sides.dim), np.nan, dtype=complex)
    terms = parts(sc, gap, zeeman)
    named = _named(sides.dim // 4)
    breaking = [[_violation(name, t, sides.edge, named[name]) for name in SYMMETRIES] for t in terms.values()]
    breakers = [" with ".join(s) for s in chiral_breakers(sc, gap, zeeman)]
    return xr.Dataset(
        {
            "exists": ("symmetry", [squares[n] != 0 for n in SYMMETRIES]),
            "square": ("symmetry", [squares[n] for n in SYMMETRIES]),
            "both_squares": ("symmetry", [len(found[n]) == 2 for n in SYMMETRIES]),
            "operator": (("symmetry", "row", "column"), [found[n].get(squares[n], empty) for n in SYMMETRIES]),
            "paper_violation": (
                "symmetry",
                [_violation(n, sides.table, sides.edge, named[n]) for n in SYMMETRIES],
            ),
            "broken_by": (("term", "symmetry"), np.array(breaking)),
            "status": ((), str(Status.CONVERGED)),
        },
        coords={"symmetry": list(SYMMETRIES), "term": list(terms)},
        attrs={
            "edge": sides.edge.name,
            "tenfold": _class(squares, ""),
            "tenfold_1d": _class(squares, "_1d"),
            "conserved": _conserved(sides.table),
            "chiral_broken_by": " or ".join(breakers),
        },
    )


def _operators(name: str, table: Table, which: Edge) -> dict[int, Matrix]:
    """The unitary of each square that the symmetry can have, {+-1: U}."""
    if name == "chiral":
        chiral = find_chiral(table)
        return {} if chiral is None else {1: chiral}
    pair = _pair(name, table, which)
    if pair is None:
        return {}
    space = intertwiners(*pair)
    options = {1: symmetric_unitary(space), -1: antisymmetric_unitary(space)}
    return {s: u for s, u in options.items() if u is not None and violation(*pair, u) < 1e3 * _EXACT}


def _pair(name: str, table: Table, which: Edge) -> tuple[Matrix, Matrix] | None:
    """(A_i, B_i) such that the symmetry is U A_i = B_i U; None where the lattice lacks the mirror."""
    matrices = np.array(list(table.values()))
    if name == "chiral":
        return matrices, -matrices
    sign = _FLIPS[name.removesuffix("_1d")]
    if not name.endswith("_1d"):
        return matrices.conj(), sign * matrices
    both = mirrored(table, which)
    return None if both is None else (both[1].conj(), sign * both[0])


def _violation(name: str, table: Table, which: Edge, unitary: Matrix) -> float:
    pair = _pair(name, table, which)
    return float("nan") if pair is None else violation(*pair, unitary)


def _named(n: int) -> dict[str, Matrix]:
    """Operators named in the paper, and time reversal of electrons, on n orbitals."""
    one = np.eye(n)

    def on(tau: Matrix, sigma: Matrix) -> Matrix:
        return np.asarray(np.kron(tau, np.kron(one, sigma)))

    return {
        "chiral": on(SY, SX),
        "time_reversal": on(S0, 1j * SY),
        "particle_hole": on(SX, S0),
        "time_reversal_1d": on(SZ, SX),
        "particle_hole_1d": on(SX, S0),
    }


def _preferred(name: str, options: dict[int, Matrix]) -> int:
    if len(options) == 2:
        return -1 if name == "time_reversal" else 1
    return next(iter(options), 0)


def _class(squares: dict[str, int], suffix: str) -> str:
    key = (squares["time_reversal" + suffix], squares["particle_hole" + suffix], squares["chiral"])
    return _TENFOLD.get(key, "undefined")


def _conserved(table: Table) -> int:
    """Independent unitaries that commute with H(k) at every k, beside the identity."""
    matrices = np.array(list(table.values()))
    return len(intertwiners(matrices, matrices)) - 1
