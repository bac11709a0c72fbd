"""Resumable store of a sweep in Zarr v3: one task is one chunk, a block is done when its chunks are whole."""

from spinvalley.store.place import StoreError
from spinvalley.store.plan import Plan
from spinvalley.store.store import Store, open_store
from spinvalley.store.table import State

__all__ = ["Plan", "State", "Store", "StoreError", "open_store"]
