"""Guards at the door, exception classes, and the status of a solved point.

Every public function validates its arguments here, once, and says what is wrong in one sentence of the form
"`kT` must be positive, but is -1.0". Below the door the code trusts its input.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


_LONGEST_REPR = 60


class SpinvalleyError(Exception):
    """Base class of every exception that spinvalley raises on purpose."""


class InvalidInput(SpinvalleyError, ValueError):
    """An argument that has no physical or mathematical meaning."""


class NotSolved(SpinvalleyError, RuntimeError):
    """A computation that could not reach its tolerance, raised only where the caller asked for `check=True`."""


class Status(StrEnum):
    """What became of one solved point; compares equal to its text (``Status.CONVERGED == "converged"``).

    - ``converged``: the number is within its stated error.
    - ``normal``: the normal state is the equilibrium state here (a result, not a failure).
    - ``not converged``: the tolerance was not met in the allowed work; value and reached error are given.
    - ``failed``: no number could be computed; the value is NaN.
    - ``beyond range``: the transition lies outside the searched range; the value is the edge of that range.
    - ``gap closed``: the bulk gap vanishes here, so that the integer asked for is not defined.
    """

    CONVERGED = "converged"
    NORMAL = "normal"
    NOT_CONVERGED = "not converged"
    FAILED = "failed"
    BEYOND_RANGE = "beyond range"
    GAP_CLOSED = "gap closed"


def real(name: str, value: Any) -> float:
    """A finite real number, or one clear sentence."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidInput(f"`{name}` must be a real number, but is {value!r}") from None
    if not np.isfinite(number):
        raise InvalidInput(f"`{name}` must be finite, but is {number}")
    return number


def positive(name: str, value: Any) -> float:
    """A finite number > 0."""
    number = real(name, value)
    if number <= 0:
        raise InvalidInput(f"`{name}` must be positive, but is {number}")
    return number


def non_negative(name: str, value: Any) -> float:
    """A finite number >= 0."""
    number = real(name, value)
    if number < 0:
        raise InvalidInput(f"`{name}` must be non-negative, but is {number}")
    return number


def tolerance(name: str, value: Any) -> float:
    """A relative tolerance: a number between 0 and 1, exclusive."""
    number = positive(name, value)
    if number >= 1:
        raise InvalidInput(f"`{name}` must be below 1, but is {number}")
    return number


def whole(name: str, value: Any, minimum: int) -> int:
    """A whole number >= minimum."""
    number = real(name, value)
    if not number.is_integer() or number < minimum:
        raise InvalidInput(f"`{name}` must be a whole number of at least {minimum}, but is {value!r}")
    return int(number)


def floats(name: str, value: Any) -> Floats:
    """An array of real numbers of any shape."""
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise InvalidInput(f"`{name}` must be real numbers, but is {value!r}") from None


def instance(name: str, value: Any, kind: type, example: str) -> None:
    """An object of the right class."""
    if not isinstance(value, kind):
        text = repr(value)
        shown = text if len(text) <= _LONGEST_REPR else f"of type {type(value).__name__}"
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise InvalidInput(f"`{name}` must be {article} {kind.__name__}, e.g. {example}, but is {shown}")


def axis(name: str, values: ArrayLike, *, minimum: float = -np.inf) -> Floats:
    """A non-empty one-dimensional array of finite numbers >= `minimum` (a scalar becomes length 1)."""
    array = np.atleast_1d(floats(name, values))
    if array.ndim != 1 or array.size == 0:
        raise InvalidInput(f"`{name}` must be one-dimensional and not empty, but has shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise InvalidInput(f"`{name}` must be finite, but contains {array[~np.isfinite(array)][0]}")
    if np.any(array < minimum):
        bound = "non-negative" if minimum == 0 else f">= {minimum}"
        raise InvalidInput(f"`{name}` must be {bound}, but contains {array.min()}")
    return array


def zeeman_vector(zeeman: ArrayLike, name: str = "zeeman") -> Floats:
    """The Zeeman coefficient V of sigma as a 3-vector; a plain number is taken along x."""
    try:
        array = np.asarray(zeeman, dtype=float)
    except (TypeError, ValueError):
        raise InvalidInput(f"`{name}` must be a number or a 3-vector, but is {zeeman!r}") from None
    if array.shape not in ((), (3,)):
        raise InvalidInput(f"`{name}` must be a number or a 3-vector, but has shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise InvalidInput(f"`{name}` must be finite, but is {zeeman!r}")
    return np.array([float(array), 0.0, 0.0]) if array.shape == () else array


def direction_vector(direction: ArrayLike, name: str = "direction") -> Floats:
    """A unit 3-vector from any nonzero finite 3-vector."""
    array = floats(name, direction)
    if array.shape != (3,) or not np.all(np.isfinite(array)) or not np.any(array):
        raise InvalidInput(f"`{name}` must be a nonzero 3-vector, but is {direction!r}")
    return np.asarray(array / np.linalg.norm(array))


def one_of(name: str, value: Any, known: Iterable[str]) -> str:
    """A name out of a known list; the error says which names are known."""
    names = list(known)
    if value not in names:
        raise InvalidInput(f"`{name}` must be one of {', '.join(names)}, but is {value!r}")
    return str(value)


def momenta(name: str, k: ArrayLike) -> Floats:
    """Momenta of shape (..., 2)."""
    array = floats(name, k)
    if array.ndim == 0 or array.shape[-1] != 2:
        raise InvalidInput(f"`{name}` must have shape (..., 2), but has shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise InvalidInput(f"`{name}` must be finite, but contains NaN or infinity")
    return array
