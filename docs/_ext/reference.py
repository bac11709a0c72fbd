"""The API reference: a page for every package with public names, written before each build and kept out of git.

A name is described once, under the package that holds it; the top level only links.
"""

import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

PACKAGE = "spinvalley"
INTERNAL = {"cli", "numerics", "files", "checks"}  # not called by users; what they do need of it is at the top level


@dataclass(frozen=True)
class Public:
    """A public name: where it is documented (`home`), what it is, and the object."""

    name: str
    home: str
    kind: str


def rooms():
    """Names of the public packages and modules below the top level, in order."""
    found = sorted(info.name for info in pkgutil.iter_modules(import_module(PACKAGE).__path__))
    return [name for name in found if name not in INTERNAL and _public_names(f"{PACKAGE}.{name}")]


def contents(module, above=()):
    """Public names of a module or package; those of modules among them are listed with the name of the module.

    What a package offers too is documented there only; `above` are those names of the packages around the module.
    """
    listed = []
    above = (*above, *_own(module))
    for name in _public_names(module):
        thing = getattr(import_module(module), name)
        full = f"{module}.{name}"
        if isinstance(thing, ModuleType):
            listed += [Public(full, full, "module"), *contents(full, above)]
        else:
            listed.append(Public(full, _home(full, above), _kind(thing)))
    return listed


def _own(module):
    """Full names of the public things of a module that are no modules."""
    names = [(name, getattr(import_module(module), name)) for name in _public_names(module)]
    return [f"{module}.{name}" for name, thing in names if not isinstance(thing, ModuleType)]


def _home(full, above):
    """The first of the names `above` that means the same thing, or the name itself."""
    thing = _thing(full)
    return next((name for name in above if _thing(name) is thing and hasattr(thing, "__module__")), full)


@cache
def homes():
    """Every public name that users may write, and the name under which it is documented."""
    known = {public.name: public.home for room in rooms() for public in contents(f"{PACKAGE}.{room}")}
    known |= {f"{PACKAGE}.{room}": f"{PACKAGE}.{room}" for room in rooms()}
    owners = {}
    for name in known:
        owners.setdefault(id(_thing(name)), name)
    for name in import_module(PACKAGE).__all__:
        full = f"{PACKAGE}.{name}"
        known.setdefault(full, owners.get(id(_thing(full)), full) if not name.startswith("__") else full)
    return known


def pages():
    """Text of each page of the reference by its name, in MyST Markdown."""
    known = homes()
    texts = {"index": _index(known)}
    for room in rooms():
        module = f"{PACKAGE}.{room}"
        texts[room] = f"# {module}\n\n" + _module(module)
    return texts


def _index(known):
    top = [f"{PACKAGE}.{name}" for name in import_module(PACKAGE).__all__ if not name.startswith("__")]
    own = [name for name in top if known[name] == name and not isinstance(_thing(name), ModuleType)]
    linked = [(name, known[name]) for name in top if known[name] != name]
    lines = [
        "# API reference",
        "",
        "`import spinvalley as sv` gives the names of this table and the packages below.",
        "",
        "| short name | what it is |",
        "| --- | --- |",
    ]
    lines += [
        f"| {{py:obj}}`sv.{name.split('.')[-1]} <{home}>` | {_first(home)} |"
        for name, home in sorted(linked + [(n, n) for n in own])
    ]
    lines += ["", "```{toctree}", ":maxdepth: 1", "", *rooms(), "```", "", "## Of the top level", "", *_entries(own)]
    lines += ["", "```{py:data} spinvalley.__version__", "The version, as text.", "```"]
    return "\n".join(lines) + "\n"


def _module(module, depth=2, above=()):
    """Description, table and entries of one module, its modules below; entries of names `above` are not repeated."""
    names = [(name, getattr(import_module(module), name)) for name in _public_names(module)]
    listed = _own(module)
    own = [name for name in listed if _home(name, above) == name]
    below = [f"{module}.{name}" for name, thing in names if isinstance(thing, ModuleType)]
    table = ["| name | what it is |", "| --- | --- |"] + [
        f"| {{py:obj}}`{n.split('.')[-1]} <{_home(n, above)}>` | {_first(n)} |" for n in listed
    ]
    parts = ["```{eval-rst}", f".. automodule:: {module}", "   :no-members:", "```", ""]
    parts += [*table, ""] if listed else []
    parts += _entries(own) if own else []
    for name in below:
        parts += ["", f"{'#' * depth} {name}", "", _module(name, depth + 1, (*above, *listed))]
    return "\n".join(parts) + "\n"


def _entries(names):
    lines = ["```{eval-rst}"]
    for name in names:
        kind = _kind(_thing(name))
        lines.append(f".. auto{'exception' if kind == 'exception' else kind}:: {name}")
        lines += ["   :members:", "   :show-inheritance:"] if kind in ("class", "exception") else []
        lines.append("")
    return [*lines, "```"]


def _public_names(module):
    """`__all__`; of a module without it, what it defines itself and, of a package, its modules with public names."""
    found = import_module(module)
    if hasattr(found, "__all__"):
        return list(found.__all__)
    if hasattr(found, "__path__"):
        return [m.name for m in pkgutil.iter_modules(found.__path__) if _public_names(f"{module}.{m.name}")]
    return [
        name
        for name, thing in vars(found).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module and hasattr(thing, "__qualname__")
    ]


def _thing(name):
    """The object of a dotted name."""
    module, _, last = name.rpartition(".")
    try:
        return getattr(import_module(module), last)
    except AttributeError:
        return import_module(name)


def _kind(thing):
    if isinstance(thing, type):
        return "exception" if issubclass(thing, Exception) else "class"
    return "function" if callable(thing) and hasattr(thing, "__qualname__") else "data"


def _first(name):
    """First sentence of a docstring, safe in a cell of a table."""
    thing = _thing(name)
    if _kind(thing) == "data":
        return f"a value of type `{type(thing).__name__}`"
    text = " ".join((thing.__doc__ or "").strip().split("\n\n")[0].split())
    sentence = re.split(r"(?<=[a-z0-9)\]|])(?<!e\.g)(?<!i\.e)\.\s", text + " ")[0].rstrip(". ")
    parts = re.split(r"(`[^`]*`)", sentence)
    parts[::2] = [re.sub(r"([|*_<>\[\]{}])", r"\\\1", part) for part in parts[::2]]
    return "".join(parts) + "." if sentence else ""


def escaped(lines):
    """Docstring lines whose plain text means nothing else in reStructuredText: bars, stars, trailing underscores."""
    found, example = [], False
    for line in lines:
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if example:
            found.append(line)
            continue
        parts = re.split(r"(``.*?``|`[^`]*`)", line)
        parts[::2] = [re.sub(r"(\w)_(?=\W|$)", r"\1\\_", re.sub(r"([|*])", r"\\\1", part)) for part in parts[::2]]
        found.append("".join(parts))
    return found
