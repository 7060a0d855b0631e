"""Results as files: nothing is lost on the way, what is wrong is one line, and the schema is that of the types."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shg_xai.chapters import chapters
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.errors import InputError
from shg_xai.results_file import SCHEMA, answer_types, encode, read_answer, read_results, schema, write
from tests.helpers.made_channel_redundancy import channel_redundancy
from tests.helpers.made_results import made_results


def test_the_shipped_schema_is_that_of_the_types() -> None:
    assert json.loads(SCHEMA.read_text()) == json.loads(msgspec.json.encode(schema())), (
        'run python -m shg_xai.results_file'
    )


def test_each_chapter_has_an_answer_by_its_name() -> None:
    tags = sorted(str(kind.__struct_config__.tag) for kind in answer_types())
    assert tags == sorted(chapter.name for chapter in chapters())
    assert set(tags) <= {tag for part in json.loads(SCHEMA.read_text())['$defs'].values() for tag in chapter_of(part)}


def chapter_of(definition: dict[str, Any]) -> list[str]:
    """The chapter that a definition of the schema is the answer of."""
    return definition.get('properties', {}).get('chapter', {}).get('enum', [])


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    results = made_results()
    write(tmp_path / 'results.json', results)
    # A whole number may come back as a float.
    assert json.loads(encode(read_results(tmp_path / 'results.json'))) == json.loads(encode(results))


def test_an_answer_alone_comes_back(tmp_path: Path) -> None:
    answer = made_results().all(Spectrum)[0]
    write(tmp_path / 'a.json', answer)
    assert read_answer(tmp_path / 'a.json', Spectrum) == answer


@pytest.mark.parametrize('number', [float('nan'), float('inf')])
def test_what_is_no_number_is_refused(tmp_path: Path, number: float) -> None:
    results = made_results()
    results.all(Spectrum)[0].held_out[0].high = number
    with pytest.raises(
        ValueError, match=r'answers\[\d+\]\.held_out\[0\]\.high is (nan|inf); what is not known is None'
    ):
        write(tmp_path / 'results.json', results)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            dict(schema_version=1),
            r'a\.json: schema_version: 1, but this shg_xai reads 3; run the tool that wrote it again',
        ),
        (dict(schema_version=4), r'a\.json: schema_version: 4, but this shg_xai reads 3; update shg_xai'),
        (dict(schema_version=None), r'a\.json: schema_version: None'),
        (dict(chapter='clusters'), r"a\.json: Invalid value 'clusters' - at `\$\.chapter`; run the tool"),
        (dict(eigenvalues=['much']), r'a\.json: Expected `float`, got `str` - at `\$\.eigenvalues\[0\]`; run the tool'),
    ],
)
def test_another_answer_is_refused_in_one_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    made = json.loads(encode(made_results().all(Spectrum)[0]))
    (tmp_path / 'a.json').write_text(json.dumps({**made, **changes}))
    with pytest.raises(InputError, match=message) as caught:
        read_answer(tmp_path / 'a.json', Spectrum)
    assert '\n' not in str(caught.value)


def test_a_field_that_has_a_default_may_not_be_missing_either(tmp_path: Path) -> None:
    results = made_results()
    results.answers.append(channel_redundancy())
    made, file, place = json.loads(encode(results)), tmp_path / 'results.json', len(results.answers) - 1
    for path in (['confidence'], ['answers', 0, 'confidence'], ['answers', place, 'options', 'seed']):
        part = broken = json.loads(json.dumps(made))
        for key in path[:-1]:
            part = part[key]
        del part[path[-1]]
        file.write_text(json.dumps(broken))
        name = re.escape('.'.join(map(str, path)))
        with pytest.raises(InputError, match=f'results.json: {name}: is missing; run the tool that wrote it again'):
            read_results(file)
    made['answers'][place]['options']['speed'] = 3
    file.write_text(json.dumps(made))
    with pytest.raises(InputError, match=r'options\.speed: is no field of this version'):
        read_results(file)
