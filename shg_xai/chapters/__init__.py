"""A folder for each question, found by being there.

A chapter is a folder with

- ``__init__.py``: a docstring that asks the question, ``TITLE`` and ``ORDER`` (ascending; below 60 what stands on its
  own, from 60 on what is about a store, from 100 on what is about each analysed layer, from 200 on what follows); if it
  has them, ``QUESTION``, the same in plain words, ``PLACE`` on the page (see ``shg_xai/report/sections.py: GROUPS``)
  and ``METHODS``: how it was computed, a sentence or two by heading;
- ``results.py``: the type of its answer, a subclass of :class:`~shg_xai.results.Answer` tagged with the folder's name;
- ``measure.py``: computes the answer; for a chapter on layers ``of_layer(of, work, found)``, which every analysis asks:
  ``of`` is its name, ``work`` has persons and options, ``found`` their components and clusters; None where what it asks
  for was not given; for a chapter on a store, whose answer is the same for all layers, ``of_store(of, work)``, asked
  once a store: ``of`` and ``work`` are those of the first of its layers that are analysed;
- ``findings.py``: ``findings(answer, results)``, sentences, each with its number and interval; if something is
  concluded, ``claims(answer)``: what, in the fewest words (``benchmarks/calibration.py`` counts how often it is false);
  if numbers are to be looked up, ``tables(answer, results)`` too;
- ``headline.py``, for who has five minutes: ``headline(answer, results)``, the answer in a sentence with its number,
  figure and control, and ``facts(answer)``, what the page opens with, of what was looked at; without it the first
  finding stands there;
- ``figures.py``: ``figures(answer, material)``, what is drawn and how to read it; for a chapter on layers also, if it
  knows something of each person, ``colours(answer)``: what the map can be coloured by;
- ``overlays.py``: ``overlays(answer, material)``, pictures of the same persons before and after, one over the other.

Nothing else has to be changed for a new one. Only ``measure.py`` and what only it imports may import torch and MMPose.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

from shg_xai.drawing.material import Colour, Fact, Figure, Headline, Material, Overlay, Table
from shg_xai.results import Answer, Results


@dataclass(frozen=True)
class Chapter:
    """One question; its name is that of its folder and the tag of its answers."""

    name: str
    title: str
    order: int
    methods: dict[str, str]
    question: str  # its title, in plain words
    place: int  # on the page, ascending
    unseen: bool = False  # whether persons are asked, if there are any, whom the network was not trained on

    @property
    def in_layer(self) -> bool:
        """Whether its answers are about an analysed layer, and stand in that layer's part of the page."""
        return 100 <= self.order < 200

    @property
    def on_store(self) -> bool:
        """Whether its answers are about a store: its persons and what was predicted of them, whichever the layer."""
        return 60 <= self.order < 100

    def _ask(self, part: str, function: str, *args: Answer | Results | Material) -> Any:
        """What a function of one of its modules says; None where it has no such module or function."""
        name = f'{__name__}.{self.name}.{part}'
        found = getattr(importlib.import_module(name), function, None) if find_spec(name) else None
        return found and found(*args)

    @property
    def of_layer(self) -> Callable[..., Answer | None] | None:
        """Its measure of a layer that is analysed; None where it has none."""
        return self._measure('of_layer') if self.in_layer else None

    @property
    def of_store(self) -> Callable[..., Answer | None] | None:
        """Its measure of a store, of which one or more layers are analysed; None where it has none."""
        return self._measure('of_store') if self.on_store else None

    def _measure(self, function: str) -> Callable[..., Answer | None] | None:
        # Looked up only in chapters that may have it: the measures of others import torch and MMPose.
        return getattr(importlib.import_module(f'{__name__}.{self.name}.measure'), function, None)

    def findings(self, answer: Answer, results: Results) -> list[str]:
        """What the numbers say, as sentences in plain text."""
        return self._ask('findings', 'findings', answer, results) or []

    def claims(self, answer: Answer) -> list[str]:
        """What is concluded beyond description, a claim an entry."""
        return self._ask('findings', 'claims', answer) or []

    def headline(self, answer: Answer, results: Results) -> Headline | None:
        """The answer in a sentence; None where the chapter has none, or nothing is known."""
        found: Headline | None = self._ask('headline', 'headline', answer, results)
        return found

    def facts(self, answer: Answer) -> list[Fact]:
        """What was looked at, as far as this answer knows."""
        return self._ask('headline', 'facts', answer) or []

    def figures(self, answer: Answer, material: Material) -> Iterator[Figure]:
        """What is drawn."""
        yield from self._ask('figures', 'figures', answer, material) or ()

    def overlays(self, answer: Answer, material: Material) -> Iterator[Overlay]:
        """What is drawn before and after, one over the other."""
        yield from self._ask('overlays', 'overlays', answer, material) or ()

    def colours(self, answer: Answer) -> list[Colour]:
        """What the map of a layer can be coloured by."""
        return self._ask('figures', 'colours', answer) or []

    def tables(self, answer: Answer, results: Results) -> list[Table]:
        """Numbers to look up."""
        return self._ask('findings', 'tables', answer, results) or []

    def heading(self, answer: Answer, results: Results) -> str | None:
        """What tells this answer from the chapter's others; None where it needs no heading of its own."""
        heading: str | None = self._ask('findings', 'heading', answer, results)
        return heading


def _usual_place(order: int) -> int:
    """Of a chapter that names none: after the others that are about the same."""
    return 95 if order < 60 else 38 if order < 100 else 79 if order < 200 else 89


@cache
def chapters() -> tuple[Chapter, ...]:
    """All chapters, by their ORDER."""
    found = []
    for name in (info.name for info in pkgutil.iter_modules(__path__) if info.ispkg):
        module = importlib.import_module(f'{__name__}.{name}')
        title, order, methods = module.TITLE, module.ORDER, getattr(module, 'METHODS', {})
        question, place = getattr(module, 'QUESTION', title), getattr(module, 'PLACE', _usual_place(order))
        unseen = getattr(module, 'UNSEEN', False)
        found.append(Chapter(name, title, order, methods, question, place, unseen))
    return tuple(sorted(found, key=lambda chapter: (chapter.order, chapter.name)))


def chapter_of(answer: Answer) -> Chapter:
    """The chapter that an answer is of."""
    return next(chapter for chapter in chapters() if chapter.name == answer.__struct_config__.tag)
