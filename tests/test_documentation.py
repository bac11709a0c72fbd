"""Every `python` block of README.md and docs/ runs: those of one page in order, in one namespace.

A block cannot opt out: what follows the word `python` on its fence is ignored, and other names of the language are
refused.
"""

import re
import traceback
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[1]
ALIASES = {"py", "python3", "pycon", "ipython", "ipython3", "py3"}
OPENING = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,})\s*(?P<info>[^`]*)$")


class DocumentationError(AssertionError):
    """A page whose examples do not run."""


@dataclass(frozen=True)
class Block:
    """Code of one fence; `line` is the line of the page on which the code begins, from 1."""

    line: int
    code: str


def python_blocks(page):
    """Blocks of a page, in order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    blocks, at = [], 0
    while at < len(lines):
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
        language = (re.split(r"[\s,{}]+", opening["info"].strip(" {}."), maxsplit=1)[0]).lower()
        if language in ALIASES:
            raise DocumentationError(f"{page}:{start}: the fence must say `python`, but says `{language}`")
        if language == "python":
            blocks.append(Block(start + 1, dedent("\n".join(lines[start:at])) + "\n"))
        at += 1
    return blocks


def run_page(page):
    """Execute the blocks of a page; an error names the page and the line on it."""
    namespace = {"__name__": "__main__"}
    for block in python_blocks(page):
        try:
            # The empty lines give the code the line numbers of the page.
            exec(compile("\n" * (block.line - 1) + block.code, str(page), "exec"), namespace)
        except (Exception, SystemExit) as error:
            own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(page)]
            line = (
                error.lineno
                if isinstance(error, SyntaxError) and error.filename == str(page)
                else (own or [block.line])[0]
            )
            raise DocumentationError(f"{page}:{line}: {type(error).__name__}: {error}") from error


def pages():
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in found if page.exists() and "_build" not in page.parts]


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """An empty folder to run in, and figures that open no window."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    plt.close("all")


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page, scratch):  # noqa: ARG001
    run_page(page)


# The tester itself ----------------------------------------------------------------------------------------------------
def write(folder, text):
    page = folder / "page.md"
    page.write_text(dedent(text), encoding="utf-8")
    return page


def test_blocks_of_a_page_share_a_namespace_and_other_languages_are_left(scratch):
    page = write(
        scratch,
        """\
        ```python
        x = 2
        ```
        ```sh
        rm nothing
        ```
        ````md
        ```python
        shown, not run
        ```
        ````
        - in a list
          ```python title="named"
          from pathlib import Path
          Path("made").write_text(str(x**3))
          ```
        """,
    )
    run_page(page)
    assert (scratch / "made").read_text() == "8"


@pytest.mark.parametrize(
    ("code", "line", "error"),
    [
        ("x = 1\n1 / 0", 8, "ZeroDivisionError"),
        ("x = 1\nx = = 2", 8, "SyntaxError"),
        ("def f():\n    raise KeyError\nf()", 9, "KeyError"),
        ("raise SystemExit", 7, "SystemExit"),
    ],
)
def test_a_failing_block_is_named_by_page_and_line(scratch, code, line, error):
    page = scratch / "page.md"
    page.write_text(f"# Title\n\n```python\ny = 1\n```\n```python\n{code}\n```\n", encoding="utf-8")
    with pytest.raises(DocumentationError, match=rf"page\.md:{line}: {error}"):
        run_page(page)


@pytest.mark.parametrize("info", ["python no-run", "python {skip}", "{python}", "python,ignore", "Python"])
def test_no_block_can_opt_out(scratch, info):
    with pytest.raises(DocumentationError, match="ZeroDivisionError"):
        run_page(write(scratch, f"```{info}\n1 / 0\n```\n"))


@pytest.mark.parametrize(
    ("text", "why"), [("```py\n1\n```\n", "must say `python`"), ("```python\n1\n", "must be closed")]
)
def test_what_would_escape_the_tester_is_refused(scratch, text, why):
    with pytest.raises(DocumentationError, match=why):
        run_page(write(scratch, text))
