#!/usr/bin/env python
"""Where channels are redundant: tools/find_redundancy.py CONFIG CHECKPOINT --out FILE.json"""

from shg_xai.chapters.channel_redundancy.findings import most_redundant
from shg_xai.chapters.channel_redundancy.options import ChannelRedundancyOptions
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy
from shg_xai.cli import run
from shg_xai.drawing.text import markdown_table, with_interval
from shg_xai.runner.measurement import measure_to_file

DESCRIPTION = """For every stage of a network, how many channels it needs. Each position of each person is one sample of
as many values as there are channels; their principal components are those of --fit-persons persons. Then PCK of the
persons of --split is measured with this stage's output projected, position by position, on its first k components, for
a ladder of k. Suggested is the smallest k from which on labelled PCK drops by no more than --tolerance, with
--confidence for all stages at once and not only as measured; all channels, where no smaller k is shown to be enough.

  tools/find_redundancy.py configs/shg_coco.py CHECKPOINT --out work_dirs/shg_coco/redundancy.json

The stages of a StackedHourglass are encoder, skips, bottleneck and decoder of each stack, and the residual after it. Of
any other network name layers (tools/list_layers.py lists them). k = 0 puts the mean of each channel everywhere, all
components are the network itself. What comes before a layer is computed once for all k. No store of latents is needed.
One stage is projected at a time: what several allow together is not known from what each allows alone."""


def main() -> None:
    measure_to_file(ChannelRedundancyOptions, DESCRIPTION, markdown)


def markdown(found: ChannelRedundancy) -> str:
    """A row a layer, drops in points of percent, and the most redundant stage as a sentence."""
    rows = []
    for one in found.layers:
        needed = 'none vary' if one.spectrum is None else str(one.spectrum.components_95)
        k, drop = str(one.suggestion.k), with_interval(one.suggestion.drop, 100)
        rows.append((one.name, str(one.channels), needed, k, drop))
    table = markdown_table(('layer', 'channels', 'components for 95 %', 'suggested k', 'drop of labelled'), rows)
    best = most_redundant(found.layers)
    first = best[0]
    who = f': {first.name}, which' if len(best) == 1 else f', alike: {", ".join(one.name for one in best)}; each'
    said = f'Most redundant{who} needs {first.suggestion.k} of {first.channels} channel components to stay within'
    if first.suggestion.k == first.channels:
        said = 'No stage is redundant as far as is shown: none can lose a step of the ladder within'
    whom = f'({found.persons} persons of {found.split}, one stage at a time)'
    return f'{table}\n\n{said} {100 * first.suggestion.tolerance:g} points of labelled PCK {whom}.'


if __name__ == '__main__':
    run(main)
