"""What the tools share that measure a network: what is wrong with a config ends in one line."""

from pathlib import Path

import pytest

import shg_xai.plugin  # noqa: F401
from shg_xai.chapters.skip_ablation.options import SkipAblationOptions
from shg_xai.errors import InputError
from shg_xai.runner.measurement import measure_to_file
from tests.helpers.data import write_coco
from tests.helpers.small_network import save_network, small_config


@pytest.mark.parametrize(
    'setting, wrong',
    [
        ('test_mod=True', "CheckedCocoDataset has no argument 'test_mod'; did you mean test_mode"),
        ('type=CheckedCoco', 'CheckedCoco is not in the mmpose::dataset registry'),
    ],
)
def test_a_misspelled_data_set_is_an_input_error_of_one_line(
    tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch, setting: str, wrong: str
) -> None:
    cfg = small_config(repo_root / 'configs/shg_coco.py', write_coco(tmp_path / 'coco'), tmp_path / 'work')
    weights, out = save_network(cfg, tmp_path / 'weights.pth'), tmp_path / 'skips.json'
    config = tmp_path / 'misspelled.py'
    cfg.dump(config)
    words = [str(config), str(weights), '--out', str(out), '--cfg-options', f'val_dataloader.dataset.{setting}']
    monkeypatch.setattr('sys.argv', ['ablate_skips.py', *words])
    with pytest.raises(InputError) as caught:
        measure_to_file(SkipAblationOptions, '', str)
    assert str(caught.value).startswith(f'{config}: {wrong}') and '\n' not in str(caught.value)
    assert not out.exists()
