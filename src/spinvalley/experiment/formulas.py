"""Critical fields as pure functions of temperature or angle, on plain floats and arrays.

T in K, B in T, lengths in nm, times in fs, splitting in meV, theta in degrees from the c axis; every argument
broadcasts. Implicit equations are solved for all temperatures at once to 1e-12 relative; at and above Tc the field is
0. g-factor 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinvalley.checks import Floats, InvalidInput, whole
from spinvalley.experiment import breaking, clogston
from spinvalley.experiment.breaking import Law
from spinvalley.experiment.landau import (
    above,
    anisotropic_3d,
    broadcasting,
    gl_3d_parallel,
    gl_parallel,
    gl_perpendicular,
    plain,
    tinkham_2d,
)
from spinvalley.units import K_B, MU_B

__all__ = [
    "abrikosov_gorkov",
    "anisotropic_3d",
    "gl_3d_parallel",
    "gl_parallel",
    "gl_perpendicular",
    "ising",
    "ising_intervalley",
    "ising_rashba",
    "klb",
    "pauli",
    "tinkham_2d",
    "whh",
]

KLB = Law(breaking.klb)
ISING = Law(breaking.ising)
ISING_RASHBA = Law(breaking.ising_rashba)
ISING_INTERVALLEY = Law(breaking.ising_intervalley)
UNPROTECTED = Law(breaking.unprotected)
WHH = Law(breaking.whh, power=1.0)


@broadcasting
def klb(T: ArrayLike, tc: ArrayLike, tau_so: ArrayLike) -> Any:
    """In-plane Hc2 limited by spin-orbit scattering (Klemm, Luther, Beasley).

    ln(T/tc) + psi(1/2 + 3 tau_so (mu_B B)^2/(4 pi hbar kT)) - psi(1/2) = 0. It assumes a scattering time tau << tau_so.

    Args:
        T: temperature in K, >= 0.
        tc: critical temperature in K.
        tau_so: spin-orbit scattering time in fs.

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: T < 0, a parameter not positive, or a number that is not finite.

    Source: R. A. Klemm, A. Luther, M. R. Beasley, doi:10.1103/PhysRevB.12.877; physics.md 2.4.

    Example:
        >>> klb([0.0, 6.0, 7.0], 6.5, 17.9)
        array([60.11957, 19.91127, 0.     ])
    """
    return _solve(KLB, above("T", T, zero=True), tc, above("tau_so", tau_so))


@broadcasting
def whh(T: ArrayLike, tc: ArrayLike, slope: ArrayLike, alpha: ArrayLike = 0.0, lambda_so: ArrayLike = 0.0) -> Any:
    """Hc2 of a dirty bulk superconductor: orbits, Pauli limit, spin-orbit scattering (Werthamer, Helfand, Hohenberg).

    ln(tc/T) = Re[(1 + i l/2c) psi(1/2 + (b + l/2 + i c)/2t)] - psi(1/2), l = lambda_so, c^2 = (alpha b)^2 - (l/2)^2,
    t = T/tc, b = (4/pi^2) B/(slope tc).

    Args:
        T: temperature in K, >= 0.
        tc: critical temperature in K.
        slope: -dBc2/dT at tc in T/K.
        alpha: Maki parameter, >= 0.
        lambda_so: spin-orbit scattering parameter, >= 0.

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: a negative argument, tc or slope not positive, or a number that is not finite.

    Source: N. R. Werthamer, E. Helfand, P. C. Hohenberg, doi:10.1103/PhysRev.147.295, eq. 28; physics.md 2.6.

    Example:
        >>> whh(0.0, 1.0, 1.0), whh(0.3, 1.0, 4 / np.pi**2, 1.0, 2.0)
        (0.692673, 0.221822)
    """
    kelvins, steep = above("T", T, zero=True), above("slope", slope)
    return _solve(WHH, kelvins, tc, steep, above("alpha", alpha, zero=True), above("lambda_so", lambda_so, zero=True))


@broadcasting
def abrikosov_gorkov(T: ArrayLike, tc: ArrayLike, b0: ArrayLike, power: float = 1.0) -> Any:
    """Hc2 of a pair-breaking energy that grows as B^power (Abrikosov, Gor'kov; Maki).

    ln(tc/T) = psi(1/2 + 0.140 (tc/T) (B/b0)^power) - psi(1/2): power 1 for orbits of a dirty film across the field,
    2 for a thin film in a parallel field.

    Args:
        T: temperature in K, >= 0.
        tc: critical temperature in K.
        b0: Hc2 at T = 0 in T, where the pair-breaking energy is 0.881938 k tc.
        power: > 0, a number.

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: T < 0, a parameter not positive, or a number that is not finite.

    Source: A. A. Abrikosov, L. P. Gor'kov, Sov. Phys. JETP 12, 1243 (1961); K. Maki, doi:10.1143/PTP.31.731.

    Example:
        >>> abrikosov_gorkov([0.0, 3.0], 6.5, 2.5)
        array([2.5    , 1.73126])
    """
    exponent = float(above("power", power))
    law = Law(lambda s, T, tc, b0: breaking.abrikosov_gorkov(s, T, tc, b0, exponent), exponent)
    return _solve(law, above("T", T, zero=True), tc, above("b0", b0))


@broadcasting
def ising(T: ArrayLike, tc: ArrayLike, splitting: ArrayLike) -> Any:
    """In-plane Hc2 of an Ising superconductor with one spin splitting on its Fermi surface.

    ln(tc/T) = h^2/(g^2 + h^2) [Re psi(1/2 + i sqrt(g^2 + h^2)/2 pi kT) - psi(1/2)], h = mu_B B, g = splitting/2. The
    transition is taken as continuous. The field grows without limit as T goes to 0.

    Args:
        T: temperature in K, > 0.
        tc: critical temperature in K.
        splitting: spin splitting at the Fermi level in meV, >= 0.

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: T or tc not positive, a negative splitting, or a number that is not finite.

    Source: physics.md 2.2; L. N. Bulaevskii, A. A. Guseinov, A. I. Rusinov, Sov. Phys. JETP 44, 1243 (1976).

    Example:
        >>> ising([1.0, 1.5, 3.0, 5.0], 6.5, 13.0)
        array([91.315, 81.439, 60.083, 35.549])
    """
    return _solve(ISING, above("T", T), tc, above("splitting", splitting, zero=True))


@broadcasting
def ising_rashba(T: ArrayLike, tc: ArrayLike, splitting: ArrayLike, rashba_ratio: ArrayLike) -> Any:
    """In-plane Hc2 of an Ising superconductor with helical Rashba coupling.

    ln(tc/T) = 2 pi kT sum_{w>0} (1 - q)/w, q = w (w^2 + g^2)/sqrt[(w^2 + G)(w^2 (w^2 + G) + A)], G = g^2 + h^2,
    g^2 = (splitting/2)^2 (1 + r^2), A = (r h splitting/2)^2: the kernel of physics.md 2.1 averaged over the angle.

    Args:
        T: temperature in K, > 0.
        tc: critical temperature in K.
        splitting: out-of-plane spin splitting in meV, >= 0.
        rashba_ratio: r, in-plane over out-of-plane spin-orbit field, >= 0.

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: T or tc not positive, a negative parameter, or a number that is not finite.

    Source: physics.md 2.1 and 2.2; gated_mos2 paper, Supplementary Section V.

    Example:
        >>> ising_rashba([1.0, 1.5], 6.5, 13.0, 0.1)
        array([69.566, 67.547])
    """
    kelvins, ratio = above("T", T), above("rashba_ratio", rashba_ratio, zero=True)
    return _solve(ISING_RASHBA, kelvins, tc, above("splitting", splitting, zero=True), ratio)


@broadcasting
def ising_intervalley(T: ArrayLike, tc: ArrayLike, splitting: ArrayLike, tau_iv: ArrayLike) -> Any:
    """In-plane Hc2 of an Ising superconductor whose electrons are scattered between the valleys.

    ln(tc/T) = 2 pi kT sum_{w>0} {1/w - 1/[w + h^2/(w + g^2/(w + hbar/tau_iv))]}. Strong scattering gives `klb` with
    1/tau_so = 3 splitting^2 tau_iv/(8 hbar^2): then the data fix splitting^2 tau_iv alone.

    Args:
        T: temperature in K, > 0.
        tc: critical temperature in K.
        splitting: spin splitting in meV, >= 0.
        tau_iv: inter-valley scattering time in fs.

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: T, tc or tau_iv not positive, a negative splitting, or a number that is not finite.

    Source: physics.md 2.5; S. Ilic, J. S. Meyer, M. Houzet, doi:10.1103/PhysRevLett.119.117001.

    Example:
        >>> ising_intervalley([1.0, 3.0], 6.5, 13.0, 1e9)
        array([91.3153, 60.0825 ])
    """
    kelvins, time = above("T", T), above("tau_iv", tau_iv)
    return _solve(ISING_INTERVALLEY, kelvins, tc, above("splitting", splitting, zero=True), time)


@broadcasting
def pauli(T: ArrayLike, tc: ArrayLike, order: int = 1) -> Any:
    """Pauli limit without spin-orbit coupling.

    Args:
        T: temperature in K, >= 0.
        tc: critical temperature in K.
        order: 1 for the equilibrium transition, of first order below 0.5615 tc (1.856817 T/K tc at T = 0); 2 for the
            end of the normal state's stability, Phi(mu_B B/2 pi kT) = ln(tc/T) (1.312968 T/K tc at T = 0).

    Returns:
        B in T, a float for numbers, else an array; 0 where T >= tc.

    Raises:
        InvalidInput: T < 0, tc not positive, an order other than 1 and 2, or a number that is not finite.

    Source: B. S. Chandrasekhar, doi:10.1063/1.1777362; A. M. Clogston, doi:10.1103/PhysRevLett.9.266; physics.md 2.3.

    Example:
        >>> pauli(0.0, 1.0), pauli(0.0, 1.0, order=2)
        (1.856817, 1.312968)
    """
    if whole("order", order, 1) > 2:
        raise InvalidInput(f"`order` must be 1 or 2, but is {order}")
    kelvins, critical = above("T", T, zero=True), above("tc", tc)
    return plain(pauli_field(kelvins, critical, order))


def pauli_field(T: Floats, tc: Floats, order: int = 1) -> Floats:
    """`pauli` without its door."""
    out = UNPROTECTED.field(T, tc)
    if order == 1:
        t = np.broadcast_to(T / tc, out.shape)
        cold = t < clogston.tricritical()[0]
        line = clogston.first_order(np.where(cold, t, 0.0)) * K_B * tc / MU_B
        out = np.where(cold, line, out)
    return out


def _solve(law: Law, T: Floats, tc: ArrayLike, *parameters: Floats) -> Any:
    return plain(law.field(T, above("tc", tc), *parameters))
