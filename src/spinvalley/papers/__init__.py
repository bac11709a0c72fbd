"""One module for each paper: its parameters, its figures, its claims with what this toolkit computes.

A paper is a module with `run(out, progress)`, which computes, draws and writes everything into one folder.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from spinvalley.papers import claims, gated_mos2, heterostructure

PAPERS: Final = ("heterostructure", "gated_mos2")
"""Names of the papers."""

__all__ = ["PAPERS", "claims", "gated_mos2", "heterostructure"]


def __getattr__(name: str) -> Any:
    if name in ("claims", *PAPERS):
        return import_module(f"spinvalley.papers.{name}")
    raise AttributeError(f"module 'spinvalley.papers' has no attribute {name!r}")
