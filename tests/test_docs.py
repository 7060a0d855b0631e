"""The code and the commands in the documentation run as they stand there, and its links lead somewhere."""

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import shg_xai
import shg_xai.chapters as chapters
from shg_xai import results_file
from shg_xai.drawing.material import Material
from shg_xai.explain.options import Options
from shg_xai.explain.stores import explain_selections
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.results import Results
from tests.helpers.analysis_stores import write_store
from tests.helpers.commands import REPO_ROOT, python

DOCS = sorted(
    str(file.relative_to(REPO_ROOT)) for file in (*REPO_ROOT.glob('*.md'), *(REPO_ROOT / 'docs').rglob('*.md'))
)
README_BYTES = 8 * 1024  # of one screen or two
COMMAND = re.compile(r'^(?:torchrun \S+ )?(tools/\S+\.py|python -m \S+|python benchmarks/\S+|make)(?= |$)(.*)')


def blocks(file: Path, language: str = 'python') -> list[str]:
    """The code of a language in a Markdown file."""
    return re.findall(rf'^```{language}\n(.*?)^```$', file.read_text(), re.MULTILINE | re.DOTALL)


def commands(file: Path) -> list[str]:
    """Every command line in a Markdown file, each in one line, without comments."""
    lines = '\n'.join(blocks(file, 'bash')).replace('\\\n', ' ').splitlines()
    return [line for line in (re.sub(r'(^| +)# .*| #$', '', line).strip() for line in lines) if line]


def ran(code: str, **names: Any) -> dict[str, Any]:
    """What a piece of code, given what it takes for granted, leaves behind, by name."""
    exec(code, names)
    return names


@pytest.fixture
def place(tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the code names: a store, made persons, and a network of random weights with its config."""
    from tests.helpers.data import write_coco
    from tests.helpers.small_network import save_network, small_config

    data = write_coco(tmp_path / 'data' / 'people')
    write_store(tmp_path / 'latents' / 'people', np.random.default_rng(0).normal(size=(40, 6)))
    cfg = small_config(repo_root / 'configs' / 'shg_coco.py', data, tmp_path / 'work', 'val_evaluator.0.thr=0.4')
    cfg.dump(tmp_path / 'shg_people.py')
    save_network(cfg, tmp_path / 'best.pth')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_code_of_python_first_runs(repo_root: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spectrum, ablation, edit, photo, reading = blocks(repo_root / 'docs' / 'python.md')
    # As promised: five lines each, besides imports.
    for code in (spectrum, ablation):
        assert len([node for node in ast.parse(code).body if not isinstance(node, ast.ImportFrom)]) <= 5
    names = ran(spectrum)
    ratio, *shares = re.findall(r'\d\.\d+', capsys.readouterr().out)
    assert 1 < float(ratio) <= 6 and float(shares[0]) == names['spectrum'].explained_variance_ratio[0]
    names = ran(ablation)
    # COCO's own words about reading come before.
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()][-3:] == ['donor', 'mean', 'zero']
    results_file.write(place / 'skips.json', names['answer'])
    found = ran(edit)['found']
    assert list(found) == ['as it is', 'no latent']
    assert not np.array_equal(*(one.keypoints for one in found.values()))
    assert ran(reading)['answer'] == names['answer']
    shutil.copy(next((place / 'data' / 'people' / 'val2017').iterdir()), place / 'photo.jpg')
    assert ran(photo)['person'].pred_instances.keypoints.shape == (1, 17, 2)


@pytest.fixture
def new_chapter(tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The chapter of CONTRIBUTING, in a folder beside those there are."""
    name = ''
    for code in blocks(repo_root / 'CONTRIBUTING.md'):
        head, _ = code.split('\n', 1)
        file = tmp_path / head.removeprefix('# shg_xai/chapters/')
        file.parent.mkdir(exist_ok=True)
        file.write_text(code)
        name = file.parent.name
    monkeypatch.setattr(chapters, '__path__', [*chapters.__path__, str(tmp_path)])
    caches = (chapters.chapters, results_file.answer_types, results_file._file_type)
    for cached in caches:
        cached.cache_clear()
    importlib.invalidate_caches()
    yield name
    for cached in caches:
        cached.cache_clear()
    for module in [module for module in sys.modules if module.startswith(f'shg_xai.chapters.{name}')]:
        del sys.modules[module]


def test_a_new_question_is_a_new_folder(new_chapter: str, tmp_path: Path) -> None:
    store = LatentStore.open(write_store(tmp_path / 'store', np.random.default_rng(0).normal(size=(7, 3))))
    folder = tmp_path / 'out'
    folder.mkdir()
    with ThreadPoolExecutor(1) as pool:
        selections = [select(store)]
        results = explain_selections(selections, Options(ks=(2,), restarts=1, bootstrap=10), folder, pool)
    answer = next(own for own in results.answers if chapters.chapter_of(own).name == new_chapter)
    chapter = chapters.chapter_of(answer)
    assert chapter in chapters.chapters() and chapter.title == 'Head count'
    whole = Results(command='', seed=0, versions={}, settings={}, layers=[], answers=[answer])
    assert chapter.findings(answer, whole) == ['7 persons on 4 photos.']
    assert list(chapter.figures(answer, Material(whole, {}))) == chapter.tables(answer, whole) == []
    # Files hold it, and their schema knows it.
    file = tmp_path / 'answer.json'
    results_file.write(file, answer)
    assert results_file.read_answer(file, type(answer)) == answer
    assert 'HeadCount' in str(results_file.schema())


@cache
def options_of(tool: str) -> set[str]:
    """The options that a tool's ``--help`` names."""
    done = python(*tool.removeprefix('python ').split(), '--help')
    assert done.returncode == 0, done.stderr
    return set(re.findall(r'(?<![\w-])--[a-z][a-z-]*', done.stdout))


@pytest.mark.parametrize('name', [name for name in DOCS if commands(REPO_ROOT / name)])
def test_commands_name_tools_and_options_that_are_there(repo_root: Path, name: str) -> None:
    targets = re.findall(r'^([a-z-]+):', (repo_root / 'Makefile').read_text(), re.MULTILINE)
    for line in commands(repo_root / name):
        found = COMMAND.match(line)
        if not found:
            continue
        tool, rest = found.groups()
        if tool == 'make':
            assert rest.split()[0] in targets, line
        elif tool.startswith('python benchmarks'):
            assert (repo_root / tool.split()[1]).is_file(), line
        else:
            words = re.findall(r'(?<= )--[a-z][a-z-]*', rest)
            assert set(words) <= options_of(tool), line


def test_the_readme_is_of_one_screen_and_explains_the_study_at_once(repo_root: Path) -> None:
    text = (repo_root / 'README.md').read_text()
    assert len(text.encode()) <= README_BYTES
    sentences = re.split(r'(?<=[.!?])\s', text.split('\n\n')[1].replace('\n', ' '))
    assert '"The study"' in sentences[2]
    assert text.count('![') == 1
    assert len(re.findall(r'^\| (?!question)[^|-]', text, re.MULTILINE)) == 5


RTMPOSE = 'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py'


@pytest.mark.slow(minutes=1)
def test_the_commands_of_the_readme_run_as_they_stand(repo_root: Path, tmp_path: Path) -> None:
    """On made people, with a network of random weights; ``make demo`` and ``make test`` are what CI does anyway."""
    from tests.helpers.data import write_coco

    write_coco(tmp_path / 'data' / 'coco', val_images=20)
    shutil.copy(next((tmp_path / 'data' / 'coco' / 'val2017').iterdir()), tmp_path / 'photo.jpg')
    (tmp_path / 'tools').symlink_to(repo_root / 'tools')
    save = f"""
import shg_xai.plugin, torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from shg_xai.runner.config import read_config
from shg_xai.runner.layers import config_path
cfg = read_config(config_path({RTMPOSE!r}))
init_default_scope('mmpose')
torch.manual_seed(0)
torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), 'rtmpose-t.pth')
"""
    assert python('-W', 'ignore', '-c', save, cwd=tmp_path).returncode == 0
    made = [line for line in commands(repo_root / 'README.md') if line.startswith('make ')]
    assert made == ['make demo', 'make test']
    environment = {**os.environ, 'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}', 'OMP_NUM_THREADS': '1'}
    environment['PYTHONPATH'] = str(repo_root)
    for code in blocks(repo_root / 'README.md', 'bash'):
        if 'make ' not in code:
            done = subprocess.run(
                ['bash', '-euc', code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
            )
            assert done.returncode == 0, done.stderr
    assert (tmp_path / 'reports' / 'rtmpose-t' / 'report.html').is_file()
    assert (tmp_path / 'explained' / 'explanation.html').is_file()
    (code,) = blocks(repo_root / 'README.md')
    done = python('-c', code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) >= 1


def test_the_first_page_links_every_page(repo_root: Path) -> None:
    text = (repo_root / 'docs' / 'index.md').read_text()
    listed = re.findall(r'^([\w/]+)$', '\n'.join(re.findall(r'```{toctree}(.*?)```', text, re.DOTALL)), re.MULTILINE)
    linked = re.findall(r'\]\(([\w/]+)\.(?:md|ipynb)\)', text)
    pages = [file.relative_to(repo_root / 'docs').with_suffix('') for file in (repo_root / 'docs').rglob('*.md')]
    assert sorted(linked) == sorted(set(listed) - {'contributing', 'changelog'})
    assert {str(page) for page in pages} - {'index'} <= set(listed)


def test_the_citation_is_of_this_version(repo_root: Path) -> None:
    said = yaml.safe_load((repo_root / 'CITATION.cff').read_text())
    assert said['cff-version'] == '1.2.0' and said['version'] == shg_xai.__version__
    assert {'message', 'title', 'authors'} <= set(said) and all(one['authors'] for one in said['references'])
    assert f'## {shg_xai.__version__}' in (repo_root / 'CHANGELOG.md').read_text()


def test_issue_forms_are_whole(repo_root: Path) -> None:
    forms = [file for file in (repo_root / '.github' / 'ISSUE_TEMPLATE').glob('*.yml') if file.stem != 'config']
    assert len(forms) == 3
    for file in forms:
        form = yaml.safe_load(file.read_text())
        assert form['name'] and form['description'] and form['body']
        for field in form['body']:
            assert field['type'] in ('textarea', 'input') and field['attributes']['label']


def test_ci_does_what_the_readme_promises(repo_root: Path) -> None:
    ci = (repo_root / '.ci' / 'run').read_text()
    assert 'make test ' in ci and 'make test-slow' in ci and 'make docs' in ci
    # What `make demo` runs is run by a slow test.
    assert re.search(r'^demo: .*\n\t.*run_study.py --demo', (repo_root / 'Makefile').read_text(), re.MULTILINE)
    assert "'--demo'" in (repo_root / 'tests' / 'test_tools' / 'test_study_whole.py').read_text()


def test_configs_in_the_docs_are_whole(repo_root: Path, tmp_path: Path) -> None:
    """Each is read by MMEngine, and its network can be built."""
    import shg_xai.plugin  # noqa: F401

    # isort: split
    import torch
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmpose.registry import MODELS

    own, skeletons = (repo_root / 'docs' / 'howto' / name for name in ('own_config.md', 'skeletons.md'))
    written = [code for file in (own, skeletons) for code in blocks(file) if '_base_' in code]
    assert len(written) == 2
    init_default_scope('mmpose')
    for number, code in enumerate(written):
        (tmp_path / f'mine_{number}.py').write_text(code)
        cfg = Config.fromfile(tmp_path / f'mine_{number}.py')
        with torch.device('meta'):
            model = MODELS.build(cfg.model)
        assert [type(model.backbone).__name__, type(model.head).__name__] == [
            ['ResNet', 'HeatmapHead'],
            ['StackedHourglass', 'StackedHeatmapHead'],
        ][number]
        assert model.head.out_channels == (17, 14)[number]


def test_the_other_code_in_the_docs_runs(repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what it takes for granted: an hourglass, a model and a batch, a store."""
    import torch

    from shg_xai.models import StackedHourglass

    one, hourglass, *_ = (
        code for code in blocks(repo_root / 'docs' / 'howto' / 'own_config.md') if '_base_' not in code
    )
    assert ran(one)['custom_imports']['imports'] == ['shg_xai.plugin']
    x = torch.zeros(2, 8, 16, 16)
    made = StackedHourglass(channels=8, depth=2).eval()
    names = ran(hourglass, hourglass=made.hourglasses[0], x=x)
    assert names['latent'].shape == (2, 8, 4, 4) and len(names['skips']) == 2

    reading, tapped = blocks(repo_root / 'docs' / 'tutorials' / 'explain_your_model.md')
    layer = 'backbone.hourglasses.0.bottleneck_residuals'
    monkeypatch.chdir(tmp_path)
    write_store(tmp_path / 'latents' / 'shg_strong_coco', {layer: np.random.default_rng(0).normal(size=(6, 4))})
    names = ran(reading)
    assert len(names['latents']) == 6 and len(names['whole']) <= 6

    class Model(torch.nn.Module):
        backbone: Any

        def __init__(self) -> None:
            super().__init__()
            self.backbone = torch.nn.Module()
            self.backbone.hourglasses = torch.nn.ModuleList([torch.nn.Module()])
            self.backbone.hourglasses[0].bottleneck_residuals = torch.nn.Identity()

        def test_step(self, batch: torch.Tensor) -> torch.Tensor:
            seen.append(self.backbone.hourglasses[0].bottleneck_residuals(batch))
            return seen[-1]

    seen: list[torch.Tensor] = []
    ran(tapped, model=Model(), batch=torch.ones(3))
    assert seen[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize('name', DOCS)
def test_links_and_modules_in_the_docs_are_there(repo_root: Path, name: str) -> None:
    file = repo_root / name
    text = file.read_text()
    for link in re.findall(r'\]\((?!https?:)([^)#]+)', text):
        assert (file.parent / link).exists(), link
    for path in re.findall(r'`((?:shg_xai|tools|tests|configs|benchmarks)/[\w/.]+)`', text):
        assert (repo_root / path).exists(), path
    for module in re.findall(r'`(shg_xai(?:\.\w+)+)`', text):
        parts = module.split('.')
        where = [repo_root / '/'.join(parts[:count]) for count in (len(parts), len(parts) - 1)]
        assert any(path.is_dir() or path.with_suffix('.py').is_file() for path in where), module
