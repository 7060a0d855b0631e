"""Tables of the interventions, as plain text in cells."""

from collections.abc import Mapping, Sequence
from typing import Any

from shg_xai.drawing.text import DASH, amount, confidence_of, known, number, percent
from shg_xai.report.intervention_parts import (
    PARTS,
    REPLACED,
    concept_title,
    condition_text,
    direction_title,
    directions,
    joint,
    several_stacks,
    stage_text,
)
from shg_xai.report.tables import Table, cell

Item = Mapping[str, Any]


def of_skips(skips: Item) -> list[Table]:
    """All conditions, and all joints where a level is off; none that would be empty."""
    return [table for table in (conditions(skips), skipped_joints(skips)) if table.rows]


def conditions(skips: Item) -> Table:
    """PCK under each condition."""

    def row(name: str, by: str, entry: Item) -> list[str]:
        return [
            name,
            by,
            cell(entry['pck']['labelled'], 3),
            *(cell(entry['parts'][part]['labelled'], 3) for part in PARTS),
        ]

    rows = [row('untouched', DASH, skips['untouched'])]
    rows += [
        row(condition_text(entry, skips['stacks']), REPLACED.get(entry['replacement'], DASH), entry)
        for entry in skips['conditions']
    ]
    if skips['against']:
        rows.append(row('trained without skips', DASH, skips['against']))
    return Table(
        f'PCK under each condition, with {confidence_of(skips)} intervals; level 0 is the finest',
        ['condition', 'replaced by', 'labelled joints', *PARTS.values()],
        rows,
        folded=True,
    )


def skipped_joints(skips: Item) -> Table:
    """What each joint loses."""
    entries = [entry for entry in skips['conditions'] if entry['skips'] == 'level off']
    rows = [
        [
            joint(name),
            condition_text(entry, skips['stacks']),
            REPLACED.get(entry['replacement'], DASH),
            cell(item['labelled'], 3),
        ]
        for entry in entries
        for name, item in entry['drop']['joints'].items()
    ]
    return Table(
        f'PCK that each joint loses with a level off, with {confidence_of(skips)} intervals',
        ['joint', 'condition', 'replaced by', 'lost'],
        rows,
        folded=True,
    )


def of_walk(walk: Item) -> list[Table]:
    """Concepts along each direction, and what they mean; none that would be empty."""
    return [table for table in (changes(walk), decoded_concepts(walk)) if table.rows]


def changes(walk: Item) -> Table:
    """What each direction changes."""
    words = {True: 'yes', False: 'no', None: DASH}
    rows = [
        [
            direction_title(walk, entry),
            concept_title(walk, name),
            cell(item),
            amount(entry['random_concept_change_97_5'].get(name), 2, DASH),
            words[entry['concept_more_than_random'].get(name)],
            words[entry['monotonic'].get(name)],
            number(entry['random_monotonic'].get(name), 0, DASH),
        ]
        for entry, _ in directions(walk)
        for name, item in entry['concept_change'].items()
    ]
    return Table(
        f'Change of concepts from −2σ to 2σ, with {confidence_of(walk)} intervals, beside '
        f'{number(walk["settings"]["random"])} random directions of the same length',
        ['direction', 'concept', 'change', 'random: 97.5 %', 'more', 'one way', 'random: one way'],
        rows,
        folded=True,
    )


def decoded_concepts(walk: Item) -> Table:
    """How concepts of decoded poses are computed."""
    return Table(
        'Concepts of decoded poses',
        ['concept', 'definition', 'unit'],
        [[item['title'], item['definition'], item['unit'] or DASH] for item in walk['concepts']],
        folded=True,
    )


def of_redundancy(redundancy: Item) -> list[Table]:
    """The table of stages; none where none was looked at."""
    several = several_stacks(redundancy)
    rows = []
    for layer in redundancy['layers']:
        best, held = layer['suggestion']['k'], layer['components_95']
        share = percent(best / layer['channels'], 3) if known(best) else DASH
        rows.append(
            [
                stage_text(layer, several),
                layer['name'],
                f'{number(layer["height"])} × {number(layer["width"])}',
                number(layer['channels']),
                number(held, 0, DASH),
                number(best, 0, DASH),
                share,
                cell(layer['suggestion']['drop'], 3),
            ]
        )
    table = Table(
        'Channel components each stage needs, in the order of flow; what is lost with '
        f'the suggested number, with {confidence_of(redundancy)} intervals',
        ['stage', 'layer', 'size', 'channels', '95 %', 'suggested', 'of all', 'lost'],
        rows,
    )
    return [table] if rows else []


def of_misclassified(found: Item) -> list[Table]:
    """PCK of both groups, before and after moving."""
    rows = []
    for key, name in (('disagree', 'misclassified'), ('agree', 'on their cluster’s side')):
        moved = found['moved'][key] or {}
        rows.append(
            [
                name,
                number(found['counts'][key]),
                cell(found['pck'][key], 3),
                number(moved.get('persons', 0)),
                cell(moved.get('before'), 3),
                cell(moved.get('after'), 3),
                cell(moved.get('gain'), 3),
            ]
        )
    return [
        Table(
            f'PCK of labelled joints, with {confidence_of(found)} intervals',
            ['persons', 'number', 'PCK', 'moved', 'before', 'after', 'gain'],
            rows,
        )
    ]


def tables_of(key: str, item: Item) -> Sequence[Table]:
    """The tables of a part of the chapter."""
    return {'skips': of_skips, 'decoded': of_walk, 'redundancy': of_redundancy, 'misclassified': of_misclassified}[key](
        item
    )
