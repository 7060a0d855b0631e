"""The loss on held-out persons, by hand."""

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmengine.runner import LogProcessor
from mmengine.structures import InstanceData, PixelData
from mmpose.structures import PoseDataSample

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError


def sample(
    difference: float, weights: tuple[float, ...] = (1, 1), dtype: torch.dtype = torch.float32
) -> PoseDataSample:
    """Two joints, heatmaps of 3 x 4: the second joint is predicted too high everywhere."""
    person = PoseDataSample(gt_fields=PixelData(heatmaps=torch.full((2, 3, 4), 0.25)))
    predicted = torch.full((2, 3, 4), 0.25, dtype=dtype)
    predicted[1] += difference
    person.pred_fields = PixelData(heatmaps=predicted)
    person.gt_instance_labels = InstanceData(keypoint_weights=torch.tensor([weights]))
    return person


def evaluate(persons: list[PoseDataSample], **arguments: str) -> dict[str, float]:
    init_default_scope('mmpose')
    evaluator = Evaluator(
        dict(type='HeatmapLoss', loss=dict(type='KeypointMSELoss', use_target_weight=True), **arguments)
    )
    for person in persons:
        evaluator.process([person], None)
    return evaluator.evaluate(len(persons))


def test_it_is_the_mean_over_persons() -> None:
    # Half of the pixels are off by 1, by 2 and by nothing: (0.5 + 2 + 0) / 3.
    metrics = evaluate([sample(1), sample(2), sample(0)])
    assert metrics == {'val/heatmap_error': pytest.approx(2.5 / 3)}


def test_weights_are_the_losss() -> None:
    assert evaluate([sample(1, (1, 0)), sample(1, (0, 0.5))]) == {'val/heatmap_error': pytest.approx((0 + 0.25) / 2)}


def test_heatmaps_of_bfloat16_are_compared_in_float32() -> None:
    assert evaluate([sample(1, dtype=torch.bfloat16)]) == {'val/heatmap_error': pytest.approx(0.5)}


def test_the_prefix_can_be_chosen() -> None:
    assert set(evaluate([sample(1)], prefix='test')) == {'test/heatmap_error'}


def test_its_curve_is_not_smoothed() -> None:
    # Of names with this pattern MMEngine logs a mean over the last validations.
    pattern = LogProcessor().mean_pattern
    assert [name for name in evaluate([sample(1)]) if pattern.search(name)] == []


@pytest.mark.parametrize('missing', ['pred_fields', 'gt_fields'])
def test_without_heatmaps_it_says_what_to_set(missing: str) -> None:
    person = sample(1)
    delattr(person, missing)
    with pytest.raises(InputError, match=r'output_heatmaps=True .* GenerateTarget'):
        evaluate([person])
