"""What the page ends with: limits, and how all of it was computed."""

from collections.abc import Iterator, Mapping

from shg_xai.chapters import chapter_of, chapters
from shg_xai.drawing.material import Fact, Table
from shg_xai.drawing.text import number, percent
from shg_xai.report.sections import pairs_table
from shg_xai.results import NetworkAnswer, Results

PCK = """The share of a person’s joints that are found, averaged over persons. The same persons are tested under every \
condition, so that differences are taken person by person."""
INTERVALS = """Images are drawn with replacement, with all their persons, and the number is computed again; an \
interval holds the middle {} of what came out. Two halves: the same number in two random halves of the images."""
# What the field's words mean here, for who meets them for the first time; those that are on the page are told.
WORDS = {
    'AUROC': 'The chance that a wrong one gets the higher score than a right one: 0.5 is chance, 1 perfect.',
    'CKA': 'Centred kernel alignment: how alike two latents arrange the same persons, 1 the same, 0 nothing in common.',
    'concept': 'Something known of each person from the annotations, as how far the body turns or how much is cut off.',
    'component': 'A principal component: a direction of the latent along which persons vary most, one after the other.',
    'latent': 'What the network holds at its narrowest place, a list of numbers for each person.',
    'nats': 'Units of log-likelihood: one nat less makes the true place 2.7 times less likely.',
    'OKS-AP': 'COCO’s average precision of poses by keypoint similarity: 1 is best.',
    'PCK': 'The share of joints within a distance of their place; see the first screen.',
    'skip': 'A connection that takes the encoder’s map of one resolution past the latent to the decoder.',
    'σ': 'The standard deviation of persons along a direction.',
}


def words(page: str) -> list[Fact]:
    """The words among :data:`WORDS` that a page has."""
    return [Fact(word, meaning) for word, meaning in WORDS.items() if word in page]


def limits(results: Results) -> list[str]:
    """What the numbers do not say, of all that was looked at."""
    found = list(_limits(results))
    found += [text for answer in results.answers for text in answer.warnings]
    return list(dict.fromkeys(found))


def _limits(results: Results) -> Iterator[str]:
    layers = results.layers
    yield (
        f'Intervals hold {percent(results.confidence)} of what other photos of the same kind would give. They say '
        'nothing of another training of the network, unless an interval is said to be over trainings.'
    )
    if any(layer.split == 'train' for layer in layers):
        yield (
            'The persons whose latents were analysed are those the network was trained on: on new ones it is worse, '
            'and may fail otherwise.'
        )
    if any(layer.network.made for layer in layers):
        yield 'The people are synthetic, not photographed: what holds for them need not hold for real persons.'
    yield 'A relation between latent and concept is no cause: only what was changed and decoded again shows effects.'
    for layer in layers:
        yield from (f'{layer.name}: {text}' for text in layer.warnings)


def making(results: Results) -> list[Table]:
    """Settings, versions and times."""
    times = {name: number(float(value), 1) for name, value in results.times_s.items()}
    settings = {'seed': results.seed, 'confidence': results.confidence, **results.settings}
    named: dict[str, Mapping[str, object]] = {
        'Settings': settings,
        'Versions': results.versions,
        'Seconds it took': times,
    }
    tables = [pairs_table(caption, values) for caption, values in named.items()]
    return [table for table in tables if table.rows]


def methods(results: Results) -> dict[str, str]:
    """How it was computed, by heading: what holds for all, and of the chapters that answered."""
    found = shared_methods(results)
    answered = {chapter_of(answer).name for answer in results.answers}
    for chapter in chapters():
        found |= chapter.methods if chapter.name in answered else {}
    return found


def shared_methods(results: Results) -> dict[str, str]:
    """What holds for all chapters."""
    found = {'PCK': PCK} if any(isinstance(answer, NetworkAnswer) for answer in results.answers) else {}
    return found | {'Intervals': INTERVALS.format(percent(results.confidence))}
