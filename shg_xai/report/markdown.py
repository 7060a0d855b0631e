"""What a report says as Markdown, for a page of documentation: its sentences, open tables and some of its figures."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from shg_xai.drawing.material import Table
from shg_xai.errors import InputError
from shg_xai.report.reading import read_report
from shg_xai.report.sections import Section, sections_of
from shg_xai.writing import write_aside


def write_markdown(out: Path, file: Path, figures: Sequence[str] = ()) -> Path:
    """Write the report of a folder of tools/analyze_latent.py's as Markdown; computes nothing anew.

    ``figures`` names those to show, files without ending below ``out/figures``; they are written into a folder beside
    the page, named as it is. InputError where one is not among the report's, or the folder is no report's.
    """
    material = read_report(out)
    found, known = sections_of(material, out / 'figures', figures)
    if unknown := [name for name in figures if name not in known]:
        raise InputError(f'--figures {unknown[0]}: not in the report; it has {", ".join(known)}')
    folder = file.with_suffix('')
    for shown in (shown for _, section in found for part in section.parts for shown in part.figures):
        folder.mkdir(parents=True, exist_ok=True)
        write_aside(folder / f'{shown.name}.png', shown.png)
    lines, before = [f'    {material.results.command}', ''], ''
    for of, section in found:
        lines += [f'## {plain(of)}', ''] if of != before and of else []
        lines += [f'##{"#" if of else ""} {section.title}', '', *_section(section, folder.name)]
        before = of
    write_aside(file, '\n'.join(lines).rstrip() + '\n')
    return file


def _section(section: Section, folder: str) -> Iterator[str]:
    for part in section.parts:
        if part.heading:
            yield from (f'**{plain(part.heading)}**', '')
        yield from (f'- {plain(text)}' for text in [*part.warnings, *part.findings])
        yield ''
        for shown in part.figures:
            picture = f'![{plain(shown.figure.alt)}]({folder}/{shown.name}.png)'
            yield from (picture, '', plain(shown.figure.caption), '')
        for table in part.tables:
            if not table.folded:
                yield from (*_table(table), '')


def _table(table: Table) -> Iterator[str]:
    yield from (f'{plain(table.caption)}:', '')
    rows = ([plain(cell) for cell in row] for row in (table.head, *table.rows))
    head, *others = (f'| {" | ".join(row)} |' for row in rows)
    yield from (head, '|---' * len(table.head) + '|', *others)


def plain(text: str) -> str:
    """Text that Markdown shows as it is: names of data are no markup."""
    return re.sub(r'([\\`*_\[\]<>|#])', r'\\\1', text.replace('\n', ' '))
