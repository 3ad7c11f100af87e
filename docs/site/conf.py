"""How Sphinx makes the site; `docs/export.py` lays its pages out and calls it."""

import sys
from importlib.resources import files
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE))

project = "Stride or subsample?"
author = "the course's authors"
language = "en"
extensions = ["myst_nb", "mathml"]

# Notebooks come executed; nothing is fetched, neither here nor by a reader's browser.
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, object] = {}
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

html_theme = "pydata_sphinx_theme"
html_title = project
# The math font is part of a package that draws with it.
FONT = files("ziamath") / "fonts" / "STIXTwoMath-Regular.ttf"
html_static_path = [str(HERE / "static"), str(FONT)]
html_css_files = ["course.css"]
templates_path = [str(HERE / "templates")]
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
# A page opened from disk may not read other pages, and a summary is read from its page.
html_show_search_summary = False
html_sidebars = {"index": [], "**": ["lessons.html"]}
html_theme_options = {
    "navbar_center": [],
    "navbar_persistent": ["search-button"],
    "navbar_end": ["theme-switcher"],
    "navbar_align": "right",
    "navigation_with_keys": False,
    "secondary_sidebar_items": {"index": [], "**": ["page-toc"]},
    "footer_start": [],
    "footer_end": [],
    "back_to_top_button": False,
}
