"""Tables of skips that were turned off."""

from shg_xai.chapters.skip_ablation.conditions import PARTS, REPLACED, condition_text
from shg_xai.chapters.skip_ablation.results import Scores, SkipAblation
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, cell, confidence_of
from shg_xai.results import Results


def tables(answer: SkipAblation, results: Results) -> list[Table]:
    """PCK under each condition, and what each joint loses where a level is off."""

    def row(name: str, by: str, scores: Scores) -> list[str]:
        return [name, by, *(cell(scores.of_part(part), 3) for part in ('', *PARTS))]

    named = [
        (condition_text(one.condition, answer.stacks), REPLACED.get(one.condition.replacement, DASH), one)
        for one in answer.conditions
    ]
    rows = [row('untouched', DASH, answer.untouched), *(row(*one) for one in named)]
    if answer.against:
        rows.append(row('trained without skips', DASH, answer.against))
    joints = [
        [joint.replace('_', ' '), name, by, cell(lost['labelled'], 3)]
        for name, by, one in named
        if one.condition.skips == 'level off'
        for joint, lost in one.drop.joints.items()
    ]
    confidence = confidence_of(answer)
    caption = f'PCK under each condition, with {confidence} intervals; level 0 is the finest'
    found = [Table(caption, ['condition', 'replaced by', 'labelled joints', *PARTS.values()], rows, folded=True)]
    if joints:
        caption = f'PCK that each joint loses with a level off, with {confidence} intervals'
        found.append(Table(caption, ['joint', 'condition', 'replaced by', 'lost'], joints, folded=True))
    return found
