"""Singlet and triplet pairs in a field: 4 x 4 pair breaking of a point of the Fermi surface, and the instability.

A gap (psi + d.sigma) i sigma_y is broken by M_ij, i, j = 0 (singlet), x, y, z. With the Green functions
G_e = [i w - xi - a.sigma]^-1, a = g + h, and G_h = [i w + xi + b.sigma]^-1, b = g - h, the pair susceptibility is
-(1/2) T sum_w int dxi tr[sigma_i G_e sigma_j G_h] = const delta_ij - M_ij, in projectors P_s(n) = (1 + s n.sigma)/2

    M_ij = sum_{s,t=+-1} (1/2) tr[sigma_i P_s(n_a) sigma_j P_t(n_b)] Phi((s|a| - t|b| + hbar v.q)/4 pi kT).

Without pair momentum the singlet couples to the triplet d along g x h only, with a phase i and odd in g: to an f-wave
triplet where the splitting changes its sign between the valleys.

Source: physics.md 2.1 and 4.4; P. A. Frigeri et al., doi:10.1103/PhysRevLett.92.097001; D. Moeckli and M. Khodas,
doi:10.1103/PhysRevB.98.144518.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinvalley.checks import Floats, InvalidInput, floats, instance, positive
from spinvalley.pairing.fermi_surface import FermiSurface, zeeman_energy
from spinvalley.pairing.kernel import CONTINUOUS, fitting, phi, temperatures, vectors
from spinvalley.pairing.sampling import average_error
from spinvalley.pairing.spin_tensor import spin_tensor, unit
from spinvalley.units import K_B


def pair_breaking_matrix(g: ArrayLike, h: ArrayLike, kT: ArrayLike, shift: ArrayLike = 0.0) -> NDArray[np.complex128]:
    """Pair-breaking matrix M of singlet (0) and triplet (x, y, z) at one point of the Fermi surface.

    Args:
        g: spin-orbit vectors, shape (..., 3), odd in k.
        h: Zeeman vectors, shape (..., 3).
        kT: thermal energy > 0, broadcast against the leading axes.
        shift: Doppler shift hbar v.q, broadcast. All energies in one unit.

    Returns:
        Hermitian matrices, shape (..., 4, 4), dimensionless; [0, 0] is `pair_breaking`.

    Raises:
        InvalidInput: a vector without three components or kT <= 0.

    Source: docs of this module.

    Example:
        >>> m = pair_breaking_matrix([0, 0, 5], [3, 0, 0], 1.0)
        >>> complex(m[0, 0]).real, complex(m[0, 2]).imag  # the phase is i
        (0.4837876, -0.8063127)
    """
    spin_orbit, zeeman = vectors("g", g), vectors("h", h)
    fitting(g=spin_orbit.shape[:-1], h=zeeman.shape[:-1])
    electron, hole = spin_orbit + zeeman, spin_orbit - zeeman
    thermal, doppler = temperatures("kT", kT), floats("shift", shift)
    if not np.all(np.isfinite(doppler)):
        raise InvalidInput("`shift` must be finite, but contains NaN or infinity")
    fitting(g=electron.shape[:-1], kT=thermal.shape, shift=doppler.shape)
    a, b, scale = np.linalg.norm(electron, axis=-1), np.linalg.norm(hole, axis=-1), 1 / (4 * np.pi * thermal)
    values = {(s, t): 0.25 * phi((s * a - t * b + doppler) * scale) for s, t in ((1, 1), (1, -1), (-1, 1), (-1, -1))}
    return spin_tensor(unit(electron), unit(hole), values)


@dataclass(frozen=True, eq=False)
class TripletAdmixture:
    """A Fermi surface whose singlet can mix with a triplet f(k) d: the leading instability of both.

    With psi normalised by <form^2> = 1 and f by <f^2> = 1, the instability is at the lowest eigenvalue of
    diag(0, r, r, r) + <(form, f, f, f)_i M_ij (form, f, f, f)_j> = ln(Tc/T), r = ln(Tc/Tct).

    Args:
        surface: the Fermi surface; both k and -k, or one of them.
        ratio: Tct/Tc of the pure triplet channel without spin-orbit coupling and field, 0 < ratio <= 1.
        odd: triplet form factor at each point, (n,), odd in k; None: the sign of g_z (f-wave, one sign per valley).
        g_factor: g-factor of the electrons.

    Raises:
        InvalidInput: a ratio outside of (0, 1], `odd` of another shape or zero everywhere.

    Source: docs of this module; physics.md 4.4.

    Example:
        >>> from spinvalley.pairing.pockets import constant_splitting
        >>> mixed = TripletAdmixture(constant_splitting(13.0), ratio=0.1)
        >>> float(mixed.breaking(1.0, [91.315, 0, 0]))  # the singlet alone: 1.8718
        0.6816
    """

    surface: FermiSurface
    ratio: float
    odd: Floats | None = None
    g_factor: float = 2.0
    name: ClassVar[str] = "singlet with triplet admixture"
    orbital: ClassVar[bool] = False
    order: ClassVar[str | None] = CONTINUOUS

    def __post_init__(self) -> None:
        """A form factor that fits."""
        instance("surface", self.surface, FermiSurface, "constant_splitting(13.0)")
        if positive("ratio", self.ratio) > 1:
            raise InvalidInput(f"`ratio` must be at most 1, but is {self.ratio}")
        n = len(self.surface.weight)
        odd = np.sign(self.surface.g[:, 2]) if self.odd is None else floats("odd", self.odd)
        if odd.shape != (n,) or not np.all(np.isfinite(odd)):
            raise InvalidInput(f"`odd` must be finite and of shape ({n},), but has shape {odd.shape}")
        if not np.any(odd):
            raise InvalidInput("`odd` must not vanish everywhere, but is 0 at every point (or g_z is)")
        object.__setattr__(self, "odd", odd)

    def breaking(self, T: ArrayLike, B: ArrayLike, q: ArrayLike | None = None) -> Floats:
        """Right-hand side of ln(Tc/T), dimensionless; T in K, B (..., 3) in T, q (..., 2) in 1/nm, broadcast."""
        return np.asarray(np.linalg.eigvalsh(self.matrix(T, B, q))[..., 0])

    def sampling_error(self, T: float, B: ArrayLike, q: ArrayLike | None = None) -> float:
        """Error of `breaking` from the number of points on periodic pockets; 0 for points as given."""
        if not self.surface.periodic:
            return 0.0
        return 4 * average_error(self._contributions(T, B, q), self.surface.pocket)

    def triplet_share(self, T: ArrayLike, B: ArrayLike, q: ArrayLike | None = None) -> Floats:
        """|d|^2/(|psi|^2 + |d|^2) of the leading instability, between 0 and 1; arguments as in `breaking`."""
        state = np.linalg.eigh(self.matrix(T, B, q))[1][..., 0]
        return np.asarray(1 - np.abs(state[..., 0]) ** 2)

    def matrix(self, T: ArrayLike, B: ArrayLike, q: ArrayLike | None = None) -> NDArray[np.complex128]:
        """The Hermitian matrix whose lowest eigenvalue is `breaking`, shape (..., 4, 4)."""
        averaged = np.sum(self._contributions(T, B, q), axis=-3)
        return np.asarray(averaged - np.log(self.ratio) * np.diag([0.0, 1.0, 1.0, 1.0]))

    def _contributions(self, T: ArrayLike, B: ArrayLike, q: ArrayLike | None) -> NDArray[np.complex128]:
        """What each point adds to the average, (..., n, 4, 4)."""
        kT, h = K_B * temperatures("T", T), zeeman_energy(B, self.g_factor)
        shift = np.zeros(1) if q is None else self.surface.doppler(q)
        fitting(T=kT.shape, B=h.shape[:-1], q=shift.shape[:-1])
        m = pair_breaking_matrix(self.surface.g, h[..., None, :], kT[..., None], shift)
        weight, form, odd = self.surface.weight, self.surface.form, np.asarray(self.odd)
        factors = np.stack([form / np.sqrt(weight @ form**2), *[odd / np.sqrt(weight @ odd**2)] * 3], -1)
        return np.asarray(np.einsum("...nij,n,ni,nj->...nij", m, weight, factors, factors))
