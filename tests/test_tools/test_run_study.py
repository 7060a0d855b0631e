"""``tools/run_study.py`` as a user runs it, as far as it takes no training."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shg_xai.chapters.networks.options import NETWORKS, StudyOptions
from shg_xai.options import parse
from shg_xai.study.costs import Timing
from shg_xai.study.settings import CommandOptions, Settings
from shg_xai.study.stages import Stage
from tests.helpers.data import only_error, run_in_process, write_coco
from tools import run_study as tool

ROOT = Path(__file__).resolve().parents[2]
Refused = Callable[..., str]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_coco(tmp_path / 'coco')


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Refused:
    """Runs the tool with words that it refuses; returns its line. Nothing was written."""

    def run(*words: Any) -> str:
        before = sorted(tmp_path.rglob('*'))
        assert run_in_process(tool.main, words, monkeypatch) == 2
        assert sorted(tmp_path.rglob('*')) == before
        return only_error(capsys.readouterr().err).removeprefix('error: ')

    return run


def settings(*words: Any) -> Settings:
    """The settings that a command line stands for."""
    return parse(CommandOptions, '', list(map(str, words))).settings()


@pytest.mark.parametrize(
    ('words', 'line'),
    [
        ([], '--data-root is missing: name the folder of COCO 2017, or give --demo'),
        (['--demo', '--limit', 3], '--demo makes its own people; leave out --data-root and --limit'),
        (['--demo', '--data-root', 'x'], '--demo makes its own people; leave out --data-root'),
        (['--data-root', 'x', '--people', 3, 3], '--people goes with --demo only'),
        (['--demo', '--people', 30, 0], '--people 30 0: give 1 or more'),
        (['--demo', '--epochs', 0], '--epochs 0: give 1 or more'),
        (['--demo', '--more-epochs', -1], '--more-epochs -1: give 1 or more'),
        (['--demo', '--autoencoder-epochs', 0], '--autoencoder-epochs 0: give 1 or more'),
        (['--demo', '--stacks', 0], '--stacks 0: give 1 or more'),
        (['--demo', '--width', 0], '--width 0: give 1 or more'),
        (['--data-root', 'x', '--limit', 0], '--limit 0: give 1 or more'),
        (['--demo', '--launcher', 'pytorch', '--processes', 0], '--processes 0: give 1 or more'),
        (['--demo', '--processes', 2], '--processes goes with --launcher pytorch only'),
        (['--demo', '--bootstrap', 9], '--bootstrap 9: give 10 or more'),
        (['--demo', '--seeds', 3, -1], '--seeds -1: give 0 or more'),
        (['--demo', '--tolerance', 1], '--tolerance 1.0: give a PCK, 0 or more and below 1'),
        (['--demo', '--tolerance', 'nan'], '--tolerance nan: give a PCK'),
        (['--demo', '--margin', -0.1], '--margin -0.1: give a PCK, 0 or more and below 1'),
        (['--demo', '--confidence', 1], '--confidence 1.0: give a share between 0 and 1'),
        (['--demo', '--config', 'no/such.py'], f'{Path.cwd()}/no/such.py: no such config file'),
        (['--demo', '--autoencoder', 'no/such.py'], f'{Path.cwd()}/no/such.py: no such config'),
        (['--demo', '--config', ROOT / 'README.md'], f'{ROOT}/README.md: not a config MMEngine can'),
        (['--demo', '--config', ROOT / 'configs' / 'ae_latents.py'], 'not configs of an hourglass'),
        (['--demo', '--autoencoder', ROOT / 'configs' / 'shg_coco.py'], 'not configs of an hourgl'),
    ],
    ids=str,
)
def test_bad_options_are_one_line(refused: Refused, tmp_path: Path, words: list, line: str) -> None:
    assert line in refused(*words, '--work-dir', tmp_path / 'work')


def test_a_config_that_does_not_run_is_one_line(refused: Refused, tmp_path: Path) -> None:
    config = tmp_path / 'mine.py'
    config.write_text('model = dict(\n')
    assert f'{config}: not a config MMEngine can read (' in refused(
        '--demo', '--config', config, '--work-dir', tmp_path / 'work'
    )


@pytest.mark.parametrize('text', [None, '{', '{"images": []}'])
def test_data_that_is_none_is_one_line(refused: Refused, data: Path, text: str | None) -> None:
    file = data / 'annotations' / 'person_keypoints_val2017.json'
    file.unlink()
    if text:
        file.write_text(text)
    assert f'{file}: no' in refused('--data-root', data, '--work-dir', data.parent / 'work')


@pytest.mark.parametrize('folder', ['.', 'study', 'train2017'])
def test_a_work_folder_in_the_data_is_refused(refused: Refused, data: Path, folder: str) -> None:
    assert 'lies in --data-root, where nothing is written; name another folder' in refused(
        '--data-root', data, '--work-dir', data / folder
    )


@pytest.mark.parametrize(
    'words',
    [['--frobnicate'], ['--networks', 'control', 'better'], ['--seeds'], ['--people', '3'], ['--launcher', 'slurm']],
)
def test_words_that_are_no_options_are_one_line(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert run_in_process(tool.main, ['--demo', *words], monkeypatch) == 2
    only_error(capsys.readouterr().err)


def test_help_needs_neither_torch_nor_mmpose() -> None:
    code = (
        'import runpy, sys\nsys.argv = ["run_study.py", "--help"]\n'
        'try:\n    runpy.run_path("tools/run_study.py", run_name="__main__")\n'
        'except SystemExit as end:\n    assert not end.code\n'
        'print("heavy:", *sorted({name.split(".")[0] for name in sys.modules} & {"torch", '
        '"mmpose", "mmcv", "mmengine"}))'
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == 'heavy:'
    for option in (
        '--data-root',
        '--work-dir',
        '--demo',
        '--dry-run',
        '--seeds',
        '--networks',
        '--width',
        '--limit',
        '--launcher',
    ):
        assert option in done.stdout


def test_defaults_are_the_configs(data: Path) -> None:
    assert settings('--data-root', data) == Settings(
        work_dir=Path.cwd() / 'work_dirs' / 'study',
        data_root=data,
        config=ROOT / 'configs' / 'shg_strong_coco.py',
        autoencoder=ROOT / 'configs' / 'ae_norelu_latents.py',
        networks=NETWORKS,
        seeds=(0,),
        epochs=210,
        more_epochs=70,
        autoencoder_epochs=50,
        stacks=1,
    )
    demo = settings('--demo')
    work = Path.cwd() / 'work_dirs' / 'demo'
    assert demo == Settings(
        work_dir=work,
        data_root=work / 'data',
        config=ROOT / 'configs' / 'demo' / 'shg_people.py',
        autoencoder=ROOT / 'configs' / 'demo' / 'ae_people_latents.py',
        networks=('control', 'improved'),
        epochs=5,
        more_epochs=2,
        autoencoder_epochs=50,
        people=(4000, 500),
    )
    assert settings('--data-root', data, '--config', ROOT / 'configs' / 'shg2_coco.py').stacks == 2


def test_options_are_taken_over(data: Path) -> None:
    found = settings(
        '--data-root',
        data,
        '--seeds',
        2,
        0,
        2,
        '--networks',
        'noskip',
        'control',
        '--stacks',
        2,
        '--epochs',
        1,
        '--width',
        7,
        '--limit',
        9,
        '--tolerance',
        0,
        '--bootstrap',
        10,
        '--confidence',
        0.9,
        '--launcher',
        'pytorch',
        '--processes',
        3,
        '--amp',
    )
    assert (found.seeds, found.networks) == ((2, 0), ('control', 'noskip')), 'once, in order'
    assert (found.epochs, found.more_epochs, found.stacks) == (1, 1, 2)
    assert (found.width, found.limit, found.tolerance, found.bootstrap) == (7, 9, 0, 10)
    assert (found.confidence, found.processes, found.amp) == (0.9, 3, True)
    people = settings('--demo', '--people', 48, 12, '--networks', 'all')
    assert (people.people, people.networks) == ((48, 12), NETWORKS)


def test_progress_is_shown_and_the_rest_is_not(capsys: pytest.CaptureFixture) -> None:
    start, stage = '11/23 00:00:00 - mmengine - INFO - ', Stage('train plain 0', (), (), Path('run'))
    for line in (
        f'{start}Epoch(train)  [1][ 10/250]  lr: 1e-3  eta: 0:01:00  time: 0.2  loss: 3.2e-04\n',
        f'{start}Epoch(val) [1][10/10]    pck/labelled: 0.5000  pck/visible: 0.6000  pck/occluded: 0.1  time: 0.1\n',
        f'{start}Config:\n',
        'Epoch(train) of something else\n',
        'persons:  50%|##  |\r',
        'persons: 100%|####|\n',
    ):
        tool.show(stage, line)
    out, error = capsys.readouterr()
    assert out.splitlines() == [
        '   train plain 0: Epoch(train)  [1][ 10/250]  lr: 1e-3  eta: 0:01:00  loss: 3.2e-04',
        '   train plain 0: Epoch(val) [1][10/10]    pck/labelled: 0.5000  pck/visible: 0.6000',
    ]
    assert error == '\rpersons:  50%|##  |\rpersons: 100%|####|\n'


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is run to see what it costs: that takes seconds, see tests/test_study/test_costs."""
    monkeypatch.setattr('shg_xai.study.costs.time_network', lambda *_: Timing(train=0.01, test=0.01, parameters=1000))


@pytest.mark.usefixtures('tried')
def test_a_dry_run_shows_every_stage_and_writes_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob('*')]}
    words = ['--data-root', data, '--work-dir', tmp_path / 'new' / 'work', '--seeds', 0, 1]
    assert run_in_process(tool.main, [*words, '--dry-run'], monkeypatch) == 0
    assert {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob('*')]} == before
    lines = capsys.readouterr().out.splitlines()
    from shg_xai.study.plan import Plan
    from tests.helpers.study_settings import COSTS

    stages = Plan(settings(*words), COSTS).stages()
    rows = [line.split('|')[1].strip() for line in lines if line.startswith('|')]
    assert rows == ['stage', '---', *(stage.name for stage in stages), 'all, one after another']
    assert len(stages) > 40


@pytest.mark.usefixtures('tried')
def test_somebody_elses_output_is_refused_before_anything_is_written(
    refused: Refused, data: Path, tmp_path: Path
) -> None:
    # The data folder itself would be an output of this work folder.
    work = tmp_path / 'work'
    work.mkdir()
    data = data.rename(work / 'data')
    assert f'{data}: is there, but the stage "data" has not made it; move it away' in refused(
        '--data-root', data, '--work-dir', work
    )
    other = tmp_path / 'other'
    (other / 'report').mkdir(parents=True)
    for more in ([], ['--dry-run']):
        assert f'{other}/report: is there, but the stage "report" has not made it' in refused(
            '--data-root', data, '--work-dir', other, *more
        )


@pytest.mark.usefixtures('tried')
def test_a_failing_stage_is_one_line_and_the_run_goes_on_from_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    work = tmp_path / 'work'
    (data / 'train2017').rename(data / 'away')
    words = ['--data-root', data, '--work-dir', work, '--networks', 'control', '--no-trial']
    assert run_in_process(tool.main, words, monkeypatch) == 2
    out, error = capfd.readouterr()
    assert error.count('\n') == 1
    assert only_error(error) == (
        f'error: the stage "data" failed with exit code 2: {data}/train2017: missing; --data-root '
        'takes a folder in the layout of COCO 2017: annotations/, train2017/, val2017/; its output '
        f'is in {work}/stages/data.log; the same command goes on from there'
    )
    assert re.search(r'\n== 1/\d+ data: -m shg_xai\.study\.data ', out)
    assert json.loads((work / 'stages' / 'data.json').read_text())['state'] == 'begun'
    assert not (work / 'data').exists()
    command = json.loads((work / 'command.json').read_text())['command']
    assert command == f'tools/run_study.py --data-root {data} --work-dir {work} --networks control --no-trial'
    assert sorted(path.name for path in (work / 'configs').iterdir()) == [
        'control_0.py',
        'longer_0.py',
        'noskip_0.py',
        'plain_0.py',
    ]


@pytest.mark.usefixtures('tried')
def test_what_would_fail_late_fails_in_the_trial(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    (data / 'train2017').rename(data / 'away')
    assert run_in_process(tool.main, ['--data-root', data, '--work-dir', tmp_path / 'study'], monkeypatch) == 2
    out, error = capfd.readouterr()
    assert only_error(error).startswith('error: trial with 16 persons: the stage "data" failed with exit code 2: ')
    assert f'Trial of all stages with 16 persons, in {tmp_path}/study/trial:' in out
    assert not (tmp_path / 'study' / 'stages' / 'data.json').exists()


def test_every_option_is_a_setting() -> None:
    """An option that nobody reads would be forgotten without a word."""
    names = [set(kind.__dataclass_fields__) for kind in (CommandOptions, Settings, StudyOptions)]
    assert names[0] - {'demo', 'dry_run', 'launcher', 'jobs', 'dask', 'no_trial'} == names[1] == names[2]
