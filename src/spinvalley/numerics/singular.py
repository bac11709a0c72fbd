"""Singular values of small matrix pencils Q = H + i Delta diag(z) in closed form, without LAPACK.

The coefficients e_j of det(lambda - Q^+ Q) are sums of squared moduli of minors (Cauchy-Binet), so that a small
singular value beside a large one loses no digits, and polynomials in x = Delta^2 whose coefficients are found once for
all x. The quadratic and the quartic are then solved in closed form, elementwise, on NumPy or JAX arrays alike.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from spinvalley.checks import Floats

Array = Any
Polynomial = list[Array]  # coefficients of Delta^0, Delta^1, ...


def invariants(h: Array, z: Floats) -> Floats:
    """Invariants e_1..e_n of Q^+ Q as polynomials in x = Delta^2, for Q = h + i Delta diag(z) with even e_j.

    Args:
        h: matrices (K, n, n).
        z: diagonal (n,); an entry is nonzero on a paired spin-orbital.

    Returns:
        Array (n, paired + 1, K): coefficient of x^s in e_{j+1}.
    """
    n = len(z)
    entries: dict[tuple[int, int], Polynomial] = {}
    for r in range(n):
        for c in range(n):
            entries[r, c] = [h[:, r, c]] if r != c or z[r] == 0 else [h[:, r, c], np.full(len(h), 1j * z[r])]
    minors: dict[Any, Polynomial] = {((r,), (c,)): p for (r, c), p in entries.items()}
    out = np.zeros((n, int(np.count_nonzero(z)) + 1, len(h)))
    for size in range(1, n + 1):
        if size > 1:
            minors = _larger_minors(entries, minors, n, size)
        for polynomial in minors.values():
            for s, coefficient in enumerate(_squared_modulus(polynomial)):
                out[size - 1, s] += coefficient
    return out


def singular_values(xp: Any, e: list[Array]) -> list[Array]:
    """Non-negative singular values in ascending order from the invariants [e_1, ..., e_n] of Q^+ Q, n = 2 or 4."""
    if len(e) == 2:
        small, large = _pair(xp, e[0], e[1])
        return [small, large]
    s1, p1, s2, p2 = _two_quadratics(xp, *e)
    return [*_pair(xp, s1, p1), *_pair(xp, s2, p2)]


def _larger_minors(
    entries: dict[tuple[int, int], Polynomial], minors: dict[Any, Polynomial], n: int, size: int
) -> dict[Any, Polynomial]:
    """Minors of the next size by expansion along the first row."""
    out: dict[Any, Polynomial] = {}
    for rows in combinations(range(n), size):
        for cols in combinations(range(n), size):
            total: Polynomial = []
            for place, col in enumerate(cols):
                rest = cols[:place] + cols[place + 1 :]
                total = _add(total, _multiply(entries[rows[0], col], minors[rows[1:], rest]), (-1) ** place)
            out[rows, cols] = total
    return out


def _multiply(a: Polynomial, b: Polynomial) -> Polynomial:
    out: Polynomial = [0] * (len(a) + len(b) - 1)
    for i, left in enumerate(a):
        for j, right in enumerate(b):
            out[i + j] = out[i + j] + left * right
    return out


def _add(a: Polynomial, b: Polynomial, sign: int) -> Polynomial:
    long = max(len(a), len(b))
    padded = [*a, *[0] * (long - len(a))]
    return [left + sign * b[i] if i < len(b) else left for i, left in enumerate(padded)]


def _squared_modulus(p: Polynomial) -> list[Array]:
    """|p(Delta)|^2 as a polynomial in Delta^2; odd powers cancel in the sum over minors and are dropped."""
    top = len(p) - 1
    out = []
    for s in range(top + 1):
        pairs = [(a, 2 * s - a) for a in range(len(p)) if 0 <= 2 * s - a < len(p)]
        out.append(sum(np.real(p[a] * np.conj(p[b])) for a, b in pairs))
    return out


def _pair(xp: Any, s: Array, p: Array) -> tuple[Array, Array]:
    """Square roots, ascending, of the roots of lambda^2 - s lambda + p with real non-negative roots."""
    product = xp.sqrt(xp.maximum(p, 0.0))
    total = xp.sqrt(xp.maximum(s + 2 * product, 0.0))
    large = 0.5 * (total + xp.sqrt(xp.maximum(s - 2 * product, 0.0)))
    # where rounding leaves no real pair, keep the sum, which is all that a smooth function of both needs
    return xp.where(s > 2 * product, product / xp.maximum(large, 1e-300), large), large


def _two_quadratics(xp: Any, e1: Array, e2: Array, e3: Array, e4: Array) -> tuple[Array, Array, Array, Array]:
    """Sum and product of the two smaller roots, and of the two larger ones, of a quartic with four real roots >= 0."""
    shift = 0.25 * e1
    p = e2 - 6 * shift**2
    q = 2 * shift * e2 - e3 - 8 * shift**3
    r = e4 - shift * e3 + shift**2 * e2 - 3 * shift**4
    # z^3 + 2 p z^2 + (p^2 - 4 r) z - q^2 has the largest root z = ((lambda_4 + lambda_3 - lambda_2 - lambda_1) / 2)^2
    radius = xp.sqrt(xp.maximum(p * p + 12 * r, 0.0)) / 3
    cosine = (27 * q * q + 2 * p**3 - 72 * p * r) / xp.maximum(54 * radius**3, 1e-300)
    z = xp.maximum(-2 * p / 3 + 2 * radius * _cos_third(xp, xp.clip(cosine, -1.0, 1.0)), 0.0)
    root = xp.sqrt(z)
    s1 = 0.5 * e1 - root
    clustered = xp.abs(p) < 1e-4 * shift**2  # four close roots: only e1, p and q are known, and all that is needed
    middle = shift**2 + 0.5 * (p + z)
    skew = xp.clip(0.5 * q / xp.maximum(root, 1e-300), -xp.abs(p), xp.abs(p)) + shift * root
    cluster = (s1, middle - skew, s1 + 2 * root, middle + skew)
    for _ in range(3):  # restores the relative accuracy of the small pair
        s2 = e1 - s1
        rest = e2 - s1 * s2
        p2 = xp.maximum(0.5 * (rest + xp.sqrt(xp.maximum(rest * rest - 4 * e4, 0.0))), 1e-300)
        p1 = e4 / p2
        s1 = (e3 - s2 * p1) / p2
    spread = _three_small(xp, (e1, e2, e3, e4), (s1, p1, e1 - s1, p2))
    s1, p1, s2, p2 = (xp.where(clustered, near, far) for near, far in zip(cluster, spread, strict=True))
    return s1, p1, s2, p2


def _three_small(xp: Any, e: tuple[Array, ...], pairs: tuple[Array, ...]) -> tuple[Array, Array, Array, Array]:
    """The two quadratics again where three roots are small beside the largest: divide by it, then solve the cubic."""
    s1, p1, s2, p2 = pairs
    second = 0.5 * (s1 + xp.sqrt(xp.maximum(s1 * s1 - 4 * p1, 0.0)))
    largest = 0.5 * (s2 + xp.sqrt(xp.maximum(s2 * s2 - 4 * p2, 0.0)))
    third = p2 / xp.maximum(largest, 1e-300)
    needed = (third < 0.5 * largest) & (second > 1e-5 * third)
    root = xp.where(needed, largest, 1.0)
    e1, e2, e3, e4 = (xp.where(needed, value, other) for value, other in zip(e, (1.0, 0.0, 0.0, 0.0), strict=True))
    for _ in range(5):
        value = (((root - e1) * root + e2) * root - e3) * root + e4
        root = root - value / (((4 * root - 3 * e1) * root + 2 * e2) * root - e3)
    c3 = e4 / root
    c2 = (e3 - c3) / root
    c1 = (e2 - c2) / root
    middle = c1 / 3
    radius = xp.sqrt(xp.maximum(middle * middle - c2 / 3, 0.0))
    cosine = (middle**3 - 0.5 * middle * c2 + 0.5 * c3) / xp.maximum(radius**3, 1e-300)
    top = xp.maximum(middle + 2 * radius * _cos_third(xp, xp.clip(cosine, -1.0, 1.0)), 1e-300)
    return (
        xp.where(needed, c1 - top, s1),
        xp.where(needed, c3 / top, p1),
        xp.where(needed, top + root, s2),
        xp.where(needed, top * root, p2),
    )


def _cos_third(xp: Any, w: Array) -> Array:
    """cos(arccos(w) / 3): the root in [1/2, 1] of 4 c^3 - 3 c = w, by Newton steps from above."""
    c = 0.5 + 0.5 * xp.sqrt(0.5 * (1 + w))
    for _ in range(4):
        c = c - (4 * c**3 - 3 * c - w) / xp.maximum(12 * c * c - 3, 1e-300)
    return c
