"""All answers of a study in one results.json, and its report: ``python -m shg_xai.study.collect WORK_DIR``."""

import math
import shlex
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shg_xai.chapters import chapter_of, chapters
from shg_xai.chapters.networks import results as parts
from shg_xai.chapters.networks.differences import compare, network_summary
from shg_xai.chapters.networks.results import GROUPS, Comparison, Group, Network, Networks, SeededEstimate
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.cli import run
from shg_xai.drawing.text import plural
from shg_xai.errors import InputError
from shg_xai.explain.stores import replace_folder
from shg_xai.report.page import write_report
from shg_xai.results import Answer, Estimate, Related, Results
from shg_xai.results_file import any_answer, read_answer, read_json, read_results, write
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.study.configs import read_config
from shg_xai.study.costs import count_persons
from shg_xai.study.plan import compared, intervention_files
from shg_xai.study.settings import ABOUT, Settings, read_settings
from shg_xai.study.stages import MEND, Marks

FEW = 100  # tested persons below which a PCK means little
PAIRS = [('improved', 'control'), ('improved_study', 'control'), ('scratch', 'longer'), ('scratch', 'control')]
PAIRS += [('longer', 'control'), ('control', 'plain'), ('improved', 'plain'), ('spliced', 'plain'), ('noskip', 'plain')]
Metrics = dict[str, float | None]
PERSON = ('dataset', 'image_id', 'annotation_id')  # earlier tests do not name the data set
EXPLAINED = ('explained_variance_ratio', 'pca_explained_variance_ratio')
COMPARED: tuple[Group, ...] = ('labelled', 'visible', 'limbs')


class MetricsFile(msgspec.Struct, kw_only=True):
    """What a test leaves, as far as it is read here; of the mean pose only the metrics."""

    metrics: Metrics


class TestFile(MetricsFile, kw_only=True):
    checkpoint_sha256: str
    persons: int
    ann_sha256: str | None = None  # of the annotations it was tested on; earlier tests do not say


class SpliceFile(msgspec.Struct, kw_only=True):
    metrics: dict[str, Metrics]  # of the plain network, with weights put in, and with their error added back


class Command(msgspec.Struct):
    command: str  # what the user typed


@dataclass(frozen=True)
class Tested:
    """What a network's test found, over all seeds."""

    checkpoints: list[str]  # SHA-256 of each seed's weights
    scores: dict[Group, list[NDArray[np.float64]]]  # PCK of each person (P,), an array a seed; NaN: no joint counts
    persons: list[tuple[str | int, ...]]  # P of them: data set, image and annotation
    data: set[str]  # SHA-256 of the annotations they are of, one, or none where no test says
    bootstrap: Bootstrap


def read_persons(path: Path) -> pa.Table:
    """The persons of a test; InputError where they are not there or damaged."""
    try:
        return pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f'{path}: cannot be read ({error}); remove {path.with_suffix(".json")} and {MEND}') from error


def read_tested(settings: Settings, network: str) -> Tested:
    """Read a network's tests; InputError where one is missing, or seeds were tested on different persons."""
    paths = [settings.test_of(network, seed) for seed in settings.seeds]
    tests = [read_json(path, TestFile, MEND) for path in paths]
    data = {test.ann_sha256 for test in tests if test.ann_sha256}
    tables = [read_persons(settings.test_of(network, seed, 'parquet')) for seed in settings.seeds]
    known = [key for key in PERSON if all(key in table.column_names for table in tables)]
    persons = [list(zip(*(table[key].to_pylist() for key in known), strict=True)) for table in tables]
    if any(persons[0] != other for other in persons) or len(data) > 1:
        raise InputError(f'{paths[0]}: the seeds of {network} were tested on different persons')
    scores = {group: [np.array(table[f'pck_{group}'].to_pylist(), dtype=float) for table in tables] for group in GROUPS}
    bootstrap = Bootstrap(tables[0]['image_id'].to_numpy(), settings.bootstrap, settings.confidence)
    return Tested([test.checkpoint_sha256 for test in tests], scores, persons[0], data, bootstrap)


def network_result(settings: Settings, network: str, tested: Tested) -> Network:
    """What came of one network: each seed, and all of them."""
    more = network in ('control', 'improved', 'improved_study', 'scratch', 'longer')
    epochs, (title, about) = settings.epochs + settings.more_epochs * more, ABOUT[network]
    steps, seeds = epochs * steps_an_epoch(settings), []
    for place, (seed, weights) in enumerate(zip(settings.seeds, tested.checkpoints, strict=True)):
        scores = {group: tested.bootstrap.mean(tested.scores[group][place]) for group in GROUPS}
        seeds.append(parts.SeedResult(seed=seed, steps=steps, checkpoint=weights, pck=scores))
    pck = {group: network_summary(tested.scores[group], tested.bootstrap) for group in GROUPS}
    return Network(key=network, title=title, about=about, epochs=epochs, seeds=seeds, pck=pck)


@cache  # reads all annotations
def steps_an_epoch(settings: Settings) -> int:
    """How often the weights of a network are changed in an epoch."""
    batch = read_config(settings.config).train_dataloader.batch_size * settings.processes
    return math.ceil(count_persons(settings.annotations('train')) / batch)


def comparisons(tested: dict[str, Tested], margin: float) -> list[Comparison]:
    """Paired differences between networks, for those that were trained."""
    found = []
    for (a, b), group in product(PAIRS, COMPARED):
        if {a, b} <= tested.keys():
            difference = compare(tested[a].scores[group], tested[b].scores[group], tested[a].bootstrap, margin)
            found.append(Comparison(a=a, b=b, group=group, **msgspec.structs.asdict(difference)))
    return found


def autoencoder_tests(settings: Settings, analyses: Results) -> list[parts.AutoencoderTest]:
    """How well each autoencoder alone gives held-out latents back, beside PCA."""
    tests = []
    for key, seed, stack in product(settings.spliced, settings.seeds, range(settings.stacks)):
        name = settings.autoencoder_name(key, seed, stack)
        found = read_json(file := settings.work_dir / 'tests' / f'{name}.json', TestFile, MEND)
        units = found.metrics.get('latent/dead_code_units')
        if units is None or not {f'latent/{part}' for part in EXPLAINED} <= found.metrics.keys():
            raise InputError(
                f'{file}: metrics: one of latent/dead_code_units, {", ".join(EXPLAINED)} is missing; {MEND}'
            )
        neck = read_config(settings.autoencoder_config(name)).model.neck
        own = {part: neck[part] for part in ('code_channels', 'code_relu', 'output_relu', 'noise')}
        own |= {part: found.metrics[f'latent/{part}'] for part in EXPLAINED}
        own |= dict(persons=found.persons, dead_code_units=int(units))
        looked = key == 'suggested' and seed == settings.seeds[0]
        own['spectrum_components_95'] = _components_95(analyses, settings.codes[stack]) if looked else None
        tests.append(parts.AutoencoderTest(key=key, stack=stack, seed=seed, **own))
    return tests


def _components_95(analyses: Results, layer: str) -> int | None:
    """Components for 95 % of the variance of a layer; None where nobody looked."""
    name = next((analysed.name for analysed in analyses.layers if analysed.layer == layer), None)
    spectrum = analyses.first(Spectrum, name) if name else None
    return next(
        (one.value for one in (spectrum.components_for if spectrum else []) if abs(one.share - 0.95) < 1e-9), None
    )


def splice_checks(settings: Settings) -> list[parts.SpliceCheck]:
    """Validation PCK before the first step: plain, spliced, and with the error added back."""
    checks = []
    for (key, network), seed in product(settings.spliced.items(), settings.seeds):
        metrics = read_json(settings.run_of(network, seed) / 'splice.json', SpliceFile, MEND).metrics
        pck = {name: metrics[name]['pck/labelled'] for name in ('plain', 'spliced', 'with_error')}
        plain, restored = pck['plain'], pck['with_error']
        deviation = None if plain is None or restored is None else abs(restored - plain)
        checks.append(parts.SpliceCheck(key=key, seed=seed, deviation=deviation, **pck))
    return checks


def networks(settings: Settings, analyses: Results) -> Networks:
    """What came of all networks and autoencoders; InputError where a result is missing, or tests differ in persons."""
    folder = settings.work_dir
    tested = {name: read_tested(settings, name) for name in ABOUT if name in settings.tested}
    for name, tests in tested.items():
        if tests.persons != tested['plain'].persons or len(tests.data | tested['plain'].data) > 1:
            file = settings.test_of(name, settings.seeds[0])
            raise InputError(f'{file}: {name} was tested on other persons than plain')
    persons = len(tested['plain'].persons)
    train, val = count_persons(settings.annotations('train')), count_persons(settings.annotations('val'))
    pose = read_json(folder / 'mean_pose.json', MetricsFile, MEND).metrics
    few = f'Tested on {plural(persons, "person")}, too few: these numbers show that everything runs and mean nothing.'
    stages = [
        parts.StageRun(name=mark.name, seconds=mark.seconds, command=shlex.join(['python', *mark.command]))
        for mark in Marks(folder / 'stages').all()
        if mark.state == 'done'
    ]
    return Networks(
        of='study',
        command=read_json(folder / 'command.json', Command, MEND).command,
        confidence=settings.confidence,
        warnings=[few] if persons < FEW else [],
        settings=settings,
        data=parts.PersonCounts(train=train, val=val, test=persons),
        mean_pose={group: pose.get(f'pck/{group}') for group in GROUPS},
        networks=[network_result(settings, name, tests) for name, tests in tested.items()],
        comparisons=comparisons(tested, settings.margin),
        autoencoders=autoencoder_tests(settings, analyses),
        splice=splice_checks(settings),
        stages=stages,
    )


def table(answer: Networks) -> str:
    """PCKs of all networks and their differences as two Markdown tables."""
    lines = [f'| PCK, held-out persons | epochs | {" | ".join(GROUPS)} |', '|---|---|' + '---|' * len(GROUPS)]
    pose = answer.mean_pose or {}
    if any(value is not None for value in pose.values()):
        lines.append(f'| mean pose | - | {" | ".join(_cell(SeededEstimate(value=pose[group])) for group in GROUPS)} |')
    for network in answer.networks:
        cells = ' | '.join(_cell(network.pck[group]) for group in GROUPS)
        lines.append(f'| {network.title} | {network.epochs} | {cells} |')
    seeds = plural(len(answer.seeds), 'seed')
    spread = ', ± standard deviation over seeds' * (len(answer.seeds) > 1)
    lines += ['', f'Mean over {plural(answer.data.test, "person")} and {seeds}{spread}.', '']
    lines += ['| difference in labelled PCK | value | interval | each seed | |', '|---|---|---|---|---|']
    for item in answer.comparisons:
        if item.group == 'labelled':
            row = [f'{ABOUT[item.a][0]} - {ABOUT[item.b][0]}', _signed(item.difference.value)]
            row += [_span(item.difference), ', '.join(map(_signed, item.by_seed))]
            lines.append(f'| {" | ".join([*row, item.verdict.value])} |')
    return '\n'.join([*(line for warning in answer.warnings for line in (warning, '')), *lines])


def _span(estimate: Estimate) -> str:
    return '-' if estimate.ends is None else ' to '.join(map(_signed, estimate.ends))


def _signed(value: float | None) -> str:
    return '-' if value is None else f'{value:+.3f}'


def _cell(estimate: SeededEstimate) -> str:
    spread = '' if estimate.sd is None else f' ± {estimate.sd:.3f}'
    return '-' if estimate.value is None else f'{estimate.value:.3f}{spread}'


def collect(settings: Settings) -> Results:
    """Networks, widths, what was done to the plain one, analysed layers; InputError where one is missing or damaged."""
    results = read_results(settings.analysis / 'results.json', MEND)
    found: list[Answer] = [networks(settings, results)]
    for path in (*map(settings.width_of, range(settings.stacks)), *intervention_files(settings)):
        found.append(read_answer(path, any_answer(), MEND))
        found[-1].of = 'plain'
    found += [read_answer(path, any_answer(), MEND) for path in compared(settings).values()]
    order = [chapter.name for chapter in chapters()]
    results.answers = sorted([*found, *results.answers], key=lambda answer: order.index(chapter_of(answer).name))
    return results


CONTROLLED = ('Where little varies but sitting or standing', 'The same networks on people who differ by little else.')
LATENT = range(70, 74)  # places of the chapters on what a latent holds


def related(settings: Settings) -> list[Related]:
    """The report on the controlled people, if it was made: what its chapters on the latent answer."""
    folder = settings.work_dir / 'report_controlled'
    if not (folder / 'results.json').is_file():
        return []
    results = read_results(folder / 'results.json', MEND)
    name, (title, about) = results.layers[0].name, CONTROLLED
    own = [(chapter_of(answer), answer) for answer in results.answers if answer.of == name]
    told = [(chapter, chapter.headline(answer, results)) for chapter, answer in own if chapter.place in LATENT]
    known = [headline for _, headline in sorted(told, key=lambda item: item[0].place) if headline]
    if not known:
        return []
    figure, sentences = f'{name}-{known[-1].figure}', [headline.sentence for headline in known]
    return [Related(folder='../report_controlled', title=title, about=about, sentences=sentences, figure=figure)]


def write_collected(settings: Settings) -> None:
    """Write the report of all that was found, in one step, in the place of an earlier one."""
    results = collect(settings)
    if found := related(settings):
        results.related = found
    with replace_folder(settings.work_dir / 'report') as part:
        ignored = shutil.ignore_patterns('report.html', 'figures')
        shutil.copytree(settings.analysis, part, dirs_exist_ok=True, ignore=ignored)
        write(part / 'results.json', results)
        (part / 'table.md').write_text(table(results.all(Networks)[0]) + '\n')
        write_report(part)


if __name__ == '__main__':
    run(lambda: write_collected(read_settings(Path(sys.argv[1]))))
