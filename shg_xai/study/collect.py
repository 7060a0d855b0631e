"""All answers of a study into one results.json, and the report drawn from it.

python -m shg_xai.study.collect WORK_DIR
"""

import math
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shg_xai.chapters import chapters
from shg_xai.chapters.networks.differences import compare, network_summary
from shg_xai.chapters.networks.results import (
    GROUPS,
    Comparison,
    Group,
    Network,
    Networks,
    PersonCounts,
    SeedResult,
    StageRun,
)
from shg_xai.cli import run
from shg_xai.drawing.text import plural
from shg_xai.errors import InputError
from shg_xai.explain.stores import replace_folder
from shg_xai.report.page import write_report
from shg_xai.results import Results, in_order, read_any_answer, read_results, write
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.study.autoencoders import MetricsFile, autoencoder_tests, read_stage, splice_checks
from shg_xai.study.configs import read_config
from shg_xai.study.costs import count_persons
from shg_xai.study.interventions import intervention_files
from shg_xai.study.settings import ABOUT, TITLES, Settings, read_settings
from shg_xai.study.stages import MEND, Marks
from shg_xai.study.table import table

FEW = 100  # tested persons below which a PCK means little
PAIRS = (
    ('improved', 'control'),
    ('improved_study', 'control'),
    ('scratch', 'longer'),
    ('scratch', 'control'),
    ('longer', 'control'),
    ('control', 'plain'),
    ('improved', 'plain'),
    ('spliced', 'plain'),
    ('noskip', 'plain'),
)
COMPARED: tuple[Group, ...] = ('labelled', 'visible', 'limbs')


class Command(msgspec.Struct):
    """What the user typed."""

    command: str


@dataclass(frozen=True)
class Tested:
    """What a network's test found, over all seeds.

    Attributes:
        checkpoints: SHA-256 of the weights, one a seed.
        scores: By group the PCK of each person (P,), one array a seed; NaN where no joint counts.
        annotation_ids: Who the persons are, shape (P,).
        bootstrap: Of the persons.
    """

    checkpoints: list[str]
    scores: dict[Group, list[NDArray[np.float64]]]
    annotation_ids: NDArray[np.int64]
    bootstrap: Bootstrap


def read_persons(path: Path) -> pa.Table:
    """Read the persons of a test.

    Raises:
        InputError: The file is not there or damaged.
    """
    try:
        return pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f'{path}: cannot be read ({error}); remove {path.with_suffix(".json")} and run tools/run_study.py again'
        ) from error


def read_tested(settings: Settings, network: str) -> Tested:
    """Read a network's tests.

    Raises:
        InputError: One is missing, or the seeds were tested on different persons.
    """
    files = [read_stage(settings.test_of(network, seed), MetricsFile) for seed in settings.seeds]
    tables = [read_persons(settings.test_of(network, seed, 'parquet')) for seed in settings.seeds]
    ids = [table['annotation_id'].to_numpy() for table in tables]
    if any(not np.array_equal(ids[0], other) for other in ids):
        raise InputError(
            f'{settings.test_of(network, settings.seeds[0])}: the seeds of {network} were tested on different persons'
        )
    scores = {group: [np.array(table[f'pck_{group}'].to_pylist(), dtype=float) for table in tables] for group in GROUPS}
    bootstrap = Bootstrap(tables[0]['image_id'].to_numpy(), settings.bootstrap, settings.confidence)
    return Tested([file.checkpoint_sha256 for file in files], scores, ids[0], bootstrap)


def network_result(settings: Settings, network: str, tested: Tested) -> Network:
    """What came of one network: each seed, and all of them."""
    more = network in ('control', 'improved', 'improved_study', 'scratch', 'longer')
    epochs = settings.epochs + settings.more_epochs * more
    seeds = [
        SeedResult(
            seed=seed,
            steps=epochs * steps_an_epoch(settings),
            checkpoint=tested.checkpoints[place],
            pck={group: tested.bootstrap.mean(tested.scores[group][place]) for group in GROUPS},
        )
        for place, seed in enumerate(settings.seeds)
    ]
    return Network(
        key=network,
        title=TITLES[network],
        about=ABOUT[network],
        epochs=epochs,
        seeds=seeds,
        pck={group: network_summary(tested.scores[group], tested.bootstrap) for group in GROUPS},
    )


@cache  # reads all annotations
def steps_an_epoch(settings: Settings) -> int:
    """How often the weights of a network are changed in an epoch."""
    batch = read_config(settings.config).train_dataloader.batch_size * settings.processes
    return math.ceil(count_persons(settings.train_file) / batch)


def comparisons(tested: dict[str, Tested]) -> list[Comparison]:
    """Paired differences between networks, for those that were trained."""
    return [
        Comparison(
            a=a,
            b=b,
            group=group,
            **msgspec.structs.asdict(compare(tested[a].scores[group], tested[b].scores[group], tested[a].bootstrap)),
        )
        for a, b in PAIRS
        if a in tested and b in tested
        for group in COMPARED
    ]


def networks(settings: Settings, analyses: Results) -> Networks:
    """What came of all networks.

    Args:
        settings: Of the study.
        analyses: What the analysis of the latents found.

    Raises:
        InputError: A result is missing, or tests were of different persons.
    """
    tested = {name: read_tested(settings, name) for name in TITLES if name in settings.tested}
    for name, tests in tested.items():
        if not np.array_equal(tests.annotation_ids, tested['plain'].annotation_ids):
            raise InputError(
                f'{settings.test_of(name, settings.seeds[0])}: {name} was tested on other persons than plain'
            )
    persons = len(tested['plain'].annotation_ids)
    pose = read_stage(settings.work_dir / 'mean_pose.json', MetricsFile).metrics
    few = f'Tested on {plural(persons, "person")}, too few: these numbers show that everything runs and mean nothing.'
    return Networks(
        of='study',
        command=read_stage(settings.work_dir / 'command.json', Command).command,
        confidence=settings.confidence,
        warnings=[few] if persons < FEW else [],
        settings=settings,
        data=PersonCounts(train=count_persons(settings.train_file), val=count_persons(settings.val_file), test=persons),
        mean_pose={group: pose.get(f'pck/{group}') for group in GROUPS},
        networks=[network_result(settings, name, tests) for name, tests in tested.items()],
        comparisons=comparisons(tested),
        autoencoders=autoencoder_tests(settings, analyses),
        splice=splice_checks(settings),
        stages=[
            StageRun(name=mark.name, seconds=mark.seconds, command=' '.join(['python', *mark.command]))
            for mark in Marks(settings.work_dir / 'stages').all()
            if mark.state == 'done'
        ],
    )


def collect(settings: Settings) -> Results:
    """All that a study found: its networks, its widths, what was done to the plain one, and the analysed layers.

    Raises:
        InputError: A stage's result is missing or damaged.
    """
    results = read_results(settings.analysis / 'results.json', MEND)
    files = [*map(settings.width_of, range(settings.stacks)), *intervention_files(settings)]
    answers = [read_any_answer(path, MEND) for path in files]
    for answer in answers:
        answer.of = 'plain'
    found = [networks(settings, results), *answers, *results.answers]
    results.answers = in_order(found, [chapter.name for chapter in chapters()])
    return results


def write_collected(settings: Settings) -> None:
    """Write the report of all that was found, in one step, in the place of an earlier one."""
    results = collect(settings)
    with replace_folder(settings.work_dir / 'report') as part:
        ignored = shutil.ignore_patterns('report.html', 'figures')
        shutil.copytree(settings.analysis, part, dirs_exist_ok=True, ignore=ignored)
        write(part / 'results.json', results)
        (part / 'table.md').write_text(table(results.all(Networks)[0]) + '\n')
        write_report(part)


if __name__ == '__main__':
    run(lambda: write_collected(read_settings(Path(sys.argv[1]))))
