"""A Fermi surface as a set of points: spin-orbit vector, density of states, velocity and gap ratio of each.

The carrier knows no temperature, field or coupling: they are arguments of its methods, the linearised gap equation
and the free energy of the gap. The gap at a point is Delta times its gap ratio (`form`); the critical temperature at
zero field fixes the coupling. Constructors from pockets are in `pockets`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, InvalidInput, floats, momenta, positive, real
from spinvalley.pairing.kernel import fitting, kernel, temperatures, vectors
from spinvalley.pairing.quasiclassical import Invariants, correction, zero_temperature
from spinvalley.pairing.sampling import average_error
from spinvalley.units import K_B, MU_B

_ELEMENTS = 1 << 21  # points times conditions (times frequencies) held at a time
_FREQUENCIES = 64
_FEWEST = 8
_EQUAL = 1e-12
_DIGITS = 13


@dataclass(frozen=True, eq=False)
class FermiSurface:
    """Points of a Fermi surface; both k and -k belong to it, but equal points may be given once.

    Args:
        g: spin-orbit vector of each point, (n, 3), meV; H_so = g.sigma, odd in k.
        weight: local density of states of each point, (n,), > 0; kept as shares of 1.
        velocity: Fermi velocity hbar v of each point, (n, 2), meV nm; None if no pair momentum is asked for.
        form: gap ratio of each point, (n,) or one number.
        pocket: label of the pocket of each point, (n,) or one whole number.
        name: for tables and figures.
        helicity: of each point, (n,) or one number: +1 (-1) if it stands for the upper (lower) of the two spin bands
            alone, 0 if for both. It matters for pairs with a momentum: different densities of states of the two bands
            give the pairs a momentum proportional to the field.
        periodic: each pocket is a closed curve at equidistant values of its parameter, so that the harmonics of the
            points tell the error of the average. Without it the points are taken as they are: their average is exact.

    Raises:
        InvalidInput: shapes that do not fit, numbers that are not finite, a weight <= 0, or no gap anywhere.

    Example:
        >>> free = FermiSurface(g=[[0, 0, 0]], weight=[1.0])
        >>> float(free.breaking(1.0, [1.0, 0, 0]))
        0.0922
    """

    g: Floats
    weight: Floats
    velocity: Floats | None = None
    form: Floats = field(default_factory=lambda: np.ones(1))
    pocket: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    name: str = "Fermi surface"
    helicity: Floats = field(default_factory=lambda: np.zeros(1))
    periodic: bool = False

    @property
    def orbital(self) -> bool:
        """Whether the field acts on orbits: never here."""
        return False

    @property
    def order(self) -> str | None:
        """The order of the transition is not assumed: `condensation` decides it."""
        return None

    def __post_init__(self) -> None:
        """Arrays of fitting shapes, normalised weights."""
        g = np.array(np.atleast_2d(vectors("g", self.g)))
        n = len(g)
        if g.ndim != 2 or n == 0:
            raise InvalidInput(f"`g` must have shape (n, 3), but has shape {g.shape}")
        weight, form = _per_point("weight", self.weight, n), _per_point("form", self.form, n)
        if np.any(weight <= 0):
            raise InvalidInput(f"`weight` must be positive, but contains {weight.min()}")
        if not np.any(form):
            raise InvalidInput("`form` must not vanish everywhere, but is 0 at every point")
        helicity = _per_point("helicity", self.helicity, n)
        if not np.all(np.isin(helicity, (-1.0, 0.0, 1.0))):
            raise InvalidInput("`helicity` must be -1, 0 or 1, but has other values")
        kept = {"g": g, "weight": weight / weight.sum(), "form": form, "helicity": helicity}
        kept["pocket"] = _per_point("pocket", self.pocket, n)
        if np.any(kept["pocket"] % 1):
            raise InvalidInput("`pocket` must be whole numbers, but is not")
        kept["pocket"] = kept["pocket"].astype(np.int64)
        if self.velocity is not None:
            velocity = floats("velocity", self.velocity)
            if velocity.shape != (n, 2) or not np.all(np.isfinite(velocity)):
                raise InvalidInput(f"`velocity` must be finite and of shape ({n}, 2), but has shape {velocity.shape}")
            kept["velocity"] = np.array(velocity)
        for name, value in kept.items():
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    def coarser(self) -> FermiSurface | None:
        """The same Fermi surface from every second point of each pocket; None if its points are not such samples."""
        labels, counts = np.unique(self.pocket, return_counts=True)
        if not self.periodic or np.any(counts % 2) or counts.min() < _FEWEST:
            return None
        kept = np.concatenate([np.flatnonzero(self.pocket == label)[::2] for label in labels])
        velocity = None if self.velocity is None else self.velocity[kept]
        parts = {name: getattr(self, name)[kept] for name in ("g", "weight", "form", "pocket", "helicity")}
        return replace(self, velocity=velocity, **parts)

    def breaking(self, T: ArrayLike, B: ArrayLike, g_factor: float = 2.0, q: ArrayLike | None = None) -> Floats:
        """Pair breaking <K>: the normal state is unstable where ln(Tc/T) exceeds it.

        Args:
            T: temperature in K, > 0, any shape.
            B: field in T, shape (..., 3), broadcast against `T`.
            g_factor: g-factor of the electrons.
            q: total momentum of the pairs in 1/nm, shape (..., 2), broadcast too; None is 0.

        Returns:
            <K>, dimensionless, the broadcast shape.

        Raises:
            InvalidInput: T <= 0, wrong shapes, or `q` without a velocity.

        Source: physics.md 2.1 and 4.4.
        """
        kT, h = K_B * temperatures("T", T), zeeman_energy(B, g_factor)
        shift = None if q is None else self.doppler(q)
        g, weight, form2 = self._distinct if shift is None else (self.g, self.weight, self.form**2)
        share = weight * form2 / np.sum(weight * form2)
        total = np.zeros(fitting(T=kT.shape, B=h.shape[:-1], q=() if shift is None else shift.shape[:-1]))
        step = max(1, _ELEMENTS // max(total.size, 1))
        for start in range(0, len(g), step):
            part = slice(start, start + step)
            doppler = 0.0 if shift is None else shift[..., part]
            helicity = 0.0 if shift is None else self.helicity[part]
            total = total + kernel(g[part], h[..., None, :], kT[..., None], doppler, helicity) @ share[part]
        return np.asarray(total)

    def sampling_error(self, T: float, B: ArrayLike, g_factor: float = 2.0, q: ArrayLike | None = None) -> float:
        """Error of `breaking` at one condition from the number of points on periodic pockets; 0 for points as given."""
        if not self.periodic:
            return 0.0
        shift, helicity = (0.0, 0.0) if q is None else (self.doppler(q), self.helicity)
        share = self.weight * self.form**2
        values = kernel(self.g, zeeman_energy(B, g_factor), np.asarray(K_B * T), shift, helicity)
        return average_error(values * share / share.sum(), np.where(self._uniform & (q is None), -1, self.pocket))

    @cached_property
    def _uniform(self) -> NDArray[np.bool_]:
        """Whether all points of the pocket of each point have one g and one weight: their average is exact."""
        out = np.zeros(len(self.g), dtype=bool)
        for label in np.unique(self.pocket):
            mine = self.pocket == label
            rows = np.column_stack([self.g[mine], self.weight[mine] / self.weight[mine][0]])
            out[mine] = np.ptp(rows, axis=0).max() < _EQUAL * max(1.0, float(np.abs(rows).max()))
        return out

    @cached_property
    def gap_ratio(self) -> float:
        """Delta at T = B = 0 over the BCS gap 1.764 k_B Tc: exp(-<f^2 ln|f|>/<f^2>), f the gap ratio of each point."""
        form = np.abs(self.form)
        logarithm = np.log(np.where(form > 0, form, 1.0))
        return float(np.exp(-(self.weight @ (form**2 * logarithm)) / (self.weight @ form**2)))

    def doppler(self, q: ArrayLike) -> Floats:
        """Doppler shift hbar v.q of every point, shape (..., n), meV."""
        if self.velocity is None:
            raise InvalidInput("`q` must be None for a Fermi surface without `velocity`, but is given")
        return np.asarray(momenta("q", q) @ self.velocity.T)

    def condensation(self, gap: ArrayLike, T: ArrayLike, B: ArrayLike, tc: float, g_factor: float = 2.0) -> Floats:
        """Free energy F(Delta) - F(0) per density of states of one spin; its global minimum is the equilibrium state.

        F = sum_k weight {Delta_k^2 ln(T/Tc) - 4 pi kT sum_{w>0} [sqrt(X_k) - w - Delta_k^2/2w]}, see `quasiclassical`.

        Args:
            gap: Delta in meV, any shape.
            T: temperature in K, >= 0 (0 is the zero-temperature limit), broadcast.
            B: field in T, shape (..., 3), broadcast.
            tc: critical temperature at zero field in K.
            g_factor: g-factor of the electrons.

        Returns:
            F(Delta) - F(0) in meV^2, the broadcast shape.

        Raises:
            InvalidInput: T < 0, tc <= 0 or wrong shapes.

        Source: physics.md 1 (free energy) and 2.3 (limits).
        """
        k_tc, delta = K_B * positive("tc", tc), floats("gap", gap)
        kT, h = K_B * _not_negative("T", T), zeeman_energy(B, g_factor)
        if np.any(~(np.abs(delta) < np.inf)):
            raise InvalidInput("`gap` must be finite, but contains NaN or infinity")
        shape = fitting(gap=delta.shape, T=kT.shape, B=h.shape[:-1])
        delta, kT = (np.broadcast_to(x, shape).reshape(-1) for x in (delta, kT))
        h = np.broadcast_to(h, (*shape, 3)).reshape(-1, 3)
        g, weight, form2 = _merged(*self._distinct, h)
        out = np.empty(len(delta))
        step = max(1, _ELEMENTS // (_FREQUENCIES * len(g)))
        for start in range(0, len(out), step):
            part = slice(start, start + step)
            out[part] = _points(delta[part, None] ** 2 * form2, h[part], kT[part], g, k_tc) @ weight
        return out.reshape(shape)

    @cached_property
    def _distinct(self) -> tuple[Floats, Floats, Floats]:
        """g, weight and form^2, points with +-g and one gap ratio taken together: K and F do not know the sign of g."""
        leading = np.take_along_axis(self.g, np.argmax(self.g != 0, axis=1)[:, None], axis=1)
        rows = np.column_stack([np.where(leading < 0, -self.g, self.g) + 0.0, self.form**2])
        distinct, inverse = np.unique(rows, axis=0, return_inverse=True)
        weight = np.zeros(len(distinct))
        np.add.at(weight, inverse.ravel(), self.weight)
        gapped = distinct[:, 3] > 0
        return distinct[gapped, :3], weight[gapped], distinct[gapped, 3]


def zeeman_energy(B: ArrayLike, g_factor: float) -> Floats:
    """Zeeman vectors (g/2) mu_B B in meV of fields B in T, shape (..., 3)."""
    return np.asarray(0.5 * real("g_factor", g_factor) * MU_B * vectors("B", B))


def _merged(g: Floats, weight: Floats, form2: Floats, h: Floats) -> tuple[Floats, Floats, Floats]:
    """Points with the same g^2, (g.h)^2 and gap ratio taken together, where all fields h (m, 3) are one."""
    if len(h) == 0 or np.any(h != h[0]):
        return g, weight, form2
    invariants = np.stack([np.sum(g * g, -1), (g @ h[0]) ** 2, form2], -1)
    scale = np.maximum(np.max(invariants, axis=0), np.finfo(float).tiny)
    _, first, inverse = np.unique(np.round(invariants / scale, _DIGITS), axis=0, return_index=True, return_inverse=True)
    total = np.zeros(len(first))
    np.add.at(total, inverse.ravel(), weight)
    return g[first], total, form2[first]


def _points(gap2: Floats, h: Floats, kT: Floats, g: Floats, k_tc: float) -> Floats:
    """F of every point for gap2 (m, n), h (m, 3), kT (m,), shape (m, n)."""
    at = Invariants.of(g, h[:, None, :])
    out = np.empty(gap2.shape)
    warm = kT > 0
    if np.any(warm):
        thermal = kT[warm, None]
        change = correction(gap2[warm], at[warm], thermal)
        out[warm] = gap2[warm] * np.log(thermal / k_tc) + change
    if not np.all(warm):
        out[~warm] = zero_temperature(gap2[~warm], at[~warm], k_tc)
    return out


def _per_point(name: str, value: ArrayLike, n: int) -> Floats:
    array = floats(name, value)
    if array.shape not in ((), (1,), (n,)):
        raise InvalidInput(f"`{name}` must have shape ({n},), but has shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise InvalidInput(f"`{name}` must be finite, but contains NaN or infinity")
    return np.array(np.broadcast_to(array, (n,)))


def _not_negative(name: str, value: ArrayLike) -> Floats:
    array = floats(name, value)
    bad = ~((array >= 0) & np.isfinite(array))
    if np.any(bad):
        raise InvalidInput(f"`{name}` must be non-negative, but contains {float(array[bad].ravel()[0])}")
    return array
