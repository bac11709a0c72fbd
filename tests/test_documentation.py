"""Every `python` block of README.md and docs/ runs: those of one page in order, in one namespace.

A block cannot opt out: what follows the word `python` on its fence is ignored, other names of the language are
refused. The runner is that of the site, which shows what it kept: each page is run once for both.
"""

from textwrap import dedent

import pytest
from examples import DocumentationError, executed, run_page

from site_cases import ROOT, shared_folder


def pages():
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in found if not {"_build", "reference"} & set(page.relative_to(ROOT).parts)]


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """An empty folder to run in, and figures that open no window."""
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("Agg")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    plt.close("all")


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page, tmp_path_factory):
    executed(page, shared_folder(tmp_path_factory) / "examples")


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
    ("text", "why"),
    [
        ("```py\n1\n```\n", "must say `python`"),
        ("```python\n1\n", "must be closed"),
        ("```{code-block} python\n1 / 0\n```\n", "must say `python`"),
        ("````{note}\n```python\n1 / 0\n```\n````\n", "inside a directive"),
        (":::{note}\n```python\n1 / 0\n```\n:::\n", "inside a directive"),
    ],
)
def test_what_would_escape_the_tester_is_refused(scratch, text, why):
    with pytest.raises(DocumentationError, match=why):
        run_page(write(scratch, text))


def test_a_block_after_a_closed_directive_runs(scratch):
    with pytest.raises(DocumentationError, match="ZeroDivisionError"):
        run_page(write(scratch, ":::{note}\nwords\n:::\n```python\n1 / 0\n```\n"))


def test_a_warning_is_an_error(scratch):
    with pytest.raises(DocumentationError, match=r"page\.md:2: UserWarning: careful"):
        run_page(write(scratch, "```python\nimport warnings; warnings.warn('careful')\n```\n"))


def test_what_a_block_shows_is_kept(scratch):
    page = write(
        scratch,
        """\
        ```python
        import matplotlib.pyplot as plt
        print("printed")
        6 * 7
        ```
        ```python
        ax = plt.figure().gca()
        ax.set_xlabel("T (K)"), ax.set_ylabel("B (T)")
        ax.plot([1, 2])
        ```
        """,
    )
    first, second = run_page(page)
    assert (first.text, first.value, first.figures) == ("printed\n", "42", [])
    assert (second.text, second.value) == ("", "")
    assert [(figure["alt"], figure["width"] > 300) for figure in second.figures] == [
        ("Figure: B (T) against T (K)", True)
    ]


def test_a_page_runs_once_until_it_changes(scratch):
    page = write(scratch, f"```python\nopen({str(scratch / 'log')!r}, 'a').write('x')\n```\n")
    for _ in range(2):
        executed(page, scratch / "store")
    assert (scratch / "log").read_text() == "x"
    page.write_text(page.read_text() + "\nMore words.\n")
    executed(page, scratch / "store")
    assert (scratch / "log").read_text() == "xx"


def test_a_page_that_ends_its_process_is_named(scratch):
    page = write(scratch, "```python\nimport os\nos._exit(3)\n```\n")
    with pytest.raises(DocumentationError, match=r"page\.md:1: its process ended with code 3"):
        executed(page, scratch / "store")
