"""How Sphinx builds the documentation: Markdown by MyST, with the reference pages written anew before each build."""

import sys
from pathlib import Path

_HERE = Path(__file__).parent
sys.path.insert(0, str(_HERE.parent / "scripts"))

import reference_pages  # noqa: E402  (found by the line above)

import v4schema  # noqa: E402

reference_pages.write(_HERE / "reference")

project = "v4schema"
author = "The v4schema authors"
copyright = author  # noqa: A001  (Sphinx's own name)
version = release = v4schema.__version__

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nitpicky = True
smartquotes = False

html_theme = "furo"
html_title = f"v4schema {release}"
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["tables.css"]
