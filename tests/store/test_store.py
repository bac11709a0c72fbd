"""A store holds what is done, knows what is missing, and is damaged by nothing."""

import os
import subprocess
import sys
import time

import fsspec
import numpy as np
import pytest
import zarr
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.codecs import Crc32cCodec

import spinvalley as sv
from spinvalley.store import Plan, layout
from spinvalley.store.lock import LEASE_SECONDS, locked
from spinvalley.store.place import LEASE, Place
from spinvalley.store.plan import coordinate, differences
from sweep_cases import CALLS, GRID, calls, chunks, patchy, smooth

NUMBERS = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1)
TEXTS = st.lists(st.text(st.characters(exclude_characters="\x00", codec="utf-8")), min_size=1)
JSON = st.recursive(st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=8)


@given(NUMBERS, TEXTS, st.lists(st.integers(-(2**60), 2**60), min_size=1))
def test_a_plan_comes_back_from_its_document_with_every_bit(numbers, texts, integers):
    coords = {"a": coordinate("a", numbers), "b": coordinate("b", texts), "c": coordinate("c", integers)}
    plan = Plan(coords, ("b",), 3, 5, None, "f", {"a": {"units": "meV"}})
    back = Plan.of_document(plan.document())
    assert back.document() == plan.document()
    assert all(back.coords[n].tobytes() == plan.coords[n].tobytes() for n in coords)


@given(JSON, JSON)
def test_documents_differ_exactly_where_differences_says(old, new):
    assert differences(old, old) == []
    assert (differences(old, new) == []) == (old == new)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A whole store of 7 points a block."""
    path = tmp_path_factory.mktemp("finished") / "s.zarr"
    return path, sv.sweep(patchy, GRID, store=path, block=7)


def copied(source, target):
    for name, content in {**chunks(source), **metadata(source)}.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    return target


def metadata(path):
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("zarr.json")}


def test_a_store_is_the_dataset_of_its_sweep(finished):
    path, data = finished
    store = sv.store.open_store(path)
    assert store.dataset().identical(data)
    assert store.states() == {"pending": 0, "done": 49, "failed": 7, "poisoned": 0, "skipped": 0}
    assert store.counts()["failed"] == 7
    assert sum(store.counts().values()) == 56
    assert store.missing() == []
    assert [session["points"] for session in store.history] == [56]


@settings(max_examples=15)
@given(st.randoms(use_true_random=False))
def test_a_half_written_chunk_is_seen_and_only_its_block_computed_again(finished, tmp_path_factory, random):
    path = copied(finished[0], tmp_path_factory.mktemp("half") / "s.zarr")
    whole = chunks(path)
    name = random.choice(sorted(whole))
    length = random.randrange(len(whole[name]))
    (path / name).write_bytes(whole[name][:length])
    block = int(name.split("/c/")[1].split("/")[0])
    assert sv.store.open_store(path).missing() == [(7 * block, 7 * block + 7)]
    assert (sv.store.open_store(path).dataset().status == "pending").sum() == 7
    side = path.parent / "calls"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CALLS, str(side))
        assert sv.sweep(patchy, GRID, store=path).identical(finished[1])
    assert len(calls(side)) == 7
    assert chunks(path) == whole


def test_a_chunk_that_is_gone_is_seen(finished, tmp_path):
    for name in chunks(finished[0]):
        path = copied(finished[0], tmp_path / name.replace("/", "_"))
        (path / name).unlink()
        assert len(sv.store.open_store(path).missing()) == 1


@pytest.mark.parametrize("content", [b"", bytes(4), bytes(40), b"\xff\x00"])
def test_what_a_power_cut_leaves_of_a_chunk_is_seen(finished, tmp_path, content):
    """Four zeros have a good checksum of nothing."""
    for name in chunks(finished[0]):
        path = copied(finished[0], tmp_path / name.replace("/", "_"))
        (path / name).write_bytes(content)
        assert len(sv.store.open_store(path).missing()) == 1
        assert (sv.store.open_store(path).dataset().status == "pending").sum() == 7


@pytest.mark.parametrize("content", [b"", b"\x84{", bytes(50), None])
def test_a_damaged_description_is_one_sentence_or_passed_over(finished, tmp_path, content):
    outcomes = set()
    for name in metadata(finished[0]):
        path = copied(finished[0], tmp_path / name.replace("/", "_"))
        (path / name).unlink() if content is None else (path / name).write_bytes(content)
        try:
            assert sv.sweep(patchy, GRID, store=path, block=7).identical(finished[1])
            outcomes.add("passed over")
        except sv.InvalidInput as error:
            outcomes.add(str(error)[:15])
    assert outcomes == {"passed over", "`store` must be"}


def test_values_without_the_document_that_describes_them_do_not_count(finished, tmp_path):
    path = copied(finished[0], tmp_path / "s.zarr")
    documents = sorted((path / "log").glob("[0-9]*/zarr.json"), key=lambda p: int(p.parent.name))
    described = [p for p in documents if '"template": null' not in p.read_text()]
    assert 0 < len(described) < len(documents)
    for document in described:
        document.write_bytes(b"")
    store = sv.store.open_store(path)
    assert store.states()["done"] == 0
    assert len(store.missing()) == 7  # a block that holds nothing but failures has no values to lose
    assert sv.sweep(patchy, GRID, store=path, block=7).identical(finished[1])
    assert chunks(path) == chunks(finished[0])


def test_counts_are_those_of_the_status_and_need_no_other_values(finished, monkeypatch):
    store, touched = sv.store.open_store(finished[0]), []
    read = layout.read
    monkeypatch.setattr(layout, "read", lambda array, *where: touched.append(array.basename) or read(array, *where))
    texts, numbers = np.unique(finished[1].status.values, return_counts=True)
    assert store.counts() == dict(zip(texts.tolist(), numbers.tolist(), strict=True))
    assert set(touched) == {"state", "message", "status"}
    store.dataset()
    assert "value" in touched


def test_without_its_checksum_a_changed_chunk_would_go_unseen(finished, tmp_path):
    """The broken variant: other numbers under a checksum made for them."""
    path = copied(finished[0], tmp_path / "s.zarr")
    array = zarr.open_array(path / "values" / "value")
    assert any(isinstance(codec, Crc32cCodec) for codec in array.compressors)
    array[:7] = 99.0
    assert sv.store.open_store(path).missing() == []
    assert not sv.store.open_store(path).dataset().identical(finished[1])


def test_two_drivers_of_one_store_are_one_too_many(tmp_path):
    path = tmp_path / "s.zarr"

    def intruder(x, y):
        if (x, y) == (3, 3):
            with pytest.raises(sv.InvalidInput, match=r"one driver at a time, but .* is in use by process"):
                sv.sweep(smooth, GRID, store=path)
        return smooth(x, y)

    data = sv.sweep(intruder, GRID, store=path, block=5)
    assert (data.status == "done").all()
    assert data.equals(sv.sweep(smooth, GRID))


HOLD = """
import time
from spinvalley.store.lock import locked
from spinvalley.store.place import LEASE, Place
with locked(Place.of({!r})):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_killed_driver_holds_nothing(tmp_path):
    path = tmp_path / "s.zarr"
    script = tmp_path.parent / "hold.py"
    script.write_text(HOLD.format(str(path)))
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(sv.InvalidInput, match=f"in use by process {owner.pid} on "):
            sv.sweep(smooth, GRID, store=path)
        owner.kill()
    assert not path.exists()
    sv.sweep(smooth, GRID, store=path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.zarr"]


def test_a_lease_keeps_others_out_until_it_is_old():
    place = Place.of("memory://lease")
    with locked(place), pytest.raises(sv.InvalidInput, match="one driver at a time"), locked(place):
        pass
    lease = f'{{"owner": "x", "who": "nobody", "time": {time.time() - LEASE_SECONDS + 30}}}'
    place.system.pipe_file(f"{place.root}/{LEASE}", lease.encode())
    with pytest.raises(sv.InvalidInput, match="in use by nobody"), locked(place):
        pass
    place.system.pipe_file(f"{place.root}/{LEASE}", lease.replace("time", "tame").encode())
    with locked(place):
        assert place.system.exists(f"{place.root}/{LEASE}")
    assert not place.system.exists(f"{place.root}/{LEASE}")


def test_a_lease_that_another_driver_took_over_is_left_to_it():
    place = Place.of("memory://overtaken")
    other = b'{"owner": "another", "who": "another", "time": 0}'
    with locked(place):
        place.system.pipe_file(f"{place.root}/{LEASE}", other)
    assert place.system.cat_file(f"{place.root}/{LEASE}") == other


def test_folder_url_and_memory_hold_the_same(tmp_path, finished):
    for url in (f"file://{tmp_path}/f.zarr", "memory://same/s.zarr", tmp_path / "p.zarr"):
        assert sv.sweep(patchy, GRID, store=url, block=7).identical(finished[1])
        assert sv.store.open_store(url).dataset().identical(finished[1])
    assert chunks(tmp_path / "f.zarr") == chunks(tmp_path / "p.zarr") == chunks(finished[0])


def test_a_creation_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def broken(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("spinvalley.store.layout.create", broken)
    for url in (tmp_path / "s.zarr", "memory://broken"):
        with pytest.raises(sv.InvalidInput, match=r"cannot be written to .*No space left on device"):
            sv.sweep(smooth, GRID, store=url)
        with pytest.raises(sv.InvalidInput):
            sv.store.open_store(url)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert (sv.sweep(smooth, GRID, store="memory://broken").status == "done").all()


@pytest.mark.parametrize("kind", ["file", "folder", "other zarr", "format"])
def test_what_is_not_ours_is_left_alone(tmp_path, finished, kind):
    path = tmp_path / "s.zarr"
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
        (path / "thesis.tex").write_text("mine")
    elif kind == "other zarr":
        zarr.create_group(path)
    else:
        copied(finished[0], path)
        zarr.open_group(path, mode="r+").update_attributes({"spinvalley": {"format": 99}})
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    for call in (lambda: sv.sweep(smooth, GRID, store=path), lambda: sv.store.open_store(path)):
        with pytest.raises(sv.InvalidInput, match="`store` must be"):
            call()
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("url", ["", "nosuchscheme://x", "memory://nothing", "/proc/nothing/here"])
def test_a_place_without_a_store_gets_one_sentence(url):
    with pytest.raises(sv.InvalidInput, match="`store` must"):
        sv.store.open_store(url)
    if "nothing/here" in url or not url or "scheme" in url:
        with pytest.raises(sv.InvalidInput, match="`store` must"):
            sv.sweep(smooth, GRID, store=url)


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, finished, monkeypatch):
    path = copied(finished[0], tmp_path / "s.zarr")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(sv.InvalidInput, match="cannot be written to"):
        sv.sweep(patchy, GRID, store=path)
    assert sv.store.open_store(path).missing() == []


class Full(MemoryFileSystem):
    """A disk that ends after so many bytes; the last file on it is half-written."""

    protocol = "full"
    store: dict = {}  # noqa: RUF012
    pseudo_dirs = [""]  # noqa: RUF012
    left = 10**9

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.replace("full://", "memory://"))

    def pipe_file(self, path, value, mode="overwrite", **_):
        fits = value[: max(0, Full.left)]
        Full.left -= len(value)
        super().pipe_file(path, fits, mode=mode)
        if len(fits) < len(value):
            raise OSError(28, "No space left on device")


def test_a_full_disk_keeps_what_is_done(finished):
    fsspec.register_implementation("full", Full, clobber=True)
    Full.left = 10**9
    sv.sweep(patchy, GRID, store="full://reference/s.zarr", block=7)
    needed = 10**9 - Full.left
    for k, part in enumerate((0.1, 0.4, 0.55, 0.7, 0.85, 0.95)):
        url = f"full://disk{k}/s.zarr"
        Full.left = int(part * needed)
        with pytest.raises((sv.store.StoreError, sv.InvalidInput), match=r"cannot be written to .*No space left"):
            sv.sweep(patchy, GRID, store=url, block=7)
        Full.left = 10**9
        assert sv.sweep(patchy, GRID, store=url, block=7).identical(finished[1])
        assert contents(url) == contents("full://reference/s.zarr")


def contents(url):
    """Chunks of a store by fsspec."""
    place = Place.of(url)
    names = [n for n in place.keys("") if not n.endswith("zarr.json")]
    return {n: place.system.cat_file(f"{place.root.rstrip('/')}/{n}") for n in names}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_small_file_system_that_is_full_keeps_what_is_done(tmp_path, finished):
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], capture_output=True)
    if done.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        (disk / "ballast").write_bytes(b"x" * 1024 * 60)
        with pytest.raises(sv.store.StoreError, match=r"cannot be written to .No space left on device"):
            sv.sweep(patchy, GRID, store=disk / "s.zarr", block=7)
        assert 0 < len(sv.store.open_store(disk / "s.zarr").missing()) < 8
        (disk / "ballast").unlink()
        (disk / "s.zarr").rename(disk / "moved.zarr")  # a store may be moved
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert sv.sweep(patchy, GRID, store=disk / "moved.zarr").identical(finished[1])
        assert chunks(disk / "moved.zarr") == chunks(finished[0])
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_values_of_a_store_are_those_of_the_function(finished):
    data = finished[1]
    assert np.array_equal(data.value.sel(x=5), 5 - GRID["y"])
    assert np.isnan(data.value.sel(x=2)).all()
    assert set(data.message.sel(x=2).values) == {"ValueError: x is two"}
