"""Predictions as arrays, against what MMPose's samples say."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.evaluation.visible_pck import VisiblePCK
from shg_xai.interventions.evaluate import evaluate, predictions
from shg_xai.interventions.network import Predictions
from shg_xai.interventions.persons import build_loader, open_persons
from tests.helpers.data import ALL_VISIBLE, PARTLY

pytestmark = pytest.mark.usefixtures('one_thread')


def test_arrays_are_those_of_the_samples_and_of_the_metric(opened: Callable[..., Any]) -> None:
    one = opened()
    metric = VisiblePCK(thr=0.4)
    metric.dataset_meta = one.persons.dataset.metainfo
    samples = []
    for batch in one.loader():
        with torch.no_grad(), one.network.testing():
            samples += one.network.model.test_step(batch)
    metric.process({}, [sample.to_dict() for sample in samples])
    found = predictions(evaluate(one.network, one.loader()))['untouched']
    assert (one.network.thr, one.network.normaliser) == (0.4, 'crop')
    for row, sample in enumerate(samples):
        np.testing.assert_array_equal(found.keypoints[row], sample.pred_instances.keypoints[0])
        np.testing.assert_array_equal(found.scores[row], sample.pred_instances.keypoint_scores[0])
        np.testing.assert_array_equal(found.center[row], sample.input_center)
        np.testing.assert_array_equal(found.scale[row], sample.input_scale)
        distances = found.keypoints[row] - sample.gt_instances.keypoints[0]
        expected = np.hypot(*distances.T) / sample.input_scale.max()
        np.testing.assert_allclose(found.distances[row], expected, rtol=1e-6)
    assert found.v.tolist() == [list(ALL_VISIBLE), list(PARTLY)] * 3
    assert np.mean(found.pck(one.network)['labelled']) == pytest.approx(metric.evaluate(6)['pck/labelled'])


def test_likelihoods_are_those_of_the_cells_that_targets_are_drawn_in(opened: Callable[..., Any]) -> None:
    one = opened()
    told, persons = 0, open_persons(one.cfg, 'val', targets=True)
    for pass_ in evaluate(one.network, build_loader(one.cfg, persons.dataset)):
        found = pass_.predictions().likelihood
        for row, sample in enumerate(pass_.samples):
            for joint, target in enumerate(np.asarray(sample.gt_fields.heatmaps)):
                if not target.any():  # not labelled, or outside the crop
                    assert np.isnan(found[row, joint])
                    continue
                mass = np.maximum(np.asarray(sample.pred_fields.heatmaps[joint], dtype=float), 0)
                share = mass.ravel()[target.argmax()] / mass.sum()
                assert found[row, joint] == pytest.approx(np.log(0.99 * share + 0.01 / mass.size), rel=1e-5)
                told += 1
    assert told > 50


def test_without_heatmaps_there_are_no_likelihoods(opened: Callable[..., Any]) -> None:
    one = opened()
    kept, one.network.model.test_cfg = (
        one.network.model.test_cfg,
        dict(one.network.model.test_cfg, output_heatmaps=False),
    )
    found = predictions(evaluate(one.network, one.loader()))['untouched']
    one.network.model.test_cfg = kept
    assert found.likelihood.shape == (6, 17) and np.isnan(found.likelihood).all()


def test_parts_are_joined_in_order(opened: Callable[..., Any]) -> None:
    one = opened()
    parts = [pass_.predictions() for pass_ in evaluate(one.network, one.loader())]
    joined = Predictions.joined(parts[::-1])
    assert joined.keypoints.shape == (6, 17, 2)
    np.testing.assert_array_equal(joined.keypoints[:2], parts[1].keypoints)
    np.testing.assert_array_equal(joined.v[2:], parts[0].v)


def test_boxes_of_a_detector_are_refused(opened: Callable[..., Any]) -> None:
    one = opened()
    for pass_ in evaluate(one.network, one.loader()):
        pass_.samples[0].set_metainfo(dict(raw_ann_info=None))
        truth = pass_.samples[0].gt_instances
        # As MMPose has it where it knows the box alone.
        truth.keypoints, truth.keypoints_visible = np.zeros((1, 17, 2)), np.ones((1, 17))
        with pytest.raises(InputError, match='these boxes come from a detector'):
            pass_.predictions()
        break
