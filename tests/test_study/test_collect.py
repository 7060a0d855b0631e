"""All numbers of a study in one file: from hand-made results of its stages."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.helpers.made_study import study_results as made_up_results

from shg_xai.errors import InputError
from shg_xai.study.collect import collect, comparison_entries, network_entry, read_tested, study_results
from shg_xai.study.configs import write_all, write_plain_configs
from shg_xai.study.interventions import result_of
from shg_xai.study.settings import GROUPS, NETWORKS, Settings, write_settings
from tests.helpers.data import annotation, coco
from tests.helpers.made_interventions import misclassified_results, redundancy_results, skip_results, walk_results
from tests.helpers.made_results import write_results
from tests.helpers.study_settings import settings_of

IMAGES = (1, 1, 2, 3)
IDS = (11, 12, 21, 31)
# Labelled PCK of four persons; nobody knows the third's.
PLAIN = ([0.25, 0.5, None, 0.75], [0.5, 0.5, None, 1.0])
CONTROL = ([0.5, 0.75, None, 1.0], [0.75, 1.0, None, 1.0])
KEPT = made_up_results(stacks=1)['widths'][0]


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
    write_json(settings.test_of(network, seed), dict(checkpoint_sha256=f'{network}{seed}'))
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
    write_people(found.train_file, 33)
    write_people(found.val_file, 5)
    write_json(
        found.work_dir / 'mean_pose.json',
        dict(metrics={'pck/labelled': 0.125, 'pck/visible': 0.25, 'pck/occluded': None}),
    )
    write_json(found.work_dir / 'command.json', dict(command='tools/run_study.py --demo'))
    kept = dict(KEPT, suggestion=dict(KEPT['suggestion'], k=9), times_s={})
    write_json(found.width_of(0), kept)
    write_settings(found)
    return found


def test_a_network_by_seed_and_over_all(settings: Settings) -> None:
    entry = network_entry(settings, 'control', read_tested(settings, 'control'))
    assert (entry['key'], entry['title'], entry['epochs']) == ('control', 'plain, trained on', 9)
    # 33 persons in batches of 16 are 3 steps an epoch.
    assert [(seed['seed'], seed['steps'], seed['checkpoint']) for seed in entry['seeds']] == [
        (4, 27, 'control4'),
        (7, 27, 'control7'),
    ]
    # 2.25 / 3 and 2.75 / 3.
    first, second = (seed['pck']['labelled'] for seed in entry['seeds'])
    assert (first['value'], second['value']) == pytest.approx((0.75, 2.75 / 3))
    assert set(first) == {'value', 'low', 'high'}
    whole = entry['pck']['labelled']
    assert whole['value'] == pytest.approx(5 / 6)
    assert whole['sd'] == pytest.approx(np.std([0.75, 2.75 / 3], ddof=1))
    # Persons' means: 0.625 and 0.875 in one image, 1 in another.
    assert 0.75 - 1e-9 <= whole['low'] <= 5 / 6 <= whole['high'] <= 1
    assert entry['pck']['visible']['value'] == pytest.approx(5 / 12)
    assert entry['pck']['occluded'] == dict(value=None, low=None, high=None, sd=None)
    assert entry['pck']['limbs']['value'] == 0


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
    settings = Settings(**{**vars(settings), 'processes': processes})
    entry = network_entry(settings, network, read_tested(settings, 'plain'))
    assert entry['epochs'] == epochs
    assert [seed['steps'] for seed in entry['seeds']] == [steps, steps]


def test_networks_are_compared_person_by_person(settings: Settings) -> None:
    tested = {name: read_tested(settings, name) for name in ('plain', 'control')}
    entries = comparison_entries(settings, tested)
    assert [(item['a'], item['b'], item['group']) for item in entries] == [
        ('control', 'plain', group) for group in ('labelled', 'visible', 'limbs')
    ]
    labelled, visible, limbs = entries
    # Seed 4: three times 0.25. Seed 7: 0.25, 0.5 and 0.
    assert labelled['by_seed'] == pytest.approx([0.25, 0.25])
    assert labelled['difference']['value'] == pytest.approx(0.25)
    assert (labelled['persons'], labelled['verdict']) == (3, 'better')
    assert visible['by_seed'] == pytest.approx([0.125, 0.125])
    assert (limbs['difference']['value'], limbs['persons']) == (0, 4)
    assert limbs['verdict'] == 'no difference found'


def test_pairs_of_untrained_networks_are_left_out(settings: Settings) -> None:
    plain = read_tested(settings, 'plain')
    found = {
        (item['a'], item['b'])
        for item in comparison_entries(settings, dict.fromkeys(('plain', 'improved', 'spliced', 'scratch'), plain))
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


def test_networks_tested_on_different_persons_are_refused(settings: Settings) -> None:
    for seed in settings.seeds:
        write_test(settings, 'control', seed, CONTROL[0], ids=(11, 12, 21, 32))
    with pytest.raises(InputError, match=r'control_4\.json: control was tested on other persons'):
        study_results(settings, [])


@pytest.mark.parametrize(
    ('kind', 'text'), [('json', None), ('json', '{'), ('parquet', None), ('parquet', 'PAR1'), ('parquet', '')]
)
def test_a_missing_or_damaged_test_is_one_line(settings: Settings, kind: str, text: str | None) -> None:
    file = settings.test_of('plain', 7, kind)
    file.unlink()
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=rf'plain_7\.{kind}: cannot be read \(.*run_study\.py'):
        read_tested(settings, 'plain')


def test_the_studys_results(settings: Settings) -> None:
    marks = settings.work_dir / 'stages'
    for age, (name, state) in enumerate([('late', 'done'), ('cut', 'begun'), ('early', 'done')]):
        write_json(
            marks / f'{name}.json', dict(name=name, state=state, seconds=age, digest='', command=['tools/x.py', 'a'])
        )
        os.utime(marks / f'{name}.json', (100 - age, 100 - age))
    found = study_results(settings, [])
    assert found['few'] == ('Tested on 4 persons, too few: these numbers show that everything runs and mean nothing.')
    assert found['data'] == dict(train=33, val=5, test=4)
    assert found['mean_pose'] == dict(labelled=0.125, visible=0.25, occluded=None, limbs=None)
    assert [network['key'] for network in found['networks']] == ['plain', 'control']
    assert len(found['comparisons']) == 3
    assert found['autoencoders'] == found['splice'] == []
    assert found['widths'] == [dict(KEPT, suggestion=dict(KEPT['suggestion'], k=9))]
    assert found['stages'] == [
        dict(name='early', seconds=2, command='python tools/x.py a'),
        dict(name='late', seconds=0, command='python tools/x.py a'),
    ]
    assert found['settings']['command'] == 'tools/run_study.py --demo'
    assert (found['settings']['seeds'], found['settings']['epochs']) == ([4, 7], 6)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(('persons', 'few'), [(99, True), (100, False)])
def test_few_persons_are_less_than_a_hundred(settings: Settings, persons: int, few: bool) -> None:
    for network in ('plain', 'control'):
        for seed in settings.seeds:
            write_test(settings, network, seed, [0.5] * persons, tuple(range(persons)), tuple(range(persons)))
    assert (study_results(settings, [])['few'] is not None) == few


def test_autoencoders_and_splices(settings: Settings) -> None:
    settings = Settings(**{**vars(settings), 'networks': NETWORKS, 'seeds': (4,)})
    write_plain_configs(settings)
    write_all(settings)
    for network in (*NETWORKS, 'spliced'):
        write_test(settings, network, 4, CONTROL[0])
    for place, (key, network) in enumerate([('suggested', 'improved'), ('study', 'improved_study')]):
        write_json(
            settings.work_dir / 'tests' / f'ae_{key}_4_stack0.json',
            dict(
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
    spectrum = dict(components_for=[dict(share=0.9, value=3), dict(share=0.95, value=5)])
    analyses = [
        dict(layer=settings.layer(0), spectrum={}),
        dict(layer='backbone.hourglasses.0.bottleneck.encoder', spectrum=spectrum),
    ]
    found = study_results(settings, analyses)
    shared = dict(stack=0, seed=4, noise=0.0, pca_explained_variance_ratio=0.75, persons=17)
    shared['noise'] = found['autoencoders'][0]['noise']
    assert found['autoencoders'] == [
        dict(
            key='suggested',
            code_channels=9,
            code_relu=False,
            output_relu=False,
            explained_variance_ratio=0.5,
            dead_code_units=0,
            spectrum_components_95=5,
            **shared,
        ),
        dict(
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
    assert found['splice'] == [
        dict(key='suggested', seed=4, plain=0.5, spliced=0.25, with_error=0.5, deviation=0),
        dict(key='study', seed=4, plain=0.5, spliced=0.25, with_error=0.375, deviation=0.125),
    ]
    assert [network['key'] for network in found['networks']] == [
        'plain',
        'control',
        'spliced',
        'improved',
        'improved_study',
        'scratch',
        'longer',
        'noskip',
    ]
    assert len(found['comparisons']) == 9 * 3


@pytest.mark.slow
def test_the_report_takes_the_place_of_an_earlier_one(settings: Settings) -> None:
    source = settings.work_dir / 'analysis_plain'
    write_results(source)
    before = (source / 'results.json').read_bytes()
    out = settings.work_dir / 'report'
    out.mkdir()
    (out / 'stale.txt').touch()
    written = dict(
        skips=skip_results(),
        walk=walk_results(),
        redundancy=redundancy_results(),
        misclassified=misclassified_results(),
    )
    for name, value in written.items():
        write_json(result_of(settings, name), value)
    collect(settings)
    assert not (out / 'stale.txt').exists()
    results = json.loads((out / 'results.json').read_text())
    assert {key: value for key, value in results.items() if key not in ('study', 'interventions')} == json.loads(before)
    assert results['interventions']['walks'] == [written['walk']]
    assert results['study'] == json.loads(json.dumps(study_results(settings, results['analyses'])))
    assert (source / 'results.json').read_bytes() == before
    text = (out / 'table.md').read_text()
    assert '| plain | 6 | 0.583 ± 0.118 | ' in text  # 1.5 / 3 and 2 / 3
    assert '| plain, trained on - plain | +0.250 | ' in text
    assert 'control' in (out / 'report.html').read_text()
    assert not [file for file in settings.work_dir.iterdir() if file.name.startswith('.')]
    assert tuple(results['study']['mean_pose']) == GROUPS
