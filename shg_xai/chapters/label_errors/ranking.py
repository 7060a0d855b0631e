"""One ranking of all questions' scores.

Nobody knows which way a label is wrong: the ratio of a person is a weighted mean of the ratios of the questions, and
the one with the largest part in it names the kind. Joints in a wrong place count alike. A flag or a box counts a tenth:
what it spoils is less, so of two persons with equal ratios the one with joints in a wrong place is to be looked at
first. A question is left out that does not find the damage it was made for.

Shapes: N persons, q questions.
"""

from dataclasses import dataclass

import numpy as np

from shg_xai.chapters.label_errors.asking import Asker, Question, Scores
from shg_xai.chapters.label_errors.body import Body
from shg_xai.chapters.label_errors.labels import Labels
from shg_xai.chapters.label_errors.learning import NOTHING, calibrated
from shg_xai.chapters.label_errors.results import Kind
from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Float, Floats, Int, Ints

TRIED = 2000  # persons whose labels are damaged to see how well that is found
FALSE = 0.01  # of the persons as they are; a damaged copy above all but these is caught
WEIGHTS: dict[Kind, float] = dict(sides=1, limb=1, joint=1, flag=0.1, box=0.1)
TELLS = 0.1  # of its copies a question has to catch; one that catches fewer would only rank people by accident


@dataclass(frozen=True)
class Tried:
    """Copies damaged in one way: whose they are, and their scores."""

    image_of: Int[Ints, ' n']
    score: Float[Floats, ' n']


@dataclass(frozen=True)
class Ranking:
    """Scores of N persons: by question, as parts of the weighted mean, and those of damaged copies."""

    body: Body
    questions: list[Question]
    asked: list[Scores]
    by_kind: Float[Floats, 'N q']
    tried: list[Tried]

    @property
    def score(self) -> Float[Floats, ' N']:
        """The logarithm of the weighted mean ratio."""
        return together(self.by_kind)

    def sets_of(self, kind: Kind) -> list[tuple[int, ...]]:
        """The sets of pairs that are the units of a question about sides."""
        return self.body.sets[-1:] if kind == 'sides' else self.body.sets[:-1]


def together(by_kind: Float[Floats, 'N q']) -> Float[Floats, ' N']:
    """The logarithm of the sum of parts."""
    own: Floats = np.logaddexp.reduce(by_kind, axis=1)
    return own


def rank(labels: Labels, body: Body, seed: int) -> Ranking:
    """Learn all questions, try each on copies that it damages, and ask those that tell."""
    questions = Asker(labels, body, seed).questions()
    some = np.sort(stream(seed, 'label_damage', 5).permutation(len(labels))[:TRIED])
    copies = [one.damaged(labels.take(some), stream(seed, 'label_damage', 6, at)) for at, one in enumerate(questions)]
    asked = [one.scores(labels) for one in questions]
    of_copies = [[one.scores(copy).person for one in questions] for copy in copies]
    lines = [(own.person, of_copies[at][at]) for at, own in enumerate(asked)]
    tells = [at for at, line in enumerate(lines) if caught(*line).mean() >= TELLS]

    weights = np.array([WEIGHTS[questions[at].kind] for at in tells])

    def all_of(found: list[Float[Floats, ' n']]) -> Float[Floats, 'n q']:
        parts = np.stack([calibrated(found[at], *lines[at]) for at in tells], 1)
        return np.maximum(parts + np.log(weights / weights.sum()), NOTHING)

    if not tells:
        return Ranking(body, [], [], np.full((len(labels), 1), NOTHING), [])
    tried = [Tried(copies[at].image_of, together(all_of(of_copies[at]))) for at in tells]
    kept, said = [questions[at] for at in tells], [asked[at] for at in tells]
    return Ranking(body, kept, said, all_of([own.person for own in asked]), tried)


def caught(as_is: Float[Floats, ' N'], damaged: Float[Floats, ' n']) -> Float[Floats, ' n']:
    """Which damaged copies, as 0 and 1, score above all but FALSE of the persons as they are."""
    return (damaged > np.quantile(as_is, 1 - FALSE)).astype(np.float64) if len(damaged) else np.zeros(1)
