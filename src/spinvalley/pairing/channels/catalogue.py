"""Channels by name: a harmonic on a shell of bonds, the spin of the pair, and where it sits.

    name = harmonic [(shell)] [:spin] [@place]        "s", "d_xy", "p_x:y", "f(2):z", "s@sc", "s:z@0-1"

Harmonic: s (on-site), s_ext, p_x, p_y, d_x2-y2, d_xy, f, g, h, ... (of l >= 3 with _cos or _sin where a shell has
both cos(l theta) and sin(l theta)). Shell: 1 if omitted. Spin: 0 for the singlet, or the axis of d; if omitted, even
harmonics are singlets and odd ones have d along z. Place: a layer "sc", two layers "sc-tmd", an orbital "0" or "sc.0",
two orbitals "0-1". Only two different orbitals leave a choice: there "s:z" is a triplet even in k and "p_x:0" a singlet
odd in k, both odd under exchange of the orbitals. Bonds are vectors of the lattice: the orbitals sit on its sites.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from spinvalley.checks import InvalidInput, instance, one_of
from spinvalley.checks import whole as whole_number
from spinvalley.models import Model
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing.channels import places
from spinvalley.pairing.channels.form import Channel
from spinvalley.pairing.channels.harmonics import Harmonic, harmonics
from spinvalley.spin import S0, SX, SY, SZ, singlet

On = str | tuple[str, ...] | None
_SPINS = {"0": S0, "x": SX, "y": SY, "z": SZ}
_GRAMMAR = re.compile(r"(?P<harmonic>[^(:@]+)(\((?P<shell>[1-9]\d?)\))?(:(?P<spin>[0xyz]))?(@(?P<place>.+))?")


def channel(model: Model, name: str, on: On = None, orbitals: int | Sequence[int] | None = None) -> Channel:
    """One channel of a model, with as many paired orbitals as take part (`Channel.norm`).

    Args:
        model: any model.
        name: harmonic, shell, spin and place, e.g. "s", "d_xy", "p_x:y", "f(2):z", "s@sc-tmd".
        on: layer(s) that pair within themselves, all orbitals with one amplitude; None means every layer.
        orbitals: number of one orbital, or of two that pair with each other; instead of `on`.

    Raises:
        InvalidInput: a channel absent from the lattice (lists what there is), unknown layers, a place given twice.

    >>> import spinvalley as sv
    >>> from spinvalley.pairing.channels import channel
    >>> d = channel(sv.models.film(), "d_xy")
    >>> d.norm, d.spin, len(d.table)
    (1.0, 'singlet', 4)
    """
    instance("model", model, Model, "film()")
    instance("name", name, str, '"d_xy"')
    match = _GRAMMAR.fullmatch(name)
    number = int(match["shell"] or 1) if match else 1
    wanted = match["harmonic"] + (f"({number})" if number > 1 else "") if match else name
    known = [h for n in range(max(2, number) + 1) for h in harmonics(model.lattice, n)]
    harmonic = next((h for h in known if h.name == wanted), None)
    if match is None or harmonic is None:
        raise InvalidInput(
            f"`name` must be one of {', '.join(h.name for h in known)} (p, f, h also with :x, :y, :z) on this lattice, "
            f"but is {name!r}"
        )
    where = _where(model, match["place"], on, orbitals)
    spin = match["spin"] or ("0" if harmonic.even else "z")
    made = _made(model, harmonic, spin, where)
    if made is None:
        needed = "a singlet, ':0' or nothing" if harmonic.even else "a triplet, ':x', ':y' or ':z'"
        raise InvalidInput(f"`name` must be {needed}, for {wanted} between equal orbitals, but is {name!r}")
    return made


def named(model: Model, *, shells: int = 1, on: On = None, resolved: str | None = None) -> tuple[Channel, ...]:
    """All channels up to a shell of bonds, by their names; orthogonal to each other.

    Args:
        model: any model.
        shells: number of shells of bonds beside the site itself.
        on: layer(s) that pair; None means every layer.
        resolved: None: one amplitude for all orbitals of `on`; "layer": each layer on its own; "orbital": each orbital
            and each pair of orbitals.

    Raises:
        InvalidInput: unknown layers, a negative number of shells, another word for `resolved`.

    >>> import spinvalley as sv
    >>> [c.name for c in sv.pairing.channels.named(sv.models.film(), shells=1) if c.spin == "singlet"]
    ['s', 's_ext', 'd_x2-y2', 'd_xy']
    """
    instance("model", model, Model, "film()")
    number = whole_number("shells", shells, 0)
    if resolved is None:
        sites = [places.whole(model, on)]
    else:
        one_of("resolved", resolved, ("layer", "orbital"))
        sites = (places.by_layer if resolved == "layer" else places.by_orbital)(model, on)
    forms = [h for n in range(number + 1) for h in harmonics(model.lattice, n)]
    made = (_made(model, h, spin, where) for where in sites for h in forms for spin in _SPINS)
    return tuple(c for c in made if c is not None)


def table(coefficients: Sequence[tuple[Cell, complex]], orbital: Matrix, spin: Matrix) -> dict[Cell, Matrix]:
    """D_R = c_R x (matrix between orbitals) (x) (psi + d.sigma)(-i sigma_y)."""
    block = np.kron(orbital, spin @ singlet(1))
    return {cell: np.asarray(value * block) for cell, value in coefficients}


def _made(model: Model, harmonic: Harmonic, spin: str, where: places.Place) -> Channel | None:
    """The channel, or None if its parity and spin need an exchange of orbitals that the place does not have."""
    usual = harmonic.even == (spin == "0")
    orbital = where.symmetric if usual else where.antisymmetric
    if orbital is None:
        return None
    default = usual and spin == "0"
    name = harmonic.name + ("" if default else f":{spin}") + (f"@{where.label}" if where.label else "")
    return Channel(name, model.lattice, model.layers, table(harmonic.coefficients, orbital, _SPINS[spin]))


def _where(model: Model, label: str | None, on: On, orbitals: int | Sequence[int] | None) -> places.Place:
    """The one place that was asked for."""
    if sum(given is not None for given in (label, on, orbitals)) > 1:
        raise InvalidInput("only one of `on`, `orbitals` and a place after `@` in `name` must be given")
    if label is not None:
        return places.place(model, label)
    return places.whole(model, on) if orbitals is None else places.orbital_place(model, orbitals)
