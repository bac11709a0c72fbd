"""Libraries of the extra `cluster`, loaded when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from spinvalley.checks import InvalidInput


def distributed() -> Any:
    """Dask distributed.

    Raises:
        InvalidInput: it is not installed.
    """
    return _loaded("distributed")


def dask() -> Any:
    """Dask, for its settings."""
    return _loaded("dask")


def dask_jobqueue() -> Any:
    """Clusters under SLURM."""
    return _loaded("dask_jobqueue")


def _loaded(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise InvalidInput(
            f"a cluster must have {name.replace('_', '-')}, but it is not installed: pip install 'spinvalley[cluster]'"
        ) from None
