"""Sentences on redundant channels: which stage can do with the fewest, and what variance says of it."""

from collections.abc import Sequence

from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy, LayerChannels
from shg_xai.drawing.text import confidence_of, listed, number, plural, stack_name, with_span
from shg_xai.results import Results

NAMED = 5  # layers, where many are alike


def findings(answer: ChannelRedundancy, results: Results) -> list[str]:
    """The most redundant stages, those that need all they have, and whether variance says as much as PCK does."""
    layers, confidence, several = answer.layers, confidence_of(answer), several_stacks(answer)
    tolerance = number(answer.options.tolerance, 3)
    texts = [
        f'{plural(len(layers), "stage")} were looked at, one at a time, with {plural(answer.persons, "person")} of '
        f'{answer.split}; untouched, the network has a PCK of {with_span(answer.untouched["labelled"], confidence)} on '
        'labelled joints.'
    ]
    best, may = most_redundant(layers), f'lose at most {tolerance} of PCK'
    if all(layer.suggestion.k >= layer.channels for layer in best):
        texts.append(f'No stage can do with fewer of its channel components and {may}, of the numbers tried.')
        return texts
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
    full = [stage_text(layer, several) for layer in layers if layer.suggestion.k >= layer.channels]
    if full:
        named = full if len(full) <= NAMED else [*full[:NAMED], f'{len(full) - NAMED} more']
        texts.append(
            f'{number(len(full))} of {plural(len(layers), "stage")} {"needs" if len(full) == 1 else "need"} all '
            f'channel components to stay within it, of the numbers tried: {listed(named)}.'
        )
    if judged := [(layer.spectrum.components_95, layer.suggestion.k) for layer in layers if layer.spectrum]:
        short = sum(held < k for held, k in judged)
        needs, cut = 'variance there is no measure of what the network needs', 'by variance, none would be cut too far'
        texts.append(
            f'In {number(short)} of {plural(len(judged), "stage")}, 95 % of the variance is in fewer components than '
            f'PCK asks for: {needs if short else cut}.'
        )
    return texts


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
