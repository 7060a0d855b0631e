"""The code in the documentation runs as it stands there."""

import ast
import importlib
import re
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shg_xai.chapters as chapters
from shg_xai import results_file
from shg_xai.drawing.material import Material
from shg_xai.explain.options import Options
from shg_xai.explain.stores import explain_selections
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.results import Results
from tests.helpers.analysis_stores import write_store

DOCS = ('docs/python.md', 'docs/glossary.md', 'CONTRIBUTING.md', 'README.md', 'CHANGELOG.md')


def blocks(file: Path) -> list[str]:
    """The Python in a Markdown file."""
    return re.findall(r'^```python\n(.*?)^```$', file.read_text(), re.MULTILINE | re.DOTALL)


def ran(code: str) -> dict[str, Any]:
    """What a piece of code leaves behind, by name."""
    names: dict[str, Any] = {}
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
    for cache in caches:
        cache.cache_clear()
    importlib.invalidate_caches()
    yield name
    for cache in caches:
        cache.cache_clear()
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
