"""The text of a config: it says the same, in lines that are short where they can be."""

from typing import Any

import pytest
from mmengine.config import Config

from shg_xai.config_text import laid_out

LONG = 'a_name_that_makes_lines_long'


def values(text: str) -> dict[str, Any]:
    """What the text assigns."""
    found: dict[str, Any] = {}
    exec(text, found)
    found.pop('__builtins__')
    return found


def test_what_is_short_stays_on_its_line_and_what_is_long_gets_a_line_each() -> None:
    text = f"b=dict(a=1,c=dict(type='{LONG}', other='{LONG}', steps=[1,2,]))\na  =  (  'x', )"
    expected = f"""b = dict(
    a=1,
    c=dict(
        type='{LONG}',
        other='{LONG}',
        steps=[1, 2],
    ),
)
a = ('x',)
"""
    assert laid_out(text, style_config=dict(based_on_style='pep8')) == (expected, True)
    assert laid_out(expected) == (expected, False)
    assert values(text) == values(expected)


def test_keys_that_are_no_names_and_empty_things() -> None:
    text = f"a = dict({{'paramwise.{LONG}': dict(b=[]), '{LONG}.weight': (1.5,), 'c': {{}}, 'd': -1e-08, 'e': None}})"
    found, _ = laid_out(text)
    assert max(map(len, found.splitlines())) < 80
    assert values(found) == values(text)


def test_what_cannot_be_broken_stays_as_long_as_it_is() -> None:
    text = f"a = dict(\n    b='{LONG * 4}',\n)\n"
    assert laid_out(text) == (text, False)


def test_what_is_no_python_is_refused() -> None:
    with pytest.raises(SyntaxError):
        laid_out('a = (')


@pytest.mark.parametrize('name', ['configs/shg_ae_coco.py', 'configs/demo/shg_people.py'])
def test_a_config_of_ours_says_the_same(name: str) -> None:
    cfg = Config.fromfile(name)
    found = values(cfg.pretty_text)
    assert found == cfg.to_dict()
    assert list(found) == sorted(cfg.to_dict())
