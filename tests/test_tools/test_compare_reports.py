"""``tools/compare_reports.py`` as a command."""

from collections.abc import Callable
from pathlib import Path

from tests.helpers.data import only_error
from tests.helpers.made_results import write_results


def test_one_page_of_two_reports_or_one_line(tmp_path: Path, run_tool: Callable) -> None:
    folder, page = write_results(tmp_path / 'report'), tmp_path / 'page.html'
    done = run_tool(['compare_reports.py', folder, folder / 'results.json', '--out', page])
    assert (done.returncode, done.stdout.strip()) == (0, str(page)), done.stderr
    assert page.read_text(encoding='utf-8').startswith('<!DOCTYPE html>')
    page.unlink()
    done = run_tool(['compare_reports.py', folder, tmp_path / 'none', '--out', page])
    assert done.returncode == 2 and 'none: no such file' in only_error(done.stderr) and not page.exists()
