"""Studies: a run file in, a store that survives, one labelled Dataset with its provenance out.

Nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spinvalley.studies.document import RunFile, schema
    from spinvalley.studies.example import EXAMPLE
    from spinvalley.studies.quantities import QUANTITIES, Quantity
    from spinvalley.studies.runfile import parse, read_run_file
    from spinvalley.studies.study import Study, open_study, run

_HOMES = {
    "document": ("RunFile", "schema"),
    "example": ("EXAMPLE",),
    "quantities": ("QUANTITIES", "Quantity"),
    "runfile": ("parse", "read_run_file"),
    "study": ("Study", "open_study", "run"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "EXAMPLE",
    "QUANTITIES",
    "Quantity",
    "RunFile",
    "Study",
    "open_study",
    "parse",
    "read_run_file",
    "run",
    "schema",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"spinvalley.studies.{_HOME[name]}"), name)
    raise AttributeError(f"module 'spinvalley.studies' has no attribute {name!r}")
