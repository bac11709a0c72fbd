"""The commands `init`, `run`, `resume`, `status`, `export`: studies that survive. Imported when one starts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from shlex import quote
from typing import Any, Final

from spinvalley.checks import InvalidInput, one_of, whole
from spinvalley.cli import study_progress
from spinvalley.cli.study_options import Computing
from spinvalley.cli.tables import table
from spinvalley.files import check_file, json_text, write_text
from spinvalley.store import StoreError
from spinvalley.studies.document import RunFile, schema
from spinvalley.studies.example import EXAMPLE
from spinvalley.studies.export import SUFFIXES
from spinvalley.studies.quantities import UNSOUND
from spinvalley.studies.runfile import read_run_file
from spinvalley.studies.study import Study, check_same, default_store, exists, open_study
from spinvalley.studies.study import run as run_study
from spinvalley.sweeps import ClusterLost, connect, local_cluster, slurm_cluster

_AGAIN: Final = ("failed", "poisoned")


def init(file: Path, as_schema: bool) -> int:
    """A commented run file, or the JSON schema to stdout. Returns the exit code."""
    if as_schema:
        print(json_text(schema()))
        return 0
    if file.exists():
        raise InvalidInput(f"`file` must be a new file, but {file} exists: it is not overwritten")
    write_text(check_file(file), EXAMPLE)
    print(f"{file} is a run file with comments. Start it with: spinvalley run {quote(str(file))}")
    return 0


def run(file: Path, store: str | None, computing: Computing) -> int:
    """Compute a study, or what is missing of it. Returns the exit code."""
    described = read_run_file(file)
    url = str(_beside(default_store(described), file)) if store is None else store
    return _compute(described, url, computing)


def resume(store: str, computing: Computing) -> int:
    """Compute what is missing of a store. Returns the exit code."""
    return _compute(open_study(store).description(), store, computing)


def status(store: str, json: bool) -> int:
    """What is done and what is missing. Returns the exit code."""
    study = open_study(store)
    held = study.store
    states, counts, about = held.states(), study.counts(), study.provenance
    if json:
        missing = {"blocks_missing": len(held.missing())}
        print(json_text({"store": study.url, "points": states, "counts": counts} | missing | {"provenance": about}))
        return 0
    total, left = sum(states.values()), states.get("pending", 0)
    axes = ", ".join(f"{name} ({len(values)})" for name, values in held.plan.coords.items())
    print(f"{study.url}: {held.plan.function if not study.run_file else study.description().document.study.quantity}")
    print(f"axes: {axes}")
    print(f"points: {total - left} of {total} finished" + ("" if left else ", nothing is missing"))
    print(table(("status", "values"), sorted(counts.items())))
    cut = sum(session["ended"] is None for session in held.history)
    print(f"sessions: {about['sessions']}{f', {cut} of them without an end' if cut else ''}; began {about['started']}")
    if left:
        print(f"Go on with: spinvalley resume {quote(study.url)}")
    return 0


def export(store: str, out: Path, json: bool) -> int:
    """Values and provenance as one file. Returns the exit code."""
    one_of("out", out.suffix, SUFFIXES)
    path = check_file(out)
    study = open_study(store)
    study.export(path)
    left = study.store.states().get("pending", 0)
    if json:
        print(json_text({"store": study.url, "out": path, "points_missing": left}))
    else:
        print(f"{path} holds the study" + (f", {left} of its points are not computed yet" if left else ""))
    return 0


def _compute(described: RunFile, url: str, computing: Computing) -> int:
    check_same(described, url, force=computing.force)
    cluster = _cluster(computing)
    try:
        with cluster as client, study_progress.telling(json=computing.json) as tell:
            retry = _AGAIN if computing.retry else ()
            study = run_study(described, url, client, retry=retry, force=computing.force, progress=tell)
    except KeyboardInterrupt:
        study_progress.say(_interrupted(url))
        return 130
    except (StoreError, ClusterLost) as error:
        study_progress.say(f"{error}: spinvalley resume {quote(url)}")
        return 1
    return _tell_end(study, computing.json)


@contextmanager
def _cluster(computing: Computing) -> Iterator[Any]:
    """A Dask client, or None: computed here."""
    given = [name for name in ("workers", "scheduler", "slurm") if getattr(computing, name) is not None]
    if len(given) > 1:
        raise InvalidInput(f"at most one of `workers`, `scheduler`, `slurm` must be given, but got {', '.join(given)}")
    with _client(computing) as client:
        if client is not None and client.dashboard_link and not computing.json:
            study_progress.say(f"dashboard: {client.dashboard_link}")
        yield client


def _client(computing: Computing) -> Any:
    if computing.workers is not None:
        return local_cluster(whole("workers", computing.workers, 1))
    if computing.scheduler is not None:
        return connect(computing.scheduler)
    if computing.slurm is not None:
        return slurm_cluster(_settings(computing.slurm))
    return nullcontext()


def _settings(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise InvalidInput(f"`slurm` must be a TOML file with the settings of the jobs, but there is no file {file}")
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file.name}: not TOML: {error}") from None


def _interrupted(url: str) -> str:
    if not exists(url):
        return "interrupted before anything was computed: nothing is written"
    states = open_study(url).store.states()
    total = sum(states.values())
    done = total - states.get("pending", 0)
    return f"interrupted: {done} of {total} points are finished and kept; go on with: spinvalley resume {quote(url)}"


def _tell_end(study: Study, json: bool) -> int:
    counts, states = study.counts(), study.store.states()
    unsound = sum(number for name, number in counts.items() if name in UNSOUND)
    if json:
        document = {"finished": True, "store": study.url, "points": states, "counts": counts}
        print(" ".join(json_text(document).split()), flush=True)
    else:
        print(f"{study.url}: " + ", ".join(f"{number} {name}" for name, number in sorted(counts.items())))
        where = quote(study.url)
        print(f"Next: spinvalley plot {where}, or spinvalley export {where} --out FILE.nc")
    if unsound:
        study_progress.say(f"{unsound} of {sum(counts.values())} values did not reach the tolerance: see their status")
    return int(unsound > 0)


def _beside(store: Path, file: Path) -> Path:
    """The store as the user would write it: relative where the run file was."""
    return file.with_name(store.name)
