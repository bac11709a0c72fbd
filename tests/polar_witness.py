"""Hc2 of a one-orbital model with two pockets at the zone corners by another quadrature: the witness of `hc2`.

The zone is split by a smooth bump around each corner. What lies under the bumps is summed in polar coordinates on dense
radial panels, the rest, far from every Fermi line, on a uniform mesh; both converge exponentially. No routine of the
package but h(k) is used.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

K_B, MU_B = 0.08617333262, 0.057883817982


def bump(r, inner, outer):
    """1 inside, 0 outside, infinitely smooth in between."""
    x = np.clip((r - inner) / (outer - inner), 1e-12, 1 - 1e-12)
    return expit(1 / x - 1 / (1 - x))


def nodes(model, inner, outer, radial=900, angles=48, mesh=360):
    """Points of the plane and their weights, normalised to the zone."""
    lattice = model.lattice
    corners = [lattice.momentum(name) for name in ("K", "K'")]
    x, w = np.polynomial.legendre.leggauss(8)
    edges = np.linspace(0, outer, radial + 1)
    r = (0.5 * (edges[1:] + edges[:-1])[:, None] + 0.5 * np.diff(edges)[:, None] * x).ravel()
    weight = (0.5 * np.diff(edges)[:, None] * w).ravel() * r * bump(r, inner, outer) * 2 * np.pi / angles
    phi = 2 * np.pi * (np.arange(angles) + 0.5) / angles
    ring = np.stack([r[:, None] * np.cos(phi), r[:, None] * np.sin(phi)], -1).reshape(-1, 2)
    polar = [(c + ring, np.repeat(weight, angles) / lattice.zone_area) for c in corners]
    n = (np.arange(mesh) + 0.5) / mesh
    flat = np.stack(np.meshgrid(n, n), -1).reshape(-1, 2) @ lattice.reciprocal
    near = sum(bump(np.linalg.norm(lattice.fold(flat - c), axis=-1), inner, outer) for c in corners)
    rest = (flat, (1 - near) / mesh**2)
    return (np.concatenate(parts) for parts in zip(*polar, rest, strict=True))


def susceptibility(xi, g, weights, kT, h):
    """The sum of physics.md 2.1 over the points."""
    plus, minus = np.linalg.norm(g + h, axis=-1), np.linalg.norm(g - h, axis=-1)
    c = ((g * g).sum(-1) - h @ h) / (plus * minus)
    total = np.zeros_like(xi)
    for s in (1, -1):
        for t in (1, -1):
            e, f = xi + s * minus, xi + t * plus
            total += 0.125 * (1 + s * t * c) * (np.tanh(e / (2 * kT)) + np.tanh(f / (2 * kT))) / (e + f)
    return float(weights @ total)


def critical_field(model, T, tc, unit, low, high, inner, outer, **sizes):
    """Field in tesla at which the normal state becomes unstable."""
    k, weights = nodes(model, inner, outer, **sizes)
    h = model.hamiltonian(k)
    xi = 0.5 * (h[:, 0, 0] + h[:, 1, 1]).real
    g = np.stack([h[:, 1, 0].real, h[:, 1, 0].imag, 0.5 * (h[:, 0, 0] - h[:, 1, 1]).real], -1)
    goal = susceptibility(xi, g, weights, K_B * tc, np.array([1e-9, 0, 0]))
    return brentq(
        lambda B: susceptibility(xi, g, weights, K_B * T, MU_B * B * unit) - goal, low, high, xtol=1e-6 * high
    )
