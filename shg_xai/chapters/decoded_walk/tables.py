"""What each direction changes, and how concepts of decoded poses are computed."""

from shg_xai.chapters.decoded_walk.findings import title
from shg_xai.chapters.decoded_walk.results import DecodedWalk
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, amount, cell, confidence_of, number
from shg_xai.results import Results

WORDS = {True: 'yes', False: 'no', None: DASH}


def tables(answer: DecodedWalk, results: Results) -> list[Table]:
    """Concepts along each direction, and what they mean."""
    caption = (
        f'Change of concepts from −2σ to 2σ, with {confidence_of(answer)} intervals, beside '
        f'{number(answer.options.random)} random directions of the same length'
    )
    head = ['direction', 'concept', 'change', 'random: 97.5 %', 'more', 'one way', 'random: one way']
    changes = [
        [
            title(answer, direction.name),
            title(answer, name),
            cell(change),
            amount(direction.random.concept_change_97_5[name], 2, DASH),
            WORDS[direction.concept_more_than_random[name]],
            WORDS[direction.walk.monotonic[name]],
            number(direction.random.monotonic[name]),
        ]
        for direction in answer.directions
        for name, change in direction.walk.concept_change.items()
    ]
    known = [[concept.title, concept.definition, concept.unit or DASH] for concept in answer.concepts]
    definitions = Table('Concepts of decoded poses', ['concept', 'definition', 'unit'], known, folded=True)
    return [table for table in (Table(caption, head, changes, folded=True), definitions) if table.rows]
