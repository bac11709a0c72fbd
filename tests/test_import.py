"""Nothing heavy is imported before it is used, and the user's JAX configuration stays as it was."""

import subprocess
import sys

import spinvalley as sv


def _loaded(code: str) -> set[str]:
    heavy = ("jax", "xarray", "scipy", "matplotlib", "typer")
    script = f"import sys\n{code}\nprint(*[m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert _loaded("import spinvalley") == set()
    assert "jax" not in _loaded("import spinvalley as sv; sv.models.heterostructure(); sv.tesla(1.0)")


def test_importing_something_heavy_would_be_noticed() -> None:
    assert "scipy" in _loaded("import spinvalley as sv; sv.solve_gap")


def test_computing_in_64_bit_leaves_the_users_jax_in_32() -> None:
    import jax

    before = jax.config.read("jax_enable_x64")
    gap = sv.solve_gap(sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.2)), 0.01).gap
    assert abs(gap - 0.2) < 1e-9  # beyond 32 bit
    assert jax.config.read("jax_enable_x64") == before
    assert jax.numpy.ones(1).dtype == ("float64" if before else "float32")


def test_every_public_name_is_there() -> None:
    assert all(getattr(sv, name) is not None for name in sv.__all__)
