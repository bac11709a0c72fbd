"""The signs of the interaction and of the gap equation, read from Fock space: no mean field, no convention.

Four states, (k up, k down, -k up, -k down), are the smallest space in which a pair of total momentum zero can scatter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Operator = NDArray[np.float64]
_MODES = {("k", "up"): 0, ("k", "dn"): 1, ("-k", "up"): 2, ("-k", "dn"): 3}
_OPPOSITE = {"k": "-k", "-k": "k"}


def annihilator(momentum: str, spin: str) -> Operator:
    """s_(momentum, spin) in the occupation basis (Jordan and Wigner), shape (16, 16)."""
    mode = _MODES[momentum, spin]
    factors = [np.diag([1.0, -1.0])] * mode + [np.array([[0.0, 1.0], [0.0, 0.0]])] + [np.eye(2)] * (3 - mode)
    out: Any = np.eye(1)
    for factor in factors:
        out = np.kron(out, factor)
    return np.asarray(out)


def lowest_energy(*, as_printed: bool) -> float:
    """Lowest eigenvalue of the interaction at v = 1: negative if it attracts.

    Printed: - sum s+_k,up s+_-k,dn s_q,up s_-q,dn. Corrected: the last two operators in the order s_-q,dn s_q,up.

    >>> round(lowest_energy(as_printed=True), 12), round(lowest_energy(as_printed=False), 12)
    (0.0, -2.0)
    """
    total: Any = np.zeros((16, 16))
    for k in _OPPOSITE:
        created = annihilator(k, "up").T @ annihilator(_OPPOSITE[k], "dn").T
        for q in _OPPOSITE:
            up, down = annihilator(q, "up"), annihilator(_OPPOSITE[q], "dn")
            total = total - created @ (up @ down if as_printed else down @ up)
    return float(np.linalg.eigvalsh(total)[0])


def anomalous_average(*, as_printed: bool, xi: float = 0.3, gap: float = 1.0) -> float:
    """|sum_k <s_k,up s_k,dn>| (printed in eq. 7), or |sum_k <s_-k,dn s_k,up>|, in the ground state of a superconductor.

    Args:
        as_printed: which of the two.
        xi: energy of the four states.
        gap: pairing energy, in the same unit.

    >>> round(anomalous_average(as_printed=True), 12), anomalous_average(as_printed=False) > 0.5
    (0.0, True)
    """
    h: Any = sum(xi * annihilator(k, s).T @ annihilator(k, s) for k, s in _MODES)
    pairs = [annihilator(_OPPOSITE[k], "dn") @ annihilator(k, "up") for k in _OPPOSITE]
    for pair in pairs:
        h = h - gap * (pair + pair.T)
    state = np.linalg.eigh(h)[1][:, 0]
    measured = [annihilator(k, "up") @ annihilator(k, "dn") for k in _OPPOSITE] if as_printed else pairs
    return abs(float(sum(state @ operator @ state for operator in measured)))
