"""What is said of redundant channels: which stages can do with fewer, and what variance says of it."""

from collections.abc import Sequence

from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy, LayerChannels
from shg_xai.chapters.component_projection.findings import chosen_text
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, cell, confidence_of, listed, number, percent, plural, stack_name, with_span
from shg_xai.results import Results

NAMED = 5  # layers, where many are alike


def claims(answer: ChannelRedundancy) -> list[str]:
    """The stages that are shown to do with fewer channels than they have."""
    several = several_stacks(answer)
    return [
        f'{stage_text(layer, several)}: {number(layer.suggestion.k)} of {plural(layer.channels, "channel")} enough'
        for layer in redundant(answer.layers)
    ]


def findings(answer: ChannelRedundancy, results: Results) -> list[str]:
    """The stages shown to do with fewer, those with the smallest share, and how many hold most of the variance."""
    layers, confidence, several = answer.layers, confidence_of(answer), several_stacks(answer)
    stages, within = plural(len(layers), 'stage'), f'lose at most {number(answer.options.tolerance, 3)} of PCK'
    texts = [
        f'{stages} were looked at, one at a time, with {plural(answer.persons, "person")} of {answer.split}; '
        f'untouched, the network has a PCK of {with_span(answer.untouched["labelled"], confidence)} on labelled joints.'
    ]
    fewer, full = redundant(layers), [layer for layer in layers if layer.suggestion.k >= layer.channels]
    if not fewer:
        return [*texts, f'No stage is shown to {within} with fewer of its channel components, of the numbers tried.']
    shown = [f'{stage_text(layer, several)} with {number(layer.suggestion.k)}' for layer in fewer]
    texts.append(
        f'{number(len(fewer))} of {stages} {"is" if len(fewer) == 1 else "are"} shown to {within} with fewer channel '
        f'components, for all stages at once with {confidence}: {_some(shown)}.'
    )
    for layer in (best := most_redundant(layers))[:NAMED]:
        k, drop, upper = layer.suggestion.k, layer.suggestion.drop, layer.suggestion.upper
        texts.append(
            f'The smallest share is shown for {stage_text(layer, several)}: {number(k)} of '
            f'{plural(layer.channels, "channel component")} (measured: {with_span(drop, confidence)}; for all stages '
            f'at once at most {number(upper, 4)}).'
        )
        texts += chosen_text(layer.suggestion)
    if len(best) > NAMED:
        texts.append(f'As small is that of {number(len(best) - NAMED)} more.')
    if full:
        texts.append(
            f'For {number(len(full))} of {stages} no smaller number of those tried is shown to be enough: '
            f'{_some([stage_text(layer, several) for layer in full])}.'
        )
    if judged := [layer.spectrum.components_95 < layer.suggestion.k for layer in layers if layer.spectrum]:
        texts.append(
            f'In {number(sum(judged))} of {plural(len(judged), "stage")}, 95 % of the variance is in fewer components '
            'than are suggested.'
        )
    return texts


def _some(names: Sequence[str]) -> str:
    """Names in words, the first few where they are many."""
    return listed(names if len(names) <= NAMED else [*names[:NAMED], f'{number(len(names) - NAMED)} more'])


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


def redundant(layers: Sequence[LayerChannels]) -> list[LayerChannels]:
    """The layers for which fewer components than channels are suggested, in their order."""
    return [layer for layer in layers if layer.suggestion.k < layer.channels]


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
