"""A server of the app in a process of its own, and a browser."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
]  # fmt: skip
START = "import sys; from spinvalley.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclass(frozen=True)
class Served:
    """A server that answers: its address with the token, and its process."""

    url: str
    process: "subprocess.Popen[str]"

    @property
    def base(self) -> str:
        return self.url.split("/?")[0]


def start_app(*arguments: str, before: str = "pass") -> Served:
    """`spinvalley app` in a process of its own, when it has told its address; `before` runs first in that process."""
    command = [sys.executable, "-c", f"{before}\n{START}", "app", "--no-browser", "--port", "0", *arguments]
    environment = os.environ | {"MPLBACKEND": "Agg"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if "http://" not in line:
        process.kill()
        raise AssertionError(f"the server did not start: {line} {process.communicate()[1]}")
    return Served(line.split()[-1], process)


def stop_app(served: Served) -> int:
    """The exit code after Ctrl-C."""
    served.process.send_signal(signal.SIGINT)
    try:
        served.process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        served.process.kill()
        served.process.communicate()
        return -9
    return served.process.returncode


@pytest.fixture(scope="session")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one study, and one store outside of it that a link points to."""
    import spinvalley as sv

    folder = tmp_path_factory.mktemp("studies")
    text = '[study]\nquantity = "gap"\n[model]\nkind = "film"\n[pairing]\ngap0 = 0.2\n'
    text += "[axes.kT]\nvalues = [0.01, 0.05, 0.1]\n[axes.zeeman]\nvalues = [0.0, 0.1, 0.2]\n"
    sv.studies.run(sv.studies.parse(text), folder / "film.zarr")
    return folder


@pytest.fixture(scope="session")
def served(studies: Path) -> Iterator[Served]:
    """One server for all tests that only look."""
    app = start_app("--studies", str(studies))
    yield app
    stop_app(app)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium of the system, driven by playwright."""
    api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    path = next((p for p in BROWSERS if Path(p).exists()), None) or shutil.which("chromium")
    if path is None:
        pytest.skip("the browser tests need Chromium (apt-get install chromium)")
    with api.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()
