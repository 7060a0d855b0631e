"""The report: one page that tells what was found, needs no network, and asks for none.

It goes through the chapters in their order and asks each for its findings, figures and tables. A
Content-Security-Policy in the page forbids every request and every script but the page's own, so a name in the data
cannot become code even if it were not escaped.
"""

import base64
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from shg_xai.chapters import chapter_of, chapters
from shg_xai.drawing.material import Figure, Material, Table
from shg_xai.drawing.side_by_side import draw_all
from shg_xai.drawing.text import DASH, listed, number, percent, plural
from shg_xai.report.map import bokeh_script, embed_maps, map_rows
from shg_xai.report.reading import read_report
from shg_xai.results import AnalysedLayer, Answer, NetworkAnswer, Results
from shg_xai.writing import write_aside

HERE = Path(__file__).parent
# Photographs beyond this many bytes of PNG are put into the page as WebP.
LARGE, WEBP_QUALITY = 250_000, 88
# Fewer persons than this say little, whatever the intervals say.
FEW = 200
PCK = """The share of a person’s joints that are found, averaged over persons. The same persons are tested under every \
condition, so that differences are taken person by person."""
INTERVALS = """Images are drawn with replacement, with all their persons, and the number is computed again; an \
interval holds the middle {} of what came out. Two halves: the same number in two random halves of the images."""


class Shown(NamedTuple):
    """A figure as the page shows it, once all are drawn."""

    figure: Figure
    name: str
    drawn: Mapping[str, bytes]  # PNGs by name

    @property
    def png(self) -> bytes:
        """The picture in a file's bytes."""
        return self.drawn[self.name]

    @property
    def image(self) -> Image.Image:
        """The picture; its size is known without reading all of it."""
        return Image.open(io.BytesIO(self.png))

    @property
    def uri(self) -> str:
        """As a data URI."""
        data, kind = self.png, 'png'
        if len(data) > LARGE:
            file = io.BytesIO()
            self.image.convert('RGB').save(file, 'WEBP', quality=WEBP_QUALITY, method=4)
            data, kind = file.getvalue(), 'webp'
        return f'data:image/{kind};base64,{base64.b64encode(data).decode("ascii")}'


class Part(NamedTuple):
    """What one answer gives to a section; ``heading`` tells it from the next."""

    findings: Sequence[str] = ()
    figures: Sequence[Shown] = ()
    tables: Sequence[Table] = ()
    heading: str | None = None
    command: str = ''
    warnings: Sequence[str] = ()


class Section(NamedTuple):
    """A chapter's part of the page."""

    key: str  # for links
    title: str
    parts: Sequence[Part]


def write_report(out: Path) -> Path:
    """Write ``out/report.html`` and ``out/figures`` of a folder of tools/analyze_latent.py's, computing nothing anew.

    InputError where something is missing or of another version, or cannot be written.
    """
    page = out / 'report.html'
    write_aside(page, render(read_report(out), out / 'figures'))
    return page


def render(material: Material, figures: Path) -> str:
    """The page as text; its figures are saved in a folder."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    results, embedded, writer = material.results, embed_maps(material), _Writer(material, figures)
    scripts = [bokeh_script(), (HERE / 'map.js').read_text(encoding='utf-8')] if embedded['items'] else []
    layers = []
    for layer in results.layers:
        persons = plural(len(map_rows(material.persons[layer.name])), 'person')
        mapped = layer.name in embedded['items']
        layers.append(dict(layer=layer, sections=writer.of_layer(layer), mapped=mapped, persons=persons))
    found = dict(first=writer.sections(range(100)), layers=layers, last=writer.sections(range(200, 1000)))
    writer.draw()
    end = dict(making=making(results), definitions=writer.last_tables, methods=methods(results))
    style = (HERE / 'page.css').read_text(encoding='utf-8')
    code = dict(style=style, scripts=scripts, policy=_policy(scripts), map_data=_json(embedded))
    return environment.get_template('page.html').render(results=results, **found, **end, **code)


def sections_of(
    material: Material, figures: Path, drawn: Sequence[str] = ()
) -> tuple[list[tuple[str, Section]], list[str]]:
    """All sections in the order of the page, each with the name of the layer that it is about, or none, and the names
    of all figures; only those in ``drawn`` are drawn.
    """
    writer = _Writer(material, figures, drawn)
    layers = [(layer.name, section) for layer in material.results.layers for section in writer.of_layer(layer)]
    first, last = ([('', section) for section in writer.sections(part)] for part in (range(100), range(200, 1000)))
    writer.draw()
    return [*first, *layers, *last], writer.names


@dataclass
class _Writer:
    """Makes the sections, and remembers the tables that stand at the end."""

    material: Material
    folder: Path
    drawn: Sequence[str] | None = None  # figures to draw; all unless told
    last_tables: list[Table] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of all figures
    shown: list[Shown] = field(default_factory=list)
    pngs: dict[str, bytes] = field(default_factory=dict)

    def draw(self) -> None:
        """Draw what the sections show; nothing of a figure may be looked at before."""
        self.pngs |= draw_all({shown.name: shown.figure for shown in self.shown}, self.folder)

    def sections(self, orders: range, of: str = '') -> list[Section]:
        """The chapters of these orders that have answers, about one layer if it is named."""
        answers = [answer for answer in self.material.results.answers if of in ('', answer.of)]
        found = []
        for chapter in (chapter for chapter in chapters() if chapter.order in orders):
            if parts := [self._part(one, of or chapter.name) for one in answers if chapter_of(one) == chapter]:
                found.append(Section(f'{of}-{chapter.name}' if of else chapter.name, chapter.title, parts))
        return found

    def of_layer(self, layer: AnalysedLayer) -> list[Section]:
        """What was analysed, and the chapters about it."""
        own = Part(analysed(layer), tables=[origin(layer)])
        first = Section(f'{layer.name}-analysed', 'What was analysed', [own])
        return [first, *self.sections(range(100, 200), layer.name)]

    def _part(self, answer: Answer, prefix: str) -> Part:
        chapter, results = chapter_of(answer), self.material.results
        tables = [table for table in chapter.tables(answer, results) if table.rows]
        self.last_tables += [table for table in tables if table.last]
        shown = []
        for figure in chapter.figures(answer, self.material):
            name = re.sub(r'[^\w.-]+', '-', f'{prefix}-{figure.name}')
            self.names.append(name)
            if self.drawn is None or name in self.drawn:
                shown.append(Shown(figure, name, self.pngs))
        self.shown += shown
        own, command = [table for table in tables if not table.last], answer.command or results.command
        said, heading = chapter.findings(answer, results), chapter.heading(answer, results)
        return Part(said, shown, own, heading, command, answer.warnings)


def analysed(layer: AnalysedLayer) -> list[str]:
    """Who and what was analysed, and whether that is enough."""
    persons, dimensions, constant = layer.persons, layer.dimensions, layer.constant_dimensions
    who = f'{plural(persons, "person")} in {plural(layer.images, "image")} were analysed'
    what = f'each has {plural(dimensions, "number")} from the layer {layer.layer}'
    texts = [f'{who}, of {number(layer.persons_in_store)} in the store; {what}.']
    than = [f'fewer than {FEW}'] * (persons < FEW)
    than += [f'fewer than the {number(dimensions)} dimensions'] * (persons < dimensions)
    if than:
        few = f'{plural(persons, "person is", "persons are")} {listed(than)}'
        texts.append(f'{few}: too few for the numbers below to mean much.')
    if constant:
        never = plural(constant, 'dimension never varies', 'dimensions never vary')
        texts.append(f'{never} and {"adds" if constant == 1 else "add"} nothing.')
    return texts


def _pairs(caption: str, values: Mapping[str, object]) -> Table:
    """Any values of the results as text, by name."""
    texts = {name: DASH if value is None else value for name, value in values.items()}
    plain = [[key, one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)] for key, one in texts.items()]
    return Table(caption, ['', ''], plain)


def origin(layer: AnalysedLayer) -> Table:
    """Where the latents of a layer come from."""
    rows = {
        'store': layer.store,
        'layer': layer.layer,
        'shape of a latent': ' × '.join(number(size) for size in layer.shape) or DASH,
        'configuration': layer.config_file,
        'data set': layer.dataset,
        'split': layer.split,
        'SHA-256 of the checkpoint': layer.checkpoint and layer.checkpoint.sha256,
    }
    return _pairs('Where the latents come from', rows)


def making(results: Results) -> list[Table]:
    """Settings, versions and times."""
    times = {name: number(float(value), 1) for name, value in results.times_s.items()}
    settings = {'seed': results.seed, 'confidence': results.confidence, **results.settings}
    tables = [_pairs('Settings', settings), _pairs('Versions', results.versions), _pairs('Seconds it took', times)]
    return [table for table in tables if table.rows]


def methods(results: Results) -> dict[str, str]:
    """How it was computed, by heading: what holds for all, and of the chapters that answered."""
    found = {'PCK': PCK} if any(isinstance(answer, NetworkAnswer) for answer in results.answers) else {}
    found['Intervals'] = INTERVALS.format(percent(results.confidence))
    answered = {chapter_of(answer).name for answer in results.answers}
    for chapter in chapters():
        found |= chapter.methods if chapter.name in answered else {}
    return found


def _json(value: object) -> str:
    """JSON that may stand in a script element: nothing in it ends the element."""
    text = json.dumps(value, separators=(',', ':'), ensure_ascii=True, allow_nan=False)
    return text.translate({ord(sign): f'\\u{ord(sign):04x}' for sign in '<>&'})


def _policy(scripts: Sequence[str]) -> str:
    """Forbid every request; run the page's own scripts, known by their hashes, and no other.

    BokehJS compiles its callbacks, all of them in the page, hence unsafe-eval.
    """
    hashes = [base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii') for script in scripts]
    allowed = ' '.join([*(f"'sha256-{value}'" for value in hashes), "'unsafe-eval'"]) if hashes else "'none'"
    own = f"img-src data:; style-src 'unsafe-inline'; script-src {allowed}"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"
