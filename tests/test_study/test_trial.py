"""When a study's trial is needless, and what it is about."""

from pathlib import Path

import pytest

from shg_xai.errors import InputError
from shg_xai.study.trial import check_folder, needless, remember, trial_of
from tests.helpers.study_settings import settings_of


def test_it_is_the_study_of_a_few_persons_for_an_epoch(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, seeds=(3, 4), epochs=90, width=7)
    trial = trial_of(settings)
    assert (trial.limit, trial.seeds, trial.epochs, trial.more_epochs, trial.autoencoder_epochs) == (16, (3,), 1, 1, 1)
    assert (trial.networks, trial.config, trial.width) == (settings.networks, settings.config, 7)
    assert trial.work_dir == settings.work_dir / 'trial'


def test_it_is_walked_once_for_what_it_is_about(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert needless(settings) is None
    (trial_of(settings).work_dir / 'runs').mkdir(parents=True)
    remember(settings)
    assert not trial_of(settings).work_dir.exists()
    assert needless(settings) == 'it went through before'
    # More seeds and epochs change nothing in it, other networks do.
    assert needless(settings_of(tmp_path, seeds=(0, 1), epochs=9)) == 'it went through before'
    assert needless(settings_of(tmp_path, networks=('control',))) is None


def test_a_folder_in_its_place_is_left_alone(tmp_path: Path) -> None:
    trial = trial_of(settings_of(tmp_path))
    check_folder(trial)
    trial.work_dir.mkdir(parents=True)
    with pytest.raises(InputError, match='trial: is there, but is no trial; move it away'):
        check_folder(trial)
    (trial.work_dir / 'settings.json').touch()
    check_folder(trial)


def test_short_studies_need_none(tmp_path: Path) -> None:
    assert needless(settings_of(tmp_path, people=(40, 5))) == 'made people have all that a study needs'
    assert needless(settings_of(tmp_path, limit=20)) == 'with --limit 20 the study is as short'
