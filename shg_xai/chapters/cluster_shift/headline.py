"""Whether moving a latent to another cluster mends a pose, in a sentence."""

from shg_xai.chapters.cluster_shift.findings import worse_or_better
from shg_xai.chapters.cluster_shift.results import ClusterShift
from shg_xai.chapters.concepts.results import Concepts
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import confidence_of, interval, number, plural, signed
from shg_xai.results import Results


def headline(answer: ClusterShift, results: Results) -> Headline | None:
    """What moving misclassified persons gains, beside random moves."""
    moved = answer.shifted.disagree
    if moved is None or moved.gain.value is None:
        return None
    random = moved.random
    gain, way = moved.gain.value, worse_or_better(random) if random else None
    beside = ''
    if random and random.low is not None and random.high is not None:
        few = f' In {number(moved.random_persons)} of them, beside random moves of the same length: '
        beside = f'{few}{number(random.value, 3)}, random {number(random.low, 3)} to {number(random.high, 3)}.'
    known = [own.titles for own in results.all(Concepts) if answer.concept in own.titles]
    title = known[0][answer.concept] if known else answer.concept.replace('_', ' ')
    text = 'PCK rises' if gain > 0 else 'PCK falls'
    trained = ' The network was trained on these persons, so nothing is concluded.' if answer.trained else ''
    return Headline(
        f'{"" if gain > 0 else "No: "}{text} by {number(abs(gain), 3)} when persons on the wrong side of “{title}” '
        'are moved to the other cluster.',
        unit='PCK',
        number=signed(gain),
        verdict='' if answer.trained else 'stands' if way == 'better' and gain > 0 else 'fails',
        control=(
            f'{plural(moved.persons, "person")}; {interval(moved.gain, confidence_of(answer), 3)}.{beside}{trained}'
        ),
        persons=tuple(answer.examples),
    )
