#!/usr/bin/env python
"""Whether a built site hangs together: python docs/_ext/check_site.py SITE

Every link within the site leads to a file, and to a place in it that is there; and its search finds every tool, every
component, every config key and every concept. Prints what is missing; exit code 1 if anything is.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """The places of a page and where it points."""

    def __init__(self) -> None:
        super().__init__()
        self.places, self.links = {''}, set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of ids and links."""
        for key, value in attrs:
            if value and key in ('id', 'name'):
                self.places.add(value)
            elif value and key in ('href', 'src') and tag != 'base':
                self.links.add(value)


@cache
def read(path: Path) -> _Page:
    """One page."""
    page = _Page()
    page.feed(path.read_text(encoding='utf-8'))
    return page


def broken_links(site: Path) -> Iterator[str]:
    """Links that lead nowhere, each with its page."""
    for path in sorted(site.rglob('*.html')):
        for link in sorted(read(path).links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                yield f'{path.relative_to(site)}: {link}: no such file'
            elif target.suffix == '.html' and unquote(parts.fragment) not in read(target).places:
                yield f'{path.relative_to(site)}: {link}: no such place'


def search_index(site: Path) -> dict:
    """What the search reads."""
    text = (site / 'searchindex.js').read_text(encoding='utf-8')
    found: dict = json.loads(re.sub(r'^Search\.setIndex\(|\)$', '', text.strip()))
    return found


def lost_words(index: dict, words: Iterable[str]) -> list[str]:
    """Those that are neither a heading nor the name of something documented: no search leads to their place."""
    places = {title.lower() for title in index['alltitles']}
    places |= {
        f'{prefix}.{entry[4]}'.lower() if prefix else entry[4].lower()
        for prefix, entries in index['objects'].items()
        for entry in entries
    }
    return [word for word in words if word.lower() not in places]


def expected() -> list[str]:
    """What has to be found: tools, components and concepts by their names, keys by component and name."""
    from component_pages import registered
    from tool_pages import paths

    from shg_xai.latents.concepts import RULES

    keys = [f'{one.name}.{key}' for one in registered() for key in one.keys]
    return [*(path.name for path in paths()), *(one.name for one in registered()), *RULES, *keys]


def main() -> None:
    """Check a site and say what is wrong."""
    site = Path(sys.argv[1])
    words = expected()
    faults = [*broken_links(site), *(f'search: {word} is not found' for word in lost_words(search_index(site), words))]
    print(
        '\n'.join(faults)
        or f'{len(list(site.rglob("*.html")))} pages: links lead somewhere; {len(words)} names are found'
    )
    sys.exit(bool(faults))


if __name__ == '__main__':
    main()
