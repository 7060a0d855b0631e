"""Check the part ``study`` of results.json, which a command of its own adds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shg_xai.chapters.networks.parts import BETTER, FEW, GROUPS, NOTHING, WORSE
from shg_xai.errors import InputError

VERDICTS = (BETTER, WORSE, FEW, NOTHING)
MEND = 'run tools/run_study.py again'
ESTIMATE = {key: {} for key in ('value', 'low', 'high')}
# Names of keys and what has to be in them; one in a list: in every entry of that list.
LISTS = ('networks', 'seeds', 'comparisons', 'autoencoders', 'splice', 'widths', 'curve', 'rules', 'stages')
# These may be null.
NULLABLE = ('few', 'mean_pose')


def _keys(*names: str) -> dict[str, Any]:
    return {name: {} for name in names}


KEYS: dict[str, Any] = {
    'settings': _keys('command', 'seeds'),
    'few': {},
    'data': _keys('train', 'val', 'test'),
    'mean_pose': _keys(*GROUPS),
    'networks': {
        **_keys('key', 'title', 'about', 'epochs'),
        'seeds': {**_keys('seed', 'steps', 'checkpoint'), 'pck': dict.fromkeys(GROUPS, ESTIMATE)},
        'pck': {group: {**ESTIMATE, 'sd': {}} for group in GROUPS},
    },
    'comparisons': {
        **_keys('a', 'b', 'group', 'by_seed', 'persons', 'verdict'),
        'difference': ESTIMATE,
        'over_seeds': ESTIMATE,
    },
    'autoencoders': _keys(
        'key',
        'stack',
        'seed',
        'code_channels',
        'code_relu',
        'output_relu',
        'noise',
        'explained_variance_ratio',
        'pca_explained_variance_ratio',
        'dead_code_units',
        'persons',
        'spectrum_components_95',
    ),
    'splice': _keys('key', 'seed', 'plain', 'spliced', 'with_error', 'deviation'),
    'widths': {
        **_keys('stack', 'layer', 'dimensions', 'persons'),
        'untouched': dict.fromkeys(GROUPS, ESTIMATE),
        'curve': {
            **_keys('k', 'explained_variance_ratio'),
            'pck': dict.fromkeys(GROUPS, ESTIMATE),
            'drop': dict.fromkeys(GROUPS, ESTIMATE),
        },
        'rules': _keys('name', 'k'),
        'suggestion': {**_keys('k', 'tolerance'), 'drop': ESTIMATE},
    },
    'stages': _keys('name', 'seconds', 'command'),
}


def check_study(path: Path, study: Any) -> None:
    """Check that the study has all that its chapter is drawn from.

    Args:
        path: results.json, for the message.
        study: its part ``study``.

    Raises:
        InputError: a key is missing, of another kind, or the plain network is not there.
    """
    _check(f'{path}: study', study, KEYS)
    keys = [network['key'] for network in study['networks']]
    if 'plain' not in keys:
        raise InputError(f'{path}: study.networks: none has the key plain; {MEND}')
    for place, item in enumerate(study['comparisons']):
        for side in ('a', 'b'):
            if item[side] not in keys:
                raise InputError(
                    f'{path}: study.comparisons[{place}].{side}: {item[side]!r} is no network of it; {MEND}'
                )
        for key, allowed in (('verdict', VERDICTS), ('group', GROUPS)):
            if item[key] not in allowed:
                raise InputError(
                    f'{path}: study.comparisons[{place}].{key}: {item[key]!r} is none of {", ".join(allowed)}; {MEND}'
                )


def _check(where: str, value: Any, keys: Mapping[str, Any]) -> None:
    """Check a mapping and what is in it."""
    if not isinstance(value, Mapping):
        raise InputError(f'{where} is no mapping of names to values; {MEND}')
    for key, inner in keys.items():
        place = f'{where}.{key}'
        if key not in value:
            raise InputError(f'{place} is missing; {MEND}')
        # A list of numbers, as of the seeds in the settings, has nothing in it to look at.
        if not inner or (key in NULLABLE and value[key] is None):
            continue
        if key not in LISTS:
            _check(place, value[key], inner)
        elif not isinstance(value[key], list):
            raise InputError(f'{place} is no list; {MEND}')
        else:
            for index, entry in enumerate(value[key]):
                _check(f'{place}[{index}]', entry, inner)
