"""Constants of nature and the way from kelvin and tesla to energies.

Materials are described in meV, nm, K and T. Nothing here has a state: a conversion is a function call.

Source: CODATA 2022 (E. Tiesinga et al., https://physics.nist.gov/constants). Constants that the SI defines exactly are
formed from their exact values; the others carry the digits of the adjustment.
"""

from __future__ import annotations

from typing import Final, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ELEMENTARY_CHARGE",
    "EPS0",
    "FLUX_QUANTUM",
    "HBAR",
    "HBAR2_2M",
    "K_B",
    "MU_B",
    "kelvin",
    "tesla",
    "to_kelvin",
    "to_tesla",
]

ELEMENTARY_CHARGE: Final = 1.602176634e-19
"""Elementary charge e in C (exact)."""

_PLANCK: Final = 6.62607015e-34  # h in J s (exact)
_ELECTRON_MASS: Final = 9.1093837139e-31  # m_e in kg, +-0.0000000028e-31
_MEV: Final = 1e-3 * ELEMENTARY_CHARGE  # 1 meV in J

K_B: Final = 1.380649e-23 / _MEV
"""Boltzmann constant in meV/K, 0.08617333262... (exact)."""

MU_B: Final = 5.7883817982e-2
"""Bohr magneton in meV/T, +-0.0000000018e-2."""

HBAR: Final = _PLANCK / (2 * np.pi) / _MEV
"""Reduced Planck constant in meV s, 6.582119569...e-13 (exact)."""

FLUX_QUANTUM: Final = _PLANCK / (2 * ELEMENTARY_CHARGE) * 1e18
"""Superconducting flux quantum Phi0 = h/2e in T nm^2, 2067.833848... (exact)."""

EPS0: Final = 8.8541878188e-12 / ELEMENTARY_CHARGE * 1e-9
"""Vacuum permittivity in e/(V nm), 0.05526349..., +-1.6e-10 relative."""

HBAR2_2M: Final = (_PLANCK / (2 * np.pi)) ** 2 / (2 * _ELECTRON_MASS) / _MEV * 1e18
"""hbar^2/2m_e of the free electron in meV nm^2, 38.0998..., +-3.1e-10 relative."""


@overload
def kelvin(T: float) -> float: ...
@overload
def kelvin(T: ArrayLike) -> float | NDArray[np.float64]: ...
def kelvin(T: ArrayLike) -> float | NDArray[np.float64]:
    """Thermal energy of a temperature, kT = k_B T.

    Args:
        T: Temperature in K, >= 0; a number or an array of any shape.

    Returns:
        kT in meV, a float for a number, else an array of the shape of `T`.

    Raises:
        ValueError: `T` is negative or not finite.

    Source:
        CODATA 2022.

    Example:
        >>> kelvin(10.0)
        0.8617333
    """
    return _plain(K_B * _non_negative("T", T))


@overload
def to_kelvin(kT: float) -> float: ...
@overload
def to_kelvin(kT: ArrayLike) -> float | NDArray[np.float64]: ...
def to_kelvin(kT: ArrayLike) -> float | NDArray[np.float64]:
    """Temperature of a thermal energy, T = kT / k_B; the inverse of `kelvin`.

    Args:
        kT: Thermal energy in meV, >= 0; a number or an array of any shape.

    Returns:
        T in K, a float for a number, else an array of the shape of `kT`.

    Raises:
        ValueError: `kT` is negative or not finite.

    Source:
        CODATA 2022.

    Example:
        >>> to_kelvin(1.0)
        11.604518
    """
    return _plain(_non_negative("kT", kT) / K_B)


@overload
def tesla(B: float, g: float = 2.0) -> float: ...
@overload
def tesla(B: ArrayLike, g: float = 2.0) -> float | NDArray[np.float64]: ...
def tesla(B: ArrayLike, g: float = 2.0) -> float | NDArray[np.float64]:
    """Zeeman energy of one spin in a field, V = (g/2) mu_B B, the coefficient of sigma in H_Z = V . sigma.

    Spin up and spin down along the field are 2V apart.

    Args:
        B: Field in T; a number, a vector (3,), or an array of any shape. The sign is that of the direction.
        g: g-factor of the electron, 2 unless said.

    Returns:
        V in meV, a float for a number, else an array of the shape of `B`.

    Raises:
        ValueError: `B` or `g` is not finite.

    Source:
        CODATA 2022.

    Example:
        >>> tesla(52.0)
        3.0099585
        >>> tesla([10.0, 0.0, 0.0], g=4.0)
        array([1.15767636, 0.        , 0.        ])
    """
    return _plain(0.5 * float(_finite("g", g)) * MU_B * _finite("B", B))


@overload
def to_tesla(V: float, g: float = 2.0) -> float: ...
@overload
def to_tesla(V: ArrayLike, g: float = 2.0) -> float | NDArray[np.float64]: ...
def to_tesla(V: ArrayLike, g: float = 2.0) -> float | NDArray[np.float64]:
    """Field of a Zeeman energy, B = V / (g/2 mu_B); the inverse of `tesla`.

    Args:
        V: Zeeman coefficient of sigma in meV; a number, a vector (3,), or an array of any shape.
        g: g-factor of the electron, 2 unless said, not 0.

    Returns:
        B in T, a float for a number, else an array of the shape of `V`.

    Raises:
        ValueError: `V` or `g` is not finite, or `g` is 0.

    Source:
        CODATA 2022.

    Example:
        >>> to_tesla(1.0)
        17.275985
    """
    if g == 0:
        raise ValueError(f"`g` must not be 0, but is {g}")
    return _plain(_finite("V", V) / (0.5 * float(_finite("g", g)) * MU_B))


def _finite(name: str, value: ArrayLike) -> NDArray[np.float64]:
    number = np.asarray(value, dtype=np.float64)
    bad = ~np.isfinite(number)
    if bad.any():
        raise ValueError(f"`{name}` must be finite, but is {number[bad][0]}")
    return number


def _non_negative(name: str, value: ArrayLike) -> NDArray[np.float64]:
    number = np.asarray(value, dtype=np.float64)
    bad = ~(number >= 0)  # NaN too
    if bad.any():
        raise ValueError(f"`{name}` must be >= 0, but is {number[bad][0]}")
    return _finite(name, number)


def _plain(number: NDArray[np.float64]) -> float | NDArray[np.float64]:
    return float(number) if np.ndim(number) == 0 else number
