"""Stated errors cover the truth: many random models, temperatures, fields and tolerances (nightly)."""

import numpy as np
import pytest

import spinvalley as sv
from spinvalley.models import TightBinding


def _random_model(rng: np.random.Generator) -> TightBinding:
    mu = rng.uniform(-2.5, 1.2)
    kind = rng.integers(4)
    if kind == 0:
        return sv.models.film(mu=mu)
    if kind == 1:
        return sv.models.ising_film(rng.uniform(0.01, 0.4), mu=mu)
    return sv.models.heterostructure(
        mu_sc=mu,
        mu_tmd=rng.uniform(1.5, 3.5),
        beta_so=rng.uniform(0.2, 0.7),
        coupling=rng.uniform(0.05, 0.7),
        zeeman_on="both" if kind == 2 else "sc",
    )


@pytest.mark.nightly
def test_stated_errors_cover_the_truth_on_random_models() -> None:
    rng = np.random.default_rng(2026)
    missed, seen = [], 0
    for number in range(50):
        gap0 = 10 ** rng.uniform(-2.3, -0.6)
        sc = sv.Superconductor(_random_model(rng), sv.s_wave(on="sc", gap0=gap0))
        kT, field = gap0 * rng.uniform(0.03, 0.5), gap0 * rng.uniform(0.0, 0.9)
        truth = sv.solve_gap(sc, kT, field, tol=1e-10)
        for tol in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
            state = sv.solve_gap(sc, kT, field, tol=tol)
            seen += 1
            if abs(state.gap - truth.gap) > state.error + truth.error:
                missed.append((number, tol, abs(state.gap - truth.gap) / gap0, state.error / gap0, str(state.status)))
    assert seen == 250
    assert not missed
