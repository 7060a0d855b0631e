"""``tools/draw_predictions.py`` as a command, on a tiny network of the demo's config."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from matplotlib import image
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

import shg_xai.plugin  # noqa: F401
from shg_xai.datasets.people.write import PeopleConfig, write_people
from tests.helpers.data import only_error

CONFIG = 'configs/demo/shg_people.py'


@pytest.mark.slow
def test_a_sheet_of_two_networks(tmp_path: Path, repo_root: Path, run_tool: Callable) -> None:
    people, checkpoint = tmp_path / 'people', tmp_path / 'network.pth'
    write_people(people, PeopleConfig(dict(train=0, val=0, test=5)), workers=1)
    init_default_scope('mmpose')
    model = MODELS.build(Config.fromfile(repo_root / CONFIG).model)
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    out = tmp_path / 'sheet.png'
    done = run_tool(['draw_predictions.py', CONFIG, checkpoint, '--data-root', people, '--out', out, '--persons', 3])
    assert done.returncode == 0, done.stderr
    height, width, _ = image.imread(out).shape
    assert width / height == pytest.approx((3 * 1.6) / (2 * 1.75), rel=0.01)


def test_networks_come_in_pairs(tmp_path: Path, run_tool: Callable) -> None:
    done = run_tool(['draw_predictions.py', CONFIG, '--out', tmp_path / 'sheet.png'])
    assert done.returncode == 2
    assert 'in pairs: CONFIG CHECKPOINT' in only_error(done.stderr)
    assert not any(tmp_path.iterdir())
