"""Check the part ``interventions`` of results.json: results of four tools, as each wrote them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shg_xai.chapters.networks.parts import GROUPS
from shg_xai.errors import InputError

SCHEMA_VERSION = 1
# Each part: the kind of its results, the tool that writes them, whether there are several.
TOOLS = {
    'skips': ('shg_xai skip ablation', 'tools/ablate_skips.py', False),
    'walks': ('shg_xai decoded walk', 'tools/walk_latent.py', True),
    'redundancy': ('shg_xai redundancy', 'tools/find_redundancy.py', False),
    'misclassified': ('shg_xai misclassified', 'tools/move_persons.py', True),
}


class Maybe:
    """What may be null, and what it has to hold where it is not."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner


class Each:
    """A mapping whose names are the data's, and what each of them has to hold."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner


# A dict: keys and what has to be in them; a list: what has to be in every entry; None: anything.
ESTIMATE: dict[str, Any] = dict.fromkeys(('value', 'low', 'high'))
PCK = dict.fromkeys(GROUPS, ESTIMATE)
LABELLED = {'labelled': ESTIMATE}
SCORES = {'pck': PCK, 'parts': dict.fromkeys(('face', 'upper', 'lower'), LABELLED), 'joints': Each(LABELLED)}
COMMON = dict.fromkeys(('command', 'config', 'split', 'persons')) | {'settings': {}, 'warnings': [None]}
WAYS = dict.fromkeys(('untouched', 'all_off'))
POINT = dict.fromkeys(('c', 'pose', 'peaks')) | {'mean_shift': ESTIMATE, 'concepts': Each(ESTIMATE)}
MOVED = Maybe({'persons': None, **dict.fromkeys(('before', 'after', 'gain'), ESTIMATE)})
KEYS: dict[str, Any] = {
    'skips': {
        **COMMON,
        'levels': [None],
        'stacks': None,
        'untouched': SCORES,
        'conditions': [
            {**dict.fromkeys(('stack', 'skips', 'level', 'latent', 'k', 'replacement')), **SCORES, 'drop': SCORES}
        ],
        'against': Maybe({'config': None, **SCORES, 'difference': SCORES}),
        'histogram': {'edges': [None], 'untouched': [None], 'all_off': Each([None]), 'against': Maybe([None])},
        'examples': [{'annotation_id': None, 'pck': WAYS, 'keypoints': WAYS}],
    },
    'walks': {
        **COMMON,
        **dict.fromkeys(('layer', 'start', 'skips')),
        'settings': dict.fromkeys(('random', 'peak')),
        'joints': [None],
        'links': [None],
        'concepts': [dict.fromkeys(('name', 'title', 'unit', 'definition'))],
        'directions': [
            {
                **dict.fromkeys(('name', 'kind')),
                'shift_per_sigma': ESTIMATE,
                'most_moved': [None],
                'concept_change': Each(ESTIMATE),
                'monotonic': {},
                'walk': [POINT],
            }
        ],
        'examples': [{'crop_scale': [None]}],
    },
    'redundancy': {
        **COMMON,
        'settings': {'tolerance': None},
        'fit': dict.fromkeys(('split', 'persons')),
        'untouched': PCK,
        'layers': [
            {
                **dict.fromkeys(('name', 'stack', 'part', 'level', 'channels', 'height', 'width', 'components_95')),
                'curve': [{'k': None, 'pck': PCK, 'drop': PCK}],
                'suggestion': {'k': None, 'tolerance': None, 'drop': ESTIMATE},
            }
        ],
    },
    'misclassified': {
        **COMMON,
        **dict.fromkeys(('clusters', 'concept', 'layer')),
        'concept_split': dict.fromkeys(('kind', 'at', 'association')),
        'counts': dict.fromkeys(('agree', 'disagree', 'unknown')),
        'pck': dict.fromkeys(('agree', 'disagree', 'difference'), ESTIMATE),
        'moved': {'agree': MOVED, 'disagree': MOVED},
        'examples': [None],
    },
}
# What only the directions asked for have, not the random ones beside them.
COMPARED: dict[str, Any] = {
    'random_mean_shift_97_5': None,
    'random_concept_change_97_5': {},
    'random_monotonic': {},
    'concept_more_than_random': {},
    'verdict': None,
}


def check_interventions(path: Path, interventions: Any) -> None:
    """Check that each part has all that its chapter is drawn from.

    Args:
        path: results.json, for the message.
        interventions: its part ``interventions``.

    Raises:
        InputError: a key is missing or of another kind.
    """
    where = f'{path}: interventions'
    if not isinstance(interventions, Mapping):
        raise InputError(f'{where} is no mapping of names to values; leave it out, or give it {", ".join(TOOLS)}')
    for part, (kind, tool, several) in TOOLS.items():
        mend = f'run {tool} again'
        if part not in interventions:
            raise InputError(
                f'{where}.{part} is missing; give it {"[]" if several else "null"} where {tool} was not run'
            )
        found = interventions[part]
        if several:
            _check(f'{where}.{part}', found, [None], mend)
        for place, item in _items(f'{where}.{part}', found, several):
            _check(place, item, dict.fromkeys(('kind', 'schema_version')), mend)
            for key, wanted in (('kind', kind), ('schema_version', SCHEMA_VERSION)):
                if item[key] != wanted:
                    raise InputError(f'{place}.{key}: {item[key]!r}, not {wanted!r}; {mend}')
            _check(place, item, KEYS[part], mend)
            if part == 'walks':
                _check_walk(place, item, mend)


def _items(where: str, found: Any, several: bool) -> Iterator[tuple[str, Any]]:
    """The results of one tool and where each stands; none of a tool that was not run."""
    if several:
        yield from ((f'{where}[{place}]', item) for place, item in enumerate(found))
    elif found is not None:
        yield where, found


def _check_walk(where: str, walk: Mapping[str, Any], mend: str) -> None:
    """Check what depends on the kind of a direction, and that poses have all joints."""
    joints = len(walk['joints'])
    for place, direction in enumerate(walk['directions']):
        own = f'{where}.directions[{place}]'
        if direction['kind'] != 'random':
            _check(own, direction, COMPARED, mend)
        for index, point in enumerate(direction['walk']):
            for key in ('pose', 'peaks'):
                if not isinstance(point[key], list) or len(point[key]) != joints:
                    raise InputError(f'{own}.walk[{index}].{key} is no list of {joints} joints; {mend}')


def _check(where: str, value: Any, wanted: Any, mend: str) -> None:
    """Check a value and what is in it against what is wanted; see ``KEYS``."""
    if isinstance(wanted, Maybe):
        if value is not None:
            _check(where, value, wanted.inner, mend)
    elif isinstance(wanted, list):
        if not isinstance(value, list):
            raise InputError(f'{where} is no list; {mend}')
        for index, entry in enumerate(value):
            _check(f'{where}[{index}]', entry, wanted[0], mend)
    elif wanted is not None:
        if not isinstance(value, Mapping):
            raise InputError(f'{where} is no mapping of names to values; {mend}')
        inner = dict.fromkeys(value, wanted.inner) if isinstance(wanted, Each) else wanted
        for key, entry in inner.items():
            if key not in value:
                raise InputError(f'{where}.{key} is missing; {mend}')
            _check(f'{where}.{key}', value[key], entry, mend)
