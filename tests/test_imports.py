"""Who may import whom; held by reading the source, so that nothing has to be imported for it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPO_ROOT

PACKAGE = REPO_ROOT / 'shg_xai'
MMPOSE = {'torch', 'torchvision', 'mmpose', 'mmcv', 'mmdet', 'mmengine'}
# On the way from config to page: none of them knows another.
STATIONS = ('codecs', 'models', 'evaluation', 'latents')
LEAVES = ('coco', 'cores', 'errors', 'joints', 'memory', 'options', 'photos', 'random_streams', 'writing')
# Of a chapter only what measures may start a network.
LIGHT = ('__init__', 'results', 'options', 'findings', 'figures', 'headline', 'overlays')
# Where the persons of a data set are gone through, and nowhere else.
THE_LOOP = 'interventions/evaluate.py'


def imported(file: Path) -> Iterator[str]:
    """Full names of all modules and names that a file imports, wherever in it, but for types alone."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == 'TYPE_CHECKING':
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level and node.module, f'{file}: relative import; write the whole name'
            yield node.module
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def parts_of(file: Path) -> set[str]:
    """The parts of shg_xai a file imports: 'models', 'errors', ..."""
    return {name.split('.')[1] for name in imported(file) if name.startswith('shg_xai.')}


def roots_of(file: Path) -> set[str]:
    """The packages a file imports."""
    return {name.split('.')[0] for name in imported(file)}


def files_of(*names: str) -> list[Path]:
    """The files of these parts of the package, each a folder or a module."""
    files: list[Path] = []
    for name in names:
        found = sorted((PACKAGE / name).rglob('*.py')) or [PACKAGE / f'{name}.py']
        files += [file for file in found if file.is_file()]
    return files


def short(file: Path) -> str:
    """A file's name in the package."""
    return str(file.relative_to(PACKAGE))


def chapter_files(*names: str) -> list[Path]:
    """Files of these names of all chapters."""
    return [file for file in files_of('chapters') if file.stem in names]


def test_the_reader_sees_every_kind_of_import(tmp_path: Path) -> None:
    file = tmp_path / 'code.py'
    file.write_text(
        'import shg_xai.models as m\n'
        'from shg_xai import codecs\n'
        'if TYPE_CHECKING:\n    from shg_xai.study import table\n'
        'def f():\n    from shg_xai.latents.store import Store\n'
    )
    assert parts_of(file) == {'models', 'codecs', 'latents'}
    assert roots_of(file) == {'shg_xai'}


@pytest.mark.parametrize('station', STATIONS)
def test_a_station_knows_no_other(station: str) -> None:
    for file in files_of(station):
        assert parts_of(file) <= {station, 'cli', 'heatmaps', *LEAVES}, file


def test_a_leaf_imports_leaves_only() -> None:
    for file in files_of(*LEAVES):
        assert parts_of(file) <= set(LEAVES), file


@pytest.mark.parametrize(
    'part, allowed',
    [
        ('tracing', set()),
        ('heatmaps', set()),
        ('stats', {'results'}),
        ('results', set()),
        ('results_file', {'results', 'chapters'}),
        ('drawing', {'results', 'latents', 'evaluation'}),
        ('datasets', {'latents'}),
        ('runner', {'results', 'results_file', 'latents', 'tracing', 'cli', 'evaluation', 'plugin', 'compat'}),
        (
            'interventions',
            {'tracing', 'models', 'latents', 'runner', 'results', 'evaluation', 'stats', 'drawing', 'plugin'}
            | {'heatmaps'},
        ),
        ('report', {'chapters', 'drawing', 'results', 'results_file', 'cli'}),
    ],
)
def test_what_a_part_may_import(part: str, allowed: set[str]) -> None:
    for file in files_of(part):
        assert parts_of(file) <= {part, *allowed, *LEAVES}, file


def test_tracing_works_on_any_module() -> None:
    for file in files_of('tracing'):
        assert not roots_of(file) & (MMPOSE - {'torch'}), file


@pytest.mark.parametrize(
    'part', ['latents', 'stats', 'drawing', 'report', 'explain', 'results', 'results_file', *LEAVES]
)
def test_what_is_read_and_drawn_starts_without_mmpose(part: str) -> None:
    for file in files_of(part):
        assert not roots_of(file) & MMPOSE, file


@pytest.mark.parametrize('file', chapter_files(*LIGHT), ids=short)
def test_of_a_chapter_only_what_measures_needs_mmpose(file: Path) -> None:
    assert not roots_of(file) & MMPOSE
    # Nor by way of what does: tools import the options for their --help.
    assert not parts_of(file) & {'models', 'codecs', 'hooks', 'interventions', 'tracing', 'plugin', 'compat'}


def test_a_chapter_knows_neither_page_nor_study() -> None:
    """Of the analysis of layers it takes what all of them share: its options, and components computed once."""
    shared = ('shg_xai.explain.decomposition', 'shg_xai.explain.options')
    for file in files_of('chapters'):
        assert not parts_of(file) & {'report', 'study'}, file
        assert all(name.startswith(shared) for name in imported(file) if name.startswith('shg_xai.explain')), file


def test_the_page_names_no_chapter() -> None:
    """It goes through all there are, so that a new question is a new folder and nothing else."""
    for file in files_of('report'):
        assert not {name for name in imported(file) if name.startswith('shg_xai.chapters.') and name.count('.') > 2}, (
            file
        )
        named = {
            folder.name for folder in (PACKAGE / 'chapters').iterdir() if f'chapters.{folder.name}' in file.read_text()
        }
        assert not named, file


def test_of_one_photo_only_what_runs_the_network_needs_mmpose() -> None:
    """``--help`` reads its options, and its page is drawn from numbers; see ``shg_xai/photo``.

    It is a place of its own because it uses what may not know each other: the loop over persons, a chapter's
    regressions, and the page's style.
    """
    heavy = ('measure', 'network', 'sample')
    for file in files_of('photo'):
        known = {name.removeprefix('shg_xai.photo.') for name in imported(file) if name.startswith('shg_xai.photo.')}
        if file.stem not in heavy:
            assert not roots_of(file) & MMPOSE, file
            assert not parts_of(file) & {'models', 'codecs', 'datasets', 'interventions', 'tracing', 'plugin'}, file
            assert not {name.split('.')[0] for name in known} & {*heavy}, file
        assert 'study' not in parts_of(file), file
    for file in PACKAGE.rglob('*.py'):
        assert 'photo' not in parts_of(file) or file.parent.name == 'photo', file  # tools alone start it


def test_a_studys_options_and_stages_need_no_mmpose() -> None:
    """``tools/run_study.py --help`` reads the one, and a stage is a process of its own."""
    file = PACKAGE / 'study' / 'stages.py'
    assert not roots_of(file) & MMPOSE
    assert parts_of(file) <= {'study', 'chapters', 'results_file', *LEAVES}


def test_only_tools_start_a_study() -> None:
    for file in PACKAGE.rglob('*.py'):
        assert 'study' not in parts_of(file) or file.parent.name == 'study', file


def test_nobody_imports_tools_or_tests() -> None:
    for file in PACKAGE.rglob('*.py'):
        assert not roots_of(file) & {'tools', 'tests', 'benchmarks', 'configs'}, file


def loops_over_persons(source: str) -> list[str]:
    """What is gone through in a file that sounds like a data loader: one by its class, its builder or its name."""
    tree = ast.parse(source)
    loops = [node.iter for node in ast.walk(tree) if isinstance(node, ast.For | ast.comprehension)]
    return [
        text
        for text in map(ast.unparse, loops)
        if re.search(r'(?i)(data_?loader|build_loader|\bloader\b)(?!\.items)', text)
    ]


def test_a_loop_over_persons_is_seen() -> None:
    assert loops_over_persons('for batch in runner.build_dataloader(cfg): pass')
    assert loops_over_persons('for number, batch in enumerate(tqdm(loader)): pass')
    assert loops_over_persons('[f(batch) for batch in DataLoader(data)]')
    assert not loops_over_persons('for key, value in loader.items(): pass')  # settings of one


def test_persons_are_gone_through_in_one_place() -> None:
    found = {}
    for file in PACKAGE.rglob('*.py'):
        loops = loops_over_persons(file.read_text())
        # Names of settings are texts, not loaders.
        loops = [text for text in loops if not re.fullmatch(r"\(?('\w*',? ?)+\)?", text)]
        # Its passes are what the loop hands out.
        loops = [text for text in loops if not text.startswith('evaluate(')]
        if loops and short(file) != THE_LOOP:
            found[short(file)] = loops
    assert not found
