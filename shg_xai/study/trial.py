"""The whole of a study with a few persons, before hours go into it: what can fail late fails in the first minutes."""

import shutil
from dataclasses import replace

from shg_xai.errors import InputError
from shg_xai.results_file import as_json
from shg_xai.study.settings import FILE, Settings
from shg_xai.writing import write_aside

PERSONS = 16
WALKED = 'trial.json'  # the settings of the last trial that went through


def trial_of(settings: Settings) -> Settings:
    """A study's settings for its trial: all its stages, its networks at their size, one epoch of a few persons."""
    return replace(
        settings,
        work_dir=settings.work_dir / 'trial',
        limit=min(PERSONS, settings.limit or PERSONS),
        seeds=settings.seeds[:1],
        bootstrap=10,
        epochs=1,
        more_epochs=1,
        autoencoder_epochs=1,
    )


def check_folder(trial: Settings) -> None:
    """Refuse a folder in the trial's place that is none: it is removed in the end."""
    if trial.work_dir.exists() and not (trial.work_dir / FILE).is_file():
        raise InputError(f'{trial.work_dir}: is there, but is no trial; move it away, or give --no-trial')


def needless(settings: Settings) -> str | None:
    """Why there is no trial; None where there is one."""
    if settings.people:
        return 'made people have all that a study needs'
    if settings.limit and settings.limit <= 2 * PERSONS:
        return f'with --limit {settings.limit} the study is as short'
    walked = settings.work_dir / WALKED
    if walked.is_file() and walked.read_bytes() == as_json(trial_of(settings)):
        return 'it went through before'
    return None


def remember(settings: Settings) -> None:
    """Say that a study's trial went through, and remove what it made."""
    trial = trial_of(settings)
    write_aside(settings.work_dir / WALKED, as_json(trial))
    shutil.rmtree(trial.work_dir)


def failed(error: InputError) -> InputError:
    """What a study's user is told when its trial fails."""
    return InputError(f'trial with {PERSONS} persons: {error}')
