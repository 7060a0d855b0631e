"""How Sphinx builds the documentation: ``make docs``, without network; a warning is an error there."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / '_ext'), str(HERE.parent)]

import shg_xai  # noqa: E402
import shg_xai.plugin  # noqa: E402  before anything imports MMPose

project = 'shg_xai'
copyright = 'the authors of shg_xai, Apache-2.0'
release = version = shg_xai.__version__

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon', 'generated', 'notebook_pages']
exclude_patterns = ['_ext', '_build']
source_suffix = {'.md': 'markdown'}
myst_enable_extensions = ['colon_fence', 'deflist']
myst_heading_anchors = 3  # the anchors that GitHub makes, so that links work in both places

# Docstrings: Google's sections; types come from the signature.
autodoc_member_order = 'bysource'
autodoc_typehints = 'description'
autodoc_typehints_description_target = 'documented'
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = 'furo'
html_title = f'shg_xai {release}'
html_static_path = ['_static']
html_css_files = ['wide.css']
html_copy_source = False
html_show_sourcelink = False
