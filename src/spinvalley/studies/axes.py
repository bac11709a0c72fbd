"""Axes of a run file: the values of what is swept, and where points may be left out."""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from spinvalley.studies.sections import Section

_MOST: Final = 10_000_000


def complaint(sentence: str) -> PydanticCustomError:
    """An error whose text is the end of a sentence that begins with the key."""
    return PydanticCustomError("spinvalley", "{sentence}", {"sentence": sentence})


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(value: Any) -> Any:
    if not isinstance(value, list):
        raise complaint(f"must be a list of values, but is {value!r}")
    if not value:
        raise complaint("must not be empty, but is")
    if all(isinstance(item, str) for item in value):
        return _once(value)
    for item in value:
        if not _number(item):
            raise complaint(f"must be numbers, or names only, but contains {item!r}")
        if not np.isfinite(item):
            raise complaint(f"must be finite, but contains {item}")
    return _once([float(item) for item in value])


def _once(value: list[Any]) -> tuple[Any, ...]:
    if len(set(value)) < len(value):
        raise complaint("must hold each value once, but repeats one")
    return tuple(value)


def _spaced(value: Any) -> Any:
    good = isinstance(value, list) and len(value) == 3 and all(map(_number, value)) and isinstance(value[2], int)
    if not good:
        raise complaint(f"must be [start, stop, number], e.g. [0.0, 1.0, 11], but is {value!r}")
    start, stop, number = value
    if not (np.isfinite(start) and np.isfinite(stop)):
        raise complaint(f"must be finite, but contains {stop if np.isfinite(start) else start}")
    if not 1 <= number <= _MOST:
        raise complaint(f"must hold between 1 and {_MOST} values, but asks for {number}")
    if number > 1 and start == stop:
        raise complaint(f"must run from one value to another, but start and stop are {start}")
    return float(start), float(stop), number


def _growing(value: Any) -> Any:
    start, stop, number = _spaced(value)
    if start <= 0 or stop <= 0:
        raise complaint(f"must have a positive start and stop, but has {start:g} and {stop:g}")
    return start, stop, number


class Axis(Section):
    """[axes.NAME]: the values of one swept key, in exactly one of three forms."""

    values: Annotated[tuple[float | str, ...], BeforeValidator(_listed)] | None = Field(
        default=None, description="the values themselves: numbers, or names for a key that holds a name"
    )
    linspace: Annotated[tuple[float, float, int], BeforeValidator(_spaced)] | None = Field(
        default=None, description="[start, stop, number]: equal steps"
    )
    logspace: Annotated[tuple[float, float, int], BeforeValidator(_growing)] | None = Field(
        default=None, description="[start, stop, number]: equal ratios; start and stop are values, not exponents"
    )

    @model_validator(mode="after")
    def _one_form(self) -> Axis:
        given = [name for name in ("values", "linspace", "logspace") if getattr(self, name) is not None]
        if len(given) != 1:
            raise complaint(
                f"must have exactly one of values, linspace, logspace, but has {', '.join(given) or 'none'}"
            )
        return self

    @property
    def array(self) -> NDArray[np.generic]:
        """The values (n,): floats or texts."""
        if self.linspace is not None:
            return np.linspace(*self.linspace)
        if self.logspace is not None:
            return np.geomspace(*self.logspace)
        return np.array(self.values, dtype=str if isinstance((self.values or ("",))[0], str) else float)


class Refine(Section):
    """[refine]: points along a boundary only, instead of the full grid."""

    of: str = Field(default="status", description="variable whose change is the boundary: status, order, winding, ...")
    above: float | None = Field(default=None, description="of a number: the boundary is where it crosses this value")
    levels: Annotated[int, Field(ge=1, le=12)] = Field(
        default=3, description="start from every 2^levels-th point of each swept axis"
    )
