"""The table of stages: how many channel components each needs."""

from shg_xai.chapters.channel_redundancy.findings import several_stacks, stage_text
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, cell, confidence_of, number, percent
from shg_xai.results import Results


def tables(answer: ChannelRedundancy, results: Results) -> list[Table]:
    """A row a stage."""
    several, rows = several_stacks(answer), []
    for layer in answer.layers:
        k, held = layer.suggestion.k, DASH if layer.spectrum is None else number(layer.spectrum.components_95)
        size = [f'{number(layer.height)} × {number(layer.width)}', number(layer.channels)]
        needed = [held, number(k), percent(k / layer.channels, 3), cell(layer.suggestion.drop, 3)]
        rows.append([stage_text(layer, several), layer.name, *size, *needed])
    lost = f'what is lost with the suggested number, with {confidence_of(answer)} intervals'
    caption = f'Channel components each stage needs, in the order of flow; {lost}'
    head = ['stage', 'layer', 'size', 'channels', '95 %', 'suggested', 'of all', 'lost']
    return [Table(caption, head, rows)]
