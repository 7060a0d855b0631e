"""What is said of redundant channels: which stage can do with the fewest, and what variance says of it."""

from collections.abc import Sequence

from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy, LayerChannels
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, cell, confidence_of, listed, number, percent, plural, stack_name, with_span
from shg_xai.results import Results

NAMED = 5  # layers, where many are alike


def findings(answer: ChannelRedundancy, results: Results) -> list[str]:
    """The most redundant stages, those that need all they have, and whether variance says as much as PCK does."""
    layers, confidence, several = answer.layers, confidence_of(answer), several_stacks(answer)
    stages, may = plural(len(layers), 'stage'), f'lose at most {number(answer.options.tolerance, 3)} of PCK'
    texts = [
        f'{stages} were looked at, one at a time, with {plural(answer.persons, "person")} of {answer.split}; '
        f'untouched, the network has a PCK of {with_span(answer.untouched["labelled"], confidence)} on labelled joints.'
    ]
    best = most_redundant(layers)
    if all(layer.suggestion.k >= layer.channels for layer in best):
        return [*texts, f'No stage can do with fewer of its channel components and {may}, of the numbers tried.']
    for layer in best[:NAMED]:
        k, drop = layer.suggestion.k, layer.suggestion.drop
        texts.append(
            f'The most redundant stage is {stage_text(layer, several)}: {number(k)} of '
            f'{plural(layer.channels, "channel component")} {"is" if k == 1 else "are"} enough to {may} '
            f'(measured: {with_span(drop, confidence)}).'
        )
        if drop.high is not None and drop.high > answer.options.tolerance:
            texts.append(f'The interval does not rule out a larger loss, up to {number(drop.high, 3)}.')
    if len(best) > NAMED:
        texts.append(f'As redundant are {number(len(best) - NAMED)} more.')
    if full := [stage_text(layer, several) for layer in layers if layer.suggestion.k >= layer.channels]:
        named = full if len(full) <= NAMED else [*full[:NAMED], f'{len(full) - NAMED} more']
        texts.append(
            f'{number(len(full))} of {stages} {"needs" if len(full) == 1 else "need"} all channel components to stay '
            f'within it, of the numbers tried: {listed(named)}.'
        )
    if judged := [layer.spectrum.components_95 < layer.suggestion.k for layer in layers if layer.spectrum]:
        needs, cut = 'variance there is no measure of what the network needs', 'by variance, none would be cut too far'
        texts.append(
            f'In {number(sum(judged))} of {plural(len(judged), "stage")}, 95 % of the variance is in fewer components '
            f'than PCK asks for: {needs if any(judged) else cut}.'
        )
    return texts


def tables(answer: ChannelRedundancy, results: Results) -> list[Table]:
    """How many channel components each stage needs."""
    several, rows = several_stacks(answer), []
    for layer in answer.layers:
        k, held = layer.suggestion.k, DASH if layer.spectrum is None else number(layer.spectrum.components_95)
        size = [f'{number(layer.height)} × {number(layer.width)}', number(layer.channels)]
        needed = [held, number(k), percent(k / layer.channels, 3), cell(layer.suggestion.drop, 3)]
        rows.append([stage_text(layer, several), layer.name, *size, *needed])
    lost = f'what is lost with the suggested number, with {confidence_of(answer)} intervals'
    head = ['stage', 'layer', 'size', 'channels', '95 %', 'suggested', 'of all', 'lost']
    return [Table(f'Channel components each stage needs, in the order of flow; {lost}', head, rows)]


def most_redundant(layers: Sequence[LayerChannels]) -> list[LayerChannels]:
    """The layers whose suggested k is the smallest share of their channels; several if equal, in their order."""
    shares = [layer.suggestion.k / layer.channels for layer in layers]
    return [layer for layer, share in zip(layers, shares, strict=True) if share == min(shares)]


def stage_text(layer: LayerChannels, stacks: bool) -> str:
    """``skip 0``, ``first stack: decoder 2``, or the layer's name where it is no known stage."""
    if layer.part is None:
        return layer.name
    where = f'{stack_name(layer.stack)}: ' if stacks and layer.stack is not None else ''
    level = '' if layer.level is None else f' {layer.level}'
    return f'{where}{"after the decoder" if layer.part == "after" else layer.part}{level}'


def several_stacks(answer: ChannelRedundancy) -> bool:
    """Whether stages of more than one stack were looked at."""
    return len({layer.stack for layer in answer.layers} - {None}) > 1
