"""Whether the autoencoder helps, in a sentence; and what the study was of."""

from shg_xai.chapters.networks.results import Comparison, Networks
from shg_xai.drawing.material import Fact, Headline, Sure
from shg_xai.drawing.text import confidence_of, interval, listed, number, plural, signed, with_span
from shg_xai.results import Results, Verdict

CONTROL = 'the plain network, fine-tuned for as many steps without it'


def headline(answer: Networks, results: Results) -> Headline | None:
    """The verdict on the improved network beside its control."""
    found = answer.comparison('improved', 'control')
    if found is None or found.difference.value is None:
        return None
    over = 'over images' if len(answer.seeds) == 1 else 'over trainings and images'
    trainings = f'{plural(len(answer.seeds), "training")} of each'
    how = f'{interval(found.difference, confidence_of(answer), 3)} {over}; {trainings}'
    return Headline(
        f'{_verdict(found)}.',
        unit='PCK, autoencoder minus control',
        number=signed(found.difference.value),
        figure='loop',
        verdict='undecided' if found.verdict is Verdict.UNDECIDED else 'stands',
        control=f'Control: {CONTROL}; {how}.',
        lead=3,
        sure=Sure(found.difference, 0, digits=3),
    )


def _verdict(found: Comparison) -> str:
    value = found.difference.value or 0.0
    size = f'{number(abs(value), 3)} {"more" if value > 0 else "less"}'
    if found.verdict is Verdict.UNDECIDED:
        why = 'one training of each cannot tell' if len(found.by_seed) < 2 else 'the trainings do not tell'
        return f'Undecided: with the autoencoder PCK is {size} than when fine-tuned as long without it, and {why}'
    if found.verdict is Verdict.EQUIVALENT:
        return (
            f'No: with the autoencoder PCK is within {found.margin:g} of what it is when fine-tuned as long without it'
        )
    answer = 'Yes' if found.verdict is Verdict.BETTER else 'No, it harms'
    return f'{answer}: with the autoencoder PCK is {size} than when fine-tuned as long without it'


def facts(answer: Networks) -> list[Fact]:
    """Persons, seeds and how good the plain network is."""
    data, seeds, plain = answer.data, answer.seeds, answer.network('plain')
    assert plain is not None  # no answer is made without it
    found = [
        Fact('Networks', '; '.join(f'{own.title}: {own.about}' for own in answer.networks), _others(answer)),
        Fact(
            'Split',
            f'{plural(data.train, "person")} for training, {number(data.val)} for choosing the epoch and the width, '
            f'{number(data.test)} for testing',
        ),
        Fact(
            'Trainings',
            f'{plural(len(seeds), "seed")} ({listed([str(seed) for seed in seeds])})',
            note=_trained(answer),
        ),
    ]
    pck, pose = plain.pck['labelled'], (answer.mean_pose or {}).get('labelled')
    if pck.value is not None:
        beside = '' if pose is None else f'; predicting one mean pose for everybody: {number(pose, 3)}'
        found.append(Fact('PCK of test persons', f'{with_span(pck, confidence_of(answer))}{beside}'))
    return found


def _others(answer: Networks) -> str:
    """Which networks stand beside the plain one."""
    plain, improved, control = map(answer.network, ('plain', 'improved', 'control'))
    if plain is None or improved is None:
        return ''
    more = f'{plural(improved.epochs - plain.epochs, "more epoch")}'
    text = f'“{improved.title}” is the same network with an autoencoder inserted, fine-tuned for {more}'
    return f'{text}; “{control.title}” was fine-tuned as long without one.' if control else f'{text}.'


def _trained(answer: Networks) -> str:
    """What one training cannot say."""
    if len(answer.seeds) > 1:
        return f'Each network was trained {number(len(answer.seeds))} times.'
    return 'Each network was trained once: what is found holds of these, and need not hold of another training.'
