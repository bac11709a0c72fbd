"""What the site needs beyond Sphinx and MyST-NB: executed pages, formulas, links, claims tables, a gallery."""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import nbformat
from docutils import nodes
from latex2mathml.converter import convert
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parent))
import examples
import reference

LOG = logging.getLogger(__name__)
PICTURE = re.compile(r"!\[(?P<alt>[^\]]+)\]\((?P<path>figures/[^)]+\.png)\)")
OURS = re.compile(r"^(sv|spinvalley)(\.\w+)+$")
_shown = {}  # what the blocks of a page show, by the digest of its text


# Pages as notebooks ---------------------------------------------------------------------------------------------------
def run_examples(app, docname, source):
    """Execute the blocks of a page before it is read; what fails is a warning with page and line."""
    page = Path(app.env.doc2path(docname))
    if page.suffix != ".md":
        return
    try:
        _shown[_digest(source[0])] = examples.executed(page, Path(app.config.examples_store))
    except examples.DocumentationError as error:
        LOG.warning("%s", error)
        _shown[_digest(source[0])] = None


def read_notebook(text):
    """A page as a notebook: every `python` block is a cell with what it showed; the rest is Markdown."""
    book, lines = nbformat.v4.new_notebook(), text.splitlines()
    shown, starts, at = _shown.get(_digest(text)), [], 0
    for n, block in enumerate(_blocks(text) if shown else []):
        if block.indented:
            continue
        starts += [at - 1, block.line - 1]
        book.cells.append(nbformat.v4.new_markdown_cell("\n".join(lines[at : block.start - 1])))
        book.cells.append(_cell(block, shown[n]))
        at = block.stop
    book.cells.append(nbformat.v4.new_markdown_cell("\n".join(lines[at:])))
    book.metadata["source_map"] = [*starts, at - 1]  # MyST-NB counts one line too many
    book.metadata["language_info"] = {"name": "python", "pygments_lexer": "python"}
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python", "language": "python"}
    return book


def _cell(block, shown):
    cell = nbformat.v4.new_code_cell(block.code.rstrip("\n"), execution_count=1)
    if shown.text:
        cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=shown.text))
    if shown.value:
        cell.outputs.append(nbformat.v4.new_output("display_data", data={"text/plain": shown.value}))
    for figure in shown.figures:
        cell.outputs.append(nbformat.v4.new_output("display_data", data={"image/png": figure["png"]}))
        cell.metadata["mystnb"] = {"image": {"width": f"{figure['width']}px", "alt": figure["alt"]}}
    return cell


def _blocks(text):
    return examples.python_blocks(_Text(text))


class _Text:
    """A page that is a text in memory."""

    def __init__(self, text):
        self.text = text

    def read_text(self, encoding):  # noqa: ARG002
        return self.text


def _digest(text):
    return hashlib.sha256("\n".join(line.rstrip() for line in text.strip().splitlines()).encode()).hexdigest()


# Formulas -------------------------------------------------------------------------------------------------------------
def write_formula(self, node):
    """A formula as MathML, which browsers draw by themselves: no script, no fonts, no network."""
    display = "block" if isinstance(node, nodes.math_block) else "inline"
    formula = convert(node.astext(), display=display)
    self.body.append(f"<div class='formula'>{formula}</div>" if display == "block" else formula)
    raise nodes.SkipNode


# Links ----------------------------------------------------------------------------------------------------------------
class LinkNames(SphinxTransform):
    """Public names in running text, `sv.solve_gap`, lead to the reference."""

    default_priority = 200

    def apply(self, **_):
        """Replace each literal that is a public name by a link around it."""
        for literal in list(self.document.findall(nodes.literal)):
            text = literal.astext()
            if not OURS.match(text) or isinstance(literal.parent, pending_xref):
                continue
            known, full = reference.homes(), re.sub(r"^sv\.", "spinvalley.", text)
            if full not in known:
                continue
            link = pending_xref(
                "", refdomain="py", reftype="obj", reftarget=known[full], refexplicit=True, refwarn=True
            )
            link.source, link.line, link["refdoc"] = literal.source, literal.line, self.env.docname
            literal.replace_self(link)
            link += literal


# Directives -----------------------------------------------------------------------------------------------------------
class Claims(SphinxDirective):
    """The claims table of a paper, from the claims.json that `spinvalley paper` writes."""

    required_arguments = 1

    def run(self):
        """One row for each claim."""
        path = Path(self.env.srcdir) / self.arguments[0]
        self.env.note_dependency(str(path))
        table = json.loads(path.read_text(encoding="utf-8"))
        rows = ["| where | the paper says | found | verdict |", "| --- | --- | --- | --- |"]
        rows += [" ".join(["|", " | ".join(map(_in_cell, _row(claim))), "|"]) for claim in table["claims"]]
        return self.parse_text_to_nodes("\n".join([_in_cell(table["summary"]), "", *rows]))


def _row(claim):
    unit = f" {claim['unit']}" if claim["unit"] else ""
    values = [_number(r["value"]) + (f" at {_at(r['at'])}" if claim["variable"] else "") for r in claim["results"]]
    variable = f" for {claim['variable']}" if claim["variable"] else ""
    return (
        claim["where"],
        claim["statement"],
        f"{claim['quantity']}{variable}: {', '.join(values)}{unit}",
        claim["verdict"],
    )


def _number(value):
    return "0" if value is not None and abs(value) < 1e-12 else f"{float('nan') if value is None else value:.5g}"


def _at(condition):
    return condition if isinstance(condition, str) else f"{condition:g}"


def _in_cell(text):
    return re.sub(r"([|*_<>\[\]{}$`\\])", r"\\\1", text)


class Gallery(SphinxDirective):
    """Every picture that a page shows, with its words and the page."""

    def run(self):
        """A card for each picture, in the order of the pages."""
        text, seen = ["::::{container} gallery"], set()
        for page in sorted(Path(self.env.srcdir).glob("*.md")):
            content = page.read_text(encoding="utf-8")
            title = re.search(r"^# (.+)$", content, re.M)
            for found in PICTURE.finditer(content):
                if found["path"] in seen or not title or page.stem == "gallery":
                    continue
                seen.add(found["path"])
                words = f"{found['alt'].rstrip('.')}. [{title[1]}]({page.name})"
                text += [f":::{{figure}} {found['path']}", f":alt: {found['alt']}", "", words, ":::"]
        return self.parse_text_to_nodes("\n".join([*text, "::::"]))


# Registration ---------------------------------------------------------------------------------------------------------
def choose_store(app, config):
    """What pages show is kept beside the site for this state of the code; that of others goes."""
    if not config.examples_store:
        folder = Path(app.outdir).parent / "examples"
        config.examples_store = str(folder / examples.code())
        for old in set(folder.glob("*")) - {Path(config.examples_store)}:
            shutil.rmtree(old)


def write_reference(app):
    """The pages of the reference; a page that did not change is left alone."""
    if not int(app.config.reference_pages):
        return
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    texts = reference.pages()
    for old in folder.glob("*.md"):
        if old.stem not in texts:
            old.unlink()
    for name, text in texts.items():
        page = folder / f"{name}.md"
        if not page.exists() or page.read_text(encoding="utf-8") != text:
            page.write_text(text, encoding="utf-8")


def escape_docstring(app, what, name, obj, options, lines):  # noqa: ARG001
    """Docstrings are plain text; those of a type say nothing of a value."""
    lines[:] = [] if what == "data" and type(obj).__module__ == "builtins" else reference.escaped(lines)


def setup(app):
    """Register all of it."""
    app.add_config_value("reference_pages", True, "env", types=[bool, int, str])
    app.add_config_value("examples_store", "", "")
    app.connect("config-inited", choose_store)
    app.connect("builder-inited", write_reference)
    app.connect("source-read", run_examples)
    app.connect("autodoc-process-docstring", escape_docstring, priority=400)
    app.add_transform(LinkNames)
    app.add_directive("claims", Claims)
    app.add_directive("gallery", Gallery)
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
