"""Synthetic and digitised critical fields that the tests of fits share."""

from pathlib import Path

import numpy as np
import pytest

from spinvalley.experiment.catalogue import FORMULAS

DATA = next((p for p in (Path(__file__).parents[1] / f"{up}shared/data" for up in ("", "../")) if p.is_dir()), None)
H1 = None if DATA is None else DATA / "gated_mos2_hc2.csv"
needs_data = pytest.mark.skipif(H1 is None, reason="shared/data with the digitised device is not here")

T = np.linspace(1.2, 6.2, 12)
THETA = np.concatenate([np.linspace(0, 80, 5), np.linspace(87, 93, 13)])
TRUTH = {
    "gl_perpendicular": ({"tc": 6.5, "xi": 9.0}, {}),
    "gl_parallel": ({"tc": 6.5, "xi": 9.0, "d": 1.5}, {"xi": 9.0}),
    "gl_3d_parallel": ({"tc": 6.5, "xi": 9.0, "xi_c": 3.0}, {"xi": 9.0}),
    "tinkham_2d": ({"b_perp": 5.0, "b_par": 60.0, "offset": 0.3}, {}),
    "anisotropic_3d": ({"b_perp": 5.0, "b_par": 60.0, "offset": 0.3}, {}),
    "abrikosov_gorkov": ({"tc": 6.5, "b0": 3.0}, {}),
    "whh": ({"tc": 6.5, "slope": 1.5, "alpha": 1.5, "lambda_so": 1.0}, {"lambda_so": 1.0}),
    "klb": ({"tc": 6.5, "tau_so": 18.0}, {}),
    "ising": ({"tc": 6.5, "splitting": 13.0}, {}),
    "ising_rashba": ({"tc": 6.5, "splitting": 13.0, "rashba_ratio": 0.25}, {"tc": 6.5}),
    "ising_intervalley": ({"tc": 6.5, "splitting": 13.0, "tau_iv": 100.0}, {"tc": 6.5}),
    "pauli": ({"tc": 6.5}, {}),
}


def points(name, noise=0.0, seed=0, truth=None, x=None):
    """Points of a formula with its true parameters."""
    formula, values = FORMULAS[name], truth or TRUTH[name][0]
    x = (T if formula.variable == "T" else THETA) if x is None else x
    B = np.asarray(formula.field(x, *(np.float64(values[p.name]) for p in formula.parameters)))
    sigma = np.maximum(noise, 0.01) * (B if formula.variable == "theta" else np.full(x.shape, B.max()))
    shaken = np.abs(B + (noise > 0) * sigma * np.random.default_rng(seed).standard_normal(x.size))
    return {formula.variable: x, "B": shaken, "sigma_B": sigma}


def start(name):
    return {n: v for n, v in {"offset": 0.0, "alpha": 1.0}.items() if n in TRUTH[name][0]}
