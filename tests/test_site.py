"""The site builds without a warning, from nothing but this checkout, and leaves nobody in front of a dead link."""

import fcntl
import importlib
import inspect
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import floors
import pytest
import reference

import spinvalley
from site_cases import ROOT, shared_folder
from spinvalley.checks import Status

pytest.importorskip("sphinx")
pytest.importorskip("myst_nb")

DOCS = ROOT / "docs"
TUTORIALS = ("heterostructure", "gated_mos2", "topology", "own_material", "experiment")
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}


@dataclass(frozen=True)
class Page:
    """What one page of the site loads, links to, and can be linked at."""

    loads: list
    links: list
    anchors: set
    pictures: list


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.page = Page([], [], set(), [])

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if given.get("id"):
            self.page.anchors.add(given["id"])
        if given.get(LOADING.get(tag, "")):
            self.page.loads.append(given[LOADING[tag]])
        if tag == "img":
            self.page.pictures.append(given)
        if tag == "a" and given.get("href"):
            self.page.links.append(given["href"])


def read(path):
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page


def build(source, out, *options):
    """Run Sphinx as `make docs` does; exit status and what it says."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", *options]
    quiet = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [*command, "-d", str(out.with_name(f"{out.name}.trees")), str(source), str(out)],
        capture_output=True,
        text=True,
        env={**os.environ, **quiet},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; all workers share one build, which shares the runs of the pages with test_documentation.py."""
    folder = shared_folder(tmp_path_factory)
    told = folder / "site.log"
    with (folder / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            status, words = build(DOCS, folder / "site", "-D", f"examples_store={folder / 'examples'}")
            told.write_text(json.dumps([status, words]), encoding="utf-8")
    status, words = json.loads(told.read_text(encoding="utf-8"))
    assert (status, words.strip()) == (0, "")
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): read(path) for path in sorted(site.rglob("*.html"))}


# What is loaded and linked --------------------------------------------------------------------------------------------
def outside(addresses):
    return [address for address in addresses if urlsplit(address).netloc]


def test_nothing_is_loaded_from_a_network(site, pages):
    assert len(pages) > 30
    assert {name: outside(page.loads) for name, page in pages.items() if outside(page.loads)} == {}
    for sheet in site.rglob("*.css"):
        asked = re.findall(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")\s]+)", sheet.read_text(encoding="utf-8"))
        assert asked == [], sheet


def dead_links(site, pages):
    """Links and pictures inside the site that lead nowhere."""
    dead = []
    for name, page in pages.items():
        for address in [*page.links, *page.loads]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = ((site / name).parent / unquote(parts.path)).resolve() if parts.path else site / name
            known = pages.get(target.relative_to(site.resolve()).as_posix()) if target.suffix == ".html" else None
            if not target.is_file() or (known and parts.fragment and unquote(parts.fragment) not in known.anchors):
                dead.append((name, address))
    return dead


def test_every_link_inside_the_site_leads_somewhere(site, pages):
    assert dead_links(site.resolve(), pages) == []


def test_the_checks_of_links_can_fail(tmp_path):
    (tmp_path / "index.html").write_text(
        "<a href='gone.html'>x</a><a href='#no'>x</a><a href='index.html#yes' id='yes'>x</a>"
        "<script src='https://cdn.example.org/x.js'></script><img src='fine.png'>",
        encoding="utf-8",
    )
    (tmp_path / "fine.png").touch()
    found = {"index.html": read(tmp_path / "index.html")}
    assert [address for _, address in dead_links(tmp_path, found)] == ["gone.html", "#no"]
    assert outside(found["index.html"].loads) == ["https://cdn.example.org/x.js"]


# Content --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_shows_figures(pages, name):
    pictures = pages[f"{name}.html"].pictures
    assert pictures
    assert all(picture.get("alt") for picture in pictures)


def test_every_stored_picture_is_explained_on_a_page_and_in_the_gallery(site):
    pictures = {path.name for path in (DOCS / "figures").glob("*.png")}
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *DOCS.rglob("*.md"))]
    assert {name for name in pictures if not any(f"figures/{name}" in text for text in texts)} == set()
    shown = (site / "gallery.html").read_text(encoding="utf-8")
    on_pages = {name for name in pictures if any(f"](figures/{name})" in text for text in texts[1:])}
    assert {name for name in on_pages if name not in shown} == set()


def test_the_drawing_of_the_floors_is_that_of_the_contract(tmp_path):
    assert floors.DRAWING.read_text(encoding="utf-8") == floors.svg(ROOT / "pyproject.toml"), (
        "run `python docs/_ext/floors.py`"
    )
    changed = tmp_path / "pyproject.toml"
    changed.write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8").replace('"normal",', '"normal | new",'))
    assert floors.svg(changed) != floors.svg(ROOT / "pyproject.toml")
    assert ("new", False) in [room for row in floors.floors(changed) for room in row]


def test_claims_tables_hold_every_claim(site):
    page = (site / "validation.html").read_text(encoding="utf-8")
    for path in sorted((DOCS / "claims").glob("*.json")):
        table = json.loads(path.read_text(encoding="utf-8"))
        assert table["summary"] in page
        assert len(table["claims"]) > 10
        assert {claim["verdict"].split(" if ")[0] for claim in table["claims"]} <= {"reproduced", "not reproduced"}
        assert {r["status"] for claim in table["claims"] for r in claim["results"]} <= set(map(str, Status))
    assert page.count("<tr") > sum(len(json.loads(p.read_text())["claims"]) for p in (DOCS / "claims").glob("*.json"))


@pytest.mark.nightly
@pytest.mark.parametrize("paper", ["heterostructure", "gated_mos2"])
def test_claims_tables_are_those_of_the_code(paper, tmp_path):
    kept = json.loads((DOCS / "claims" / f"{paper}.json").read_text(encoding="utf-8"))
    importlib.import_module(f"spinvalley.papers.{paper}").run(tmp_path / paper)
    made = json.loads((tmp_path / paper / "claims.json").read_text(encoding="utf-8"))
    for told, found in zip(kept["claims"], made["claims"], strict=True):
        assert (told["name"], told["statement"], told["verdict"]) == (
            found["name"],
            found["statement"],
            found["verdict"],
        )
        for a, b in zip(told["results"], found["results"], strict=True):
            assert a["value"] == pytest.approx(b["value"], rel=1e-3, abs=a["error"] + b["error"] + 1e-9)


# Reference ------------------------------------------------------------------------------------------------------------
def documented(site):
    inventory = importlib.import_module("sphinx.util.inventory").InventoryFile
    with (site / "objects.inv").open("rb") as file:
        known = inventory.load(file, "", lambda _, uri: uri)
    return {name for kind, names in known.items() if kind.startswith("py:") for name in names}


def undocumented(known):
    """Public names of all packages that the reference does not describe; short names lead to where it does."""
    packages = [info.name for info in pkgutil.iter_modules(spinvalley.__path__)]
    names = [f"spinvalley.{name}" for name in spinvalley.__all__]
    for package in set(packages) - {"cli"}:
        module = importlib.import_module(f"spinvalley.{package}")
        names += [f"spinvalley.{package}.{name}" for name in getattr(module, "__all__", ())]
    homes = reference.homes()
    return sorted(name for name in names if homes.get(name, name) not in known)


def test_the_reference_misses_no_public_name(site):
    known = documented(site)
    assert undocumented(known) == []
    assert undocumented(known - {"spinvalley.pairing.hc2"}) == ["spinvalley.pairing.hc2"]


# Theory to code -------------------------------------------------------------------------------------------------------
EQUATIONS = {f"({n})" for n in range(1, 9)} | {f"M{n}" for n in range(1, 6)} | {f"S{n}" for n in range(1, 9)}


def rows(text):
    """(label, functions, files) of every row of the tables of functions."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        functions = re.findall(r"`(sv\.[\w.]+)`", cells[2]) if len(cells) == 4 else []
        if functions:
            yield cells[0], functions, re.findall(r"`([\w/]+\.py)`", cells[3])


def wrong_rows(text):
    """Functions of the map that do not exist, or not in the file that the map names."""
    wrong = []
    for label, functions, files in rows(text):
        for function, file in zip(functions, files * len(functions) if len(files) == 1 else files, strict=True):
            thing = spinvalley
            for part in function.split(".")[1:]:
                thing = getattr(thing, part, None)
            source = inspect.getsourcefile(inspect.unwrap(thing)) if thing is not None else None
            if source is None or Path(source) != ROOT / "src" / "spinvalley" / file:
                wrong.append((label, function, file))
    return wrong


def test_every_equation_of_the_papers_has_a_function_that_exists():
    text = (DOCS / "theory.md").read_text(encoding="utf-8")
    assert set() == EQUATIONS - {label for label, _, _ in rows(text)}
    assert wrong_rows(text) == []
    assert wrong_rows(text.replace("`sv.models.tmd`", "`sv.models.gone`")) == [
        ("(1)", "sv.models.gone", "models/films.py")
    ]
    assert wrong_rows(text.replace("`normal/spectral.py` |", "`normal/bands.py` |"))


# The build itself -----------------------------------------------------------------------------------------------------
def small_site(folder, text):
    """A site of one page with the configuration of ours."""
    for name in ("_ext", "_static", "conf.py"):
        copy = shutil.copytree if (DOCS / name).is_dir() else shutil.copy
        copy(DOCS / name, folder / name)
    (folder / "index.md").write_text(text, encoding="utf-8")
    return build(folder, folder / "_build" / "html", "-D", "reference_pages=0")


def test_a_page_with_a_failing_block_stops_the_build_with_page_and_line(tmp_path):
    status, words = small_site(tmp_path, "# Title\n\n```python\nx = 1\n\n1 / 0\n```\n\n[dead](gone.md)\n")
    assert status != 0
    assert re.search(r"index\.md:6: ZeroDivisionError", words)
    assert re.search(r"index\.md:9: WARNING: .*gone\.md", words)


def test_what_a_block_prints_and_draws_is_on_the_page(tmp_path):
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('thirty', 7 * 6)"
    status, words = small_site(tmp_path, f"# Title\n\n```python\n{code}\n```\n\n$\\Delta^2$\n")
    assert (status, words.strip()) == (0, "")
    text = (tmp_path / "_build" / "html" / "index.html").read_text(encoding="utf-8")
    assert "thirty 42" in text
    assert "<math" in text
    assert len(read(tmp_path / "_build" / "html" / "index.html").pictures) == 1
