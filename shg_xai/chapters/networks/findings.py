"""Sentences on the study: whether the autoencoder helps, what it cost, how wide it has to be."""

from collections.abc import Mapping, Sequence
from typing import Any

from shg_xai.chapters.networks.parts import (
    AUTOENCODERS,
    BETTER,
    FEW,
    GROUPS,
    NOTHING,
    autoencoder_groups,
    comparison,
    network,
    rule_text,
    signed,
    spread,
    stack_name,
    title,
)
from shg_xai.drawing.text import confidence_of, known, listed, number, plural, span

# PCK that is farther off than this did not get lost in rounding.
ROUNDING = 1e-3
NETWORKS = ('improved', 'improved_study')
# Of what each network says whether it helps.
NAMES = {'improved': 'The autoencoder', 'improved_study': 'The study’s own autoencoder'}


def study_claims(study: Mapping[str, Any]) -> list[str]:
    """Put the study into sentences, worded no stronger than its verdicts.

    Args:
        study: of results.json.

    Returns:
        Plain text, in the order to be read.
    """
    confidence = confidence_of(study)
    texts = [*_setting(study), *_helps(study, confidence), _plain(study, confidence)]
    for key in AUTOENCODERS:
        texts += _splice(study, key)
    for item in study['widths']:
        texts += _width(item, confidence, len(study['widths']) > 1)
    return texts + _stacks(study) + _autoencoders(study) + _others(study, confidence)


def _setting(study: Mapping[str, Any]) -> list[str]:
    """Who was used, and how many seeds."""
    data, settings = study['data'], study['settings']
    seeds, limit = settings['seeds'], settings.get('limit')
    text = (
        f'The networks were trained on {plural(data["train"], "person")}, chosen on '
        f'{number(data["val"])} and tested on {number(data["test"])}'
    )
    texts = [text + (f' (of each part at most {number(limit)}).' if known(limit) else '.')]
    if len(seeds) == 1:
        texts.append(
            f'One seed was run ({seeds[0]}): one seed cannot tell a network from luck. '
            'The intervals say how the numbers depend on who was tested, not on how the '
            'training happened to go.'
        )
    return texts


def _three(value: float | None) -> str:
    return number(float(value), 3) if known(value) else 'not known'


def _interval(item: Mapping[str, Any], confidence: str) -> str:
    ends = span(item, 3)
    return f'{confidence} interval {ends}' if ends else 'interval not known'


def _numbers(found: Mapping[str, Any], confidence: str) -> str:
    """``+0.01, 95 % interval 0 to 0.02; by seed +0.01 and +0.01, over seeds −0.01 to 0.03``."""
    text = f'{signed(found["difference"]["value"])}, {_interval(found["difference"], confidence)}'
    seeds, over = [signed(value) for value in found['by_seed']], span(found['over_seeds'], 3)
    if len(seeds) < 2:
        return f'{text}; one seed'
    return f'{text}; by seed {listed(seeds)}' + (f', over seeds {over}' if over else '')


def _helps(study: Mapping[str, Any], confidence: str) -> list[str]:
    """Whether a network with an autoencoder beats the one trained on as long without it."""
    texts = []
    for key in NETWORKS:
        found = comparison(study, key, 'control')
        if found is not None:
            texts += [_verdict(key, found, confidence), *_other_groups(study, key, 'control')]
        elif key == 'improved' or network(study, key):
            texts.append(f'Whether {_lowered(NAMES[key])} helps beyond what training on gives was not looked at.')
    return texts


def _lowered(text: str) -> str:
    return text[0].lower() + text[1:]


def _verdict(key: str, found: Mapping[str, Any], confidence: str) -> str:
    numbers, once = _numbers(found, confidence), len(found['by_seed']) == 1
    if found['verdict'] == FEW:
        # A few runs show how these networks differ, not that the autoencoder makes them so.
        return (
            f'With {_lowered(NAMES[key])} the '
            f'{"network of this one seed scores" if once else "networks of these seeds score"} '
            f'{_more_or_less(found)} than the control trained on without it, on labelled '
            f'joints ({numbers}); whether other seeds would agree is not known.'
        )
    if found['verdict'] == BETTER:
        return (
            f'{NAMES[key]} helps beyond what training on gives, on labelled joints: it is '
            f'better than the control trained on without it ({numbers}).'
        )
    what = (
        'no difference from the control trained on without it was found'
        if found['verdict'] == NOTHING
        else 'it is worse than the control trained on without it'
    )
    where = 'in the one seed run' if once else 'on labelled joints'
    return f'{NAMES[key]} does not help beyond what training on gives: {where}, {what} ({numbers}).'


def _more_or_less(found: Mapping[str, Any]) -> str:
    return 'more' if (found['difference']['value'] or 0) > 0 else 'less'


def _other_groups(study: Mapping[str, Any], a: str, b: str) -> list[str]:
    """The verdicts on visible, occluded and limb joints in one sentence."""
    parts = [
        f'{GROUPS[group]} {found["verdict"]} ({signed(found["difference"]["value"])}, '
        f'{span(found["difference"], 3) or "interval not known"})'
        for group in GROUPS
        if group != 'labelled' and (found := comparison(study, a, b, group))
    ]
    return [f'The same two on other joints: {listed(parts)}.'] if parts else []


def _plain(study: Mapping[str, Any], confidence: str) -> str:
    plain = network(study, 'plain')
    item = plain['pck']['labelled']
    value, sd, about = _three(item['value']), item.get('sd'), _interval(item, confidence)
    about += f', standard deviation over seeds {number(float(sd), 3)}' if known(sd) else ''
    pose = (study['mean_pose'] or {}).get('labelled')
    return f'The plain network has a PCK of {value} on labelled joints ({about})' + (
        f'; the mean pose, which never looks, has {number(float(pose), 3)}.' if known(pose) else '.'
    )


def _splice(study: Mapping[str, Any], key: str) -> list[str]:
    """What putting an autoencoder in cost before any training on."""
    items = [item for item in study['splice'] if item['key'] == key]
    before, after = (spread(item[name] for item in items) for name in ('plain', 'spliced'))
    if before is None or after is None:
        return []
    seeds = f', {plural(len(items), "seed")}' if len(items) > 1 else ''
    name = 'suggested' if key == 'suggested' else 'study’s'
    texts = [
        f'Put in and not trained on, the {name} autoencoder leaves a PCK of {after} on '
        f'validation persons, where the plain network has {before} (labelled joints{seeds}).'
    ]
    off = [item['deviation'] for item in items if known(item['deviation'])]
    if off:
        largest = max(off)
        texts.append(
            'With the error it makes added back, the network gives its own PCK again'
            + (' exactly.' if largest == 0 else f', to within {number(float(largest), 6)}.')
            if largest < ROUNDING
            else 'With the error it makes added back, the PCK is still off by as much as '
            f'{number(float(largest), 3)}: something else was changed along with it.'
        )
    return texts


def _width(item: Mapping[str, Any], confidence: str, several: bool) -> list[str]:
    """The suggested width of a stack beside the rules."""
    best, tolerance = item['suggestion']['k'], item['suggestion']['tolerance']
    where = f'In the {stack_name(item["stack"])} ' if several else 'In the latent '
    drop = item['suggestion']['drop']
    kept = (
        f'all {number(best)} components are needed'
        if best >= item['dimensions']
        else f'{number(best)} of {plural(item["dimensions"], "component")} {"is" if best == 1 else "are"} enough'
    )
    texts = [
        f'{where}{kept} to lose at most {number(float(tolerance), 3)} of PCK on labelled '
        f'joints: the loss measured is {_three(drop["value"])} '
        f'({_interval(drop, confidence)}; {plural(item["persons"], "person")}).'
    ]
    high = drop['high']
    if known(high) and high > tolerance:
        texts.append(f'The interval does not rule out a larger loss, up to {number(float(high), 3)}.')
    return texts + _rules(item['rules'], best)


def _rules(rules: Sequence[Mapping[str, Any]], best: int) -> list[str]:
    """What other rules ask for, beside the suggestion."""
    sides: dict[str, list[str]] = {'more': [], 'as many': [], 'fewer': []}
    for rule in sorted((rule for rule in rules if known(rule['k'])), key=lambda rule: rule['k']):
        side = 'more' if rule['k'] > best else 'fewer' if rule['k'] < best else 'as many'
        sides[side].append(rule_text(rule['name'], rule['k']))
    return [f'Other rules ask for {side} – {"; ".join(names)}.' for side, names in sides.items() if names]


def _stacks(study: Mapping[str, Any]) -> list[str]:
    """Later stacks beside the first."""
    first, *rest = study['widths'] or [None]
    texts = []
    for item in rest:
        own, other = item['suggestion']['k'], first['suggestion']['k']
        word = 'fewer' if own < other else 'more' if own > other else 'as many'
        than = 'as' if own == other else 'than'
        texts.append(
            f'The {stack_name(item["stack"])} needs {word} components {than} the '
            f'{stack_name(first["stack"])} ({number(own)} and {number(other)}; both are '
            'steps of a ladder, not exact).'
        )
    return texts


def _autoencoders(study: Mapping[str, Any]) -> list[str]:
    """What autoencoders hold of the variance, beside PCA of the same width."""
    groups = autoencoder_groups(study)
    several = len({stack for _, stack, _ in groups}) > 1
    texts = []
    for (key, stack, width), items in groups.items():
        held, pca = (
            spread((item[name] for item in items), share=True)
            for name in ('explained_variance_ratio', 'pca_explained_variance_ratio')
        )
        name = 'suggested' if key == 'suggested' else 'study’s'
        where = f' of the {stack_name(stack)}' if several else ''
        if any(known(item['explained_variance_ratio']) and item['explained_variance_ratio'] < 0 for item in items):
            held = f'{held} (below zero: worse than the mean latent alone)'
        text = (
            f'The {name} autoencoder{where} ({plural(width, "unit")}) explains '
            f'{held or "an unknown share"} of the variance of persons it was not trained on; '
            f'PCA of the same width {pca or "is not known"}'
        )
        dead = spread(item['dead_code_units'] for item in items)
        if dead not in (None, '0'):
            text += f'; {dead} of its units never vary'
        texts.append(f'{text}.')
        again = spread(item['spectrum_components_95'] for item in items)
        if again is not None:
            texts.append(
                f'Looked at again once all was trained on, {again} '
                f'{"component holds" if again == "1" else "components hold"} 95 % of the '
                f'variance of its {plural(width, "unit")}.'
            )
    return texts


def _others(study: Mapping[str, Any], confidence: str) -> list[str]:
    """All other comparisons on labelled joints, and how many were made."""
    texts = []
    for item in study['comparisons']:
        if item['group'] != 'labelled' or (item['a'] in NETWORKS and item['b'] == 'control'):
            continue
        a, b = (f'“{title(study, item[side])}”' for side in ('a', 'b'))
        said = {
            NOTHING: f'No difference was found between {a} and {b}',
            FEW: f'{a} scores {_more_or_less(item)} than {b}, too few seeds to tell that from luck,',
        }.get(item['verdict'], f'{a} is {item["verdict"]} than {b}')
        texts.append(f'{said} on labelled joints ({_numbers(item, confidence)}).')
    count = len(study['comparisons'])
    if count > 1:
        texts.append(
            f'{plural(count, "comparison")} were made; even if no network differed from '
            'any other, a few of their intervals would leave out zero.'
        )
    return texts
