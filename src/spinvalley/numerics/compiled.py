"""JAX, loaded when the first computation starts, in 64 bit for our own functions only."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any


@cache
def jax() -> Any:
    """The jax module."""
    import jax as module

    return module


def compiled(function: Callable[..., Any], *, static: tuple[str, ...] = ()) -> Callable[..., Any]:
    """`function(jnp, ...)` compiled by JAX on first use, run in 64 bit without touching the user's configuration."""

    @cache
    def build() -> Callable[..., Any]:
        module = jax()
        return module.jit(lambda *args, **kw: function(module.numpy, *args, **kw), static_argnames=static)  # type: ignore[no-any-return]

    @wraps(function)
    def call(*args: Any, **kw: Any) -> Any:
        with jax().enable_x64(True):
            return build()(*args, **kw)

    return call
