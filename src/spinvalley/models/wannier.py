"""Tight binding from Wannier90: the Hamiltonian in `seedname_hr.dat`, degeneracies included.

The file: a comment; the number of Wannier functions; the number of lattice vectors; their degeneracies, 15 per line;
then one line per matrix element, R1 R2 R3 m n Re Im, in eV. The element is divided by the degeneracy of its R.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import InvalidInput, floats, one_of, positive, real, whole
from spinvalley.models.lattice import Lattice, triangular
from spinvalley.models.model import Cell, Matrix, TightBinding
from spinvalley.models.orbitals import orbital_moment
from spinvalley.spin import S0, SX, SY, SZ

_EV = 1e3
_HERMITIAN = 1e-5  # eV: the file prints six decimals


def read_wannier(
    path: str | Path,
    lattice: Lattice | ArrayLike | float,
    *,
    spinful: bool = False,
    spin_order: Literal["blocks", "interleaved"] = "interleaved",
    soc: float = 0.0,
    orbitals: Sequence[str] | None = None,
    fermi_energy: float = 0.0,
    filled_bands: int = 0,
    layers: Sequence[str] | None = None,
) -> TightBinding:
    """Tight-binding model in meV from a Wannier90 `_hr.dat` file in eV, with spin in our order (spin fastest).

    Args:
        path: the file.
        lattice: a `Lattice`, its two vectors ((x1, y1), (x2, y2)) in nm, or the constant of a triangular lattice in nm.
        spinful: the Wannier functions are spinors; otherwise every one becomes a pair of spins.
        spin_order: of a spinful file: "interleaved" (up, dn, up, dn, ...) or "blocks" (all up, then all down).
        soc: lambda of the atomic coupling (lambda/2) L . sigma in eV, added to a spinless file.
        orbitals: name of each Wannier function, e.g. "d_z2" or "dz2"; needed with `soc`. Atoms are told apart by a
            prefix, "Mo:d_xy". Known: s, p_x, p_y, p_z, d_z2, d_xz, d_yz, d_x2-y2, d_xy.
        fermi_energy: zero of energy, eV.
        filled_bands: number of spin-bands that are full in the undoped crystal.
        layers: layer name of each orbital; all "layer" if omitted.

    Raises:
        InvalidInput: malformed, truncated or too long file (line number, what was expected), hopping between layers
            R3 != 0, non-Hermitian hoppings (names R), an odd number of spinors, `soc` with spinors, orbital names that
            do not fit, are not known or have no moment between them.

    Source: Wannier90 user guide, "seedname_hr.dat"; Pizzi et al., doi:10.1088/1361-648X/ab51ff.
    """
    one_of("spin_order", spin_order, ("blocks", "interleaved"))
    soc = _strength(soc, spinful)
    cells = _in_plane(_parse(_file(path)))
    size = next(iter(cells.values())).shape[0]
    _check_hermitian(cells)
    cells[0, 0] = cells.get((0, 0), np.zeros((size, size), complex)) - real("fermi_energy", fermi_energy) * np.eye(size)
    if spinful:
        if size % 2:
            raise InvalidInput(f"`spinful` must go with an even number of functions, but there are {size}")
        order = np.arange(size) if spin_order == "interleaved" else np.arange(size).reshape(2, -1).T.ravel()
        spins = {cell: matrix[np.ix_(order, order)] for cell, matrix in cells.items()}
    else:
        spins = {cell: np.kron(matrix, S0).astype(np.complex128) for cell, matrix in cells.items()}
        if soc:
            spins[0, 0] = spins[0, 0] + 0.5 * soc * _l_dot_sigma(orbitals, size)
    count = next(iter(spins.values())).shape[0] // 2
    return TightBinding(
        lattice=_lattice(lattice),
        layers=_names("layers", layers) if layers is not None else ("layer",) * count,
        filled_bands=whole("filled_bands", filled_bands, 0),
        hoppings={cell: _EV * _adjoint_mean(spins, cell) for cell in spins},
    )


def _file(path: Any) -> Path:
    if not isinstance(path, str | Path):
        raise InvalidInput(f"`path` must be the name of a file, but is {path!r}")
    return Path(path)


def _strength(soc: Any, spinful: bool) -> float:
    if isinstance(soc, str):
        raise InvalidInput(f"`soc` must be a real number, but is {soc!r}")
    strength = real("soc", soc)
    if spinful and strength:
        raise InvalidInput(
            f"`soc` must be 0 for a spinful file, which has its spin-orbit coupling already, but is {strength:g}"
        )
    return strength


def _names(name: str, values: Any) -> tuple[str, ...]:
    names = tuple(values) if isinstance(values, Iterable) and not isinstance(values, str) else (values,)
    if isinstance(values, str) or not all(isinstance(one, str) for one in names):
        raise InvalidInput(f"`{name}` must be a list of names, but is {values!r}")
    return tuple(str(one) for one in names)


class _Lines:
    """The lines of a file with their numbers; says what was expected where it ends or does not fit."""

    def __init__(self, path: Path) -> None:
        self.path, self.number = path, 0
        try:
            self._lines: Iterator[str] = iter(path.read_text().splitlines())
        except (OSError, ValueError) as problem:
            raise InvalidInput(f"`path` must be a readable Wannier90 file, but {path} is not: {problem}") from None

    def next(self, expected: str) -> str:
        self.number += 1
        line = next(self._lines, None)
        if line is None:
            raise self.wrong(expected, "the file ends")
        return line

    def end(self) -> None:
        """Only blank lines may follow."""
        for line in self._lines:
            self.number += 1
            if line.strip():
                raise self.wrong("the end of the file", f"found {line.strip()!r}")

    def wrong(self, expected: str, found: str) -> InvalidInput:
        return InvalidInput(f"{self.path.name}, line {self.number}: expected {expected}, but {found}")

    def integer(self, expected: str) -> int:
        text = self.next(expected).split()
        if len(text) != 1 or not text[0].isdigit() or int(text[0]) == 0:
            raise self.wrong(expected, f"found {' '.join(text)!r}")
        return int(text[0])


def _parse(path: Path) -> dict[tuple[int, int, int], Matrix]:
    """Matrices {(R1, R2, R3): (n, n)} in eV, divided by the degeneracies."""
    lines = _Lines(path)
    lines.next("a comment")
    size = lines.integer("the number of Wannier functions")
    count = lines.integer("the number of lattice vectors")
    weights = _degeneracies(lines, count)
    cells: dict[tuple[int, int, int], Matrix] = {}
    for weight in weights:
        matrix, cell = np.zeros((size, size), dtype=np.complex128), None
        seen = np.zeros((size, size), dtype=bool)
        for _ in range(size**2):
            here, row, column, value = _element(lines, size)
            if cell is None and here in cells:
                raise lines.wrong("a new lattice vector", f"R = {here} came before")
            if cell is not None and here != cell:
                raise lines.wrong(f"an element of R = {cell}", f"found one of R = {here}")
            if seen[row, column]:
                raise lines.wrong("each element once", f"R = {here}, m = {row + 1}, n = {column + 1} came before")
            cell, matrix[row, column], seen[row, column] = here, value / weight, True
        if cell is not None:
            cells[cell] = matrix
    lines.end()
    return cells


def _degeneracies(lines: _Lines, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        expected = f"degeneracies ({count - len(found)} more positive integers)"
        text = lines.next(expected).split()
        if not text or not all(word.isdigit() and int(word) > 0 for word in text) or len(found) + len(text) > count:
            raise lines.wrong(expected, f"found {' '.join(text)!r}")
        found += [int(word) for word in text]
    return found


def _element(lines: _Lines, size: int) -> tuple[tuple[int, int, int], int, int, complex]:
    expected = "R1 R2 R3 m n Re Im"
    text = lines.next(expected)
    try:
        one, two, three, row, column = (int(word) for word in text.split()[:5])
        real_part, imaginary = (float(word) for word in text.split()[5:])
    except ValueError:
        raise lines.wrong(expected, f"found {text.strip()!r}") from None
    if not (1 <= row <= size and 1 <= column <= size):
        raise lines.wrong(f"m and n between 1 and {size}", f"found {row} and {column}")
    if not np.isfinite(real_part) or not np.isfinite(imaginary):
        raise lines.wrong("finite numbers", f"found {text.strip()!r}")
    return (one, two, three), row - 1, column - 1, complex(real_part, imaginary)


def _in_plane(cells: dict[tuple[int, int, int], Matrix]) -> dict[Cell, Matrix]:
    for cell, matrix in cells.items():
        if cell[2] != 0 and np.abs(matrix).max() > _HERMITIAN:
            raise InvalidInput(
                f"the file must describe one two-dimensional crystal, but has hopping {np.abs(matrix).max():g} eV to "
                f"R = {cell}"
            )
    return {(one, two): matrix for (one, two, three), matrix in cells.items() if three == 0}


def _check_hermitian(cells: dict[Cell, Matrix]) -> None:
    for (one, two), matrix in cells.items():
        back = cells.get((-one, -two), np.zeros_like(matrix))
        if np.abs(matrix - back.conj().T).max() > _HERMITIAN:
            raise InvalidInput(
                f"the hoppings must be Hermitian, but the matrix at R = {(-one, -two)} is not the adjoint of the one "
                f"at R = {(one, two)}"
            )


def _adjoint_mean(cells: dict[Cell, Matrix], cell: Cell) -> Matrix:
    """The matrix of a cell freed from the rounding of the file: the mean with the adjoint of the opposite cell."""
    back = cells.get((-cell[0], -cell[1]))
    return cells[cell] if back is None else np.asarray(0.5 * (cells[cell] + back.conj().T))


def _l_dot_sigma(orbitals: Sequence[str] | None, size: int) -> Matrix:
    names = () if orbitals is None else _names("orbitals", orbitals)
    if len(names) != size:
        raise InvalidInput(
            f"`orbitals` must name the {size} Wannier functions for `soc`, but names {len(names) or 'none'}"
        )
    moment = orbital_moment(names)
    total = sum(np.kron(part, spin) for part, spin in zip(moment, (SX, SY, SZ), strict=True))
    if not np.any(total):
        raise InvalidInput(
            f"`soc` must act on orbitals with a moment between them, but L . sigma vanishes on {', '.join(names)}"
        )
    return np.asarray(total, dtype=np.complex128)


def _lattice(lattice: Lattice | ArrayLike | float) -> Lattice:
    if isinstance(lattice, Lattice):
        return lattice
    array = floats("lattice", lattice)
    if array.ndim == 0:
        return triangular(positive("lattice", array))
    if array.shape != (2, 2):
        raise InvalidInput(f"`lattice` must be a Lattice, two vectors or a number, but has shape {array.shape}")
    return Lattice(((array[0, 0], array[0, 1]), (array[1, 0], array[1, 1])))
