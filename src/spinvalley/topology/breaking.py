"""Which part of a Hamiltonian breaks a symmetry: the parts by physical name, and what is left without each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import zeeman_vector
from spinvalley.models import hoppings_of
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing import Superconductor, bdg
from spinvalley.spin import S0, SX, SY, SZ
from spinvalley.topology.chirality import find_chiral

Table = Mapping[Cell, Matrix]
_PAULI = {"": S0, "x": SX, "y": SY, "z": SZ}
_NEGLIGIBLE = 1e-12
_NAMES = {  # (spin component, odd in k): name
    ("", False): "hopping",
    ("", True): "hopping odd in k",
    ("x", True): "in-plane spin-orbit coupling",
    ("y", True): "in-plane spin-orbit coupling",
    ("z", True): "Ising spin-orbit coupling",
    ("x", False): "exchange field along x",
    ("y", False): "exchange field along y",
    ("z", False): "exchange field along z",
}


def parts(sc: Superconductor, gap: float, zeeman: ArrayLike) -> dict[str, dict[Cell, Matrix]]:
    """The BdG hoppings as a sum of named parts that are not zero.

    The normal state is split by spin (1, sigma_x, sigma_y, sigma_z) and by parity in k; the applied field by axis.
    Rashba coupling is "in-plane spin-orbit coupling".
    """
    tables: dict[str, dict[Cell, Matrix]] = {}
    hoppings = hoppings_of(sc.model)
    size = sc.model.dim // 2
    for spin, pauli in _PAULI.items():
        orbital: Table = {c: _component(m, pauli, size) for c, m in hoppings.items()}
        for odd in (False, True):
            sign = -1 if odd else 1
            table = {
                c: np.kron(0.5 * (m + sign * orbital.get((-c[0], -c[1]), np.zeros_like(m))), pauli).astype(complex)
                for c, m in orbital.items()
            }
            _add(tables, _NAMES[spin, odd], {c: _particles_and_holes(m) for c, m in table.items()})
    for axis, pauli, value in zip("xyz", (SX, SY, SZ), zeeman_vector(zeeman), strict=True):
        field = (value * np.kron(np.diag(sc.model.zeeman_weights), pauli)).astype(complex)
        _add(tables, f"field along {axis}", {(0, 0): _particles_and_holes(field)})
    _add(tables, "pairing", bdg.pair_hoppings(sc.model, sc.pairing, gap))
    largest = max((_size(t) for t in tables.values()), default=0.0)
    return {name: table for name, table in tables.items() if _size(table) > _NEGLIGIBLE * largest}


def total(tables: Mapping[str, Table], without: tuple[str, ...] = ()) -> dict[Cell, Matrix]:
    """The sum of the parts, some left out."""
    out: dict[Cell, Matrix] = {}
    for name, table in tables.items():
        if name not in without:
            for cell, matrix in table.items():
                out[cell] = out[cell] + matrix if cell in out else matrix
    return out


def chiral_breakers(sc: Superconductor, gap: float, zeeman: ArrayLike) -> list[tuple[str, ...]]:
    """Smallest sets of parts without which a chiral symmetry exists; empty where it exists or none restores it.

    The pairing is blamed only where no set without it serves: a phase of D(k) that varies with k breaks time reversal.
    """
    named = parts(sc, gap, zeeman)
    if find_chiral(total(named)) is not None:
        return []
    terms = [name for name in named if name not in ("hopping", "pairing")]
    paired = [name for name in named if name == "pairing"]
    return _restoring(named, terms) or _restoring(named, terms + paired)


def _restoring(named: Mapping[str, Table], removable: list[str]) -> list[tuple[str, ...]]:
    """The smallest subsets of `removable` without which a chiral symmetry exists."""
    for size in range(1, len(removable) + 1):
        sets = [s for s in combinations(removable, size) if find_chiral(total(named, s)) is not None]
        if sets:
            return sets
    return []


def reason(sc: Superconductor, gap: float, zeeman: ArrayLike) -> str:
    """Half a sentence that names what breaks the chiral symmetry."""
    sets = chiral_breakers(sc, gap, zeeman)
    if not sets:
        return "none of the terms alone breaks it: the hopping itself has none"
    if sets == [("pairing",)]:
        return "the pairing breaks it: its phase varies in the zone, which breaks time reversal"
    return " or ".join("the " + " with the ".join(s) for s in sets) + " breaks it"


def _component(matrix: Matrix, pauli: Matrix, size: int) -> Matrix:
    """Orbital matrix c of a spin component: Tr_spin (T sigma) / 2, shape (size, size)."""
    return np.asarray(np.einsum("isjt,ts->ij", matrix.reshape(size, 2, size, 2), pauli) / 2)


def _particles_and_holes(matrix: Matrix) -> Matrix:
    empty = np.zeros_like(matrix)
    return np.block([[matrix, empty], [empty, -matrix.conj()]])


def _add(tables: dict[str, dict[Cell, Matrix]], name: str, table: dict[Cell, Matrix]) -> None:
    tables[name] = total({"old": tables.get(name, {}), "new": table})


def _size(table: Table) -> float:
    return max((float(np.abs(m).max()) for m in table.values()), default=0.0)
