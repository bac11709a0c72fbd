"""What a function returns for one point, brought into one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from spinvalley.checks import SpinvalleyError
from spinvalley.store.table import MESSAGE, STATUS, Template, Variable

_SINGLE: Final = "value"
_NUMBERS: Final = (bool, int, float, complex, np.number, np.bool_)
_KINDS: Mapping[str, str] = {"b": "f", "i": "f", "u": "f", "f": "f", "c": "c", "U": "U"}
_DTYPES: Mapping[str, Any] = {"f": np.float64, "c": np.complex128, "U": np.str_}


class BadResult(SpinvalleyError):
    """A function returned what has no place in the table of its sweep; its point is `failed`."""


@dataclass(frozen=True)
class Cell:
    """One quantity of one point: dimensions, values, attributes."""

    dims: tuple[str, ...]
    values: NDArray[Any]
    attrs: Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """The result of one point: its quantities, and the labels of dimensions of its own."""

    cells: Mapping[str, Cell]
    own: Mapping[str, tuple[Any, ...]]


def row(result: Any, together: Mapping[str, int], swept: frozenset[str]) -> Row:
    """The result of one point in one form.

    Args:
        result: a number, a dict, a dataclass with numbers and texts, a Dataset or DataArray.
        together: name -> size of the coordinates that the function gets whole.
        swept: names of the coordinates that it gets as scalars.

    Raises:
        BadResult: anything else.
    """
    if isinstance(result, xr.DataArray):
        result = result.to_dataset(name=_SINGLE if result.name is None else result.name)
    if isinstance(result, xr.Dataset):
        return _of_dataset(result, together, swept)
    if isinstance(result, Mapping):
        entries = dict(result)
    elif is_dataclass(result) and not isinstance(result, type):
        entries = _plain_fields(result, swept | set(together))
    else:
        entries = {_SINGLE: result}
    cells = {_name(key, swept | set(together)): _cell(str(key), value, together) for key, value in entries.items()}
    return Row(_checked(cells), {})


def _plain_fields(result: Any, taken: frozenset[str]) -> dict[str, Any]:
    """Numbers and texts of a dataclass; what repeats a coordinate is left out."""
    values = {f.name: getattr(result, f.name) for f in fields(result) if f.name not in taken}
    plain = {name: value for name, value in values.items() if isinstance(value, (*_NUMBERS, str))}
    if not plain:
        raise BadResult(f"the function must return numbers, but {type(result).__name__} holds none")
    return plain


def _of_dataset(data: xr.Dataset, together: Mapping[str, int], swept: frozenset[str]) -> Row:
    own = {}
    for dim, size in data.sizes.items():
        if dim in together:
            if size != together[str(dim)]:
                raise BadResult(f"the function must return `{dim}` of length {together[str(dim)]}, but it has {size}")
        else:
            _name(dim, swept)
            own[str(dim)] = tuple(data[dim].values.tolist() if dim in data.coords else range(size))
    cells = {}
    for key, variable in data.data_vars.items():
        cell = _cell(str(key), variable.values, None)
        cells[_name(key, swept | set(together))] = Cell(
            tuple(map(str, variable.dims)), cell.values, plain(variable.attrs)
        )
    return Row(_checked(cells), own)


def _cell(name: str, value: Any, together: Mapping[str, int] | None) -> Cell:
    array = np.asarray(value)
    if array.dtype.kind == "O" and array.size and all(isinstance(v, str) for v in array.flat):
        array = array.astype(np.str_)
    kind = _KINDS.get(array.dtype.kind)
    if kind is None:
        raise BadResult(f"the function must return numbers or texts, but `{name}` is {type(value).__name__}")
    dims: tuple[str, ...] = ()
    if together is not None and array.ndim:
        dims, shape = tuple(together), tuple(together.values())
        if array.shape != shape:
            raise BadResult(
                f"the function must return numbers or arrays of shape {shape}, but `{name}` has shape {array.shape}; a "
                "Dataset may have dimensions of its own"
            )
    return Cell(dims, array.astype(_DTYPES[kind], copy=False), {})


def _name(key: Any, taken: frozenset[str]) -> str:
    if not isinstance(key, str) or not key or "/" in key or key.startswith((".", "__")) or key in (*taken, MESSAGE):
        raise BadResult(
            f"the function must name its results by texts that are not coordinates or {MESSAGE!r}, but one is {key!r}"
        )
    return key


def _checked(cells: Mapping[str, Cell]) -> Mapping[str, Cell]:
    if not cells:
        raise BadResult("the function must return at least one number, but returned none")
    if STATUS in cells and cells[STATUS].values.dtype.kind != "U":
        raise BadResult("the function must return `status` as text, but returned a number")
    return cells


def plain(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as JSON has them."""
    return {str(key): _plain(value) for key, value in attrs.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, str | bool | int | float | list) else str(value)


def template_of(first: Row) -> Template:
    """The form of all results, from the first."""
    variables = {
        name: Variable(cell.dims, cell.values.shape, cell.values.dtype.kind, cell.attrs)
        for name, cell in first.cells.items()
    }
    return Template(variables, first.own)


def fitting(found: Row, template: Template) -> dict[str, NDArray[Any]]:
    """The values of a row, if it has the form of the first one.

    Raises:
        BadResult: other names, dimensions, labels or kinds.
    """
    if found.cells.keys() != template.variables.keys():
        names = [", ".join(sorted(keys)) for keys in (template.variables, found.cells)]
        raise BadResult(
            f"the function must return the same quantities at every point ({names[0]}), but returned {names[1]}"
        )
    if found.own != dict(template.own):
        raise BadResult(
            f"the function must return the same labels at every point, but {_other(found.own, template.own)} differs"
        )
    return {name: _value(name, cell, template.variables[name]) for name, cell in found.cells.items()}


def _value(name: str, cell: Cell, variable: Variable) -> NDArray[Any]:
    kind = cell.values.dtype.kind
    if (cell.dims, cell.values.shape) != (variable.dims, variable.shape):
        raise BadResult(
            f"`{name}` must have shape {variable.shape} over {variable.dims} as at the first point, but has "
            f"{cell.values.shape} over {cell.dims}"
        )
    if kind != variable.kind and (kind, variable.kind) != ("f", "c"):
        raise BadResult(f"`{name}` must be {_WORDS[variable.kind]} as at the first point, but is {_WORDS[kind]}")
    return cell.values


_WORDS: Mapping[str, str] = {"f": "real", "c": "complex", "U": "text"}


def _other(found: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    return next(n for n in [*found, *expected] if found.get(n) != expected.get(n))


def column(values: list[NDArray[Any] | None], variable: Variable) -> NDArray[Any]:
    """The values of many points as one array (n, ...); None is a point without a value."""
    filler = partial(variable.empty, 1)
    parts = [filler()[0] if value is None else value for value in values]
    return np.array(parts, dtype=_DTYPES[variable.kind]).reshape(len(values), *variable.shape)
