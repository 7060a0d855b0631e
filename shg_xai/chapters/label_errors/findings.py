"""Which labels look wrong, in words. Nothing is concluded: a ranking is for somebody to look at."""

from shg_xai.chapters.label_errors.results import LabelErrors, Suspect
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import cell, confidence_of, listed, number, percent, plural
from shg_xai.results import Results

KINDS_SAID = {
    'sides': 'left and right exchanged',
    'limb': 'left and right of a limb exchanged',
    'joint': 'a joint put elsewhere',
    'flag': 'a flag that does not fit',
    'box': 'a box that cuts off',
}
FIRST = 3  # suspects that are named


def findings(answer: LabelErrors, results: Results) -> list[str]:
    """The first of the ranking, and how well damage done on purpose is found."""
    return findings_of(answer)


def findings_of(answer: LabelErrors) -> list[str]:
    """The same of an answer that stands alone."""
    if answer.why:
        return [answer.why]
    if not answer.suspects:
        return [f'Of {plural(answer.persons, "person")} on {plural(answer.images, "photo")} no label looks wrong.']
    named = [f'{own.annotation_id} ({KINDS_SAID[own.kind]})' for own in answer.suspects[:FIRST]]
    texts = [
        f'Of {plural(answer.persons, "label")} on {plural(answer.images, "photo")}, annotation {listed(named)} '
        f'look{"s" if len(named) == 1 else ""} most like labels that were damaged, and least like errors of the '
        'network; which are wrong, a person has to see.',
        _trials(answer),
    ]
    if answer.trained:
        texts.append(
            'These persons are of the split train. A network that was trained on them was trained on what is wrong in '
            'their labels, too, and finds less of it than one that was not.'
        )
    return texts


def _trials(answer: LabelErrors) -> str:
    caught = [f'{KINDS_SAID[one.kind]} {cell(one.caught)}' for one in answer.trials]
    return (
        f'Of copies damaged on purpose, this share scores above all but 1 % of the labels as they are, with '
        f'{confidence_of(answer)} intervals over photos: {listed(caught)}.'
    )


def tables(answer: LabelErrors, results: Results) -> list[Table]:
    """All suspects that are listed."""
    if not answer.suspects:
        return []
    rows = [[str(place), *_cells(one)] for place, one in enumerate(answer.suspects, 1)]
    head = ['place', 'annotation', 'photo', 'what looks wrong', 'joints', 'score', 'distance']
    caption = (
        'Labels that look wrong, most suspicious first: the score is the logarithm of how many times likelier this is '
        'of a damaged label than of one as it is; distance is the mean from label to prediction, of the crop’s side'
    )
    return [Table(caption, head, rows, folded=True)]


def _cells(one: Suspect) -> list[str]:
    joints = ', '.join(place.joint.replace('_', ' ') for place in one.places)
    return [
        str(one.annotation_id),
        one.file_name,
        KINDS_SAID[one.kind],
        joints if one.kind != 'sides' else 'all that have a mirror image',
        number(one.score, 1),
        percent(one.loss),
    ]
