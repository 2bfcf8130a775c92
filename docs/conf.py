"""How the pages are built: `make docs`."""

import clustrix

project = "clustrix"
author = "clustrix contributors"
copyright = "2026, clustrix contributors"
release = version = clustrix.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"clustrix {release}"
default_role = "code"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
myst_heading_anchors = 3
