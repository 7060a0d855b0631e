"""Notebooks as pages: text cells are Markdown, code cells are code, and what they left behind stands beneath."""

import json
from typing import Any

from docutils import nodes
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.application import Sphinx


def _text(lines: str | list[str]) -> str:
    return ''.join(lines).rstrip()


def _output(output: dict[str, Any]) -> str:
    """What one cell printed or drew."""
    if output['output_type'] == 'stream':
        return f'```text\n{_text(output["text"])}\n```\n'
    data = output.get('data', {})
    if 'image/png' in data:
        return f'<img alt="what the cell draws" src="data:image/png;base64,{_text(data["image/png"])}">\n'
    return f'```text\n{_text(data["text/plain"])}\n```\n' if 'text/plain' in data else ''


def to_markdown(text: str) -> str:
    """A notebook's JSON as Markdown."""
    parts = []
    for cell in json.loads(text)['cells']:
        source = _text(cell['source'])
        if cell['cell_type'] == 'markdown':
            parts.append(f'{source}\n')
        else:
            parts += [f'```python\n{source}\n```\n', *map(_output, cell['outputs'])]
    return '\n'.join(parts)


class NotebookParser(MystParser):
    """Reads ``.ipynb`` as MyST reads Markdown."""

    supported = ('ipynb',)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Parse a notebook."""
        super().parse(to_markdown(inputstring), document)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_source_suffix('.ipynb', 'ipynb')
    app.add_source_parser(NotebookParser)
    return {'parallel_read_safe': True}
