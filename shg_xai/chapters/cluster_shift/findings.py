"""What is said of persons whose cluster disagrees with a concept."""

from shg_xai.chapters.cluster_shift.results import ClusterShift, GroupPck
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import cell, confidence_of, listed, number, plural, with_span
from shg_xai.results import Results
from shg_xai.stats.draws import LEVEL, Beside


def heading(answer: ClusterShift, results: Results) -> str | None:
    """The concept, where there are several."""
    return f'By {answer.concept.replace("_", " ")}' if len(results.all(ClusterShift)) > 1 else None


def claims(answer: ClusterShift) -> list[str]:
    """``misclassified persons: lower PCK``, ``moving misclassified persons: better than a random move``.

    Of persons the network was trained on there is none.
    """
    if answer.trained:
        return []
    found, moved = [], answer.shifted.disagree and answer.shifted.disagree.random
    if way := lower_or_higher(answer.pck):
        found.append(f'misclassified persons: {way} PCK')
    if moved and (way := worse_or_better(moved)):
        found.append(f'moving misclassified persons: {way} than a random move')
    return found


def lower_or_higher(pck: GroupPck) -> str | None:
    """How PCK of misclassified persons differs from that of the others who are alike; None where it is not found to."""
    apart, p = pck.within.value, pck.p_corrected
    if apart is None or p is None or p >= LEVEL:
        return None
    return 'lower' if apart < 0 else 'higher'


def worse_or_better(random: Beside) -> str | None:
    """How a move compares with random ones; None where it is not found to be another."""
    if not random.found or random.value is None or random.low is None or random.high is None:
        return None
    return 'worse' if random.value < (random.low + random.high) / 2 else 'better'


def findings(answer: ClusterShift, results: Results) -> list[str]:
    """Who disagrees, how well they are met, and what steering does."""
    return sentences(answer)


def sentences(answer: ClusterShift) -> list[str]:
    """The same; what is concluded are the claims, and nothing of persons the network was trained on."""
    split, counts, moved = answer.concept_split, answer.counts, answer.shifted
    cut = 'yes or no' if split.kind == 'flag' else f'cut at {number(float(split.at), 3)}'
    unknown = f'; of {number(counts.unknown)} the concept is not known.' if counts.unknown else '.'
    texts = [
        f'{plural(answer.clusters, "cluster")} against {answer.concept.replace("_", " ")} ({cut}; Cramér’s V '
        f'{number(split.association)}): {plural(counts.agree, "person")} of {answer.split} are on their cluster’s '
        f'side, {number(counts.disagree)} are misclassified{unknown}'
    ]
    if not counts.disagree:
        return [*texts, 'Nobody is misclassified, so there is nobody to compare or to move.']
    texts.append(_met(answer))
    for shifted, nobody, who in (
        (moved.disagree, 'No', 'misclassified persons'),
        (moved.agree, 'None', 'of the others'),
    ):
        texts.append(
            f'Moved by the difference of the clusters’ means, {number(shifted.persons)} {who} go from '
            f'{with_span(shifted.before)} to {with_span(shifted.after)}: a gain of '
            f'{with_span(shifted.gain, confidence_of(answer))}.'
            if shifted
            else f'{nobody} {who} were moved.'
        )
    if moved.disagree and (random := moved.disagree.random):
        texts.append(_beside(answer, random, moved.disagree.random_persons))
    if answer.trained:
        texts.append('The network was trained on these persons, so nothing is concluded from how well they are met.')
    return texts


def _met(answer: ClusterShift) -> str:
    """How well misclassified persons are met beside the others, and beside those of them who are alike."""
    pck, confidence = answer.pck, confidence_of(answer)
    plain = f'Misclassified persons have a PCK of {with_span(pck.disagree)}, the others {with_span(pck.agree)}'
    if pck.within.value is None:
        return f'{plain}; how they differ among persons who are alike is not known.'
    alike = (
        f'alike in {listed([name.replace("_", " ") for name in pck.held])}' if pck.held else 'not sorted by anything'
    )
    way, size = lower_or_higher(pck), with_span(pck.within, confidence)
    p = f'corrected p = {number(pck.p_corrected, 3)}'
    if way and not answer.trained:
        return f'{plain}. Among persons {alike} theirs is {way}, a difference of {size}, {p}.'
    return f'{plain}. Among persons {alike} the difference is {size}{"" if answer.trained else f", {p}"}.'


def _beside(answer: ClusterShift, random: Beside, persons: int) -> str:
    """What moving does beside random moves."""
    gain = f'in {plural(persons, "misclassified person")} a gain of {number(random.value, 3)}'
    moves = f'{plural(answer.options.random, "random move")} of the same length'
    ends = f'{number(random.low, 3)} to {number(random.high, 3)} (the middle 95 %)'
    if answer.trained:
        return f'This is {gain}, and by {moves} {ends}.'
    p = f'corrected p = {number(random.p_corrected, 3)}'
    if way := worse_or_better(random):
        return f'To move to the other cluster is {way} than to move at random: {gain}, by {moves} {ends}, {p}.'
    return f'This is {gain}, and by {moves} {ends}, {p}.'


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
