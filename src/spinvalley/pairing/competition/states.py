"""Minima of the free energy over several complex amplitudes: each state, and all states at one point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spinvalley.checks import Floats, InvalidInput, Status
from spinvalley.models.model import Matrix
from spinvalley.pairing.competition.problem import Competition
from spinvalley.pairing.superconductor import Superconductor


@dataclass(frozen=True, eq=False)
class State:
    """A minimum of F(Delta), the common phase fixed so that the first of the largest amplitudes is real and positive.

    Args:
        comp: the competition that it solves.
        amplitudes: Delta_i, complex (n,), energy.
        condensation: F(Delta) - F(0) per cell, energy.
        character: "normal", "single", "nematic", "chiral" or "mixed".
        breaks_time_reversal: whether it breaks, of its own accord, every reversal that the field leaves.
        irreps: representations of the point group without field that take part, by Mulliken's names; none where
            orbitals that no hopping connects leave the group open.
        curvatures: second derivatives of F by the amplitudes (those of one paired orbital) without the common phase,
            ascending, 1/energy; zeros belong to continuous symmetries, e.g. turns of all spins: then the state is one
            of a family, of which `amplitudes`, `character`, `irreps` and `partners` show one member.
        partners: all degenerate states that the symmetries make of it, itself among them, (p, n).
        error: estimated error of the amplitudes, energy.
        condensation_error: that of `condensation`, energy.
        status: `Status.CONVERGED`, `NORMAL` or `NOT_CONVERGED`.
    """

    comp: Competition
    amplitudes: Matrix
    condensation: float
    character: str
    breaks_time_reversal: bool
    irreps: tuple[str, ...]
    curvatures: Floats
    partners: Matrix
    error: float
    condensation_error: float
    status: Status

    @property
    def gap(self) -> float:
        """|Delta| = sqrt(sum_i |Delta_i|^2), energy: the amplitude in front of the superposition of length 1."""
        return float(np.linalg.norm(self.amplitudes))

    @property
    def stiffness(self) -> float:
        """Smallest of `curvatures`, 1/energy: the distance from an instability of this state."""
        return float(self.curvatures[0]) if len(self.curvatures) else np.inf

    @property
    def flat(self) -> int:
        """Number of directions that cost nothing: the dimension of the family of states that it belongs to."""
        return int(np.sum(self.curvatures == 0.0))

    @property
    def degeneracy(self) -> int:
        """Number of states that the point group and the reversals make of it; infinite families are not counted."""
        return len(self.partners)

    @property
    def superconductor(self) -> tuple[Superconductor, float]:
        """A superconductor with this order parameter, and its gap: what `sv.topology` asks for.

        Raises:
            InvalidInput: the normal state.
        """
        if self.character == "normal":
            raise InvalidInput("`superconductor` needs a state with pairs, but this is the normal state")
        return self.comp.superconductor(self.amplitudes / self.gap, self.label), self.gap

    @property
    def label(self) -> str:
        """The superposition in words, e.g. "d_x2-y2 + 1i d_xy"."""
        largest = float(np.abs(self.amplitudes).max())
        shown = (_term(a / largest, name) for a, name in zip(self.amplitudes, self.comp.names, strict=True) if a)
        return " + ".join(term for term in shown if term) or "normal"


@dataclass(frozen=True, eq=False)
class States:
    """All minima at one temperature and field, ascending in free energy: the first is the equilibrium.

    Args:
        states: one for each set of degenerate states.
        kT: temperature, energy.
        zeeman: V of sigma, energy (3-vector).
    """

    states: tuple[State, ...]
    kT: float
    zeeman: tuple[float, float, float]

    @property
    def lowest(self) -> State:
        """The equilibrium state."""
        return self.states[0]

    @property
    def metastable(self) -> tuple[State, ...]:
        """The others."""
        return self.states[1:]

    @property
    def status(self) -> Status:
        """That of the lowest; not converged where a state of another kind lies within the errors of F."""
        first = self.states[0]
        for other in self.metastable:
            apart = other.condensation - first.condensation
            if apart <= first.condensation_error + other.condensation_error:
                return Status.NOT_CONVERGED
        return first.status

    def __iter__(self) -> Iterator[State]:
        """From the lowest upwards."""
        return iter(self.states)

    def __len__(self) -> int:
        """Number of states that are not degenerate."""
        return len(self.states)


def _term(weight: complex, name: str) -> str:
    if abs(weight) < 5e-4:
        return ""
    if abs(weight.imag) < 5e-4:
        return name if abs(weight.real - 1) < 5e-4 else f"{weight.real:.3g} {name}"
    if abs(weight.real) < 5e-4:
        return f"{weight.imag:.3g}i {name}"
    return f"({weight:.3g}) {name}"
