"""A study: a run file, its store, and what has been computed of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from spinvalley.checks import InvalidInput, instance
from spinvalley.store import Store, open_store
from spinvalley.studies import provenance
from spinvalley.studies.document import RunFile
from spinvalley.studies.evaluation import evaluate
from spinvalley.studies.export import write_study
from spinvalley.studies.labels import unit
from spinvalley.studies.runfile import parse, read_run_file
from spinvalley.sweeps import Boundary, Progress, sweep

if TYPE_CHECKING:
    from distributed import Client

_LOCAL: Final = "file://"
_SHOWN: Final = 3


@dataclass(frozen=True, eq=False)
class Study:
    r"""What a store holds of a study. It is read anew on each call, also while another process computes.

    Args:
        url: folder or fsspec URL of the store.

    >>> import tempfile, spinvalley as sv
    >>> film = '[study]\nquantity = "gap"\n[model]\nkind = "film"\n[pairing]\ngap0 = 0.2\n'
    >>> described = sv.studies.parse(film + "[axes.kT]\nvalues = [0.01]")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     study = sv.studies.run(described, f"{folder}/film.zarr")
    ...     study.counts(), study.dataset().gap.values
    ({'converged': 1}, array([0.2000]))
    """

    url: str

    @property
    def store(self) -> Store:
        """The store itself."""
        return open_store(self.url)

    @property
    def run_file(self) -> str:
        """Text of the run file; "" if the store was filled by `sv.sweep` without one."""
        return str(_last_note(self.store).get("run_file", ""))

    @property
    def provenance(self) -> dict[str, Any]:
        """Where the numbers come from: versions, commit, run file with its hash, platform, seed, command, times.

        Of several sessions the last one; wall_time and compute_time (s) are sums over all, `forced` lists what was
        forced.
        """
        store = self.store
        sessions = store.history
        told = {key: value for key, value in _last_note(store).items() if key != "settings"}
        made = sessions[-1].get("made", {}) if sessions else {}
        return {
            **({} if store.plan.seed is None else {"seed": store.plan.seed}),
            **told,
            **made,
            "created": store.attributes["created"],
            "started": sessions[-1]["started"] if sessions else None,
            "ended": sessions[-1]["ended"] if sessions else None,
            "sessions": len(sessions),
            "wall_time": sum(float(session["wall"] or 0.0) for session in sessions),
            "compute_time": sum(float(session["seconds"] or 0.0) for session in sessions),
            "forced": [sentence for session in sessions for sentence in session["forced"]],
        }

    def dataset(self) -> xr.Dataset:
        """All coordinates and variables with units, `status` and `message`; the provenance is in the attributes."""
        store = self.store
        data = store.dataset()
        kind = _last_note(store).get("settings", {}).get("model", {}).get("kind", "")
        for name, variable in data.variables.items():
            if kind and "units" not in variable.attrs and unit(str(name), kind):
                variable.attrs["units"] = unit(str(name), kind)
        return data.assign_attrs(provenance.flat(self.provenance))

    def counts(self) -> dict[str, int]:
        """Number of values with each status, "pending" for those not yet computed."""
        return self.store.counts()

    def resume(
        self,
        client: Client | None = None,
        *,
        retry: Sequence[str] = (),
        force: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> Study:
        """Compute what is missing.

        Args:
            client: a Dask client; None computes in this process.
            retry: what is computed again: "failed" and "poisoned" points.
            force: go on although the code or a data file changed; the store records what.
            progress: called after each block.

        Raises:
            InvalidInput: the store has no run file, the code changed (says what), another process computes.
        """
        return run(self.description(), self.url, client, retry=retry, force=force, progress=progress)

    def description(self) -> RunFile:
        """The run file, checked again.

        Raises:
            InvalidInput: the store has none.
        """
        note = _last_note(self.store)
        if "run_file" not in note:
            raise InvalidInput(
                f"`store` must hold a run file to go on with, but {self.url} was filled by `sweep` alone"
            )
        return parse(note["run_file"], note["run_file_name"], note["folder"])

    def export(self, path: str | Path) -> None:
        """Write values and provenance to one file.

        Args:
            path: .nc (netCDF, provenance as attributes), .csv (one row per point, provenance as lines that start
                with #) or .json.

        Raises:
            InvalidInput: another suffix, a place that cannot be written to.
        """
        write_study(Path(path), self.dataset())


def open_study(path: str | Path) -> Study:
    """A study by the folder or fsspec URL of its store.

    Raises:
        InvalidInput: nothing there, or no store.
    """
    return Study(open_store(path).url)


def run(
    file: str | Path | RunFile,
    store: str | Path | None = None,
    client: Client | None = None,
    *,
    retry: Sequence[str] = (),
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Study:
    """Compute a study, or what is missing of it.

    Args:
        file: the run file.
        store: folder or fsspec URL; by default the name of the run file with .zarr, beside it.
        client: a Dask client; None computes in this process.
        retry: what is computed again: "failed" and "poisoned" points.
        force: go on although run file, data or code changed; the store records what. Axes cannot be forced.
        progress: called after each block.

    Returns:
        The study; `dataset()` has the values.

    Raises:
        InvalidInput: a run file that makes no sense, a store of another study (says what differs), a store that another
            process fills, a folder that cannot be written to. Nothing is written then.
    """
    described = file if isinstance(file, RunFile) else read_run_file(file)
    instance("file", described, RunFile, "read_run_file('study.toml')")
    url = str(default_store(described) if store is None else store)
    check_same(described, url, force=force)
    refine = described.document.refine
    sweep(
        partial(evaluate, settings=described.settings),
        {name: _with_unit(described, name) for name in described.coords},
        together=described.together,
        store=url,
        client=client,
        seed=described.document.study.seed,
        block=described.document.study.block,
        refine=None if refine is None else Boundary(of=refine.of, above=refine.above, levels=refine.levels),
        record=provenance.record(described),
        note=provenance.note(described) | {"settings": described.settings},
        retry=retry,
        force=force,
        progress=progress,
    )
    return Study(url)


def default_store(described: RunFile) -> Path:
    """Where the store of a run file lies: its name with .zarr, beside it."""
    return described.folder / Path(described.name).with_suffix(".zarr").name


def check_same(described: RunFile, url: str, *, force: bool) -> None:
    """Refuse the store of another run file.

    Raises:
        InvalidInput: says what differs, key by key, and how to go on.
    """
    if not exists(url):
        return
    store = open_store(url)
    before = _last_note(store).get("settings")
    axes = _other_axes(store, described)
    if axes:
        raise InvalidInput(f"{url} has other axes ({'; '.join(axes)}): give another --store, as these cannot be forced")
    changes = [] if before is None else _changes(before, described.settings)
    if changes and not force:
        raise InvalidInput(
            f"{url} was made by another run file ({_some(changes)}): give another --store, or --force to keep what is "
            "done and go on with the changed file"
        )


def exists(url: str) -> bool:
    """Whether something lies at a folder or URL; an empty folder is nothing."""
    if "://" in url and not url.startswith(_LOCAL):
        try:
            open_store(url)
        except InvalidInput:
            return False
        return True
    path = Path(url.removeprefix(_LOCAL)).expanduser()
    return path.exists() and not (path.is_dir() and not any(path.iterdir()))


def _with_unit(described: RunFile, name: str) -> xr.DataArray:
    kelvin = name == "tc" and described.quantity.strength != "one"
    units = "K" if kelvin else unit(name, described.document.model.kind)
    return xr.DataArray(described.coords[name], dims=name, attrs={"units": units} if units else {})


def _last_note(store: Store) -> Mapping[str, Any]:
    """The note of the last session that has a run file."""
    notes = [session["note"] for session in store.history if session["note"] and "run_file" in session["note"]]
    return notes[-1] if notes else {}


def _other_axes(store: Store, described: RunFile) -> list[str]:
    old, new = store.plan.coords, described.coords
    names = dict.fromkeys([*old, *new])
    found = [
        f"{name}: {_range(old.get(name))} -> {_range(new.get(name))}"
        for name in names
        if name not in old or name not in new or not np.array_equal(old[name], new[name])
    ]
    return found or ([f"order: {', '.join(old)} -> {', '.join(new)}"] if list(old) != list(new) else [])


def _range(values: Any) -> str:
    if values is None:
        return "none"
    return f"{len(values)} values from {values[0]} to {values[-1]}"


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Every key that differs, as "model.coupling: 0.3 -> 0.4"."""
    found = []
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found += _changes(before, after, f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key}: {_text(before)} -> {_text(after)}")
    return found


def _text(value: Any) -> str:
    return "default" if value in (None, []) else str(value)


def _some(changes: Sequence[str]) -> str:
    rest = len(changes) - _SHOWN
    return "; ".join(changes[:_SHOWN]) + (f"; and {rest} more" if rest > 0 else "")
