"""The settings of Sphinx, for one language: `python docs/site` runs it once for each."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from addresses import playground
from reference import linkcode_resolve

import tinygrad_bp

__all__ = ["linkcode_resolve"]

project = "tinygrad_bp"
author = "The tinygrad_bp authors"
copyright = "The tinygrad_bp authors"
version = release = tinygrad_bp.__version__
language = os.environ.get("SITE_LANGUAGE", "en")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.linkcode"]
extensions += ["mathml", "reference", "running", "searching"]
root_doc = "index"
myst_enable_extensions = ["dollarmath", "html_image"]
myst_heading_anchors = 4
myst_dmath_double_inline = True
html_math_renderer = "mathml"
default_role = "code"  # docstrings write names as Markdown does
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
suppress_warnings = ["myst.header", "misc.highlighting_failure"]

site_with_play = bool(os.environ.get("SITE_PLAY"))
html_context = {"playground": playground(language) if site_with_play else ""}
html_theme = "furo"
html_title = f"tinygrad_bp {version}"
html_static_path = ["static"]
html_favicon = "static/icon.svg"
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_sphinx = False
templates_path = ["templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "languages.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
