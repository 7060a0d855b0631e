"""Which stages have channels to spare, in a sentence."""

from shg_xai.chapters.channel_redundancy.findings import NAMED, redundant, several_stacks, stage_text
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import listed, number, percent, plural
from shg_xai.results import Results


def headline(answer: ChannelRedundancy, results: Results) -> Headline | None:
    """The stages that are shown to do with fewer channels."""
    if not answer.layers:
        return None
    fewer, stages = redundant(answer.layers), plural(len(answer.layers), 'stage')
    loss = f'lose at most {number(answer.options.tolerance, 3)} of PCK'
    named = [
        f'{stage_text(layer, several_stacks(answer))} ({number(layer.suggestion.k)} of {number(layer.channels)})'
        for layer in fewer[:NAMED]
    ]
    shown = f'{number(len(fewer))} of {stages} {"is" if len(fewer) == 1 else "are"} shown to {loss} with fewer channels'
    return Headline(
        f'{shown}: {listed(named)}.' if fewer else f'None of {stages} is shown to {loss} with fewer channels.',
        unit='stages',
        number=f'{number(len(fewer))} of {number(len(answer.layers))}',
        figure='redundancy',
        verdict='stands' if fewer else 'undecided',
        control=(
            f'One stage at a time, for all at once with {percent(answer.confidence)} confidence; '
            f'{plural(answer.persons, "person")} of {answer.split}.'
        ),
    )
