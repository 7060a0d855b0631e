"""A file of a walk is read back as it was written; what lacks is one line."""

import json
from pathlib import Path

import pytest

from shg_xai.chapters.decoded_walk.results import DecodedWalk
from shg_xai.errors import InputError
from shg_xai.results_file import read_answer, write
from tests.helpers.made_decoded_walk import decoded_walk


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(tmp_path / 'walk.json', decoded_walk())
    found = read_answer(tmp_path / 'walk.json', DecodedWalk)
    assert found == decoded_walk()


@pytest.mark.parametrize(
    ('place', 'message'),
    [
        (['directions', 2, 'random'], r'missing required field `random` - at `\$.directions\[2\]`'),
        (
            ['directions', 1, 'walk', 'points', 0, 'pose'],
            r'missing required field `pose` - at `\$.directions\[1\].walk.points\[0\]`',
        ),
        (['options', 'store'], 'missing required field `store`'),
    ],
)
def test_what_lacks_is_one_clear_line(tmp_path: Path, place: list, message: str) -> None:
    write(tmp_path / 'walk.json', decoded_walk())
    made = inner = json.loads((tmp_path / 'walk.json').read_text())
    for key in place[:-1]:
        inner = inner[key]
    del inner[place[-1]]
    (tmp_path / 'walk.json').write_text(json.dumps(made))
    with pytest.raises(InputError, match=message) as raised:
        read_answer(tmp_path / 'walk.json', DecodedWalk)
    assert '\n' not in str(raised.value)
