"""Configuration of the site (`make docs`). Nothing here or on its pages is loaded from a network."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
os.environ.setdefault("MPLBACKEND", "Agg")

project = "spinvalley"
author = "The spinvalley developers"
copyright = "The spinvalley developers. BSD-3 licence"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "site_pages",
]
exclude_patterns = ["_build", "_ext", "_static", "figures", "claims"]
source_suffix = {".md": "myst-nb"}

# Pages: plain Markdown. Their `python` blocks are run by _ext/examples.py, which README.md and the tests share.
nb_custom_formats = {".md": ["site_pages.read_notebook", {}, False]}
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3

# Reference
default_role = "code"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 90
add_module_names = False
toc_object_entries = False

# Look
html_theme = "furo"
html_title = "spinvalley"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
copybutton_exclude = ".linenos, .gp, .go"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0a5c91", "color-brand-content": "#0a5c91"},
    "dark_css_variables": {"color-brand-primary": "#7cc4f2", "color-brand-content": "#7cc4f2"},
}
