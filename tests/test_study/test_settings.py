"""Settings of a study on the disk."""

import json
from pathlib import Path

import pytest

from shg_xai.errors import InputError
from shg_xai.results_file import as_json
from shg_xai.study.settings import read_settings, write_settings
from tests.helpers.study_settings import settings_of


@pytest.mark.parametrize(
    'changes',
    [
        {},
        dict(
            people=(48, 12),
            seeds=(2, 0, 1),
            networks=('control',),
            limit=7,
            width=3,
            tolerance=0.0,
            amp=True,
            processes=2,
            stacks=2,
        ),
    ],
)
def test_what_is_written_is_read_again(tmp_path: Path, changes: dict) -> None:
    settings = settings_of(tmp_path, **changes)
    settings.work_dir.mkdir()
    write_settings(settings)
    assert read_settings(settings.work_dir) == settings
    assert [file.name for file in settings.work_dir.iterdir()] == ['settings.json']
    first = (settings.work_dir / 'settings.json').read_bytes()
    write_settings(read_settings(settings.work_dir))
    assert (settings.work_dir / 'settings.json').read_bytes() == first


def test_they_are_plain_json(tmp_path: Path) -> None:
    values = json.loads(as_json(settings_of(tmp_path, people=(48, 12))))
    assert values['work_dir'] == str(tmp_path / 'work')
    assert (values['people'], values['seeds'], values['limit']) == ([48, 12], [0], None)


@pytest.mark.parametrize(
    'text', [None, '', '{"epochs": ', '[]', '3', '{}', '\xff', '{"epochs": 3}', 'more', 'less', 'path']
)
def test_damaged_or_foreign_settings_are_one_line(tmp_path: Path, text: str | None) -> None:
    values = json.loads(as_json(settings_of(tmp_path)))
    if text == 'more':
        text = json.dumps(values | dict(gpus=3))
    elif text == 'less':
        text = json.dumps({key: value for key, value in values.items() if key != 'seeds'})
    elif text == 'path':
        text = json.dumps(values | dict(config=None))
    if text is not None:
        (tmp_path / 'settings.json').write_text(text, 'latin-1')
    with pytest.raises(
        InputError,
        match=r'settings\.json: no settings of a study \(.*\); run '
        r'tools/run_study\.py first',
    ):
        read_settings(tmp_path)
