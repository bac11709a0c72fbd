"""The pair-breaking kernel of one point of the Fermi surface, any angle between spin-orbit vector and field.

Electrons at k have the energies xi +- |g + h|, their partners at -k xi +- |g - h|, with an odd spin-orbit vector g(k)
and a Zeeman vector h. Integrated over xi, the linearised gap equation reads ln(Tc/T) = <K>, with

    K = (1+c)/2 Phi(rho_-) + (1-c)/2 Phi(rho_+),    rho_-+ = (|g-h| -+ |g+h|) / (4 pi kT),
    c = (g^2 - h^2) / (|g-h| |g+h|),                Phi(rho) = Re psi(1/2 + i rho) - psi(1/2).

The same K is the sum over Matsubara frequencies w = (2n+1) pi kT (found by taking the four roots of the
Bogoliubov-de Gennes determinant in xi apart, see `condensation`)

    K = 2 pi kT sum_{w>0} (h^2 w^2 + (g.h)^2) / (w (w^4 + (g^2+h^2) w^2 + (g.h)^2)).

Source: physics.md 2.1; L. P. Gor'kov and E. I. Rashba, doi:10.1103/PhysRevLett.87.037004; P. A. Frigeri et al.,
doi:10.1103/PhysRevLett.92.097001.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, zeta

from spinvalley.checks import Floats, InvalidInput, floats

CONTINUOUS = "continuous by construction"
"""The `order` of a theory that has no free energy: only the linearised gap equation."""

PSI_HALF = -1.9635100260214234794
"""psi(1/2) = -gamma - 2 ln 2."""

# Phi(rho)/rho^2 is the Stieltjes sum over 1/((n+1/2) ((n+1/2)^2 + rho^2)). Its first four terms, then the eight-point
# Gauss rule of the other ones about rho^2 = 14, in 60 digits; relative error below 3e-16 for rho^2 <= 40.
_POLES = (0.25, 2.25, 6.25, 12.25, 20.250002404373333, 30.252076112780987, 42.437632396583275, 59.36950404641331,
          91.06622026752278, 165.07266672946267, 401.3248304311775, 2105.9200213686904)  # fmt: skip
_RESIDUES = (2.0, 0.6666666666666666, 0.4, 0.2857142857142857, 0.22222268726364172, 0.18199493775735298,
             0.16104027561460474, 0.18370150687052617, 0.24946654240964625, 0.3544197965354625, 0.5635701344086167,
             1.282127555027985)  # fmt: skip
_SWITCH = 40.0
# Phi(rho) = ln rho - psi(1/2) - sum_k |B_2k(1/2)| / (2k rho^2k), asymptotic
_ASYMPTOTIC = (0.041666666666666664, 0.007291666666666667, 0.0038442460317460315, 0.004134114583333333,
               0.007560961174242424, 0.021082496875953906, 0.08332316080729167, 0.4432462767058728, 3.0539310304476537,
               26.4561616599921, 281.46001071688056, 3607.5101163492773)  # fmt: skip
_BLOCK = 8192  # numbers that stay in the cache of a core
_TAYLOR = 24
_LARGEST = 1e60
_SMALL = 0.1
_COEFFICIENTS = np.array([(-1) ** (k + 1) * (2.0 ** (k + 1) - 1) * zeta(k + 1) for k in range(1, _TAYLOR + 1)])


def phi(rho: ArrayLike) -> Floats:
    """Phi(rho) = Re psi(1/2 + i rho) - psi(1/2), to 1e-15 relative, also where Phi is small.

    Args:
        rho: real numbers of any shape and sign; Phi is even.

    Returns:
        Phi >= 0, the shape of `rho`: 7 zeta(3) rho^2 for small rho, ln(4 e^gamma |rho|) for large rho.

    Source: M. Abramowitz and I. A. Stegun, 6.3.16 and 6.3.18.

    Example:
        >>> float(phi(1.0))
        1.9117484
    """
    values = np.asarray(rho, dtype=float)
    flat = np.ravel(values)
    out = np.empty_like(flat)
    for start in range(0, flat.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        _phi_block(flat[part] ** 2, out[part])
    return out.reshape(values.shape)


def _phi_block(x: Floats, out: Floats) -> None:
    large = x > _SWITCH
    count = int(np.count_nonzero(large))
    if count < x.size:
        _stieltjes(x, out)
    if count:
        out[large] = _far(x[large])


def _stieltjes(x: Floats, out: Floats) -> None:
    term = np.empty_like(x)
    out[:] = 0.0
    for pole, residue in zip(reversed(_POLES), reversed(_RESIDUES), strict=True):
        np.add(x, pole, out=term)
        np.divide(residue, term, out=term)
        out += term
    out *= x


def _far(x: Floats) -> Floats:
    y = 1 / x
    series = np.full_like(y, _ASYMPTOTIC[-1])
    for coefficient in reversed(_ASYMPTOTIC[:-1]):
        series *= y
        series += coefficient
    return np.asarray(0.5 * np.log(x) - PSI_HALF - series * y)


def digamma_shift(z: ArrayLike) -> NDArray[np.complex128]:
    """psi(1/2 + z) - psi(1/2) for complex z, relative accuracy kept for small z.

    Args:
        z: complex numbers of any shape, away from the poles -1/2, -3/2, ...

    Returns:
        Complex array of the shape of `z`; about (pi^2/2) z for small z.

    Source: M. Abramowitz and I. A. Stegun, 6.4.4.

    Example:
        >>> complex(digamma_shift(0.5)).real  # 2 ln 2
        1.38629436
    """
    argument = np.asarray(z, dtype=complex)
    small = np.abs(argument) < _SMALL
    near = np.where(small, argument, 0)
    series = np.zeros_like(argument)
    for coefficient in _COEFFICIENTS[::-1]:
        series = (series + coefficient) * near
    return np.asarray(np.where(small, series, digamma(0.5 + argument) - PSI_HALF))


def pair_breaking(g: ArrayLike, h: ArrayLike, kT: ArrayLike, shift: ArrayLike = 0.0) -> Floats:
    """Pair breaking K(g, h, T) of one point of the Fermi surface: the singlet is unstable where ln(Tc/T) > <K>.

    K = 0 without a field, and Phi(h / 2 pi kT) without spin-orbit coupling (g = 0) or with h along g. A pair of total
    momentum q moves the energies of the partners by +- hbar v.q/2: Phi is then taken at
    (s|g+h| - t|g-h| + shift)/4 pi kT, s, t = +-1.

    Args:
        g: spin-orbit vectors, shape (..., 3), odd in k.
        h: Zeeman vectors, shape (..., 3), the coefficient of sigma.
        kT: thermal energy > 0, broadcast against the leading axes.
        shift: Doppler shift hbar v.q, broadcast against the leading axes. All energies in one unit.

    Returns:
        K >= 0, dimensionless, the broadcast shape of the leading axes.

    Raises:
        InvalidInput: a vector without three components, kT <= 0, or a number that is not finite.

    Source: physics.md 2.1 and 4.4; docs of this module.

    Example:
        >>> pair_breaking([0, 0, 5], [3, 0, 0], 1.0)
        array(0.4837876)
    """
    spin_orbit, zeeman, thermal = vectors("g", g), vectors("h", h), temperatures("kT", kT)
    doppler = floats("shift", shift)
    if not np.all(np.isfinite(doppler)):
        raise InvalidInput("`shift` must be finite, but contains NaN or infinity")
    fitting(g=spin_orbit.shape[:-1], h=zeeman.shape[:-1], kT=thermal.shape, shift=doppler.shape)
    return kernel(spin_orbit, zeeman, thermal, doppler)


def kernel(g: Floats, h: Floats, kT: Floats, shift: Floats | float = 0.0, helicity: Floats | float = 0.0) -> Floats:
    """`pair_breaking` without its door; helicity +1 (-1): the states of the upper (lower) spin band only, 0: both."""
    scale = 1 / (4 * np.pi * kT)
    difference, total, far = geometry(g, h)
    if not np.any(shift):
        near = phi(difference * scale)
        return np.asarray(near + far * (phi(total * scale) - near))
    upper, lower = 0.5 * (1 + np.asarray(helicity)), 0.5 * (1 - np.asarray(helicity))
    both = [
        upper * phi((delta + shift) * scale) + lower * phi((delta - shift) * scale) for delta in (difference, total)
    ]
    return np.asarray(both[0] + far * (both[1] - both[0]))


def geometry(g: Floats, h: Floats) -> tuple[Floats, Floats, Floats]:
    """|g+h| - |g-h|, |g+h| + |g-h| and (1-c)/2, none of them by a cancelling difference."""
    g, h = np.moveaxis(g, -1, 0), np.moveaxis(h, -1, 0)
    plus, minus = [a + b for a, b in zip(g, h, strict=True)], [a - b for a, b in zip(g, h, strict=True)]
    electron, hole = _norm(plus), _norm(minus)
    total = electron + hole
    projection = g[0] * h[0] + g[1] * h[1] + g[2] * h[2]
    difference = 4 * projection / np.where(total > 0, total, 1.0)
    inner = plus[0] * minus[0] + plus[1] * minus[1] + plus[2] * minus[2]
    cross = (g[1] * h[2] - g[2] * h[1]) ** 2 + (g[2] * h[0] - g[0] * h[2]) ** 2 + (g[0] * h[1] - g[1] * h[0]) ** 2
    product = electron * hole
    below = product * (product + np.abs(inner))
    lesser = 2 * cross / np.where(below > 0, below, 1.0)
    far = np.where(below > 0, np.where(inner >= 0, lesser, 1 - lesser), 0.0)
    return difference, total, far


def _norm(v: list[Floats]) -> Floats:
    return np.asarray(np.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]))


def vectors(name: str, value: ArrayLike) -> Floats:
    """Finite real vectors of shape (..., 3)."""
    array = floats(name, value)
    if array.ndim == 0 or array.shape[-1] != 3:
        raise InvalidInput(f"`{name}` must have shape (..., 3), but has shape {array.shape}")
    if not np.all(np.isfinite(array)):
        raise InvalidInput(f"`{name}` must be finite, but contains NaN or infinity")
    if np.any(np.abs(array) > _LARGEST):
        raise InvalidInput(f"`{name}` must be at most {_LARGEST:g} in size, but contains {np.abs(array).max():g}")
    return array


def fitting(**shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape of arrays that are broadcast together, or one sentence that names those that do not fit."""
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        names = " and ".join(f"`{name}` {shape}" for name, shape in shapes.items())
        raise InvalidInput(f"the shapes {names} must fit together, but do not") from None


def temperatures(name: str, value: ArrayLike) -> Floats:
    """Finite positive numbers of any shape."""
    array = floats(name, value)
    bad = ~((array > 0) & np.isfinite(array))
    if np.any(bad):
        raise InvalidInput(f"`{name}` must be positive, but is {float(array[bad].ravel()[0])}")
    if np.any(array < 1 / _LARGEST):
        raise InvalidInput(f"`{name}` must be at least {1 / _LARGEST:g}, but is {array.min():g}")
    return array
