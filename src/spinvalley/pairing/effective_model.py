"""The crystal that the electrons of a state feel: mean fields as terms of the model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spinvalley.checks import instance
from spinvalley.models import Model
from spinvalley.models.model import Cell, Matrix
from spinvalley.pairing.gap import GapState
from spinvalley.pairing.superconductor import Superconductor
from spinvalley.spin import S0, pauli_dot


@dataclass(frozen=True, eq=False)
class _OnSite:
    """An on-site matrix as a term of a model."""

    matrix: Matrix

    def hoppings(self, model: Model) -> dict[Cell, Matrix]:
        """The matrix on every site of the model."""
        assert self.matrix.shape == (model.dim, model.dim)
        return {(0, 0): self.matrix}


def in_mean_fields(sc: Superconductor, state: GapState) -> Superconductor:
    """The same superconductor with the mean fields of a state frozen into its model: what `topology` asks for.

    h becomes h - mu + phi P + b.sigma P, P on the paired orbital. The applied field stays an argument. With a reduced
    interaction at fixed chemical potential nothing changes.

    Args:
        sc: with a contact interaction or at fixed density.
        state: one of its states, from `solve_gap`.

    Returns:
        A superconductor with the reduced interaction of the same v, of which `state.gap` is a stationary gap.

    Raises:
        InvalidInput: neither a superconductor nor a state.

    Source: `spinvalley.pairing.hartree_fock.fields`.

    >>> import spinvalley as sv
    >>> sc = sv.Superconductor(sv.models.film(), sv.s_wave(v=2.3, interaction="contact"), density=0.8)
    >>> state = sv.solve_gap(sc, kT=0.02, zeeman=0.1)
    >>> seen = in_mean_fields(sc, state)
    >>> float(sv.topology.bulk_gap(seen, state.gap, zeeman=0.1).gap)
    0.1005
    """
    instance("sc", sc, Superconductor, "Superconductor(film(), s_wave(gap0=0.1))")
    instance("state", state, GapState, "solve_gap(sc, kT=0.01)")
    if state.fields is None:
        return sc
    paired = sc.pairing.onsite(sc.model)
    contact = sc.pairing.interaction == "contact" and paired is not None
    own = state.fields.potential * S0 + pauli_dot(0.5 * sc.v * np.array(state.fields.magnetisation))
    matrix: Matrix = (-state.fields.mu * np.eye(sc.model.dim)).astype(complex)
    if contact:
        matrix += np.kron(np.diag(np.asarray(paired)[::2]), own)
    pairing = replace(sc.pairing, v=sc.v, gap0=None, tc=None, interaction="reduced")
    return Superconductor(sc.model + _OnSite(matrix), pairing)
