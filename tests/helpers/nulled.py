"""Answers in which nothing is known, to see that nothing made up is told of it."""

from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from shg_xai.results import Estimate

T = TypeVar('T')


def nulled(value: T, hint: Any = None) -> T:
    """The same with every estimate unknown, and None for each float that may be None."""
    found: Any = value
    kinds = get_args(hint)
    if isinstance(value, Estimate):
        found = type(value)(value=None)
    elif isinstance(value, msgspec.Struct):
        hints = get_type_hints(type(value))
        parts = {name: nulled(getattr(value, name), hints[name]) for name in value.__struct_fields__}
        found = msgspec.structs.replace(value, **parts)
    elif isinstance(value, float) and NoneType in kinds:
        found = None
    elif isinstance(value, list | dict):
        if NoneType in kinds:
            kinds = next((get_args(kind) for kind in kinds if get_origin(kind) in (list, dict)), ())
        inner = kinds[-1] if kinds else None
        found = (
            {key: nulled(part, inner) for key, part in value.items()}
            if isinstance(value, dict)
            else [nulled(part, inner) for part in value]
        )
    return found
