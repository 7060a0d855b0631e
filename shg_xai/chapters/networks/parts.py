"""What figures, sentences and tables of the study look up alike."""

from collections.abc import Iterable, Mapping
from typing import Any

from shg_xai.drawing.text import known, number, percent, span

GROUPS = {
    'labelled': 'labelled joints',
    'visible': 'visible joints',
    'occluded': 'occluded joints',
    'limbs': 'limb joints',
}
BETTER, WORSE, NOTHING = 'better', 'worse', 'no difference found'
FEW = 'too few seeds to tell'
AUTOENCODERS = {'suggested': 'suggested', 'study': 'the study’s'}
ORDINALS = ('first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth')


def network(study: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    """A network by its key; None where it was not run."""
    return next((item for item in study['networks'] if item['key'] == key), None)


def title(study: Mapping[str, Any], key: str) -> str:
    """A network's title."""
    found = network(study, key)
    return found['title'] if found else key


def comparison(study: Mapping[str, Any], a: str, b: str, group: str = 'labelled') -> Mapping[str, Any] | None:
    """The comparison of two networks; None where it was not made."""
    return next((item for item in study['comparisons'] if (item['a'], item['b'], item['group']) == (a, b, group)), None)


def autoencoder_groups(study: Mapping[str, Any]) -> dict[tuple, list[Mapping[str, Any]]]:
    """Autoencoders that differ in nothing but the seed, by (key, stack, width)."""
    groups: dict[tuple, list[Mapping[str, Any]]] = {}
    for item in study['autoencoders']:
        groups.setdefault((item['key'], item['stack'], item['code_channels']), []).append(item)
    return groups


def stack_name(stack: int) -> str:
    """``first stack`` for 0."""
    return f'{ORDINALS[stack]} stack' if stack < len(ORDINALS) else f'stack {stack + 1}'


def rule_text(name: str, k: int) -> str:
    """``95 % of the variance: 67``; ``the study's 50`` says its number itself."""
    return name if name.endswith(f' {number(k)}') else f'{name}: {number(k)}'


def signed(value: float | None, digits: int = 3) -> str:
    """``+0.012`` or ``−0.004``."""
    text = number(None if value is None else float(value), digits)
    return f'+{text}' if known(value) and not text.startswith('−') and float(text) else text


def spread(values: Iterable[float | None], share: bool = False) -> str | None:
    """``0.57 to 0.58`` of one value a seed, or one number if all look alike.

    Args:
        values: one a seed; what is not known is left out.
        share: whether they are shares to be told in per cent.

    Returns:
        None where nothing is known.
    """
    found = sorted(value for value in values if known(value))
    if not found:
        return None
    ends = [percent(value, 3) if share else number(value, 3) for value in (found[0], found[-1])]
    if ends[0] == ends[1]:
        return ends[0]
    return f'{ends[0].removesuffix(" %")} to {ends[1]}'


def value_and_span(item: Mapping[str, Any] | None, digits: int = 3) -> tuple[str, str]:
    """``0.612`` and ``0.604 to 0.620``; a dash-free ``interval not known`` where it is not."""
    if not item or not known(item.get('value')):
        return 'not known', 'interval not known'
    return number(float(item['value']), digits), span(item, digits) or 'interval not known'
