"""The report: one page that tells what was found, needs no network, and asks for none.

It goes through the chapters in their places and asks each for its answer, figures and tables. A
Content-Security-Policy in the page forbids every request and every script but the page's own, so a name in the data
cannot become code even if it were not escaped.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shg_xai.drawing.material import Material
from shg_xai.drawing.text import article, listed, percent
from shg_xai.report import ending, opening
from shg_xai.report.map import Embedded, bokeh_script, embed_maps
from shg_xai.report.reading import read_report
from shg_xai.report.sections import GROUPS, MAP_PLACE, Section, Writer, analysed, origin
from shg_xai.results import AnalysedLayer
from shg_xai.writing import write_aside

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
RELATED_PLACE = 71  # after what the latent holds
TITLES = {'map': 'The map: who lies where', 'limits': 'Limits', 'next': 'Next steps', 'made': 'Reproduce'}


@dataclass(frozen=True)
class Entry:
    """A line of the contents."""

    key: str
    title: str
    group: str = ''  # named before the first of a group


def write_report(out: Path) -> Path:
    """Write ``out/report.html`` and ``out/figures`` of a folder of tools/analyze_latent.py's, computing nothing anew.

    InputError where something is missing or of another version, or cannot be written.
    """
    page = out / 'report.html'
    write_aside(page, render(read_report(out), out / 'figures'))
    return page


def environment() -> 'Environment':
    """The templates; all that is put into them is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )


def render(material: Material, figures: Path) -> str:
    """The page as text; its figures are saved in a folder."""
    results, embedded, writer = material.results, embed_maps(material), Writer(material, figures)
    sections = writer.questions()
    writer.draw()
    writer.pack()
    scripts = scripts_of(embedded)
    leading, others = opening.lead(sections)
    rule, people = opening.people(material)
    before = [section for section in sections if section.place < MAP_PLACE]
    page = (
        environment()
        .get_template('page.html')
        .render(
            results=results,
            title=title_of(results.layers),
            contents=contents(sections, bool(embedded['items'])),
            percent=percent(results.confidence),
            lede=opening.lede(results),
            notes=opening.notes(results),
            facts=opening.facts(results),
            rule=rule,
            people=people,
            leading=leading,
            others=others,
            before=before,
            after=[section for section in sections if MAP_PLACE <= section.place <= RELATED_PLACE],
            beside=opening.beside(material),
            later=[section for section in sections if section.place > RELATED_PLACE],
            maps=embedded,
            limits=ending.limits(results),
            layers=[(layer, analysed(layer), origin(layer)) for layer in results.layers],
            making=ending.making(results),
            definitions=writer.last_tables,
            methods=ending.shared_methods(results),
            style=(HERE / 'page.css').read_text(encoding='utf-8'),
            scripts=scripts,
            policy=policy(scripts),
            data=data_of(embedded),
            words='@words@',
        )
    )
    return page.replace('@words@', str(environment().from_string(WORD_LIST).render(words=ending.words(page))))


WORD_LIST = '{% for word in words %}<dt>{{ word.label }}</dt><dd>{{ word.text }}</dd>{% endfor %}'


def title_of(layers: Sequence[AnalysedLayer]) -> str:
    """What was looked at, in a few words: which kind of network, or else the names, and from whom it learned."""
    names = list(dict.fromkeys(layer.network_name for layer in layers))
    kinds = {layer.network.model for layer in layers}
    kind = kinds.pop() if len(kinds) == 1 else None
    made = ' from synthetic people' if layers and layers[0].network.made else ''
    if not kind:
        return f'What {listed(names)} learned{made}'
    return f'What {article(kind) if len(names) == 1 else f"{kind} networks"} learned{made}'


def contents(sections: Sequence[Section], mapped: bool) -> list[Entry]:
    """The page's sections in their order, the group named before its first."""
    entries = [(section.place, section.key, section.question) for section in sections]
    entries += [(MAP_PLACE, 'map', TITLES['map'])] * mapped
    entries.sort(key=lambda entry: entry[0])
    found, before = [Entry('top', 'In short')], ''
    for place, key, title in entries:
        group = next(GROUPS[start] for start in sorted(GROUPS, reverse=True) if start <= place)
        found.append(Entry(key, title, group if group != before else ''))
        before = group
    last = [Entry(key, TITLES[key]) for key in ('limits', 'next', 'made')]
    return [*found, Entry(last[0].key, last[0].title, 'To end with'), *last[1:]]


def scripts_of(embedded: Embedded) -> list[str]:
    """The page's own scripts; that of the map only where there is one."""
    names = ['page.js', 'map.js'] if embedded['items'] else ['page.js']
    return [(HERE / name).read_text(encoding='utf-8') for name in names]


def data_of(embedded: Embedded) -> Mapping[str, str]:
    """What the map's script reads, by the id of its element: what is shared and pictures as JSON; each map and BokehJS
    packed, for they are large and read only when they are wanted.
    """
    if not embedded['items']:
        return {}
    shared = {'palette': embedded['palette'], 'unknown': embedded['unknown']}
    found = {'map-shared': _json(shared), 'map-pictures': _json(embedded['pictures'])}
    found |= {f'map-data-{name}': _packed(_json(item)) for name, item in embedded['items'].items()}
    return found | {'map-bokeh': _packed(bokeh_script())}


def _packed(text: str) -> str:
    """Text compressed by gzip, in base64; the same for the same text."""
    return base64.b64encode(gzip.compress(text.encode('utf-8'), mtime=0)).decode('ascii')


def _json(value: object) -> str:
    """JSON that may stand in a script element: nothing in it ends the element."""
    text = json.dumps(value, separators=(',', ':'), ensure_ascii=True, allow_nan=False)
    return text.translate({ord(sign): f'\\u{ord(sign):04x}' for sign in '<>&'})


def policy(scripts: Sequence[str]) -> str:
    """Forbid every request; run the page's own scripts, known by their hashes, and no other.

    BokehJS compiles its callbacks, all of them in the page, hence unsafe-eval.
    """
    hashes = [base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii') for script in scripts]
    allowed = ' '.join([*(f"'sha256-{value}'" for value in hashes), *["'unsafe-eval'"] * (len(scripts) > 1)])
    own = f"img-src data:; style-src 'unsafe-inline'; script-src {allowed}"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"
