"""From predictions under conditions to the results of an ablation, plain data.

Shapes: N persons, K keypoints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from shg_xai.chapters.skip_ablation.conditions import (
    UNTOUCHED,
    Columns,
    Condition,
    Drawn,
    bin_edges,
    differences,
    estimates,
    histogram,
    losers,
    part_joints,
)
from shg_xai.evaluation import pck
from shg_xai.evaluation.person_scores import judged_flags
from shg_xai.interventions.rows import image_folder, relative_name
from shg_xai.interventions.subject import Predicted
from shg_xai.stats.bootstrap import number

LABELLED = ('pck', 'labelled')
BY_VISIBILITY = ('labelled', 'visible', 'occluded')


def person_columns(tested: Predicted, names: Sequence[str], thr: float) -> Columns:
    """For each person the share of joints that are correct, for each way to count them.

    Args:
        tested: Predictions for N persons.
        names: Names of the K keypoints.
        thr: A joint is correct below this distance.

    Returns:
        Shape (N,) each, NaN for a person without such a joint, by ``('pck', group)``, ``('parts', part, visibility)``
        and ``('joints', name, visibility)``.
    """
    correct = tested.distances < thr
    counts = pck.counting_joints(judged_flags(tested.distances, tested.v), names)
    found = {('pck', group): pck.person_pck(correct, own) for group, own in counts.items()}
    single = dict(zip(names, np.eye(len(names), dtype=bool), strict=True))
    for kind, masks in (('parts', part_joints(names)), ('joints', single)):
        found |= {
            (kind, name, group): pck.person_pck(correct, counts[group] & mask)
            for name, mask in masks.items()
            for group in BY_VISIBILITY
        }
    return found


def summary(
    tested: Mapping[Condition, Predicted],
    plain: Predicted | None,
    dataset: Any,
    names: Sequence[str],
    thr: float,
    drawn: Drawn,
) -> dict[str, Any]:
    """Untouched network, conditions, control, histogram and examples.

    Args:
        tested: The untouched network's among them.
        plain: Of the control, for the same persons.
        dataset: The N persons.
        names: Names of the K keypoints.
        thr: A joint is correct below this distance.
        drawn: How intervals are drawn, see :func:`~shg_xai.chapters.skip_ablation.conditions.estimates`.

    Returns:
        ``untouched``, ``conditions``, ``against`` (None without a control), ``histogram``, ``examples``.
    """

    # One condition's columns at a time: there are many conditions, each with dozens.
    def columns(condition: Condition) -> Columns:
        return person_columns(tested[condition], names, thr)

    untouched = columns(UNTOUCHED)
    control = None if plain is None else person_columns(plain, names, thr)
    all_off = {
        condition.replacement: condition
        for condition in tested
        if condition.skips == 'all off' and condition.stack == _whole(tested)
    }
    shares = {by: columns(condition)[LABELLED] for by, condition in all_off.items()}
    return dict(
        untouched=estimates(untouched, drawn),
        conditions=[
            dict(**asdict(condition), **estimates(own, drawn), drop=differences(untouched, own, drawn))
            for condition in tested
            if condition != UNTOUCHED
            for own in [columns(condition)]
        ],
        against=None
        if control is None
        else dict(**estimates(control, drawn), difference=differences(untouched, control, drawn)),
        histogram=dict(
            edges=bin_edges(),
            untouched=histogram(untouched[LABELLED]),
            all_off={by: histogram(own) for by, own in shares.items()},
            against=None if control is None else histogram(control[LABELLED]),
        ),
        examples=examples(
            dict(untouched=tested[UNTOUCHED], all_off=tested[all_off['zero']]),
            dict(untouched=untouched[LABELLED], all_off=shares['zero']),
            dataset,
        )
        if 'zero' in all_off
        else [],
    )


def _whole(conditions: Mapping[Condition, Any]) -> int | None:
    """The stack that stands for the whole network: None for several, else the only one."""
    stacks = {condition.stack for condition in conditions if condition != UNTOUCHED}
    return None if None in stacks else 0


def examples(tested: Mapping[str, Predicted], shares: Mapping[str, np.ndarray], dataset: Any) -> list[dict[str, Any]]:
    """Up to 20 persons who are perfect untouched, those who lose most without skips first.

    Args:
        tested: Predictions ``untouched`` and with ``all_off``.
        shares: Of these the shares of correct labelled joints, (N,).
        dataset: The N persons.

    Returns:
        ``annotation_id``, ``file_name`` from the folder of images on, and by ``untouched`` and ``all_off`` labelled
        ``pck`` and ``keypoints`` (K pairs in pixels of the image).
    """
    found = []
    for person in losers(shares['untouched'], shares['all_off']).tolist():
        info = BaseDataset.get_data_info(dataset, person)
        found.append(
            dict(
                annotation_id=int(info['raw_ann_info']['id']),
                file_name=relative_name(info['img_path'], image_folder(dataset)),
                pck={way: float(own[person]) for way, own in shares.items()},
                keypoints={
                    way: [[number(float(value)) for value in point] for point in own.keypoints[person]]
                    for way, own in tested.items()
                },
            )
        )
    return found
