"""The questions that a report answers, and the types of its results."""

import importlib
import inspect
import pkgutil

import shg_xai.chapters as folder
from shg_xai.chapters import chapters as all_chapters


def chapters() -> str:
    """Each chapter: its question, where it stands, and how it is computed."""
    parts = []
    for chapter in all_chapters():
        question = inspect.getdoc(importlib.import_module(f'{folder.__name__}.{chapter.name}')) or ''
        methods = ''.join(f'**{heading}.** {text}\n\n' for heading, text in chapter.methods.items())
        parts.append(f'## {chapter.title}\n\n`shg_xai.chapters.{chapter.name}`: {question}\n\n{methods}')
    return '\n'.join(parts)


def results() -> str:
    """The types of ``results.json``: what all answers share, then those of each chapter."""
    names = ['shg_xai.results']
    names += [f'{folder.__name__}.{one.name}.results' for one in pkgutil.iter_modules(folder.__path__) if one.ispkg]
    parts = [f'## {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```\n' for name in names]
    return '\n'.join(parts)
