"""Command lines made from dataclasses: what is read, what a wrong one says, and how fast help comes."""

import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from tyro.conf import Positional, UseAppendAction, arg

from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions
from shg_xai.errors import InputError
from shg_xai.explain.options import AnalyzeOptions
from shg_xai.options import at_least, between, parse
from shg_xai.runner.options import CommonOptions, MeasureOptions, TrainOptions
from tests.conftest import REPO_ROOT, RunTool

TOOLS = sorted(path.name for path in (REPO_ROOT / 'tools').glob('*.py'))


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Where to walk."""

    start: Annotated[Positional[str], arg(metavar='START')]
    """where it begins"""
    way: Annotated[Path, arg(metavar='DIR')]
    """which way"""
    steps: Annotated[int, arg(metavar='N')] = 3
    """how many, which takes a line
    and another one"""
    pace: Literal['slow', 'fast'] = 'slow'
    """how fast"""
    pauses: tuple[int, ...] = ()
    """after which steps to pause"""
    stop: UseAppendAction[Annotated[tuple[str, ...], arg(metavar='PLACE')]] = ()
    """where to stop"""
    alone: bool = False  # without company

    def __post_init__(self) -> None:
        at_least(self, dict(steps=1))


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a wrong command line ends with."""
    with pytest.raises(SystemExit) as ended:
        parse(Walk, 'Walk.', words)
    assert ended.value.code == 2
    out, error = capsys.readouterr()
    assert out == ''
    assert error.startswith('error: ') and error.count('\n') == 1
    assert error.rstrip().endswith(' --help')
    return error


def test_an_option_of_several_values_needs_one() -> None:
    with pytest.raises(InputError, match=r'^--pauses: give one value or more, or leave it out$'):
        parse(Walk, '', ['here', '--pauses', '--way', 'north'])
    with pytest.raises(InputError, match=r'^--k: give one value or more'):
        parse(AnalyzeOptions, '', ['store', '--out', 'x', '--k'])
    words = ['c', 'k', '--store', 's', '--out', 'o', '--concepts', 'a', '--components']  # along none
    assert parse(DecodedWalkOptions, '', words).components == ()


def test_types_defaults_and_repeats() -> None:
    assert parse(Walk, '', ['here', '--way', 'north']) == Walk(start='here', way=Path('north'))
    words = '--alone --pauses 1 2 --stop a=1,2 --way north --pace fast --stop b=-3:4 --steps=7 here'
    assert parse(Walk, '', words.split()) == Walk(
        start='here', way=Path('north'), steps=7, pace='fast', pauses=(1, 2), stop=('a=1,2', 'b=-3:4'), alone=True
    )


@pytest.mark.parametrize(
    'words, message',
    [
        (['here'], 'missing from '),
        (['here'], '--way DIR which way (required)'),
        (['--way', 'north'], 'START where it begins'),
        (['here', '--way', 'north', '--step', '3'], 'unrecognized options: --step, 3;'),
        (['here', 'there', '--way', 'north'], 'unrecognized options: there;'),
        (['here', '--way', 'north', '--steps', 'x'], "--steps: invalid literal for int() with base 10: 'x';"),
        (['here', '--way', 'north', '--steps'], "missing value for argument '--steps'"),
        (['here', '--way', 'north', '--pauses', '1', 'x'], '--pauses: Could not find valid parse'),
        (['here', '--way', 'north', '--pace', 'mad'], "invalid choice 'mad' for argument '--pace'"),
        (['here', '--way', 'north', '--pace', 'mad'], "Expected one of ('slow', 'fast');"),
    ],
)
def test_what_cannot_be_read_is_one_line(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert message in said(capsys, *words)


def test_what_makes_no_sense_is_the_dataclasss_own_error() -> None:
    for make in (
        lambda: parse(Walk, '', ['here', '--way', 'north', '--steps', '0']),
        lambda: Walk(start='here', way=Path('north'), steps=0),
    ):
        with pytest.raises(InputError, match=r'^--steps 0: give 1 or more$'):
            make()


def test_help_is_made_from_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(Walk, 'Walk somewhere.\n\n  walk.py here \\\n      --way north\n\n' + 'very ' * 30 + 'far', ['--help'])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert 'Walk somewhere.\n\n  walk.py here \\\n      --way north\n\nvery' in text
    assert max(map(len, text.splitlines())) <= 100
    assert '\n  --steps N\n      how many, which takes a line and another one (default: 3)\n' in text
    assert '\n  --alone\n      without company\n' in text
    assert '\n  --pauses [INT [INT ...]]\n      after which steps to pause\n' in text
    assert '\n  --stop PLACE\n      where to stop (repeatable)\n' in text


def test_resume_may_name_a_checkpoint() -> None:
    for words, resume in (
        (['c.py'], None),
        (['c.py', '--resume'], ()),
        (['--resume', '--amp', 'c.py'], ()),
        (['c.py', '--resume', 'last.pth'], ('last.pth',)),
        (['--resume', 'last.pth', 'c.py'], ('last.pth',)),
    ):
        assert parse(TrainOptions, '', words).resume == resume


def test_settings_are_read_as_python_however_often_the_option_stands_there() -> None:
    words = ['--cfg-options', 'a.b=2', 'c=(6,4)', '--local_rank', '1', '--cfg-options', 'd=x']
    options = parse(CommonOptions, '', words)
    assert options.overrides() == {'a.b': 2, 'c': (6, 4), 'd': 'x'}
    assert options.local_rank == 1
    with pytest.raises(InputError, match='--cfg-options a: give KEY=VALUE'):
        CommonOptions(cfg_options=('a',)).overrides()


def test_ends_of_ranges_are_allowed() -> None:
    options = MeasureOptions(config='c.py', checkpoint='c.pth', confidence=0.9)
    between(options, 'confidence', 0.9, 1, 'a share')
    at_least(options, dict(limit=1))  # None is fine
    with pytest.raises(InputError, match=r'^--confidence 0\.9: give a share$'):
        between(options, 'confidence', 0, 0.8, 'a share')


@pytest.mark.parametrize('tool', TOOLS)
def test_help_is_quick_and_shows_how_to_call_it(run_tool: RunTool, tool: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run_tool([tool, '--help'], env={'PYTHONPROFILEIMPORTTIME': '1'})
    assert done.returncode == 0, done.stderr
    assert f'tools/{tool} ' in done.stdout
    loaded = {line.split('|')[-1].strip() for line in done.stderr.splitlines()}
    assert 'shg_xai.errors' in loaded
    assert not loaded & {'torch', 'mmpose', 'mmcv', 'mmengine', 'scipy'}
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < 3  # seconds
