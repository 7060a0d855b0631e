"""Numbers as a reader reads them. What is not known never becomes a number."""

import math
from collections.abc import Iterable, Sequence

from shg_xai.results import Answer, Estimate

UNKNOWN = 'not known'
NO_INTERVAL = 'interval not known'
DASH = '–'
ORDINALS = ('first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth')


def number(value: float | None, digits: int = 2, absent: str = UNKNOWN) -> str:
    """A number with so many digits behind the point, e.g. ``−0.35``; whole numbers: ``4,096``."""
    if value is None:
        return absent
    text = f'{value:,d}' if isinstance(value, int) else f'{value:,.{digits}f}'
    return text.replace('-', '−' if float(text.replace(',', '')) else '')


def amount(value: float | None, figures: int = 3, absent: str = UNKNOWN) -> str:
    """A number with so many significant figures, e.g. ``0.00123`` or ``1,230``."""
    if value is None or value == 0 or isinstance(value, int):
        return number(value, 0, absent)
    digits = max(0, figures - 1 - math.floor(math.log10(abs(value))))
    return f'{value:.1e}'.replace('-', '−') if digits > 6 else number(float(value), digits)


def percent(share: float | None, figures: int = 2, absent: str = UNKNOWN) -> str:
    """A share of one as per cent with some significant figures, e.g. ``29 %`` or ``0.16 %``."""
    if share is None:
        return absent
    value = 100 * share
    digits = figures - 1 - math.floor(math.log10(abs(value))) if value else 0
    # 99.95 % is not 100 %, and 100 % is not 100.0 %.
    return f'{number(float(value), min(6, max(0, digits)))} %'


def signed(value: float | None, digits: int = 3) -> str:
    """``+0.012`` or ``−0.004``."""
    text = number(None if value is None else float(value), digits)
    return f'+{text}' if value is not None and not text.startswith('−') and float(text) else text


def confidence_of(answer: Answer) -> str:
    """``95 %``, of an answer's intervals."""
    return percent(answer.confidence)


def span(estimate: Estimate | None, digits: int = 2) -> str | None:
    """``0.82 to 0.88``; None where an end is not known."""
    return ' to '.join(number(float(end), digits) for end in estimate.ends) if estimate and estimate.ends else None


def interval(estimate: Estimate, confidence: str, digits: int = 2) -> str:
    """``95 % interval 0.82 to 0.88``, or that it is not known."""
    return f'{confidence} interval {ends}' if (ends := span(estimate, digits)) else NO_INTERVAL


def with_span(estimate: Estimate, confidence: str | None = None, digits: int = 3) -> str:
    """``0.123 (0.100 to 0.146)``; with a confidence ``0.123 (95 % interval 0.100 to 0.146)``."""
    value, ends = value_and_span(estimate, digits)
    said = interval(estimate, confidence, digits) if confidence else ends
    return UNKNOWN if estimate.value is None else f'{value} ({said})'


def value_and_span(estimate: Estimate | None, digits: int = 3) -> tuple[str, str]:
    """``0.612`` and ``0.604 to 0.620``, or that they are not known."""
    if estimate is None or estimate.value is None:
        return UNKNOWN, NO_INTERVAL
    return number(float(estimate.value), digits), span(estimate, digits) or NO_INTERVAL


def cell(estimate: Estimate | None, digits: int = 2) -> str:
    """``0.85 (0.82 to 0.88)`` for a table, a dash where it is not known."""
    if estimate is None or estimate.value is None:
        return DASH
    text, found = number(float(estimate.value), digits), span(estimate, digits)
    return f'{text} ({found})' if found else text


def negated(one: Estimate) -> Estimate:
    """The same, seen from the other side."""
    value, low, high = (None if end is None else -end for end in (one.value, one.high, one.low))
    return Estimate(value=value, low=low, high=high, n=one.n, over=one.over)


def above(estimate: Estimate) -> bool:
    """Whether a known interval lies above zero."""
    return estimate.low is not None and estimate.low > 0


def below(estimate: Estimate) -> bool:
    """Whether a known interval lies below zero."""
    return estimate.high is not None and estimate.high < 0


def spread(values: Iterable[float | None], share: bool = False) -> str | None:
    """``0.57 to 0.58`` of one value a seed, shares in per cent; one number if all look alike; None if none is known."""
    found = sorted(value for value in values if value is not None)
    if not found:
        return None
    ends = [percent(value, 3) if share else number(value, 3) for value in (found[0], found[-1])]
    return ends[0] if ends[0] == ends[1] else f'{ends[0].removesuffix(" %")} to {ends[1]}'


def with_interval(estimate: Estimate, factor: float = 1, absent: str = UNKNOWN) -> str:
    """``0.31 [0.20, 0.42]`` of an estimate times a factor, as the tools print it; the interval where there is one."""
    if estimate.value is None:
        return absent
    ends = estimate.ends and ', '.join(f'{factor * end:.2f}' for end in estimate.ends)
    return f'{factor * estimate.value:.2f}{f" [{ends}]" if ends else ""}'


def in_percent(estimate: Estimate, absent: str = '') -> str:
    """``81.25 %`` of an estimate that is a share of one."""
    return absent if estimate.value is None else f'{100 * estimate.value:.2f} %'


def article(name: str) -> str:
    """``a ResNet``, ``an HRNet``: as it is spoken, where two capitals are spelled out."""
    spelled = name[:2].isupper() and name[0] in 'AEFHILMNORSX'
    return f'{"an" if spelled or name[:1] in "AEIOaeio" else "a"} {name}'


def listed(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *first, last = items
    return f'{", ".join(first)} and {last}' if first else last


def plural(count: int, singular: str, several: str | None = None) -> str:
    """``1 person``, ``2 persons``; ``several`` where an s is not enough."""
    return f'{number(count)} {singular if count == 1 else several or singular + "s"}'


def stack_name(stack: int | None) -> str:
    """``first stack`` for 0, ``all stacks`` for None."""
    if stack is None:
        return 'all stacks'
    return f'{ORDINALS[stack]} stack' if stack < len(ORDINALS) else f'stack {stack + 1}'


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A table in Markdown; all columns but so many first ones are numbers."""
    rule = ['---'] * texts + ['---:'] * (len(head) - texts)
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in (head, rule, *rows))
