"""Sentences on walks through the latent as the network decodes them."""

from collections.abc import Mapping
from typing import Any

from shg_xai.drawing.text import amount, confidence_of, known, listed, number, percent, plural, span
from shg_xai.report.intervention_parts import concept_title, direction_title, directions, joint, one_pose, walk_text

Item = Mapping[str, Any]
MORE = 'moves joints more than random directions of the same length'


def walk_claims(walk: Item) -> list[str]:
    """Put a walk into sentences, worded no stronger than its verdicts.

    Args:
        walk: of the interventions.

    Returns:
        Plain text, in the order to be read.
    """
    confidence = confidence_of(walk)
    asked = [entry for entry, _ in directions(walk)]
    more = sum((entry['verdict'] or '').startswith(MORE) for entry in asked)
    random = walk['settings']['random']
    said = (
        f'{walk_text(walk)}: {plural(walk["persons"], "person")} of {walk["split"]}, '
        f'{plural(len(asked), "direction")}, each beside '
        f'{plural(random, "random one", "random ones")} of the same length; {number(more)} of '
        f'{number(len(asked))} {"moves" if more == 1 else "move"} joints more than those.'
    )
    texts = [said]
    if one_pose(walk):
        texts.append(
            'All persons are decoded from the same values here, so there is one pose and '
            'its intervals have no width: they do not say how sure anything is.'
        )
    for entry in asked:
        texts += [_shift(walk, entry, confidence), *_concepts(walk, entry, confidence)]
    return texts


def _named(walk: Item, entry: Item) -> str:
    title = direction_title(walk, entry)
    kind = f'the concept “{title}”' if entry['kind'] == 'concept' else title
    return kind[0].upper() + kind[1:]


def _shift(walk: Item, entry: Item, confidence: str) -> str:
    """What a direction does to joints, with its verdict."""
    item, random = entry['shift_per_sigma'], entry['random_mean_shift_97_5']
    name = _named(walk, entry)
    if not known(item['value']):
        return f'How far {name[0].lower()}{name[1:]} moves joints is not known.'
    if entry['verdict'] is None:
        verdict = 'moves joints, whether more than random directions is not known'
    else:
        verdict = (
            'moves joints more than random directions do'
            if entry['verdict'].startswith(MORE)
            else 'moves joints no more than random directions do'
        )
    ends = span({key: 100 * item[key] for key in ('low', 'high') if known(item[key])}, 2)
    about = '' if one_pose(walk) or not ends else f' ({confidence} interval {ends} %)'
    most = listed([joint(one) for one in entry['most_moved']]) or 'not known'
    return (
        f'{name} {verdict}: {_share(item["value"])} of the crop’s side for each σ{about}, '
        f'random at most {_share(random)}; most moved: {most}.'
    )


def _share(value: float | None) -> str:
    return f'{number(100 * value)} %' if known(value) else percent(value)


def _concepts(walk: Item, entry: Item, confidence: str) -> list[str]:
    """Its own concept first; then all others that go one way all along."""
    own = entry['name'] if entry['name'] in entry['monotonic'] else None
    texts = [] if own is None else [_own(walk, entry, own, confidence)]
    if entry['kind'] == 'concept' and own is None:
        texts.append(
            f'Whether decoded poses follow “{direction_title(walk, entry)}” along it is '
            'not known: it cannot be computed from decoded joints.'
        )
    others = [
        _change(walk, entry, name, confidence)
        for name, flag in entry['monotonic'].items()
        if flag is True and name != own
    ]
    if others:
        texts.append(
            f'Along {_lower(_named(walk, entry))}, one way with every step from −2σ to 2σ: {"; ".join(others)}.'
        )
    return texts


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _own(walk: Item, entry: Item, name: str, confidence: str) -> str:
    """Whether walking along a concept changes that very concept, and more than chance does."""
    word = {
        True: 'goes one way with every step from −2σ to 2σ',
        False: 'does not go one way with every step from −2σ to 2σ',
        None: 'is not known to go one way from −2σ to 2σ',
    }[entry['monotonic'][name]]
    return f'Decoded, {_change(walk, entry, name, confidence)}; it {word}.'


def _change(walk: Item, entry: Item, name: str, confidence: str) -> str:
    """``facing the camera rises by 0.95 (...), more than along random directions (...)``."""
    item, random = entry['concept_change'][name], entry['random_concept_change_97_5'].get(name)
    title = f'“{concept_title(walk, name)}”'
    if not known(item['value']):
        return f'how {title} changes is not known'
    verb = 'rises' if item['value'] > 0 else 'falls' if item['value'] < 0 else 'changes'
    turned = item['value'] < 0 and known(item['low']) and known(item['high'])
    size_of = {'low': -item['high'], 'high': -item['low']} if turned else item
    ends = None if one_pose(walk) else span(size_of, 2 if abs(item['value']) >= 1 else 3)
    unit = next((one['unit'] for one in walk['concepts'] if one['name'] == name), None)
    size = amount(abs(float(item['value'])), 2) + (f' {unit}' if unit and unit != 'share' else '')
    text = f'{title} {verb} by {size}' + (f' ({confidence} interval {ends})' if ends else '')
    if not known(random):
        return f'{text}, beside random directions nothing is known'
    beyond = {True: 'more than', False: 'not clearly more than', None: 'not known to be more than'}[
        entry['concept_more_than_random'].get(name)
    ]
    count = entry['random_monotonic'].get(name)
    alike = (
        f', {number(count)} of {number(walk["settings"]["random"])} as steadily'
        if known(count) and count and entry['monotonic'][name] is True
        else ''
    )
    return f'{text}, {beyond} along random ones (97.5 %: {amount(float(random), 2)}{alike})'
