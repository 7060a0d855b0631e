"""All numbers of a study in one file, from hand-made results of its stages; its outcome as text."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shg_xai.chapters.networks.options import NETWORKS, StudyOptions
from shg_xai.chapters.networks.results import (
    GROUPS,
    AutoencoderTest,
    Comparison,
    Network,
    Networks,
    PersonCounts,
    SeededEstimate,
    SpliceCheck,
    StageRun,
)
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.errors import InputError
from shg_xai.results import Estimate, Results, Verdict
from shg_xai.results_file import read_results, write
from shg_xai.study.collect import (
    collect,
    comparisons,
    network_result,
    networks,
    read_tested,
    related,
    table,
    write_collected,
)
from shg_xai.study.configs import write_all, write_plain_configs
from shg_xai.study.plan import compared as pairs_of
from shg_xai.study.plan import result_of
from shg_xai.study.settings import Settings, write_settings
from tests.helpers.data import annotation, coco
from tests.helpers.made_channel_redundancy import channel_redundancy
from tests.helpers.made_cluster_shift import cluster_shift
from tests.helpers.made_decoded_walk import decoded_walk
from tests.helpers.made_disagreement import disagreement
from tests.helpers.made_results import made_results, write_results
from tests.helpers.made_skip_ablation import skip_ablation
from tests.helpers.study_settings import settings_of, write_widths

IMAGES = (1, 1, 2, 3)
IDS = (11, 12, 21, 31)
# Labelled PCK of four persons; nobody knows the third's.
PLAIN = ([0.25, 0.5, None, 0.75], [0.5, 0.5, None, 1.0])
CONTROL = ([0.5, 0.75, None, 1.0], [0.75, 1.0, None, 1.0])
NOBODY = Estimate(value=None)
NO_LAYERS = Results(command='', seed=0, versions={}, settings={}, layers=[], answers=[])


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_test(
    settings: Settings,
    network: str,
    seed: int,
    scores: list[float | None],
    ids: tuple[int, ...] = IDS,
    images: tuple[int, ...] = IMAGES,
) -> None:
    """The result of a network's test: labelled PCK as given, visible half of it."""
    write_json(
        settings.test_of(network, seed), dict(checkpoint_sha256=f'{network}{seed}', persons=len(ids), metrics={})
    )
    halves = [None if score is None else score / 2 for score in scores]
    columns = dict(labelled=scores, visible=halves, occluded=[None] * len(scores), limbs=[0.0] * len(scores))
    pq.write_table(
        pa.table(
            {
                'annotation_id': pa.array(ids, pa.int64()),
                'image_id': pa.array(images, pa.int64()),
                **{f'pck_{group}': pa.array(values, pa.float64()) for group, values in columns.items()},
            }
        ),
        settings.test_of(network, seed, 'parquet'),
    )


def write_people(path: Path, count: int) -> None:
    write_json(path, coco([annotation(number) for number in range(1, count + 1)]))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A study of a plain network and its control, two seeds, 33 persons to train on."""
    found = settings_of(tmp_path, networks=('control',), seeds=(4, 7), people=(33, 5), bootstrap=50)
    for place, seed in enumerate(found.seeds):
        write_test(found, 'plain', seed, PLAIN[place])
        write_test(found, 'control', seed, CONTROL[place])
    write_people(found.annotations('train'), 33)
    write_people(found.annotations('val'), 5)
    write_json(
        found.work_dir / 'mean_pose.json',
        dict(metrics={'pck/labelled': 0.125, 'pck/visible': 0.25, 'pck/occluded': None}),
    )
    write_json(found.work_dir / 'command.json', dict(command='tools/run_study.py --demo'))
    write_widths(found, [9])
    write_settings(found)
    return found


def test_a_network_by_seed_and_over_all(settings: Settings) -> None:
    entry = network_result(settings, 'control', read_tested(settings, 'control'))
    assert (entry.key, entry.title, entry.epochs) == ('control', 'control', 9)
    # 33 persons in batches of 16 are 3 steps an epoch.
    assert [(seed.seed, seed.steps, seed.checkpoint) for seed in entry.seeds] == [
        (4, 27, 'control4'),
        (7, 27, 'control7'),
    ]
    # 2.25 / 3 and 2.75 / 3.
    first, second = (seed.pck['labelled'] for seed in entry.seeds)
    assert (first.value, second.value) == pytest.approx((0.75, 2.75 / 3))
    whole = entry.pck['labelled']
    assert whole.value == pytest.approx(5 / 6)
    assert whole.sd == pytest.approx(np.std([0.75, 2.75 / 3], ddof=1))
    # Persons' means: 0.625 and 0.875 in one image, 1 in another.
    assert whole.ends is not None and 0.75 - 1e-9 <= whole.ends[0] <= 5 / 6 <= whole.ends[1] <= 1
    assert entry.pck['visible'].value == pytest.approx(5 / 12)
    assert entry.pck['occluded'] == SeededEstimate(value=None, n=0)
    assert entry.pck['limbs'].value == 0


@pytest.mark.parametrize(
    ('network', 'epochs', 'processes', 'steps'),
    [
        ('plain', 6, 1, 18),
        ('scratch', 9, 1, 27),
        ('longer', 9, 1, 27),
        ('improved_study', 9, 2, 18),
        ('spliced', 6, 3, 6),
        ('noskip', 6, 1, 18),
    ],
)
def test_epochs_and_steps_in_all(settings: Settings, network: str, epochs: int, processes: int, steps: int) -> None:
    # 33 persons: 3 steps of 16, 2 of 32, 1 of 48.
    settings = replace(settings, processes=processes)
    entry = network_result(settings, network, read_tested(settings, 'plain'))
    assert entry.epochs == epochs
    assert [seed.steps for seed in entry.seeds] == [steps, steps]


def test_networks_are_compared_person_by_person(settings: Settings) -> None:
    tested = {name: read_tested(settings, name) for name in ('plain', 'control')}
    entries = comparisons(tested, 0.005)
    assert [(item.a, item.b, item.group) for item in entries] == [
        ('control', 'plain', group) for group in ('labelled', 'visible', 'limbs')
    ]
    labelled, visible, limbs = entries
    # Seed 4: three times 0.25. Seed 7: 0.25, 0.5 and 0.
    assert labelled.by_seed == pytest.approx([0.25, 0.25])
    assert labelled.difference.value == pytest.approx(0.25)
    # The second seed has 0.25 more in one image and less in the other: of two images nothing is sure.
    assert (labelled.persons, labelled.verdict, labelled.margin) == (3, Verdict.UNDECIDED, 0.005)
    assert visible.by_seed == pytest.approx([0.125, 0.125])
    assert (limbs.difference.value, limbs.persons) == (0, 4)
    assert limbs.verdict is Verdict.EQUIVALENT


def test_pairs_of_untrained_networks_are_left_out(settings: Settings) -> None:
    plain = read_tested(settings, 'plain')
    found = {
        (item.a, item.b)
        for item in comparisons(dict.fromkeys(('plain', 'improved', 'spliced', 'scratch'), plain), 0.005)
    }
    assert found == {('improved', 'plain'), ('spliced', 'plain')}


def test_seeds_tested_on_different_persons_are_refused(settings: Settings) -> None:
    write_test(settings, 'plain', 7, PLAIN[1], ids=(11, 12, 21, 32))
    with pytest.raises(
        InputError,
        match=r'tests/plain_4\.json: the seeds of plain were tested on '
        'different persons',
    ):
        read_tested(settings, 'plain')


def test_the_same_ids_in_other_annotations_are_other_persons(settings: Settings) -> None:
    for network, sha256 in (('plain', 'a'), ('control', 'b')):
        for seed in settings.seeds:
            path = settings.test_of(network, seed)
            write_json(path, dict(checkpoint_sha256=f'{network}{seed}', ann_sha256=sha256, persons=4, metrics={}))
    with pytest.raises(InputError, match=r'control_4\.json: control was tested on other persons'):
        networks(settings, NO_LAYERS)
    path = settings.test_of('plain', settings.seeds[-1])
    write_json(path, dict(checkpoint_sha256='plain', ann_sha256='b', persons=4, metrics={}))
    with pytest.raises(InputError, match=r'the seeds of plain were tested on'):
        read_tested(settings, 'plain')


def test_networks_tested_on_different_persons_are_refused(settings: Settings) -> None:
    for seed in settings.seeds:
        write_test(settings, 'control', seed, CONTROL[0], ids=(11, 12, 21, 32))
    with pytest.raises(InputError, match=r'control_4\.json: control was tested on other persons'):
        networks(settings, NO_LAYERS)


@pytest.mark.parametrize(
    ('kind', 'text'), [('json', None), ('json', '{'), ('parquet', None), ('parquet', 'PAR1'), ('parquet', '')]
)
def test_a_missing_or_damaged_test_is_one_line(settings: Settings, kind: str, text: str | None) -> None:
    file = settings.test_of('plain', 7, kind)
    file.unlink()
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=rf'plain_7\.{kind}: .*run_study\.py again'):
        read_tested(settings, 'plain')


def test_the_studys_results(settings: Settings) -> None:
    marks = settings.work_dir / 'stages'
    for age, (name, state) in enumerate([('late', 'done'), ('cut', 'begun'), ('early', 'done')]):
        write_json(
            marks / f'{name}.json', dict(name=name, state=state, seconds=age, digest='', command=['tools/x.py', 'a'])
        )
        os.utime(marks / f'{name}.json', (100 - age, 100 - age))
    found = networks(settings, NO_LAYERS)
    assert found.warnings == ['Tested on 4 persons, too few: these numbers show that everything runs and mean nothing.']
    assert (found.data.train, found.data.val, found.data.test) == (33, 5, 4)
    assert found.mean_pose == dict(labelled=0.125, visible=0.25, occluded=None, limbs=None)
    assert [network.key for network in found.networks] == ['plain', 'control']
    assert len(found.comparisons) == 3
    assert found.autoencoders == found.splice == []
    assert found.stages == [
        StageRun(name='early', seconds=2, command='python tools/x.py a'),
        StageRun(name='late', seconds=0, command='python tools/x.py a'),
    ]
    assert found.command == 'tools/run_study.py --demo'
    assert (found.settings.seeds, found.settings.epochs) == ((4, 7), 6)


@pytest.mark.parametrize(('persons', 'few'), [(99, True), (100, False)])
def test_few_persons_are_less_than_a_hundred(settings: Settings, persons: int, few: bool) -> None:
    for network in ('plain', 'control'):
        for seed in settings.seeds:
            write_test(settings, network, seed, [0.5] * persons, tuple(range(persons)), tuple(range(persons)))
    assert bool(networks(settings, NO_LAYERS).warnings) == few


def test_autoencoders_and_splices(settings: Settings) -> None:
    settings = replace(settings, networks=NETWORKS, seeds=(4,))
    write_plain_configs(settings)
    write_all(settings)
    for network in (*NETWORKS, 'spliced'):
        write_test(settings, network, 4, CONTROL[0])
    for place, (key, network) in enumerate([('suggested', 'improved'), ('study', 'improved_study')]):
        write_json(
            settings.work_dir / 'tests' / f'ae_{key}_4_stack0.json',
            dict(
                checkpoint_sha256='0',
                persons=17,
                metrics={
                    'latent/explained_variance_ratio': 0.5 + place / 4,
                    'latent/pca_explained_variance_ratio': 0.75,
                    'latent/dead_code_units': float(place),
                },
            ),
        )
        write_json(
            settings.run_of(network, 4) / 'splice.json',
            dict(
                metrics={
                    'plain': {'pck/labelled': 0.5},
                    'spliced': {'pck/labelled': 0.25},
                    'with_error': {'pck/labelled': 0.5 - place / 8},
                }
            ),
        )
    analysed = made_results()
    analysed.layers[1].layer = 'backbone.hourglasses.0.bottleneck.encoder'
    looked = analysed.first(Spectrum, analysed.layers[1].name)
    assert looked is not None
    looked.components_for[1].value = 5
    found = networks(settings, analysed)
    shared: dict[str, Any] = dict(
        stack=0, seed=4, noise=found.autoencoders[0].noise, pca_explained_variance_ratio=0.75, persons=17
    )
    assert found.autoencoders == [
        AutoencoderTest(
            key='suggested',
            code_channels=9,
            code_relu=False,
            output_relu=False,
            explained_variance_ratio=0.5,
            dead_code_units=0,
            spectrum_components_95=5,
            **shared,
        ),
        AutoencoderTest(
            key='study',
            code_channels=50,
            code_relu=True,
            output_relu=True,
            explained_variance_ratio=0.75,
            dead_code_units=1,
            spectrum_components_95=None,
            **shared,
        ),
    ]
    assert found.splice == [
        SpliceCheck(key='suggested', seed=4, plain=0.5, spliced=0.25, with_error=0.5, deviation=0),
        SpliceCheck(key='study', seed=4, plain=0.5, spliced=0.25, with_error=0.375, deviation=0.125),
    ]
    assert [network.key for network in found.networks] == [
        'plain',
        'control',
        'spliced',
        'improved',
        'improved_study',
        'scratch',
        'longer',
        'noskip',
    ]
    assert len(found.comparisons) == 9 * 3


def write_interventions(settings: Settings) -> None:
    made = dict(
        skips=skip_ablation(), walk=decoded_walk(), redundancy=channel_redundancy(), misclassified=cluster_shift()
    )
    for name, answer in made.items():
        answer.of = 'plain_4'
        write(result_of(settings, name), answer)
    for pair, file in pairs_of(settings).items():
        write(file, disagreement(*pair))


def test_all_answers_are_collected_in_the_order_of_chapters(settings: Settings) -> None:
    analysed = made_results()
    write(settings.work_dir / 'analysis_plain' / 'results.json', analysed)
    write_interventions(settings)
    found = collect(settings)
    tags = [str(answer.__struct_config__.tag) for answer in found.answers]
    first = ['networks', 'disagreement', 'component_projection', 'skip_ablation', 'decoded_walk', 'channel_redundancy']
    assert tags[:7] == [*first, 'cluster_shift']
    assert [answer.of for answer in found.answers[:7]] == ['study', 'plain → control', *['plain'] * 5]
    assert {answer.of for answer in found.answers[7:]} <= {'', *(layer.name for layer in found.layers), 'all'}
    assert sorted(tags[7:]) == sorted(str(answer.__struct_config__.tag) for answer in analysed.answers)
    assert found.answers[0] == networks(settings, analysed)
    result_of(settings, 'walk').write_text('{"schema_version": 3, "chapter": "walking"}')
    with pytest.raises(InputError, match=r'walk\.json: .*walking.*run_study\.py again'):
        collect(settings)


@pytest.mark.slow
def test_the_report_takes_the_place_of_an_earlier_one(settings: Settings) -> None:
    source = settings.work_dir / 'analysis_plain'
    write_results(source)
    before = (source / 'results.json').read_bytes()
    out = settings.work_dir / 'report'
    out.mkdir()
    (out / 'stale.txt').touch()
    write_interventions(settings)
    write_collected(settings)
    assert not (out / 'stale.txt').exists()
    written, analysed = read_results(out / 'results.json'), read_results(source / 'results.json')
    assert written.layers == analysed.layers
    assert all(answer in written.answers for answer in analysed.answers)
    answer = written.all(Networks)[0]
    assert answer.networks == networks(settings, analysed).networks
    assert tuple(answer.mean_pose or ()) == tuple(GROUPS)
    assert (source / 'results.json').read_bytes() == before
    text = (out / 'table.md').read_text()
    assert '| plain | 6 | 0.583 ± 0.118 | ' in text  # 1.5 / 3 and 2 / 3
    assert '| control - plain | +0.250 | ' in text
    assert 'control' in (out / 'report.html').read_text()
    assert not [file for file in settings.work_dir.iterdir() if file.name.startswith('.')]


def network(key: str, title: str, epochs: int, *pcks: float | None, sd: float | None = None) -> Network:
    pck = {
        group: SeededEstimate(value=value, sd=None if value is None else sd)
        for group, value in zip(GROUPS, pcks, strict=True)
    }
    return Network(key=key, title=title, about='', epochs=epochs, seeds=[], pck=pck)


def compared(a: str, b: str, difference: Estimate, by_seed: list[float | None], verdict: Verdict) -> Comparison:
    return Comparison(
        a=a,
        b=b,
        group='labelled',
        difference=difference,
        equivalence=difference,
        margin=0.005,
        by_seed=by_seed,
        persons=3,
        degrees=None,
        sd_seeds=None,
        sd_images=None,
        sd_both=None,
        seeds_needed=None,
        verdict=verdict,
    )


def answer(seeds: tuple[int, ...], persons: int, networks: list[Network], comparisons: list[Comparison]) -> Networks:
    return Networks(
        of='study',
        settings=StudyOptions(seeds=seeds),
        data=PersonCounts(train=0, val=0, test=persons),
        mean_pose=dict.fromkeys(GROUPS),
        networks=networks,
        comparisons=comparisons,
        autoencoders=[],
        splice=[],
        stages=[],
    )


def test_networks_of_several_seeds_and_their_differences() -> None:
    made = answer(
        (0, 1),
        120,
        [
            network('plain', 'plain', 6, 0.5, 0.6004, None, 0.3996, sd=0.0124),
            network('improved', 'improved', 9, 1, 0, 0.25, 0.125, sd=0),
            network('control', 'control', 9, None, None, None, None),
            network('noskip', 'plain, no skips', 6, None, None, None, None),
        ],
        [
            compared(
                'improved', 'control', Estimate(value=0.0126, low=-0.001, high=0.0254), [0.02, 0.005], Verdict.UNDECIDED
            ),
            compared('improved', 'control', Estimate(value=9.0, low=9.0, high=9.0), [9.0, 9.0], Verdict.BETTER),
            compared('noskip', 'plain', Estimate(value=-0.25, low=-0.3, high=-0.2), [-0.25, None], Verdict.WORSE),
        ],
    )
    made.comparisons[1].group = 'visible'
    made.mean_pose = dict(labelled=0.0546, visible=0.1, occluded=None, limbs=0.0)
    assert table(made).splitlines() == [
        '| PCK, held-out persons | epochs | labelled | visible | occluded | limbs |',
        '|---|---|---|---|---|---|',
        '| mean pose | - | 0.055 | 0.100 | - | 0.000 |',
        '| plain | 6 | 0.500 ± 0.012 | 0.600 ± 0.012 | - | 0.400 ± 0.012 |',
        '| improved | 9 | 1.000 ± 0.000 | 0.000 ± 0.000 | 0.250 ± 0.000 | 0.125 ± 0.000 |',
        '| control | 9 | - | - | - | - |',
        '| plain, no skips | 6 | - | - | - | - |',
        '',
        'Mean over 120 persons and 2 seeds, ± standard deviation over seeds.',
        '',
        '| difference in labelled PCK | value | interval | each seed | |',
        '|---|---|---|---|---|',
        '| improved - control | +0.013 | -0.001 to +0.025 | +0.020, +0.005 | undecided |',
        '| plain, no skips - plain | -0.250 | -0.300 to -0.200 | -0.250, - | worse |',
    ]


def test_one_seed_few_persons_and_nothing_known() -> None:
    networks = [network('plain', 'plain', 6, 0.5, 0.6, None, 0.4), network('control', 'c', 9, *[None] * 4)]
    made = answer((3,), 12, networks, [compared('control', 'plain', NOBODY, [None], Verdict.UNDECIDED)])
    made.warnings = ['Only 12 persons.']
    lines = table(made).splitlines()
    assert lines[:2] == ['Only 12 persons.', '']
    assert not any('mean pose' in line for line in lines)
    assert '| plain | 6 | 0.500 | 0.600 | - | 0.400 |' in lines
    assert 'Mean over 12 persons and 1 seed.' in lines
    assert lines[-1] == '| control - plain | - | - | - | undecided |'


def test_the_controlled_people_are_led_to(settings: Settings) -> None:
    assert related(settings) == []
    out = settings.work_dir / 'report_controlled'
    out.mkdir(parents=True)
    write_results(out)
    (found,) = related(settings)
    assert (found.folder, found.figure) == ('../report_controlled', 'shg_people-skeletons')
    assert found.sentences[0].startswith('Its first 10 principal components account')
    assert found.sentences[1].startswith('No, they form one cloud')
