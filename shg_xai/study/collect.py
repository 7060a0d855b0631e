"""All numbers of a study into one results.json, and the report drawn from it.

python -m shg_xai.study.collect WORK_DIR
"""

import json
import math
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from mmengine.config import Config

from shg_xai.chapters.networks.differences import compare, network_summary
from shg_xai.cli import run
from shg_xai.drawing.text import plural
from shg_xai.errors import InputError
from shg_xai.explain.stores import replace_folder
from shg_xai.report.page import write_report
from shg_xai.study.autoencoders import autoencoder_entries, read_json, splice_entries
from shg_xai.study.costs import count_persons
from shg_xai.study.interventions import intervention_results
from shg_xai.study.saved import plain, read_settings
from shg_xai.study.settings import ABOUT, GROUPS, TITLES, Settings
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
COMPARED = ('labelled', 'visible', 'limbs')


@dataclass(frozen=True)
class Tested:
    """What a network's test found, over all seeds.

    Attributes:
        metrics: For each seed what the tool wrote.
        scores: By group the PCK of each person (P,), one array a seed; NaN where no joint counts.
        annotation_ids: Who the persons are, shape (P,).
        image_ids: The image of each person, shape (P,).
    """

    metrics: list[dict[str, Any]]
    scores: dict[str, list[np.ndarray]]
    annotation_ids: np.ndarray
    image_ids: np.ndarray


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
    metrics, tables = [], []
    for seed in settings.seeds:
        metrics.append(read_json(settings.test_of(network, seed)))
        tables.append(read_persons(settings.test_of(network, seed, 'parquet')))
    ids = [table['annotation_id'].to_numpy() for table in tables]
    if any(not np.array_equal(ids[0], other) for other in ids):
        raise InputError(
            f'{settings.test_of(network, settings.seeds[0])}: the seeds of {network} were tested on different persons'
        )
    scores = {group: [np.array(table[f'pck_{group}'].to_pylist(), dtype=float) for table in tables] for group in GROUPS}
    return Tested(metrics, scores, ids[0], tables[0]['image_id'].to_numpy())


def network_entry(settings: Settings, network: str, tested: Tested) -> dict[str, Any]:
    """The results of one network: each seed, and all of them."""
    sampling = (settings.bootstrap, settings.confidence, 0)
    epochs, steps = _epochs(settings, network), steps_an_epoch(settings)
    seeds = []
    for place, (seed, metrics) in enumerate(zip(settings.seeds, tested.metrics, strict=True)):
        pck = {
            group: _without_sd(network_summary([tested.scores[group][place]], tested.image_ids, *sampling))
            for group in GROUPS
        }
        seeds.append(dict(seed=seed, steps=epochs * steps, pck=pck, checkpoint=metrics['checkpoint_sha256']))
    return dict(
        key=network,
        title=TITLES[network],
        about=ABOUT[network],
        epochs=epochs,
        seeds=seeds,
        pck={group: network_summary(tested.scores[group], tested.image_ids, *sampling) for group in GROUPS},
    )


@cache  # reads all annotations
def steps_an_epoch(settings: Settings) -> int:
    """How often the weights of a network are changed in an epoch."""
    cfg = Config.fromfile(settings.config, import_custom_modules=False)
    batch = cfg.train_dataloader.batch_size * settings.processes
    return math.ceil(count_persons(settings.train_file) / batch)


def _without_sd(summary: dict[str, Any]) -> dict[str, Any]:
    return {key: summary[key] for key in ('value', 'low', 'high')}


def _epochs(settings: Settings, network: str) -> int:
    more = network in ('control', 'improved', 'improved_study', 'scratch', 'longer')
    return settings.epochs + settings.more_epochs * more


def comparison_entries(settings: Settings, tested: dict[str, Tested]) -> list[dict[str, Any]]:
    """Paired differences between networks, for those that were trained."""
    return [
        dict(
            a=a,
            b=b,
            group=group,
            **compare(
                tested[a].scores[group],
                tested[b].scores[group],
                tested[a].image_ids,
                settings.bootstrap,
                settings.confidence,
                0,
            ),
        )
        for a, b in PAIRS
        if a in tested and b in tested
        for group in COMPARED
    ]


def width_entries(settings: Settings) -> list[dict[str, Any]]:
    """PCK against kept components of each stack."""
    parts = ('layer', 'dimensions', 'persons', 'untouched', 'curve', 'rules', 'suggestion')
    return [
        dict(stack=stack, **{part: kept[part] for part in parts})
        for stack in range(settings.num_stacks)
        for kept in [read_json(settings.kept_of(stack))]
    ]


def stage_entries(settings: Settings) -> list[dict[str, Any]]:
    """What every stage was and took, by the order in which they ended."""
    files = sorted((settings.work_dir / 'stages').glob('*.json'), key=lambda file: file.stat().st_mtime)
    marks = [read_json(file) for file in files]
    return [
        dict(name=mark['name'], seconds=mark['seconds'], command=' '.join(['python', *mark['command']]))
        for mark in marks
        if mark.get('state') == 'done'
    ]


def study_results(settings: Settings, analyses: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The part ``study`` of the results.

    Args:
        settings: Of the study.
        analyses: What the latents' analyses found.

    Raises:
        InputError: A result is missing, or tests were of different persons.
    """
    names = ['plain', *settings.networks, *(['spliced'] if 'improved' in settings.networks else [])]
    tested = {name: read_tested(settings, name) for name in TITLES if name in names}
    for name, tests in tested.items():
        if not np.array_equal(tests.annotation_ids, tested['plain'].annotation_ids):
            raise InputError(
                f'{settings.test_of(name, settings.seeds[0])}: {name} was tested on other persons than plain'
            )
    persons = len(tested['plain'].image_ids)
    baseline = read_json(settings.work_dir / 'mean_pose.json')['metrics']
    command = read_json(settings.work_dir / 'command.json')['command']
    few = (
        (f'Tested on {plural(persons, "person")}, too few: these numbers show that everything runs and mean nothing.')
        if persons < FEW
        else None
    )
    return dict(
        settings=dict(plain(settings), command=command),
        few=few,
        data=dict(train=count_persons(settings.train_file), val=count_persons(settings.val_file), test=persons),
        mean_pose={group: baseline.get(f'pck/{group}') for group in GROUPS},
        networks=[network_entry(settings, name, tests) for name, tests in tested.items()],
        comparisons=comparison_entries(settings, tested),
        autoencoders=autoencoder_entries(settings, analyses),
        splice=splice_entries(settings),
        widths=width_entries(settings),
        stages=stage_entries(settings),
    )


def collect(settings: Settings) -> None:
    """Copy the last report and add the study to it, in one step."""
    source = settings.work_dir / ('analysis_both' if 'improved' in settings.networks else 'analysis_plain')
    results = read_json(source / 'results.json')
    results['study'] = study_results(settings, results['analyses'])
    results['interventions'] = intervention_results(settings)
    with replace_folder(settings.work_dir / 'report') as part:
        shutil.copytree(source, part, dirs_exist_ok=True, ignore=shutil.ignore_patterns('report.html', 'figures'))
        (part / 'results.json').write_text(json.dumps(results, indent=1, allow_nan=False) + '\n')
        (part / 'table.md').write_text(table(results['study']) + '\n')
        write_report(part)


def main() -> None:
    """For the stage ``report``."""
    collect(read_settings(Path(sys.argv[1])))


if __name__ == '__main__':
    run(main)
