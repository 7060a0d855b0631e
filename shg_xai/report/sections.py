"""What the chapters give to a page: for each answer its sentences, figures and tables."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shg_xai.chapters import Chapter, chapter_of, chapters
from shg_xai.drawing.material import Figure, Headline, Material, Overlay, Table
from shg_xai.drawing.side_by_side import draw_all, made
from shg_xai.drawing.text import DASH, listed, number, plural
from shg_xai.report import images
from shg_xai.results import AnalysedLayer, Answer

# From which place on a chapter stands in which group of the page; the map has a place of its own.
GROUPS = {0: 'Quality', 40: 'Map', 50: 'Autoencoder', 60: 'Skips', 70: 'Latent', 80: 'Change', 90: 'Redundancy'}
MAP_PLACE = 40
# Fewer persons than this say little, whatever the intervals say.
FEW = 200


@dataclass(frozen=True)
class Shown:
    """A figure as the page shows it, once all are drawn."""

    figure: Figure
    name: str
    drawn: Mapping[str, bytes]  # PNGs by name
    packed: Mapping[str, bytes]  # the same as they lie in a page

    @property
    def png(self) -> bytes:
        """The picture in a file's bytes."""
        return self.drawn[self.name]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return images.size(self.png)

    @property
    def uri(self) -> str:
        """As the address of an image."""
        return images.uri(self.packed[self.name])


@dataclass(frozen=True)
class Laid:
    """An overlay as the page shows it: a title and two pictures a pair."""

    overlay: Overlay
    pairs: Sequence[tuple[str, Shown, Shown]]


@dataclass(frozen=True)
class Part:
    """What one answer gives to a section; ``heading`` tells it from the next of its chapter."""

    findings: Sequence[str] = ()
    figures: Sequence[Shown] = ()
    tables: Sequence[Table] = ()
    heading: str | None = None
    command: str = ''
    warnings: Sequence[str] = ()
    of: str = ''
    key: str = ''  # for links
    headline: Headline | None = None
    overlays: Sequence[Laid] = ()
    layer: str = ''  # whose map shows its persons; none where they are in no map

    @property
    def sentence(self) -> str:
        """The answer in a sentence: the headline, or else the first finding."""
        return self.headline.sentence if self.headline else next(iter(self.findings), '')

    @property
    def more(self) -> Sequence[str]:
        """The findings beside it."""
        return self.findings if self.headline else self.findings[1:]

    @property
    def main(self) -> Shown | None:
        """The figure that shows the answer; the first where none is named or the one named was not drawn."""
        named = self.headline.figure if self.headline else ''
        own = [shown for shown in self.figures if named and shown.figure.name.startswith(named)]
        return next(iter([*own, *self.figures]), None)

    @property
    def others(self) -> list[Shown]:
        """The figures beside it."""
        return [shown for shown in self.figures if shown is not self.main]


@dataclass(frozen=True)
class Section:
    """A chapter's part of the page."""

    key: str  # for links
    title: str
    parts: Sequence[Part]
    question: str = ''
    place: int = 0
    methods: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Writer:
    """Makes the sections, and remembers the tables that stand at the end."""

    material: Material
    folder: Path
    drawn: Sequence[str] | None = None  # figures to draw; all unless told
    last_tables: list[Table] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of all figures
    shown: list[Shown] = field(default_factory=list)
    pngs: dict[str, bytes] = field(default_factory=dict)
    packed: dict[str, bytes] = field(default_factory=dict)

    def draw(self) -> None:
        """Draw what the sections show; nothing of a figure may be looked at before."""
        self.pngs |= draw_all({shown.name: shown.figure for shown in self.shown}, self.folder)

    def pack(self) -> None:
        """Make of what was drawn what lies in a page, which takes about as long."""
        names = list(self.pngs)
        self.packed |= zip(names, made(lambda name: images.drawing(self.pngs[name]), names), strict=True)

    def questions(self) -> list[Section]:
        """A section a chapter that has answers, in the order of the page."""
        found = []
        for chapter in sorted(chapters(), key=lambda chapter: (chapter.place, chapter.order, chapter.name)):
            if section := self._section(chapter, chapter.name):
                found.append(section)
        return found

    def sections(self, orders: range, of: str = '') -> list[Section]:
        """The chapters of these orders that have answers, about one layer if it is named."""
        own = [chapter for chapter in chapters() if chapter.order in orders]
        found = [self._section(chapter, f'{of}-{chapter.name}' if of else chapter.name, of) for chapter in own]
        return [section for section in found if section]

    def of_layer(self, layer: AnalysedLayer) -> list[Section]:
        """What was analysed, and the chapters about it."""
        own = Part(analysed(layer), tables=[origin(layer)])
        first = Section(f'{layer.name}-analysed', 'What was analysed', [own])
        return [first, *self.sections(range(100, 200), layer.name)]

    def _section(self, chapter: Chapter, key: str, of: str = '') -> Section | None:
        answers = [one for one in self.material.results.answers if chapter_of(one) == chapter and of in ('', one.of)]
        parts = [self._part(answer, chapter, place) for place, answer in enumerate(answers)]
        return Section(key, chapter.title, parts, chapter.question, chapter.place, chapter.methods) if parts else None

    def _part(self, answer: Answer, chapter: Chapter, place: int) -> Part:
        results = self.material.results
        tables = [table for table in chapter.tables(answer, results) if table.rows]
        self.last_tables += [table for table in tables if table.last and table not in self.last_tables]
        return Part(
            chapter.findings(answer, results),
            self._figures(answer, chapter),
            [table for table in tables if not table.last],
            chapter.heading(answer, results),
            answer.command or results.command,
            answer.warnings,
            answer.of,
            slug(f'{chapter.name}-{place + 1}-{answer.of}'),
            chapter.headline(answer, results),
            self._overlays(answer, chapter),
            answer.of if answer.of in self.material.persons else '',
        )

    def _overlays(self, answer: Answer, chapter: Chapter) -> list[Laid]:
        """The overlays of an answer, where all is drawn; their pictures are files as the figures are."""
        found = []
        for own in chapter.overlays(answer, self.material) if self.drawn is None else ():
            name, pairs = slug(f'{self._prefix(answer, chapter)}-{own.name}'), []
            for place, twice in enumerate(own.pairs):
                halves = []
                for end, side, draw in zip(('one', 'other'), own.sides, (twice.one, twice.other), strict=True):
                    half = Figure(own.name, ': '.join(filter(None, (own.alt, twice.title, side))), '', draw)
                    halves.append(Shown(half, f'{name}-{place}-{end}', self.pngs, self.packed))
                self.shown += halves
                pairs.append((twice.title, halves[0], halves[1]))
            found.append(Laid(own, pairs))
        return found

    def _prefix(self, answer: Answer, chapter: Chapter) -> str:
        """Before the names of an answer's figures; a chapter about a store names them alike for each of its stores."""
        if chapter.on_store and len(self.material.results.all(type(answer))) > 1:
            return f'{chapter.name}-{answer.of}'
        return answer.of if chapter.in_layer else chapter.name

    def _figures(self, answer: Answer, chapter: Chapter) -> list[Shown]:
        """The figures of an answer."""
        shown = []
        for figure in chapter.figures(answer, self.material):
            name = slug(f'{self._prefix(answer, chapter)}-{figure.name}')
            if name not in self.names:
                self.names.append(name)
            if self.drawn is None or name in self.drawn:
                shown.append(Shown(figure, name, self.pngs, self.packed))
        self.shown += shown
        return shown


def sections_of(
    material: Material, figures: Path, drawn: Sequence[str] = ()
) -> tuple[list[tuple[str, Section]], list[str]]:
    """All sections layer by layer, each with the name of the layer that it is about, or none, and the names of all
    figures; only those in ``drawn`` are drawn.
    """
    writer = Writer(material, figures, drawn)
    layers = [(layer.name, section) for layer in material.results.layers for section in writer.of_layer(layer)]
    first, last = ([('', section) for section in writer.sections(part)] for part in (range(100), range(200, 1000)))
    writer.draw()
    return [*first, *layers, *last], writer.names


def slug(name: str) -> str:
    """A name for files and links."""
    return re.sub(r'[^\w.-]+', '-', name)


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
    return pairs_table('Where the latents come from', rows)


def pairs_table(caption: str, values: Mapping[str, object]) -> Table:
    """Any values of the results as text, by name."""
    texts = {name: DASH if value is None else value for name, value in values.items()}
    plain = [[key, one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)] for key, one in texts.items()]
    return Table(caption, ['', ''], plain)
