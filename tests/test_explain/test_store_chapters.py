"""Chapters on a store are asked once, whichever of its layers are analysed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shg_xai.chapters import Chapter, chapters
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.explain import stores
from shg_xai.explain.decomposition import Work
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from tests.helpers.analysis_stores import blobs, explained, write_store


@dataclass(frozen=True)
class Asked:
    """A chapter that only notes what it is asked, and has nothing to say."""

    heard: list[tuple[str, Path]]
    of_layer: Any = None

    def of_store(self, of: str, work: Work) -> None:
        self.heard.append((of, work.selection.store.folder))


def test_a_store_is_asked_about_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = blobs(40, 6)
    two = write_store(tmp_path / 'two', {'first': values, 'second': values[:, :5]})
    other = write_store(tmp_path / 'other', values)
    places = [(two, 'first'), (other, 'bottleneck'), (two, 'second')]
    heard: list[tuple[str, Path]] = []
    monkeypatch.setattr(stores, 'chapters', lambda: (Asked(heard), *chapters()))
    results = explained(tmp_path / 'out', [select(LatentStore.open(store), layer) for store, layer in places])
    assert heard == [('two-first', two), ('other', other)]
    assert len(results.all(Spectrum)) == 3


def test_only_chapters_on_stores_are_looked_into() -> None:
    """The measure of a chapter with a network imports torch, so it may not be opened to see whether it has one."""
    network = next(chapter for chapter in chapters() if chapter.name == 'skip_ablation')
    assert not network.on_store and network.of_store is None
    assert Chapter('spectrum', 'a layer', 60, {}, '', 0).of_layer is None
