"""Wheel and sdist build without a network, hold what they should, and the wheel works where nothing else is."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from site_cases import ROOT, shared_folder

pytest.importorskip("build")
pytest.importorskip("hatchling")


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Folder with one wheel and one sdist; the wheel is built from the sdist."""
    folder = tmp_path_factory.mktemp("dist", numbered=True)
    assert folder.is_relative_to(shared_folder(tmp_path_factory))
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    return path


def sources():
    """Files of the package in the checkout, without what Python leaves there."""
    root = ROOT / "src"
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("METADATA"))
    assert names == sources()  # data, templates and py.typed too; no tests, no docs
    assert "spinvalley/py.typed" in names
    assert {"Requires-Python: >=3.11", "Requires-Dist: jax>=0.6"} <= set(metadata.splitlines())


def test_the_sdist_holds_what_its_tests_need_and_nothing_that_is_made(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", "LICENSE", "Makefile"}
    wanted |= {"pyproject.toml", "docs/conf.py", "docs/index.md", "docs/_ext/examples.py", "docs/figures/floors.svg"}
    wanted |= {"tests/test_packaging.py", "benchmarks/bench_kernel.py"}
    assert wanted <= names
    made = ("docs/_build", "docs/reference", "demo", ".venv", ".git/", "dist/")
    assert [name for name in names if name.startswith(made) or "__pycache__" in name] == []


def test_the_wheel_works_in_an_environment_of_its_own(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    own = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # Its dependencies are those of this environment, after its own; a .pth inside that folder (a checkout) is not read.
    Path(own, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    at_home = {"env": clean, "cwd": tmp_path}
    place = run(python, "-c", "import spinvalley; print(spinvalley.__file__)", **at_home).strip()
    assert place == f"{own}/spinvalley/__init__.py"
    assert "analyse" in run(tmp_path / "env" / "bin" / "spinvalley", "--help", **at_home)
    code = "import spinvalley as sv; film = sv.Superconductor(sv.models.film(), sv.s_wave(gap0=0.3)); "
    code += "state = sv.solve_gap(film, kT=0.01); print(state.status, round(state.gap, 3))"
    assert run(python, "-c", code, **at_home).split() == ["converged", "0.3"]
