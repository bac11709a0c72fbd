"""Runs the `python` blocks of a page, those of one page in order in one namespace, and keeps what they show.

This is the one runner of README.md and docs/: the tests use it, and the site shows what it kept. A block cannot opt
out: what follows the word `python` on its fence is ignored, other names of the language are refused, and so is a
block inside a directive. A warning is an error. As a program (`python examples.py PAGE OUT.json`) it runs one page in
a fresh interpreter.
"""

import ast
import base64
import fcntl
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import traceback
import warnings
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
ALIASES = {"py", "python3", "pycon", "ipython", "ipython3", "py3"}
DIRECTIVES = {"code", "code-block", "code-cell", "sourcecode", "raw-cell"}  # they would show code that nobody runs
OPENING = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,})\s*(?P<info>[^`]*)$")
COLONS = re.compile(r"^\s*(?P<fence>:{3,})\s*(?P<info>\S.*)?$")
DPI = 200
PIXELS_PER_INCH = 110  # on the page, so that the figures are sharp on fine screens too


class DocumentationError(AssertionError):
    """A page whose examples do not run."""


@dataclass(frozen=True)
class Block:
    """Code of one fence, from line `start` (the fence) to line `stop` (its end) of the page, from 1."""

    start: int
    stop: int
    code: str
    indented: bool

    @property
    def line(self):
        """The line of the page on which the code begins."""
        return self.start + 1


@dataclass
class Shown:
    """What a block shows: printed text, value of its last expression, figures (PNG in base64, width, words)."""

    text: str = ""
    value: str = ""
    figures: list = field(default_factory=list)


# Blocks ---------------------------------------------------------------------------------------------------------------
def python_blocks(page):
    """Blocks of a page, in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    blocks, at, directives = [], 0, []
    while at < len(lines):
        directives = _colon_fences(directives, lines[at])
        opening = OPENING.match(lines[at])
        at += 1
        if not opening:
            continue
        start = at
        closing = re.compile(rf"^\s*{opening['fence'][0]}{{{len(opening['fence'])},}}\s*$")
        while at < len(lines) and not closing.match(lines[at]):
            at += 1
        if at == len(lines):
            raise DocumentationError(f"{page}:{start}: the fence must be closed, but is not")
        at += 1
        language = (re.split(r"[\s,{}]+", opening["info"].strip(" {}."), maxsplit=1)[0]).lower()
        inside = lines[start : at - 1]
        _refuse(page, start, language, opening["info"].strip(), inside)
        if language == "python":
            if directives:
                raise DocumentationError(
                    f"{page}:{start}: a `python` block must not stand inside a directive, but does"
                )
            blocks.append(Block(start, at, dedent("\n".join(inside)) + "\n", bool(opening["indent"])))
    return blocks


def _refuse(page, line, language, info, inside):
    """What would be shown as Python but not run."""
    if language in ALIASES:
        raise DocumentationError(f"{page}:{line}: the fence must say `python`, but says `{language}`")
    if not info.startswith("{") or language == "python":
        return
    if language in DIRECTIVES:
        raise DocumentationError(f"{page}:{line}: the fence must say `python`, but is a directive `{language}`")
    if any(re.match(r"^\s*(`{3,}|~{3,})\s*\{?python", text.lower()) for text in inside):
        raise DocumentationError(f"{page}:{line}: a `python` block must not stand inside a directive, but does")


def _colon_fences(opened, line):
    """Colon fences (directives) that are open after this line."""
    found = COLONS.match(line)
    if not found:
        return opened
    if found["info"]:
        return [*opened, len(found["fence"])]
    return opened[:-1] if opened and len(found["fence"]) >= opened[-1] else opened


# Running --------------------------------------------------------------------------------------------------------------
def run_page(page):
    """Execute the blocks of a page and return what each shows; an error names the page and the line on it."""
    namespace, shown = {"__name__": "__main__"}, []
    for block in python_blocks(page):
        printed = io.StringIO()
        try:
            with warnings.catch_warnings(), redirect_stdout(printed):
                warnings.simplefilter("error")
                value = _execute(block, page, namespace)
        except (Exception, SystemExit) as error:
            own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(page)]
            syntax = isinstance(error, SyntaxError) and error.filename == str(page)
            line = error.lineno if syntax else (own or [block.line])[0]
            raise DocumentationError(f"{page}:{line}: {type(error).__name__}: {error}") from error
        shown.append(Shown(printed.getvalue(), "" if value is None else repr(value), _figures()))
    return shown


def _execute(block, page, namespace):
    """Run a block; the value of its last expression, None where there is none worth showing."""
    # The empty lines give the code the line numbers of the page.
    tree = ast.parse("\n" * (block.line - 1) + block.code, str(page))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(page), "exec"), namespace)
    if last is None:
        return None
    value = eval(compile(ast.Expression(last.value), str(page), "eval"), namespace)
    kinds = {type(part).__module__.split(".")[0] for part in (value if isinstance(value, list | tuple) else [value])}
    return None if "matplotlib" in kinds else value


def _figures():
    """Open figures as PNG; they are closed."""
    if "matplotlib.pyplot" not in sys.modules:
        return []
    plt = sys.modules["matplotlib.pyplot"]
    found = []
    for number in plt.get_fignums():
        figure, data = plt.figure(number), io.BytesIO()
        figure.savefig(data, format="png", dpi=DPI, bbox_inches="tight", facecolor="white")
        pixels = int.from_bytes(data.getvalue()[16:20], "big")  # width, in the header of a PNG
        width = round(pixels / DPI * PIXELS_PER_INCH)
        found.append({"png": base64.b64encode(data.getvalue()).decode(), "width": width, "alt": _words(figure)})
    plt.close("all")
    return found


def _words(figure):
    """A figure in words, for those who do not see it."""
    axes = [ax for ax in figure.axes if ax.get_xlabel() and ax.get_ylabel()]
    named = [f"{ax.get_ylabel()} against {ax.get_xlabel()}" for ax in axes]
    words = re.sub(r"\\(?:rm|mathrm|mathbf)\b ?|[${}\\]", "", "; ".join(dict.fromkeys(named)))
    return "Figure: " + (words or "see the text")


# Pages in a process of their own, each once ---------------------------------------------------------------------------
def executed(page, store):
    """What the blocks of a page show. A page that was run before with the same text is not run again.

    Processes that ask for one page at the same time share one run. A store is for one state of the code (`code`).

    Raises:
        DocumentationError: a block fails; page and line are named.
    """
    if not python_blocks(page):
        return []
    store.mkdir(parents=True, exist_ok=True)
    kept = store / f"{page.stem}-{_digest(str(page).encode(), page.read_bytes())}.json"
    with (store / f"{kept.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _run_alone(page, kept)
    found = json.loads(kept.read_text(encoding="utf-8"))
    if found["error"]:
        raise DocumentationError(found["error"])
    return [Shown(**shown) for shown in found["shown"]]


def _run_alone(page, out):
    """Run a page in a fresh interpreter and an empty folder; its result appears under `out` at once."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory() as folder:
        partial = out.with_suffix(f".{os.getpid()}")
        command = [sys.executable, __file__, str(page), str(partial)]
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **threads, "MPLBACKEND": "Agg"}, capture_output=True, text=True
        )
        if not partial.exists():
            raise DocumentationError(f"{page}:1: its process ended with code {done.returncode}: {done.stderr[-2000:]}")
        partial.replace(out)


def code():
    """A fingerprint of all code that pages may run."""
    sources = [path.read_bytes() for path in sorted((ROOT / "src").rglob("*.py"))]
    return _digest(Path(__file__).read_bytes(), sys.version.encode(), *sources)


def _digest(*parts):
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:20]


def main(page, out):
    """Run one page and write what it shows, or its error, as JSON."""
    try:
        found = {"shown": [asdict(shown) for shown in run_page(Path(page))], "error": ""}
    except DocumentationError as error:
        found = {"shown": [], "error": str(error)}
    Path(out).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
