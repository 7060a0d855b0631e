"""Made-up trainings: of three components the first is found again in both others, the second in one."""

from shg_xai.chapters.trainings.results import ConceptNumber, Match, Number, Overlap, Pair, Trainings
from shg_xai.results import Estimate
from shg_xai.stats.draws import Beside

OTHERS = ('plain_1', 'plain_2')
# Of each component: partner, correlation, what it stays above, corrected p; in each of the other trainings.
MATCHES = {
    'plain_1': ((1, 0.97, 0.93, 0.002), (3, 0.9, 0.81, 0.002), (2, 0.6, 0.3, 0.002)),
    'plain_2': ((2, 0.95, 0.9, 0.002), (1, 0.85, 0.7, 0.002), (3, 0.1, None, 0.9)),
}


def over(*values: float, low: float | None = None, high: float | None = None) -> Number:
    """A number in several trainings."""
    mean = Estimate(value=sum(values) / len(values), low=low, high=high, n=len(values), over='seeds')
    return Number(values=list(values), mean=mean, sd=0.5)


def trainings(of: str = 'shg_people', others: tuple[str, ...] = OTHERS) -> Trainings:
    """Three trainings, or two."""
    names, ends = [of, *others], dict(low=9.0, high=13.0) if len(others) > 1 else {}
    return Trainings(
        of=of,
        persons=4000,
        images=3000,
        names=names,
        components=3,
        participation_ratio=over(*[10.0, 11.0, 12.0][: len(names)], **ends),
        components_for_90=over(*[30, 32, 34][: len(names)]),
        concepts=[
            ConceptNumber(concept='sitting', explained=over(*[0.7, 0.72, 0.74][: len(names)], low=0.67, high=0.77)),
            ConceptNumber(concept='pck', explained=over(*[0.1] * len(names))),
        ],
        pairs=[Pair(first=names[a], second=names[b], cka=0.8 + 0.02 * a) for b in range(len(names)) for a in range(b)],
        overlaps=[Overlap(training=name, share=0.9 - 0.1 * place) for place, name in enumerate(others)],
        matches=[
            Match(
                training=name,
                component=component,
                partner=partner,
                correlation=Beside(value=value, low=0.02, high=0.15, p=p, p_corrected=p),
                least=least,
            )
            for name in others
            for component, (partner, value, least, p) in enumerate(MATCHES[name], 1)
        ],
        permutations=499,
    )
