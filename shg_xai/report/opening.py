"""What the page opens with: what was looked at, the findings in short, and some persons with their predictions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shg_xai.chapters import chapter_of
from shg_xai.drawing.material import DrawnPersons, Fact, Headline, Material
from shg_xai.drawing.text import UNKNOWN, article, listed, number, plural
from shg_xai.report import images
from shg_xai.report.bars import Bar, bar_of
from shg_xai.report.sections import Part, Section
from shg_xai.report.strip import FAILED, GOOD, RULE
from shg_xai.results import AnalysedLayer, PckAnswer, Related, Results

MOST = 6  # findings that a reader of five minutes keeps in mind, and that fill their rows
SIDES = {'crop': 'crop’s longer side', 'bbox': 'bounding box’s longer side', 'torso': 'torso’s length'}


@dataclass(frozen=True)
class Finding:
    """One finding in short: where it is told in full, and its picture."""

    section: Section
    part: Part
    headline: Headline

    @property
    def bar(self) -> Bar | None:
        """How sure its number is, as a picture; None where there is no interval."""
        return bar_of(self.headline.sure) if self.headline.sure else None


@dataclass(frozen=True)
class Met:
    """A person with what is annotated and what was predicted, as addresses of images."""

    kind: str
    annotation_id: int
    pck: str
    file_name: str
    labelled: str
    predicted: str


@dataclass(frozen=True)
class Beside:
    """A related report: what it answers, and its picture as the address of an image, if it is there."""

    related: Related
    picture: str


def beside(material: Material) -> list[Beside]:
    """The reports that belong to this one."""
    found = material.results.related if isinstance(material.results.related, list) else []
    pngs = [material.related.get(own.folder) for own in found]
    return [Beside(own, images.uri(images.drawing(png)) if png else '') for own, png in zip(found, pngs, strict=True)]


def facts(results: Results) -> list[Fact]:
    """What was looked at: networks, data, how it is measured; of facts with one label the first."""
    found = [fact for layer in results.layers[:1] for fact in _network(layer)]
    found += [Fact('Latent', _latent(results.layers))]
    found += [fact for layer in results.layers[:1] for fact in _data(layer)]
    found += [Fact('Quality and failures', _whom(layer)) for layer in unseen(results.layers)[:1]]
    found += [fact for answer in results.answers for fact in chapter_of(answer).facts(answer)]
    metrics = dict.fromkeys((one.thr, one.normaliser) for one in results.answers if isinstance(one, PckAnswer))
    found += [Fact('Metric', metric(*own), note=metric(*own)) for own in metrics]
    return list({fact.label: fact for fact in reversed(found)}.values())[::-1]


def lede(results: Results) -> str:
    """What was looked at, in a paragraph: the network, on whom, and beside what."""
    said = [_subject(layer, results.layers) for layer in results.layers[:1]]
    return ' '.join([*said, *(fact.sentence for fact in facts(results) if fact.sentence)])


def notes(results: Results) -> str:
    """How to read the findings: what is measured, and what one training cannot say."""
    return ' '.join(fact.note for fact in reversed(facts(results)) if fact.note)


def _subject(layer: AnalysedLayer, layers: Sequence[AnalysedLayer]) -> str:
    own, new = layer.network, unseen(layers)
    what = article(own.model) if own.model else 'the network that was analysed'
    parts = [f'of {plural(own.stacks, "stack")}'] if own.stacks else []
    parts += [f'with {number(own.parameters)} parameters'] if own.parameters else []
    people = {True: 'synthetic people', False: 'people in photographs', None: 'persons'}[own.made]
    text = f'“{layer.network_name}” is {" ".join([what, *parts])}. '
    text += f'Its latent ({plural(layer.dimensions, "number")} a person) was analysed on '
    text += f'{number(layer.persons)} {people}'
    text += ' that it was trained on' if layer.split == 'train' else f' of the split {layer.split}' * bool(layer.split)
    return f'{text}, quality and failures on {number(new[0].persons)} that it never saw.' if new else f'{text}.'


def metric(thr: float, normaliser: str) -> str:
    """What PCK counts."""
    side = SIDES.get(normaliser, normaliser)
    return (
        f'PCK is the share of a person’s joints found within {thr:g} of the {side}, averaged over persons; 1 is best.'
    )


def _network(layer: AnalysedLayer) -> Iterator[Fact]:
    own, config = layer.network, layer.config_file or layer.name
    known = [own.model or '']
    if own.stacks:
        known.append(plural(own.stacks, 'stack'))
    if own.input_size:
        known.append(f'input {" × ".join(map(number, own.input_size))} pixels')
    if own.parameters:
        known.append(f'{number(own.parameters)} parameters')
    yield Fact('Network', f'{", ".join(filter(None, known))} ({config})' if any(known) else config)


def _latent(layers: Sequence[AnalysedLayer]) -> str:
    first, more = layers[0], [layer.name for layer in layers[1:]]
    more = [name for name in more if name not in {layer.name for layer in unseen(layers)}]
    beside = f'; beside it {listed(more)}' if more else ''
    return f'{" × ".join(map(number, first.shape))} numbers a person, from {first.layer}{beside}'


def unseen(layers: Sequence[AnalysedLayer]) -> list[AnalysedLayer]:
    """Those of other persons than the first, whom its network was not trained on."""
    return [layer for layer in layers if layer.split != layers[0].split]


def _whom(layer: AnalysedLayer) -> str:
    return f'{plural(layer.persons, "person")} of {layer.split or "another split"}, whom the network was not trained on'


def _data(layer: AnalysedLayer) -> Iterator[Fact]:
    made = layer.network.made
    kind = {True: 'Synthetic people, not photographs', False: 'Photographs', None: 'Persons'}[made]
    split = f', split {layer.split}' if layer.split else ''
    trained = ', which the network was trained on' if layer.split == 'train' else ''
    yield Fact('Data', f'{kind}: {layer.dataset or UNKNOWN}')
    yield Fact('Analysed', f'{plural(layer.persons, "person")} on {plural(layer.images, "picture")}{split}{trained}')


def lead(sections: Sequence[Section]) -> tuple[list[Finding], list[Finding]]:
    """The findings that lead, by their rank, as many as the opening has room for; and the others that are decided, or
    would lead if there were room.
    """
    all_of_them = [
        Finding(section, section.parts[0], section.parts[0].headline)
        for section in sections
        if section.parts[0].headline is not None
    ]
    leading = sorted((one for one in all_of_them if one.headline.lead), key=lambda one: one.headline.lead)[:MOST]
    if not leading:
        leading = all_of_them[:MOST]
    told = [one for one in all_of_them if one.headline.verdict == 'fails' or one.headline.lead]
    return leading, [one for one in told if one not in leading]


def people(material: Material) -> tuple[str, list[Met]]:
    """Good and failed persons, rather those whom the network was not trained on, and how they were chosen."""
    layers = material.results.layers
    each = [material.persons[layer.name] for layer in [*unseen(layers), *layers]]
    drawn = next((own for own in each if own.strip is not None and own.strip.num_rows), None)
    return ('', []) if drawn is None else (RULE, list(_met(drawn)))


def _met(drawn: DrawnPersons) -> Iterator[Met]:
    assert drawn.strip is not None
    rows = drawn.strip.to_pylist()
    for row in sorted(rows, key=lambda row: (row['kind'] != GOOD, row['kind'] != FAILED)):
        yield Met(
            row['kind'],
            row['annotation_id'],
            number(row['pck']),
            row['file_name'] or UNKNOWN,
            images.uri(images.small(row['labelled'], images.PERSON)),
            images.uri(images.small(row['predicted'], images.PERSON)),
        )
