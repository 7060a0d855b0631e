"""What tells wrong joints and persons, in at most four sentences."""

from shg_xai.chapters.failure_prediction.results import (
    ALL,
    HEIGHT,
    OUTSIDE,
    SINGLE,
    TITLES,
    FailurePrediction,
    Gain,
    Quality,
    Target,
)
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import DASH, cell, confidence_of, interval, listed, number, percent, plural, signed, with_span
from shg_xai.results import Results


def claims(answer: FailurePrediction) -> list[str]:
    """Where the latent adds to what is predicted, or a score tells more than the height alone; all else describes."""
    return [said for one in answer.targets for gain in one.gains if (said := _claim(one, gain))]


def _claim(target: Target, gain: Gain) -> str | None:
    if not gain.is_claimed:
        return None
    if (gain.score, gain.over) == (ALL, OUTSIDE):
        return f'{target.target}: the latent adds'
    return f'{target.target}: {TITLES[gain.score]} beats the height' if gain.score in SINGLE else None


def findings(answer: FailurePrediction, results: Results) -> list[str]:
    """How well heights tell wrong joints, what the latent adds, whether risks mean what they say, what may be kept."""
    joints = answer.of_target('joints')
    if joints is None or joints.why:
        return [joints.why] if joints and joints.why else []
    texts = [_heights(joints, answer), _adds(answer), _calibrated(joints, answer), _kept(joints, answer)]
    return [text for text in texts if text]


def _heights(joints: Target, answer: FailurePrediction) -> str | None:
    own = joints.quality(HEIGHT)
    if own is None or own.auroc.value is None:
        return None
    return (
        f'The heatmap’s height tells wrong joints from right ones with an AUROC of '
        f'{with_span(own.auroc, confidence_of(answer), 2)}: {percent(joints.wrong.value)} of {number(joints.count)} '
        f'labelled joints of {plural(answer.persons, "person")} on {plural(answer.images, "photo")} are wrong.'
    )


def _adds(answer: FailurePrediction) -> str | None:
    """What the latent adds, of joints and of persons where it is claimed; and which score alone tells more."""
    texts, conf = [], confidence_of(answer)
    for target in answer.targets:
        gain = target.gain(ALL, OUTSIDE)
        if gain and gain.is_claimed:
            texts.append(
                f'the latent adds to what the prediction tells of {target.target}, AUROC {signed(gain.auroc.value)} '
                f'({interval(gain.auroc, conf, 3)}), AURC {signed(gain.aurc.value)} ({interval(gain.aurc, conf, 3)})'
            )
        if better := [TITLES[own.score] for own in target.gains if own.score in SINGLE and own.is_claimed]:
            texts.append(f'of {target.target} {listed(better)} alone beats the height')
    text = '; '.join(texts)
    return f'{text[0].upper()}{text[1:]}; corrected for all comparisons.' if text else None


def _calibrated(joints: Target, answer: FailurePrediction) -> str | None:
    raw, combined = joints.calibration(HEIGHT), joints.calibration(ALL)
    if raw is None or combined is None or raw.error.value is None or combined.error.value is None:
        return None
    return (
        f'Read as the chance that a joint is right, the height is off by '
        f'{with_span(raw.error, confidence_of(answer), 3)} on average; the risk from all scores by '
        f'{with_span(combined.error, digits=3)} (expected calibration error).'
    )


def _kept(joints: Target, answer: FailurePrediction) -> str | None:
    kept = joints.kept
    if kept is None or kept.coverage.value is None:
        return None
    return (
        f'Who keeps the joints with a predicted risk up to {number(kept.threshold)}, '
        f'{percent(kept.coverage.value)} of all, has at most {percent(kept.most)} wrong ones among them, with '
        f'{confidence_of(answer)} confidence in photos drawn as these ({percent(kept.risk.value)} seen).'
    )


def tables(answer: FailurePrediction, results: Results) -> list[Table]:
    """Every score, and what each has before the height."""
    told = [one for one in answer.targets if one.qualities]
    if not told:
        return []
    conf = confidence_of(answer)
    rows = [[TITLES.get(own.score, own.score), one.target, *_cells(own)] for one in told for own in one.qualities]
    caption = f'How well each score tells what is wrong, with {conf} intervals over photos; chance is an AUROC of 0.5'
    head = ['score', 'of', 'AUROC', 'average precision', 'AURC', 'excess AURC']
    gains = [[TITLES[gain.score], TITLES[gain.over], one.target, *_gained(gain)] for one in told for gain in one.gains]
    about = f'What a score has before another one; {conf} intervals that hold all at once'
    kept = [[one.target, *_promise(one)] for one in told]
    return [
        Table(caption, head, rows),
        Table(about, ['score', 'before', 'of', 'AUROC', 'AURC', 'better'], gains, folded=True),
        Table(
            'Calibration, and what may be kept',
            ['of', 'error of the height', 'of all but the latent', 'of all', 'risk up to', 'kept', 'wrong of these'],
            kept,
            folded=True,
        ),
    ]


def _cells(own: Quality) -> list[str]:
    return [cell(part, 3) for part in (own.auroc, own.average_precision, own.aurc, own.excess_aurc)]


def _gained(gain: Gain) -> list[str]:
    return [cell(gain.auroc, 3), cell(gain.aurc, 3), 'yes' if gain.is_claimed else 'not shown']


def _promise(one: Target) -> list[str]:
    errors = [cell(own.error, 3) if (own := one.calibration(name)) else DASH for name in (HEIGHT, OUTSIDE, ALL)]
    if one.kept is None:
        return [*errors, DASH, DASH, DASH]
    return [*errors, number(one.kept.threshold), cell(one.kept.coverage), cell(one.kept.risk, 3)]
