"""What is said of persons whose cluster disagrees with a concept."""

from shg_xai.chapters.cluster_shift.results import ClusterShift
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import above, below, cell, confidence_of, number, plural, with_span
from shg_xai.results import Estimate, Results


def heading(answer: ClusterShift, results: Results) -> str | None:
    """The concept, where there are several."""
    return f'By {answer.concept.replace("_", " ")}' if len(results.all(ClusterShift)) > 1 else None


def findings(answer: ClusterShift, results: Results) -> list[str]:
    """Who disagrees, how well they are met, and what steering does."""
    confidence, split, counts, pck = confidence_of(answer), answer.concept_split, answer.counts, answer.pck
    cut = 'yes or no' if split.kind == 'flag' else f'cut at {number(float(split.at), 3)}'
    unknown = f'; of {number(counts.unknown)} the concept is not known.' if counts.unknown else '.'
    texts = [
        f'{plural(answer.clusters, "cluster")} against {answer.concept.replace("_", " ")} ({cut}; Cramér’s V '
        f'{number(split.association)}): {plural(counts.agree, "person")} of {answer.split} are on their cluster’s '
        f'side, {number(counts.disagree)} are misclassified{unknown}'
    ]
    if not counts.disagree:
        return [*texts, 'Nobody is misclassified, so there is nobody to compare or to move.']
    texts.append(
        f'Misclassified persons have a PCK of {with_span(pck.disagree)}, the others {with_span(pck.agree)}: '
        f'{_compared(pck.difference, ("higher", "lower"), confidence)}.'
    )
    groups = ((answer.shifted.disagree, 'No', 'misclassified persons'), (answer.shifted.agree, 'None', 'of the others'))
    for shifted, nobody, who in groups:
        texts.append(
            f'Moved by the difference of the clusters’ means, {number(shifted.persons)} {who} go from '
            f'{with_span(shifted.before)} to {with_span(shifted.after)}: '
            f'{_compared(shifted.gain, ("better", "worse"), confidence)}.'
            if shifted
            else f'{nobody} {who} were moved.'
        )
    # Whether steering says anything of the misclassified ones that the others do not show too.
    own, other = (group.gain.ends if group else None for group, *_ in groups)
    if own and other:
        said = 'that misclassified persons gain more or less by moving than the others is not shown'
        does = 'helps' if own[0] > other[1] else 'harms' if own[1] < other[0] else ''
        apart = f'Moving {does} misclassified persons more than it does the others.'
        texts.append(apart if does else f'The two intervals overlap: {said}.')
    return texts


def tables(answer: ClusterShift, results: Results) -> list[Table]:
    """PCK of both groups, before and after steering."""
    counts, pck, moved = answer.counts, answer.pck, answer.shifted
    rows = [
        [name, number(count), cell(own, 3), number(shifted.persons if shifted else 0)]
        + [cell(value, 3) for value in ((shifted.before, shifted.after, shifted.gain) if shifted else (None,) * 3)]
        for name, count, own, shifted in (
            ('misclassified', counts.disagree, pck.disagree, moved.disagree),
            ('on their cluster’s side', counts.agree, pck.agree, moved.agree),
        )
    ]
    head = ['persons', 'number', 'PCK', 'moved', 'before', 'after', 'gain']
    return [Table(f'PCK of labelled joints, with {confidence_of(answer)} intervals', head, rows)]


def _compared(estimate: Estimate, words: tuple[str, str], confidence: str) -> str:
    """``lower by 0.097 (...)``, or that no difference was found."""
    if estimate.value is None:
        return 'how they differ is not known'
    if estimate.ends is None:
        return f'a difference of {with_span(estimate)}'
    if above(estimate):
        return f'{words[0]}, by {with_span(estimate, confidence)}'
    if below(estimate):
        turned = Estimate(value=-estimate.value, low=-estimate.ends[1], high=-estimate.ends[0])
        return f'{words[1]}, by {with_span(turned, confidence)}'
    return f'no difference found, {with_span(estimate, confidence)}'
