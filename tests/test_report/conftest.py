"""A folder of results, written once; tests that change it work on a copy."""

import shutil
from pathlib import Path

import pytest

from shg_xai.report.page import write_report
from tests.helpers.made_interventions import intervention_results
from tests.helpers.made_results import write_results
from tests.helpers.made_study import study_results


@pytest.fixture(scope='session')
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of two analyses, a study and interventions, without a report. Read only."""
    return write_results(
        tmp_path_factory.mktemp('written'), study=study_results(), interventions=intervention_results()
    )


@pytest.fixture(scope='session')
def reported(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with figures and report.html. Read only."""
    out = tmp_path_factory.mktemp('reported') / 'out'
    shutil.copytree(written, out)
    write_report(out)
    return out
