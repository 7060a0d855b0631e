"""Pages are written while the site is built: ``<!-- generated: tools -->`` becomes text.

What is written comes from the code (``--help``, docstrings, types) or from a file in the root of the repository: it can
be neither forgotten nor out of date. GitHub shows nothing of the comment, but the line beneath it.
"""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import chapter_pages
import component_pages
import config_pages
import data_pages
import tool_pages
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
# A line in italics beneath is for readers elsewhere, and goes.
MARK = re.compile(r'^<!-- generated: (\w+) -->\n(?:\*.+\*\n)?', re.MULTILINE)
# Files in the root that are pages, too.
PAGES = {'README.md': '/index.md', 'CONTRIBUTING.md': '/contributing.md', 'CHANGELOG.md': '/changelog.md'}
IN_ROOT = re.compile(rf'\]\((?:\.\./)*({"|".join(map(re.escape, PAGES))})')
FROM_ROOT = re.compile(r'\]\((?!https?:|#|/)(docs/)?([^)\s]+)')


def to_pages(text: str) -> str:
    """Links to files in the root, made links to their pages: ``/index.md`` is Sphinx's for the page at the top."""
    return IN_ROOT.sub(lambda found: f']({PAGES[found[1]]}', text)


def of_root(name: str) -> str:
    """A file of the root as a page: its links, which start there, start at the docs."""
    text = to_pages((ROOT / name).read_text())
    return FROM_ROOT.sub(lambda found: f']({"" if found[1] else "../"}{found[2]}', text)


WRITERS: dict[str, Callable[[], str]] = {
    'tools': tool_pages.tools,
    'components': component_pages.components,
    'config_keys': config_pages.keys,
    'configs': config_pages.configs,
    'chapters': chapter_pages.chapters,
    'results': chapter_pages.results,
    'store': data_pages.store,
    'concepts': data_pages.concepts,
    'factors': data_pages.factors,
    'readme': partial(of_root, 'README.md'),
    'contributing': partial(of_root, 'CONTRIBUTING.md'),
    'changelog': partial(of_root, 'CHANGELOG.md'),
}


def write(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put what is generated in the place of its mark; a mark that nobody knows is a KeyError."""
    source[0] = MARK.sub(lambda found: WRITERS[found[1]](), to_pages(source[0]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect('source-read', write)
    return {'parallel_read_safe': True}
