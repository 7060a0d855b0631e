"""What figures, sentences and tables of the interventions look up alike."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shg_xai.chapters.networks.parts import ORDINALS
from shg_xai.drawing.text import known, number, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PARTS = {'face': 'face', 'upper': 'shoulders to wrists', 'lower': 'hips to ankles'}
# What takes the place of a skip or of the latent, in words.
REPLACED = {'zero': 'nothing', 'mean': 'their mean', 'donor': 'another person’s'}
LEFT, RIGHT, MIDDLE, GHOST = '#0072B2', '#D55E00', '#222222', '#CCCCCC'
STAGES = {
    'encoder': 'encoder',
    'skip': 'skip',
    'bottleneck': 'bottleneck',
    'decoder': 'decoder',
    'after': 'after the decoder',
}
Item = Mapping[str, Any]


def three(value: float | None) -> str:
    """``0.123``; ``not known``."""
    return number(float(value), 3) if known(value) else 'not known'


def with_span(item: Item, confidence: str | None = None, digits: int = 3) -> str:
    """``0.123 (0.100 to 0.146)``; with a confidence ``0.123 (95 % interval 0.100 to 0.146)``."""
    if not known(item['value']):
        return 'not known'
    ends = span(item, digits) or 'interval not known'
    named = f'{confidence} interval {ends}' if confidence and span(item, digits) else ends
    return f'{number(float(item["value"]), digits)} ({named})'


def above(item: Item) -> bool:
    """Whether a known interval lies above zero."""
    return known(item['low']) and item['low'] > 0


def below(item: Item) -> bool:
    """Whether a known interval lies below zero."""
    return known(item['high']) and item['high'] < 0


def joint(name: str) -> str:
    """``left wrist`` for ``left_wrist``."""
    return name.replace('_', ' ')


def whole(skips: Item) -> int | None:
    """The stack that stands for the whole network: None for several, else the only one."""
    return None if skips['stacks'] > 1 else 0


def replacements(skips: Item) -> list[str]:
    """What was put in place of skips, in the order of ``REPLACED``."""
    found = {entry['replacement'] for entry in skips['conditions']}
    return [by for by in REPLACED if by in found]


def condition(
    skips: Item,
    replacement: str | None,
    stack: int | None,
    what: str | None = None,
    level: int | None = None,
    latent: str | None = None,
    k: int | None = None,
) -> Item | None:
    """A condition by what it is; None where it was not measured."""
    wanted = (stack, what, level, latent, k, replacement)
    keys = ('stack', 'skips', 'level', 'latent', 'k', 'replacement')
    return next((entry for entry in skips['conditions'] if tuple(entry[key] for key in keys) == wanted), None)


def kept(skips: Item, stack: int | None) -> list[Item]:
    """The conditions with the latent on its first k components, by k."""
    return sorted(
        (entry for entry in skips['conditions'] if entry['latent'] == 'k components' and entry['stack'] == stack),
        key=lambda entry: entry['k'],
    )


def condition_text(entry: Item, stacks: int) -> str:
    """``second stack: only level 2 on``; a single stack is not named."""
    texts = {
        'all off': 'all skips off',
        'level off': f'level {entry["level"]} off',
        'level on alone': f'only level {entry["level"]} on',
    }
    what = (
        f'latent on {number(entry["k"])} components'
        if entry['k'] is not None
        else 'latent replaced'
        if entry['latent']
        else texts.get(entry['skips'], 'not known')
    )
    return what if stacks == 1 else f'{stack_text(entry["stack"])}: {what}'


def stack_text(stack: int | None) -> str:
    """``all stacks`` for None, ``first stack`` for 0."""
    if stack is None:
        return 'all stacks'
    return f'{ORDINALS[stack]} stack' if stack < len(ORDINALS) else f'stack {stack + 1}'


def directions(walk: Item) -> list[tuple[Item, Item | None]]:
    """The directions asked for, each with the random one beside it where there is one."""
    beside = {entry.get('beside'): entry for entry in walk['directions'] if entry['kind'] == 'random'}
    return [(entry, beside.get(entry['name'])) for entry in walk['directions'] if entry['kind'] != 'random']


def one_pose(walk: Item) -> bool:
    """Whether all persons were decoded from the same values, so that nothing has an interval."""
    return walk['start'] == 'mean' and walk['skips'] in ('none', 'mean')


def concept_title(walk: Item, name: str) -> str:
    """A concept's title."""
    return next((item['title'] for item in walk['concepts'] if item['name'] == name), name.replace('_', ' '))


def direction_title(walk: Item, entry: Item) -> str:
    """``component 3``, or the title of a concept."""
    return concept_title(walk, entry['name']) if entry['kind'] == 'concept' else entry['name'].replace('_', ' ')


def walk_text(walk: Item) -> str:
    """``From the mean latent, with each person’s own skips``."""
    start = {'mean': 'the mean latent', 'person': 'each person’s latent'}
    skips = {
        'own': 'each person’s own skips',
        'none': 'no skips',
        'mean': 'mean skips',
        'donor': 'another person’s skips',
    }
    return f'From {start.get(walk["start"], walk["start"])}, with {skips.get(walk["skips"], walk["skips"])}'


def stage_text(layer: Item, stacks: bool) -> str:
    """``skip 0``, ``first stack: decoder 2``, or the layer's name where it is no known stage."""
    if layer['part'] not in STAGES:
        return layer['name']
    level = '' if layer['level'] is None else f' {layer["level"]}'
    where = f'{stack_text(layer["stack"])}: ' if stacks and layer['stack'] is not None else ''
    return f'{where}{STAGES[layer["part"]]}{level}'


def several_stacks(redundancy: Item) -> bool:
    """Whether stages of more than one stack were looked at."""
    return len({layer['stack'] for layer in redundancy['layers']} - {None}) > 1


def draw_pose(
    ax: 'Axes',
    pose: Sequence[Sequence[float | None]],
    joints: Sequence[str],
    links: Sequence[Sequence[int]],
    ghost: bool = False,
    faint: Sequence[bool] | None = None,
) -> None:
    """Draw a skeleton, left in blue, right in orange; y downwards is the axes' business.

    Args:
        ax: where.
        pose: K pairs; a joint that is not known is left out.
        joints: K names.
        links: pairs of joints.
        ghost: in light grey, behind all else.
        faint: which of the K joints the network is not sure of; their lines are dotted.
    """
    from matplotlib.collections import LineCollection

    faint = faint or [False] * len(joints)
    shown = [all(map(known, point)) for point in pose]
    lines, colours, styles = [], [], []
    for a, b in links:
        if shown[a] and shown[b]:
            lines.append([pose[a], pose[b]])
            colours.append(GHOST if ghost else _side(joints[a], joints[b]))
            styles.append((0, (1, 1.2)) if faint[a] or faint[b] else 'solid')
    width = 1.2 if ghost else 1.5
    ax.add_collection(
        LineCollection(
            lines,
            colors=colours,
            linewidths=width,
            capstyle='round',
            linestyles=styles or 'solid',
            zorder=1 if ghost else 3,
        )
    )
    if not ghost:
        for place, name in enumerate(joints):
            if shown[place]:
                ax.plot(
                    *pose[place],
                    'o',
                    markersize=2.2,
                    zorder=4,
                    markeredgewidth=0.5,
                    color=_side(name, name),
                    markerfacecolor='white' if faint[place] else _side(name, name),
                )


def _side(a: str, b: str) -> str:
    """The colour of a line between two joints."""
    for word, colour in (('left', LEFT), ('right', RIGHT)):
        if a.startswith(word) and b.startswith(word):
            return colour
    return MIDDLE


def side_legend(figure: Any, *more: tuple[str, str]) -> None:
    """Explain the colours of skeletons above a figure; ``more`` are labels with a colour."""
    from matplotlib.lines import Line2D

    entries = [('left side of the body', LEFT), ('right side', RIGHT), *more]
    figure.legend(
        handles=[Line2D([], [], color=colour, linewidth=2, label=label) for label, colour in entries],
        loc='outside upper left',
        ncols=len(entries),
    )
