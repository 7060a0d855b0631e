"""What the skips do, in a sentence."""

from collections.abc import Mapping

from shg_xai.chapters.skip_ablation.findings import WAYS, most_needed
from shg_xai.chapters.skip_ablation.options import Replacement
from shg_xai.chapters.skip_ablation.results import Ablated, SkipAblation
from shg_xai.drawing.material import Headline, Sure
from shg_xai.drawing.text import above, negated, number, percent, plural, span
from shg_xai.results import Estimate, Results

IN_PLACE: dict[Replacement, str] = {'donor': 'another person’s', 'mean': 'the mean over persons', 'zero': 'zeros'}
INSTEAD: dict[Replacement, str] = {'donor': 'another person’s', 'mean': 'averaged', 'zero': 'no'}


def headline(answer: SkipAblation, results: Results) -> Headline | None:
    """What all skips off costs, and the level that costs most."""
    found = answer.under(answer.whole, 'all off')
    by = next((by for by in ('mean', 'donor', 'zero') if by in found), None)
    lost = found[by].broken.pck if by else None
    if by is None or lost is None or lost.value is None:
        return None
    untouched, left = answer.untouched.labelled.value, found[by].labelled.value
    return Headline(
        f'{_size(untouched, lost)}: with {IN_PLACE[by]} in place of a person’s own skip features, PCK '
        f'{"falls" if lost.value > 0 else "goes"} from {number(untouched)} to {number(left)}.',
        unit=f'PCK, {INSTEAD[by]} minus own skips',
        number=number(-lost.value),
        figure='levels',
        verdict='stands' if above(lost) else 'undecided',
        control=(
            f'Beside the same network untouched; interval {span(lost) or "not known"}, at once for all '
            f'{plural(answer.contrasts, "comparison")} with {percent(answer.confidence)}.{_misleading(by, found)}'
            f'{_level(answer)}'
        ),
        lead=4,
        sure=Sure(negated(lost), 0),
    )


def _size(untouched: float | None, lost: Estimate) -> str:
    """How much of PCK depends on skips, in a word."""
    if not above(lost):
        return 'PCK is not shown to depend on them'
    most = untouched is not None and lost.low is not None and lost.low > untouched / 2
    return f'{"Most" if most else "Part"} of PCK depends on them'


def _misleading(by: Replacement, found: Mapping[Replacement, Ablated]) -> str:
    """What another person's skips cost, where mean ones come first."""
    donor = found['donor'].broken.pck.value if by == 'mean' and 'donor' in found else None
    return f' With another person’s skips it falls by {number(donor)}.' if donor is not None else ''


def _level(answer: SkipAblation) -> str:
    """The level that surely costs most in PCK when it is taken away; nothing where none does."""
    most = next((level for way, what, level, *_ in most_needed(answer) if (way, what) == ('broken', 'PCK')), None)
    return '' if most is None else f' Level {number(most)} {WAYS["broken"]} (level 0 is the finest).'
