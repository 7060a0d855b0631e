"""Where two networks differ, in words."""

from shg_xai.chapters.disagreement.results import Disagreement, GroupChange
from shg_xai.chapters.weak_spots.findings import condition_words
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import cell, confidence_of, number, percent, plural, signed, span
from shg_xai.results import Results

TOLD = 3  # groups with a sentence, the most costly


def claims(answer: Disagreement) -> list[str]:
    """What is concluded: that two networks are farther apart than two trainings, and each group."""
    far = ['apart beyond another training'] if _beyond(answer) else []
    return far + [f'{one.side}: {words(one)}' for one in answer.groups]


def _beyond(answer: Disagreement) -> bool:
    return answer.beyond.low is not None and answer.beyond.low > 0


def words(group: GroupChange) -> str:
    """The conditions of a group."""
    return ' and '.join(map(condition_words, group.conditions))


def heading(answer: Disagreement, results: Results) -> str:
    """Which two."""
    return f'{answer.first} and {answer.second}'


def findings(answer: Disagreement, results: Results) -> list[str]:
    """How many persons each meets better, beside another training; then the groups."""
    return sentences(answer)


def sentences(answer: Disagreement) -> list[str]:
    """The same without a report."""
    first, second, confidence = answer.first, answer.second, confidence_of(answer)
    texts = [
        f'“{second}” meets {percent(answer.better.value or 0)} of {plural(answer.persons, "person")} better than '
        f'“{first}” and {percent(answer.worse.value or 0)} worse, the others as well; a person’s PCK differs by '
        f'{cell(answer.apart)} on average.'
    ]
    if answer.trainings:
        texts.append(_beside_trainings(answer, confidence))
    if not answer.groups:
        many = plural(answer.judged, 'group')
        texts.append(
            f'No group of persons is confirmed on whom “{second}” gains or loses otherwise than on the rest, by more '
            f'than {number(answer.margin, 3)}: of {many} judged, none.'
        )
    return texts + [_sentence(one, second, confidence) for one in answer.groups[:TOLD]]


def _beside_trainings(answer: Disagreement, confidence: str) -> str:
    others = 'another training' if answer.trainings == 1 else f'{answer.trainings} other trainings'
    ends = span(answer.beyond) or 'interval not known'
    told = f'{number(answer.alike.value)} ({signed(answer.beyond.value)}, {confidence} interval {ends})'
    if _beyond(answer):
        return f'That is more than what {others} of “{answer.first}” would change: {told}.'
    return f'That is not shown to be more than what {others} of “{answer.first}” would change: {told}.'


def _sentence(one: GroupChange, second: str, confidence: str) -> str:
    ends = span(one.gap) or 'interval not known'
    who = f'{plural(one.persons, "person")}, {percent(one.share)} of those asked'
    return (
        f'On persons with {words(one)} “{second}” gains {number(one.gap.value)} {one.side} than on the others '
        f'({confidence} interval {ends}; {signed(one.difference.value)} beside {signed(one.others)}; {who}).'
    )


def tables(answer: Disagreement, results: Results) -> list[Table]:
    """All groups that are told."""
    rows = [
        [words(one), one.side, number(one.persons), percent(one.share), cell(one.difference, 3),
         signed(one.others, 3), cell(one.gap, 3)]
        for one in answer.groups
    ]  # fmt: skip
    if not rows:
        return []
    caption = (
        f'Groups on whom “{answer.second}” less “{answer.first}” is another than on the rest, with '
        f'{confidence_of(answer)} intervals; those of gaps hold for all that was judged at once'
    )
    head = ['group', 'gains', 'persons', 'share', 'difference', 'others', 'gap']
    return [Table(caption, head, rows)]
