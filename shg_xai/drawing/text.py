"""Numbers as a reader reads them. What is not known never becomes a number."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

UNKNOWN = 'not known'
DASH = '–'


def known(value: Any) -> bool:
    """Whether this is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(value: float | None, digits: int = 2, absent: str = UNKNOWN) -> str:
    """A number with so many digits behind the point, e.g. ``−0.35``; whole numbers: ``4,096``."""
    if not known(value):
        return absent
    text = f'{value:,d}' if isinstance(value, int) else f'{value:,.{digits}f}'
    if float(text.replace(',', '')) == 0:
        text = text.lstrip('-')
    return text.replace('-', '−')


def amount(value: float | None, figures: int = 3, absent: str = UNKNOWN) -> str:
    """A number with so many significant figures, e.g. ``0.00123`` or ``1,230``."""
    if not known(value) or value == 0 or isinstance(value, int):
        return number(value, 0, absent)
    digits = max(0, figures - 1 - math.floor(math.log10(abs(value))))
    return f'{value:.1e}'.replace('-', '−') if digits > 6 else number(float(value), digits)


def percent(share: float | None, figures: int = 2, absent: str = UNKNOWN) -> str:
    """A share of one as per cent with some significant figures, e.g. ``29 %`` or ``0.16 %``."""
    if not known(share):
        return absent
    value = 100 * share
    digits = figures - 1 - math.floor(math.log10(abs(value))) if value else 0
    # 99.95 % is not 100 %, and 100 % is not 100.0 %.
    return f'{number(float(value), min(6, max(0, digits)))} %'


def span(item: Mapping[str, Any] | None, digits: int = 2) -> str | None:
    """``0.82 to 0.88`` of an item with ``low`` and ``high``; None where one is not known."""
    if not item or not known(item.get('low')) or not known(item.get('high')):
        return None
    return f'{number(float(item["low"]), digits)} to {number(float(item["high"]), digits)}'


def listed(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *first, last = items
    return f'{", ".join(first)} and {last}' if first else last


def plural(count: int, singular: str, several: str | None = None) -> str:
    """``1 person``, ``2 persons``; ``several`` where an s is not enough."""
    return f'{number(count)} {singular if count == 1 else several or singular + "s"}'


def confidence_of(results: Mapping[str, Any]) -> str:
    """``95 %``, from the settings."""
    return percent(results.get('settings', {}).get('confidence', 0.95))


def has_zero(item: Mapping[str, Any] | None, zero: float = 0) -> bool | None:
    """Whether an interval contains zero (or another value that means nothing is there).

    Returns:
        None where the interval is not known.
    """
    if not item or not known(item.get('low')) or not known(item.get('high')):
        return None
    return item['low'] <= zero <= item['high']


def with_interval(item: Mapping[str, Any], factor: float = 1, absent: str = UNKNOWN) -> str:
    """``0.31 [0.20, 0.42]`` of an item times a factor; the interval only where there is one."""
    if not known(item['value']):
        return absent
    values = [f'{factor * item[key]:.2f}' for key in ('value', 'low', 'high') if known(item[key])]
    return values[0] if len(values) < 3 else f'{values[0]} [{values[1]}, {values[2]}]'


def in_percent(item: Mapping[str, Any], absent: str = '') -> str:
    """``81.25 %`` of an item that is a share of one."""
    return f'{100 * item["value"]:.2f} %' if known(item['value']) else absent


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> str:
    """A table in Markdown; all columns but so many first ones are numbers."""
    rule = ['---'] * texts + ['---:'] * (len(head) - texts)
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in (head, rule, *rows))
