"""A folder for each question, found by being there.

A chapter is a folder with

- ``__init__.py``: a docstring that asks the question, ``TITLE`` and ``ORDER`` on the page (ascending; below 100 what
  the page opens with, from 100 on what stands within each analysed layer, from 200 on what follows), and, if there is
  something to explain, ``METHODS``: how it was computed, a sentence or two by heading;
- ``results.py``: the type of its answer, a subclass of :class:`~shg_xai.results.Answer` tagged with the folder's name;
- ``measure.py``: computes the answer;
- ``findings.py``: ``findings(answer, results)``, sentences, each with its number and interval;
- ``figures.py``: ``figures(answer, material)``, what is drawn and how to read it; for a chapter on layers also, if it
  knows something of each person, ``colours(answer)``: what the map can be coloured by;
- ``tables.py``, if numbers are to be looked up: ``tables(answer, results)``.

Nothing else has to be changed for a new one. Only ``measure.py`` may import torch and MMPose.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from shg_xai.drawing.material import Colour, Figure, Material, Table
from shg_xai.results import Answer, Results


@dataclass(frozen=True)
class Chapter:
    """One question.

    Attributes:
        name: Of its folder, and the tag of its answers.
        title: Its heading.
        order: Its place on the page.
        methods: How it was computed, by heading.
    """

    name: str
    title: str
    order: int
    methods: dict[str, str]

    @property
    def of_layer(self) -> bool:
        """Whether its answers are about an analysed layer, and stand in that layer's part of the page."""
        return 100 <= self.order < 200

    def module(self, part: str) -> ModuleType | None:
        """One of its modules; None where it has none."""
        name = f'{__name__}.{self.name}.{part}'
        return importlib.import_module(name) if find_spec(name) else None

    def findings(self, answer: Answer, results: Results) -> list[str]:
        """What the numbers say, as sentences in plain text."""
        module = self.module('findings')
        return module.findings(answer, results) if module else []

    def figures(self, answer: Answer, material: Material) -> Iterator[Figure]:
        """What is drawn."""
        module = self.module('figures')
        yield from module.figures(answer, material) if module else ()

    def colours(self, answer: Answer) -> list[Colour]:
        """What the map of a layer can be coloured by."""
        module = self.module('figures')
        return module.colours(answer) if module and hasattr(module, 'colours') else []

    def tables(self, answer: Answer, results: Results) -> list[Table]:
        """Numbers to look up."""
        module = self.module('tables')
        return module.tables(answer, results) if module else []

    def heading(self, answer: Answer, results: Results) -> str | None:
        """What tells this answer from the chapter's others; None where it needs no heading of its own."""
        module = self.module('findings')
        return module.heading(answer, results) if module and hasattr(module, 'heading') else None


@cache
def chapters() -> tuple[Chapter, ...]:
    """All chapters, in the order of the page."""
    found = []
    for info in pkgutil.iter_modules(__path__):
        if info.ispkg:
            module = importlib.import_module(f'{__name__}.{info.name}')
            found.append(Chapter(info.name, module.TITLE, module.ORDER, getattr(module, 'METHODS', {})))
    return tuple(sorted(found, key=lambda chapter: (chapter.order, chapter.name)))


def chapter_of(answer: Answer) -> Chapter:
    """The chapter that an answer is of."""
    tag = answer.__struct_config__.tag
    return next(chapter for chapter in chapters() if chapter.name == tag)
