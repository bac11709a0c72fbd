"""Parameters that are known before a fit with a standard error: each is one more residual, (known - value)/sigma."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from spinvalley.checks import Floats, InvalidInput, floats, non_negative

__all__ = ["Known", "center", "value_and_error"]


def _none() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of some free parameters, independently of the points and with Gaussian errors.

    Args:
        columns: which of the free parameters.
        value: what they are known to be, (p,), or (m, p) for a batch of m resamples.
        sigma: standard errors, (p,).
    """

    columns: tuple[int, ...] = ()
    value: Floats = field(default_factory=_none)
    sigma: Floats = field(default_factory=_none)

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, rows: Any) -> Known:
        """The same for some rows of a batch."""
        return self if self.value.ndim == 1 else replace(self, value=self.value[rows])

    def residuals(self, sets: Floats) -> Floats:
        """(known - value)/sigma of parameter sets (m, k), (m, p)."""
        return np.asarray((self.value - sets[:, list(self.columns)]) / self.sigma)

    def cost(self, sets: Floats) -> Floats:
        """Sum of the squared residuals, (m,)."""
        return np.asarray(np.sum(self.residuals(sets) ** 2, axis=1))

    def gradient(self, size: int) -> Floats:
        """Slopes of the parameters over sigma, (p, k)."""
        out = np.zeros((len(self), size))
        out[np.arange(len(self)), list(self.columns)] = 1 / self.sigma
        return out

    def tightened(self, factor: float) -> Known:
        """Smaller errors: where those of the points are too small by `factor`, ratios of errors are right again."""
        return replace(self, sigma=self.sigma / factor)

    def shaken(self, random: np.random.Generator, around: Floats, n: int) -> Known:
        """`n` other values that might have been known, scattered by sigma around (p,)."""
        if not len(self):
            return self
        return replace(self, value=around + self.sigma * random.standard_normal((n, len(self))))


def value_and_error(name: str, given: Any) -> tuple[Any, float]:
    """A held value and its standard error: a number alone has the error 0."""
    if np.ndim(given) == 0 or isinstance(given, str):
        return given, 0.0
    pair = floats(name, given)
    if pair.shape != (2,):
        raise InvalidInput(f"`{name}` must be a number or (value, sigma), but is {given!r}")
    return float(pair[0]), non_negative(f"sigma of {name}", float(pair[1]))


def center(name: str, given: Any) -> float:
    """The number of a held value, without its error."""
    numbers = np.ravel(floats(f"fixed[{name!r}]", given))
    if not numbers.size:
        raise InvalidInput(f"`fixed[{name!r}]` must be a number or (value, sigma), but is {given!r}")
    return float(numbers[0])
