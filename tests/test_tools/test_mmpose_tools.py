"""MMPose's own tools and demos run in the environment that install.sh makes, each as a command of its own."""

import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from shg_xai.datasets.people.write import PeopleConfig, write_people
from tests.helpers.commands import REPO_ROOT, python
from tests.helpers.data import LOADERS, QUICK

CONFIG = REPO_ROOT / 'configs' / 'shg_coco.py'
# As a .pth file has it in that environment: nobody imports this package but for the config, if there is one.
START = """
from shg_xai.import_hook import install
install()
import runpy, sys
sys.argv = sys.argv[1:]
sys.path[0] = ''
runpy.run_path(sys.argv[0], run_name='__main__')
"""

pytestmark = pytest.mark.slow


def mim() -> Path:
    """Where MMPose keeps its tools; it is not imported for that."""
    spec = find_spec('mmpose')
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / '.mim'


def ran(tool: str, *words: Any, **keywords: Any) -> subprocess.CompletedProcess[str]:
    done = python('-W', 'ignore', '-c', START, mim() / tool, *words, **keywords)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work folder of MMPose's tools/train.py: config as run, log, a checkpoint."""
    folder = tmp_path_factory.mktemp('mmpose')
    write_people(folder / 'people', PeopleConfig({'train': 4, 'val': 2}, size=100), workers=1)
    roots = [f'{loader}.dataset.data_root={folder / "people"}' for loader in LOADERS]
    ran('tools/train.py', CONFIG, '--work-dir', folder / 'run', '--cfg-options', *QUICK, *roots)
    return folder / 'run'


def test_test(trained: Path, tmp_path: Path) -> None:
    ran('tools/test.py', trained / 'shg_coco.py', trained / 'epoch_1.pth', '--work-dir', tmp_path)
    (log,) = tmp_path.glob('*/*.log')
    assert 'pck/labelled' in log.read_text()


@pytest.mark.parametrize('phase', ['train', 'val', 'test'])
def test_browse_dataset(trained: Path, tmp_path: Path, phase: str) -> None:
    ran(
        'tools/misc/browse_dataset.py',
        trained / 'shg_coco.py',
        '--output-dir',
        tmp_path,
        '--not-show',
        '--phase',
        phase,
    )
    assert len(list(tmp_path.iterdir())) >= 2


def test_get_flops(trained: Path) -> None:
    said = ran('tools/analysis_tools/get_flops.py', trained / 'shg_coco.py', '--input-shape', 64, 64).stdout
    assert 'Flops' in said and 'Params' in said


def test_publish_model(trained: Path, tmp_path: Path) -> None:
    ran('tools/misc/publish_model.py', trained / 'epoch_1.pth', tmp_path / 'small.pth')
    assert list(tmp_path.glob('small*.pth'))


def test_print_config(trained: Path) -> None:
    assert "data_mode = 'topdown'" in ran('tools/analysis_tools/print_config.py', CONFIG).stdout


def test_analyze_logs(trained: Path, tmp_path: Path) -> None:
    (scalars,) = trained.glob('*/vis_data/scalars.json')
    words = ('plot_curve', scalars, '--keys', 'loss', '--backend', 'agg', '--out', tmp_path / 'loss.png')
    ran('tools/analysis_tools/analyze_logs.py', *words)
    assert (tmp_path / 'loss.png').is_file()


def test_image_demo(trained: Path, tmp_path: Path) -> None:
    photo = next((trained.parent / 'people' / 'val2017').iterdir())
    network = (trained / 'shg_coco.py', trained / 'epoch_1.pth')
    ran('demo/image_demo.py', photo, *network, '--device', 'cpu', '--out-file', tmp_path / 'drawn.jpg')
    assert (tmp_path / 'drawn.jpg').is_file()


def test_inferencer_demo(trained: Path, tmp_path: Path) -> None:
    network = ('--pose2d', trained / 'shg_coco.py', '--pose2d-weights', trained / 'epoch_1.pth', '--device', 'cpu')
    ran('demo/inferencer_demo.py', trained.parent / 'people' / 'val2017', *network, '--pred-out-dir', tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
