"""What the numbers of a sweep depend on besides its axes: the function, its arguments, the package."""

from __future__ import annotations

import functools
import hashlib
import inspect
import pickle
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import numpy as np

from spinvalley.checks import InvalidInput

_PACKAGE: Final = "spinvalley"
_DIGITS: Final = 16
_LONGEST: Final = 60
_TALKING: Final = ("app", "cli", "figures", "reports")
_INSTALLED: Final = frozenset(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_PLAIN: Final = (str, bytes, bool, int, float, complex, type(None), type(...))


def fingerprint(function: Callable[..., Any]) -> dict[str, Any]:
    """What is compared when a store is opened again.

    Args:
        function: any callable; the arguments of a `functools.partial` are told one by one.

    Returns:
        code (of the function and of what it calls in its own module), arguments, and of spinvalley version and source.

    Raises:
        InvalidInput: an argument or a closure that has no fixed content.
    """
    inner, positional, named = taken_apart(function)
    arguments = {**{str(k): value for k, value in enumerate(positional)}, **named}
    return {
        "code": digest(inner),
        "arguments": {name: _described(value) for name, value in arguments.items()},
        "spinvalley": {"version": version(_PACKAGE), "source": package_source()},
    }


def function_name(function: Callable[..., Any]) -> str:
    """Name of the function inside partials.

    >>> function_name(functools.partial(round, ndigits=2))
    'builtins.round'
    """
    inner, _, _ = taken_apart(function)
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    return f"{getattr(inner, '__module__', '')}.{name}"


def taken_apart(function: Callable[..., Any]) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """The function inside partials, and the arguments that they give it."""
    positional: tuple[Any, ...] = ()
    named: dict[str, Any] = {}
    while isinstance(function, functools.partial):
        positional = function.args + positional
        named = {**function.keywords, **named}
        function = function.func
    return function, positional, named


@functools.cache
def package_source() -> str:
    """Digest of the source of this package, without what only draws and talks."""
    root = Path(__file__).parents[1]
    total = hashlib.sha256()
    computing = (p for p in root.rglob("*.py") if p.relative_to(root).parts[0] not in _TALKING)
    for path in sorted(computing):
        total.update(path.relative_to(root).as_posix().encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:_DIGITS]


def digest(value: Any) -> str:
    """Digest of the content of an object: data field by field, functions by their source.

    Raises:
        InvalidInput: an object that neither has fields nor can be pickled.
    """
    total = hashlib.sha256()
    for part in _parts(value, set()):
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()[:_DIGITS]


def _described(value: Any) -> str:
    """Short values as they are; long ones by type and digest."""
    if isinstance(value, _PLAIN):
        text = repr(value)
        if len(text) <= _LONGEST:
            return text
    return f"{type(value).__name__} {digest(value)}"


def _parts(value: Any, seen: set[int]) -> Iterator[bytes]:
    """The content of an object as a sequence of byte strings; objects inside themselves are told once."""
    yield type(value).__qualname__.encode()
    if isinstance(value, _PLAIN):
        yield repr(value).encode()
        return
    if id(value) in seen:
        return
    seen = seen | {id(value)}
    if isinstance(value, np.ndarray | np.generic):
        yield from _array_parts(np.asarray(value), seen)
    elif isinstance(value, Enum):
        yield value.name.encode()
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (*_parts(key, seen), *_parts(item, seen))
    elif isinstance(value, set | frozenset):
        yield from sorted(digest(item).encode() for item in value)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _parts(item, seen)
    elif callable(value):
        yield from _callable_parts(value, seen)
    else:
        yield from _object_parts(value, seen)


def _array_parts(array: Any, seen: set[int]) -> Iterator[bytes]:
    yield f"{array.dtype.str} {array.shape}".encode()
    if array.dtype.hasobject:
        for item in array.flat:
            yield from _parts(item, seen)
    else:
        yield np.ascontiguousarray(array).tobytes()


def _callable_parts(value: Any, seen: set[int]) -> Iterator[bytes]:
    if isinstance(value, functools.partial):
        yield from _parts([value.func, value.args, value.keywords], seen)
    elif isinstance(value, MethodType):
        yield from _parts([value.__func__, value.__self__], seen)
    elif isinstance(value, FunctionType):
        yield from _function_parts(value, seen)
    elif callable(getattr(value, "__wrapped__", None)):  # cached or compiled
        yield from _parts(value.__wrapped__, seen)
    elif isinstance(value, type):
        yield from _class_parts(value)
    elif isinstance(value, BuiltinFunctionType | np.ufunc):
        yield f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}".encode()
    else:
        yield from _object_parts(value, seen)


def _function_parts(function: FunctionType, seen: set[int]) -> Iterator[bytes]:
    """Source, defaults, closure, and the names of its own module that it uses."""
    yield f"{function.__module__}.{function.__qualname__}".encode()
    if str(function.__module__).split(".")[0] == _PACKAGE:
        yield from _closure_parts(function, seen)
        return  # the source of the package is in the fingerprint
    try:
        yield textwrap.dedent(inspect.getsource(function.__code__)).encode()
    except (OSError, TypeError):
        yield from _code_parts(function.__code__, seen)
    if function.__name__ == "<lambda>":  # its source is the whole line, which may hold several
        yield from _code_parts(function.__code__, seen)
    yield from _closure_parts(function, seen)
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            yield from _global_parts(name, function.__globals__[name], function.__module__, seen)


def _code_parts(code: CodeType, seen: set[int]) -> Iterator[bytes]:
    """Instructions, names and constants, and those of the functions inside."""
    yield code.co_code
    yield repr((code.co_names, code.co_varnames, code.co_freevars)).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_parts(constant, seen)
        else:
            yield from _parts(constant, seen)


def _class_parts(kind: type) -> Iterator[bytes]:
    """Name of a class, and its source unless it is of the package, of Python or of an installed library."""
    yield f"{kind.__module__}.{kind.__qualname__}".encode()
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None or kind.__module__.split(".")[0] == _PACKAGE:
        return
    if not any(Path(file).is_relative_to(folder) for folder in _INSTALLED):
        with suppress(OSError, TypeError):
            yield textwrap.dedent(inspect.getsource(kind)).encode()


def _closure_parts(function: FunctionType, seen: set[int]) -> Iterator[bytes]:
    yield from _parts([function.__defaults__, function.__kwdefaults__], seen)
    for cell in function.__closure__ or ():
        try:
            content = cell.cell_contents
        except ValueError:  # not yet bound
            continue
        yield from _parts(content, seen)


def _global_parts(name: str, value: Any, module: str, seen: set[int]) -> Iterator[bytes]:
    yield name.encode()
    if isinstance(value, ModuleType):
        yield value.__name__.encode()
    elif isinstance(value, FunctionType) and value.__module__ != module:
        yield f"{value.__module__}.{value.__qualname__}".encode()
    else:
        yield from _parts(value, seen)


def _names(code: CodeType) -> set[str]:
    """Global names in a code object and in those inside it."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*(_names(part) for part in inner))


def _object_parts(value: Any, seen: set[int]) -> Iterator[bytes]:
    """Fields of a dataclass, attributes of an object, else its pickle."""
    yield from _class_parts(type(value))
    if is_dataclass(value):
        for entry in fields(value):
            yield entry.name.encode()
            yield from _parts(getattr(value, entry.name), seen)
        return
    try:
        yield pickle.dumps(value, protocol=4)
    except Exception as error:  # whatever the object's own code raises
        raise InvalidInput(
            f"`function` must hold plain values, but it holds a {type(value).__name__}, which cannot be recorded "
            f"({error})"
        ) from None
