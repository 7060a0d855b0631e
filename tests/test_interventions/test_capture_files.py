"""Where the images of a dump's persons are, and how the benchmark of dumps measures memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shg_xai.latents import LatentStore
from tests.helpers.data import MIRROR, write_coco
from tests.helpers.small_network import dump_store, save_network, small_config


@pytest.mark.parametrize(
    'prefix, names',
    [
        ('val2017/', ['000000000001.jpg', '000000000002.jpg']),
        ('', ['val2017/000000000001.jpg', 'val2017/000000000002.jpg']),
    ],
)
def test_an_image_can_be_found_again(tmp_path: Path, repo_root: Path, prefix: str, names: list[str]) -> None:
    data = write_coco(tmp_path / 'coco')
    cfg = small_config(repo_root / 'configs/shg_coco.py', data, tmp_path / 'work')
    cfg.load_from = str(save_network(cfg, tmp_path / 'small.pth'))
    cfg.val_dataloader.dataset.data_prefix = dict(img=prefix)
    if not prefix:
        file = data / 'annotations/person_keypoints_val2017.json'
        content = json.loads(file.read_text())
        for image in content['images']:
            image['file_name'] = f'val2017/{image["file_name"]}'
        file.write_text(json.dumps(content))
    dump_store(cfg, tmp_path / 'out', limit=4)
    store = LatentStore.open(tmp_path / 'out')
    table = store.table(['file_name', 'image_width', 'image_height']).to_pydict()
    assert table == dict(
        file_name=[names[0], names[0], names[1], names[1]], image_width=[160] * 4, image_height=[120] * 4
    )
    assert store.manifest.mirrored == MIRROR
    assert store.manifest.sigmas[:6] == (0.026, 0.025, 0.025, 0.035, 0.035, 0.079)  # as the description writes them
    persons = json.loads((data / 'annotations/person_keypoints_val2017.json').read_text())['annotations']
    assert store.table(['area'])['area'].to_pylist() == [person['area'] for person in persons[:4]]
    folder = Path(store.manifest.environment['image_dir'])
    assert folder == data / prefix
    assert all((folder / name).is_file() for name in names)


def test_the_benchmark_measures_its_own_process(repo_root: Path) -> None:
    # A process that takes 0.6 GB starts one that imports next to nothing.
    child = 'from benchmarks.capture import peak_gb; print(peak_gb())'
    parent = (
        'import subprocess, sys; taken = b"1" * 600_000_000; '
        f'subprocess.run([sys.executable, "-c", {child!r}], check=True)'
    )
    done = subprocess.run([sys.executable, '-c', parent], cwd=repo_root, capture_output=True, text=True, check=True)
    assert 0.005 < float(done.stdout) < 0.1
