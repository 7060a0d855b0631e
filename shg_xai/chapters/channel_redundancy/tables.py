"""The table of stages: how many channel components each needs."""

from shg_xai.chapters.channel_redundancy.findings import several_stacks, stage_text
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, cell, confidence_of, number, percent
from shg_xai.results import Results


def tables(answer: ChannelRedundancy, results: Results) -> list[Table]:
    """A row a stage."""
    several = several_stacks(answer)
    rows = [
        [
            stage_text(layer, several),
            layer.name,
            f'{number(layer.height)} × {number(layer.width)}',
            number(layer.channels),
            DASH if layer.spectrum is None else number(layer.spectrum.components_95),
            number(layer.suggestion.k),
            percent(layer.suggestion.k / layer.channels, 3),
            cell(layer.suggestion.drop, 3),
        ]
        for layer in answer.layers
    ]
    lost = f'what is lost with the suggested number, with {confidence_of(answer)} intervals'
    caption = f'Channel components each stage needs, in the order of flow; {lost}'
    head = ['stage', 'layer', 'size', 'channels', '95 %', 'suggested', 'of all', 'lost']
    return [Table(caption, head, rows)]
