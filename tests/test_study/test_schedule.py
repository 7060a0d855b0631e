"""Stages side by side: none before what it reads, none twice, on this machine and on Dask's workers."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from shg_xai.errors import InputError
from shg_xai.study.plan import Plan
from shg_xai.study.processes import ALL, Share
from shg_xai.study.schedule import Place, dependencies, here, on_dask, run_all, shares_of, still_to_come
from shg_xai.study.stages import Marks, Stage
from tests.helpers.study_settings import COSTS, settings_of

# Writes its arguments' contents, and its own name.
JOIN = 'import pathlib, sys; out, *read = map(pathlib.Path, sys.argv[1:]); '
JOIN += 'out.write_text("".join(path.read_text() for path in read) + out.name)'


def diamond(folder: Path) -> list[Stage]:
    """a; b and c, which read it; d, which reads both."""

    def stage(name: str, *read: str) -> Stage:
        inputs = tuple(str(folder / one) for one in read)
        return Stage(name, ('-c', JOIN, str(folder / name), *inputs), inputs, folder / name)

    return [stage('a'), stage('b', 'a'), stage('c', 'a'), stage('d', 'b', 'c')]


def test_what_a_stage_reads_says_whom_it_waits_for(tmp_path: Path) -> None:
    split = Stage('split', (), (str(tmp_path / 'data' / 'a'),), tmp_path / 'info', beside=(tmp_path / 'data' / 'part',))
    data = Stage('data', (), (), tmp_path / 'data')
    tested = Stage('test', ('x', f'a=[{{{tmp_path}/run/best_*}}]'), (str(tmp_path / 'data' / 'part'),), tmp_path / 't')
    train = Stage('train', ('--work-dir', str(tmp_path / 'run')), ('/elsewhere/a',), tmp_path / 'run')
    # A part of the data is the split's, which made it, and the rest the data's.
    assert dependencies([data, split, train, tested]) == dict(
        data=[], split=['data'], train=[], test=['split', 'train']
    )


def test_a_study_waits_for_no_more_than_it_reads(tmp_path: Path) -> None:
    needed = dependencies(Plan(settings_of(tmp_path, seeds=(0, 1), networks=('control', 'improved')), COSTS).stages())
    assert {name for name in needed['train control 0'] if name.startswith('train')} == {'train plain 0'}
    assert 'choose width' in needed['train ae_suggested_0_stack0']
    assert {'train ae_suggested_1_stack0', 'train plain 1'} <= {*needed['train improved 1']}
    assert {'test control 0', 'test plain 1', 'skips 0', 'analyse both'} <= {*needed['report']}
    assert needed['train plain 1'] == needed['train plain 0']


class Recorded:
    """Stages that only say when they begin and end, each as long as the test lets it."""

    def __init__(self, seconds: Callable[[str], float], fails: str = '') -> None:
        self.said, self.seconds, self.fails = list[tuple[str, str, Share]](), seconds, fails
        self.pool, self.lock = ThreadPoolExecutor(8), threading.Lock()

    def place(self, jobs: int) -> Place:
        return Place(self.submit, [Share(threads=job + 1) for job in range(jobs)])

    def submit(self, stage: Stage, share: Share) -> Future[bool]:
        def work() -> bool:
            self.note('begin', stage, share)
            time.sleep(self.seconds(stage.name))
            if stage.name == self.fails:
                raise InputError(f'{stage.name} failed')
            self.note('end', stage, share)
            return True

        return self.pool.submit(work)

    def note(self, what: str, stage: Stage, share: Share) -> None:
        with self.lock:
            self.said.append((what, stage.name, share))

    @property
    def order(self) -> str:
        return ' '.join(name if what == 'begin' else name.upper() for what, name, _ in self.said)


def test_those_that_do_not_wait_run_side_by_side_each_on_its_share(tmp_path: Path) -> None:
    recorded = Recorded(lambda name: dict(a=0, b=0.3, c=0.1, d=0)[name])
    run_all(diamond(tmp_path), recorded.place(2), lambda line: None)
    assert recorded.order.replace('c b', 'b c') == 'a A b c C B d D'
    assert {share.threads for what, name, share in recorded.said if name in 'bc'} == {1, 2}


def test_one_job_is_one_after_another_in_the_order_of_the_plan(tmp_path: Path) -> None:
    recorded = Recorded(lambda name: 0)
    run_all(diamond(tmp_path), recorded.place(1), lambda line: None)
    assert recorded.order == 'a A b B c C d D'


def timed(folder: Path) -> list[Stage]:
    """short (1 s), then last (2 s); long (5 s), then last; and aside (6 s), for which nobody waits."""
    seconds = dict(short=1, aside=6, long=5, last=2)
    return [
        Stage(name, (), tuple(str(folder / one) for one in ('short', 'long') if name == 'last'), folder / name, own)
        for name, own in seconds.items()
    ]


def test_what_is_still_to_come_is_the_longest_chain(tmp_path: Path) -> None:
    stages = timed(tmp_path)
    assert still_to_come(stages, dependencies(stages)) == dict(short=3, aside=6, long=7, last=2)
    assert set(still_to_come(diamond(tmp_path), dependencies(diamond(tmp_path))).values()) == {0}  # nothing is known


def test_what_most_has_to_wait_for_starts_first(tmp_path: Path) -> None:
    recorded = Recorded(lambda name: 0)
    run_all(timed(tmp_path), recorded.place(1), lambda line: None)
    assert recorded.order == 'long LONG aside ASIDE short SHORT last LAST'


def test_one_that_is_alone_gets_the_machine(tmp_path: Path) -> None:
    stages = [Stage(name, (), (), tmp_path / name, alone=name == 'b') for name in 'abc']
    recorded = Recorded(lambda name: 0.1)
    run_all(stages, recorded.place(2), lambda line: None)
    assert recorded.order == 'a A b B c C'
    assert [share for what, name, share in recorded.said if name == 'b'] == [ALL, ALL]


def test_after_a_failure_nothing_begins_and_what_is_at_work_ends(tmp_path: Path) -> None:
    recorded, said = Recorded(lambda name: dict(a=0, b=0.1, c=0.4, d=0)[name], fails='b'), list[str]()
    with pytest.raises(InputError, match=r'^b failed$'):
        run_all(diamond(tmp_path), recorded.place(2), said.append)
    assert recorded.order.replace('c b', 'b c') == 'a A b c C'
    assert 'b failed; waiting for what is at work: c' in said


def test_the_results_are_there_and_nothing_runs_twice(tmp_path: Path) -> None:
    marks, said, shown = Marks(tmp_path / 'stages'), list[str](), list[str]()
    for _ in range(2):
        with here(marks, 2, lambda stage, line: shown.append(line)) as place:
            run_all(diamond(tmp_path), place, said.append)
        assert (tmp_path / 'd').read_text() == 'abacd'
    assert sorted(line for line in said if 'skipped' in line) == [f'   {name}: done before, skipped' for name in 'abcd']
    assert not shown


@pytest.mark.parametrize('jobs, cores, threads', [(1, 8, [None]), (2, 8, [4, 4]), (3, 2, [1, 1, 1])])
def test_shares_divide_the_cores(monkeypatch: pytest.MonkeyPatch, jobs: int, cores: int, threads: list) -> None:
    monkeypatch.setattr('os.sched_getaffinity', lambda pid: range(cores))
    assert [share.threads for share in shares_of(jobs)] == threads
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '4,6')
    assert [share.gpu for share in shares_of(3)] == ['4', '6', '4']


@pytest.mark.slow
def test_dask_workers_run_them_and_one_that_is_lost_costs_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip('distributed')
    marks = Marks(tmp_path / 'stages')
    rest = diamond(tmp_path)[1:]
    # Kills the worker that runs it, once.
    code = 'import os, pathlib, signal, sys; once = pathlib.Path(sys.argv[1] + "_once"); lost = once.exists(); '
    code += f'once.touch(); lost or os.kill(os.getppid(), signal.SIGKILL); {JOIN}'
    stages = [Stage('a', ('-c', code, str(tmp_path / 'a')), (), tmp_path / 'a'), *rest]
    here = dict(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with distributed.LocalCluster(**here) as cluster, on_dask(marks, cluster.scheduler_address, len(stages)) as place:
        run_all(stages, place, lambda line: None)
    assert (tmp_path / 'd').read_text() == 'abacd' and (tmp_path / 'a_once').exists()
    assert {mark.state for mark in marks.all()} == {'done'}
