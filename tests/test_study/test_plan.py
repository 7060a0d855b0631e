"""The plan of a study: every stage after those it depends on, and no more than was asked for."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shg_xai.chapters.networks.options import NETWORKS
from shg_xai.study.configs import write_all, write_plain_configs
from shg_xai.study.costs import Costs
from shg_xai.study.plan import Plan
from shg_xai.study.settings import Settings
from shg_xai.study.stages import Stage
from tests.helpers.study_settings import COSTS, ROOT, TIMING, settings_of, write_widths

INTERVENTIONS = ('skips 0', 'walk 0', 'redundancy 0', 'misclassified 0')
CASES: dict[str, dict[str, Any]] = {
    'all': {},
    'people': dict(people=(4000, 500)),
    'seeds': dict(seeds=(4, 1, 2)),
    'stacks': dict(stacks=2),
    'people_stacks': dict(people=(40, 5), stacks=2),
    'launched': dict(processes=4, amp=True),
    'limit': dict(limit=50),
    'none': dict(networks=()),
    **{name: dict(networks=(name,)) for name in NETWORKS},
    'demo': dict(networks=('control', 'improved'), people=(4000, 500)),
}


@pytest.fixture(params=CASES, ids=str)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    return settings_of(tmp_path, **CASES[request.param])


def plan_of(settings: Settings) -> list[Stage]:
    return Plan(settings, COSTS).stages()


def names_of(settings: Settings) -> list[str]:
    return [stage.name for stage in plan_of(settings)]


def paths_of(stage: Stage) -> Iterator[Path]:
    """Every file or folder that a stage's inputs and command name, patterns included."""
    yield from map(Path, stage.inputs)
    for word in stage.command:
        for part in re.findall(r'\{([^{}]+)\}', word) or [word]:
            if part.startswith('/'):
                yield Path(part)


def made_by(stage: Stage) -> list[Path]:
    """What a stage makes."""
    return [stage.output, *stage.beside]


def test_a_stage_comes_after_those_whose_outputs_it_reads(settings: Settings) -> None:
    stages = plan_of(settings)
    made = {path: place for place, stage in enumerate(stages) for path in made_by(stage)}
    read = 0
    for place, stage in enumerate(stages):
        own = {*made_by(stage)}
        for path in paths_of(stage):
            # The innermost of what is made decides: the split lies in the data.
            makers = [folder for folder in (path, *path.parents) if folder in made]
            if makers and makers[0] not in own:
                assert made[makers[0]] < place, f'{stage.name} reads {path}'
                read += 1
    assert read > 15


def test_whatever_a_stage_reads_below_the_work_folder_is_made(settings: Settings) -> None:
    stages = plan_of(settings)
    made = {path for stage in stages for path in made_by(stage)}
    for stage in stages:
        for path in map(Path, stage.inputs):
            if (
                path.is_relative_to(settings.work_dir)
                and path != (settings.work_dir / 'settings.json')
                and path.parent.name != 'configs'
            ):
                assert made & {path, *path.parents}, f'{stage.name} reads {path}'


@pytest.mark.parametrize('case', ['none', 'scratch', 'improved_study', 'people_stacks'])
def test_configs_are_there_when_a_stage_reads_them(tmp_path: Path, case: str) -> None:
    settings = settings_of(tmp_path, **CASES[case])
    write_plain_configs(settings)
    folder = settings.work_dir / 'configs'
    stages = plan_of(settings)
    names = [stage.name for stage in stages]
    last = names.index('choose width') if 'choose width' in names else len(names)
    for place, stage in enumerate(stages):
        later = [path for path in paths_of(stage) if path.parent == folder and not path.exists()]
        assert not later or place > last, f'{stage.name} reads {later}'
    write_widths(settings, [9] * settings.stacks)
    if last < len(names):
        write_all(settings)
    for stage in stages:
        for path in paths_of(stage):
            assert path.parent != folder or path.is_file(), f'{stage.name} reads {path}'


def test_names_and_outputs_are_unique_and_tools_exist(settings: Settings) -> None:
    stages = plan_of(settings)
    for found in (
        [stage.name for stage in stages],
        [stage.slug for stage in stages],
        [stage.output for stage in stages],
    ):
        assert len(set(found)) == len(found)
    for stage in stages:
        assert stage.output.is_relative_to(settings.work_dir)
        assert stage.seconds and stage.megabytes is not None and stage.megabytes >= 0
        assert len(set(stage.inputs)) == len(stage.inputs)
        if stage.command[0] == '-m':
            module = stage.command[1]
            assert module == 'torch.distributed.run' or (ROOT / f'{module.replace(".", "/")}.py').is_file()
        else:
            assert (ROOT / stage.command[0]).is_file()


def test_a_stage_that_runs_a_config_knows_when_it_changes(settings: Settings) -> None:
    for stage in plan_of(settings):
        if stage.name.startswith(('train ', 'test ')):
            configs = [
                path
                for path in paths_of(stage)
                if path.parent.name == 'configs' and path.is_relative_to(settings.work_dir)
            ]
            assert configs and {*map(str, configs)} <= {*stage.inputs}


def test_the_whole_plan_of_one_seed(tmp_path: Path) -> None:
    assert names_of(settings_of(tmp_path)) == [
        'data',
        'split',
        'mean pose',
        'train plain 0',
        'test plain 0',
        'dump plain 0',
        'dump untrained_0',
        'dump pixels_0',
        'dump unseen 0',
        'keep components 0',
        'choose width',
        'train control 0',
        'test control 0',
        'train ae_suggested_0_stack0',
        'test ae_suggested_0_stack0',
        'train improved 0',
        'test improved 0',
        'test spliced 0',
        'train ae_study_0_stack0',
        'test ae_study_0_stack0',
        'train improved_study 0',
        'test improved_study 0',
        'train scratch 0',
        'test scratch 0',
        'train longer 0',
        'test longer 0',
        'train noskip 0',
        'test noskip 0',
        'dump improved 0',
        'analyse both',
        *INTERVENTIONS,
        'compare plain control',
        'compare control improved',
        'compare plain noskip',
        'curves',
        'predictions',
        'report',
    ]


def test_the_plan_of_made_people(tmp_path: Path) -> None:
    stages = plan_of(settings_of(tmp_path, people=(40, 5), networks=('control', 'improved')))
    names = [stage.name for stage in stages]
    assert names[:3] == ['make people', 'make controlled people', 'mean pose']
    assert names[-12:] == [
        'dump plain 0 controlled',
        'dump improved 0 controlled',
        'analyse controlled',
        *INTERVENTIONS,
        'compare plain control',
        'compare control improved',
        'curves',
        'predictions',
        'report',
    ]
    words = stages[0].command
    assert [words[words.index(f'--{split}') + 1] for split in ('train', 'val', 'test')] == ['40', '5', '5']
    assert stages[0].seconds == pytest.approx(2 + 50 / 130)


@pytest.mark.parametrize('network', [None, *NETWORKS])
def test_what_is_not_asked_for_is_left_out(tmp_path: Path, network: str | None) -> None:
    networks = (network,) if network else ()
    stages = plan_of(settings_of(tmp_path, networks=networks))
    trained = {stage.name.split()[1] for stage in stages if stage.name.startswith('train ')}
    key = {'improved': {'ae_suggested_0_stack0'}, 'improved_study': {'ae_study_0_stack0'}}
    assert trained == {'plain', *networks} | key.get(network or '', set())
    others = set(NETWORKS) - {*networks} - ({'improved'} if network == 'scratch' else set())
    words = ' '.join(word for stage in stages for word in (*stage.command, *stage.inputs))
    for other in others:
        assert f'/{other}_0' not in words
    names = {stage.name for stage in stages}
    assert ('choose width' in names) == (network in ('improved', 'improved_study', 'scratch'))
    assert ('analyse both' in names) == ('test spliced 0' in names) == (network == 'improved')
    assert ('analyse plain' in names) != ('analyse both' in names)


def test_every_seed_is_trained_and_the_first_is_explained(tmp_path: Path) -> None:
    names = names_of(settings_of(tmp_path, seeds=(4, 1)))
    trained = [name.removeprefix('train ') for name in names if name.startswith('train ')]
    assert {name.replace('4', '1') for name in trained if '4' in name} == {name for name in trained if '1' in name}
    assert len(trained) == 2 * (1 + len(NETWORKS) + 2)
    dumped = ['plain 4', 'plain 1', 'untrained_4', 'pixels_4', 'unseen 4', 'improved 4']
    assert [name.removeprefix('dump ') for name in names if name.startswith('dump')] == dumped
    stages = {stage.name: stage for stage in plan_of(settings_of(tmp_path, seeds=(4, 1)))}
    assert not any('_1' in Path(word).name for word in stages['keep components 0'].command)
    report = [Path(word).name for word in stages['report'].inputs]
    assert {'plain_4.json', 'plain_1.parquet', 'spliced_1.json', 'noskip_4.parquet'} <= {*report}


@pytest.mark.parametrize('networks, last', [(('improved',), 'analyse both'), (('control',), 'analyse plain')])
def test_the_last_analysis_asks_what_other_seeds_say(tmp_path: Path, networks: tuple[str, ...], last: str) -> None:
    settings = settings_of(tmp_path, seeds=(4, 1, 2), networks=networks)
    stages = {stage.name: stage for stage in plan_of(settings)}
    stores = [str(settings.store_of('plain', seed)) for seed in (1, 2)]
    assert {f'{store}/manifest.json' for store in stores} <= {*stages[last].inputs}
    words = list(stages[last].command)
    place = words.index('--trainings') + 1
    assert words[place : place + 4] == [*stores, '--unseen', str(settings.store_of('unseen', 4))]
    alone = {stage.name: stage for stage in plan_of(settings_of(tmp_path, seeds=(4,), networks=networks))}
    assert not any('--trainings' in stage.command for stage in alone.values())
    # A training costs what a store costs.
    more = (stages[last].seconds or 0) - (alone[last].seconds or 0)
    assert more == pytest.approx(COSTS.analysing(len(stores))[0])


def test_pairs_stand_beside_other_trainings_of_the_first(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, seeds=(4, 1, 2), networks=('control', 'improved'))
    words = next(stage.command for stage in plan_of(settings) if stage.name == 'compare control improved')
    again = [str(settings.test_of('control', seed, 'parquet')) for seed in (1, 2)]
    assert words[words.index('--again') + 1 : words.index('--again') + 3] == tuple(again)
    assert words[1:3] == tuple(str(settings.test_of(name, 4, 'parquet')) for name in ('control', 'improved'))
    alone = plan_of(settings_of(tmp_path, seeds=(4,), networks=('control',)))
    assert [stage.name for stage in alone if stage.name.startswith('compare')] == ['compare plain control']
    assert not any('--again' in stage.command for stage in alone)


@pytest.mark.parametrize('networks', [NETWORKS, ('control',)])
def test_the_network_without_skips_is_the_control_of_skips_off(tmp_path: Path, networks: tuple[str, ...]) -> None:
    stages = {stage.name: stage for stage in plan_of(settings_of(tmp_path, networks=networks))}
    assert ('--against' in stages['skips 0'].command) == ('noskip' in networks)


def test_no_more_components_are_asked_for_than_there_are(tmp_path: Path) -> None:
    maker = Plan(settings_of(tmp_path), Costs(400, 10, 10, TIMING, 9, 100))
    words = {stage.name: stage for stage in maker.stages()}
    skips, walk = words['skips 0'].command, words['walk 0'].command
    assert skips[skips.index('--ks') + 1 : skips.index('--ks') + 3] == ('0', '8')
    assert walk[walk.index('--components') + 1 : walk.index('--concepts')] == ('1', '2', '3')


def test_three_persons_differ_along_two_components_and_show_no_concept(tmp_path: Path) -> None:
    maker = Plan(settings_of(tmp_path), Costs(3, 1, 1, TIMING, 512, 32_768))
    walk = next(stage.command for stage in maker.stages() if stage.name == 'walk 0')
    assert walk[walk.index('--components') + 1 : walk.index('--random')] == ('1', '2')


def test_two_stacks_have_a_width_and_an_autoencoder_each(tmp_path: Path) -> None:
    stages = {stage.name: stage for stage in plan_of(settings_of(tmp_path, stacks=2))}
    for name in ('keep components', 'train ae_suggested', 'train ae_study', 'test ae_suggested', 'test ae_study'):
        assert len([other for other in stages if other.startswith(name)]) == 2
    for stack in (0, 1):
        layer = f'backbone.hourglasses.{stack}.bottleneck_residuals'
        assert layer in stages[f'keep components {stack}'].command
        assert layer in stages['dump plain 0'].command
    both = next(
        word for word in stages['train improved 0'].command if word.startswith('default_hooks.splice.autoencoders=')
    )
    assert re.fullmatch(
        r'\S+=\[\{\S+ae_suggested_0_stack0/best\S+\},'
        r'\{\S+ae_suggested_0_stack1/best\S+\}\]',
        both,
    )
    words = stages['analyse both'].command
    layers = words[words.index('--layers') + 1 : words.index('--bootstrap')]
    stores = words[1 : words.index('--layers')]
    assert len(layers) == len(stores) == 6


@pytest.mark.parametrize(
    ('layer', 'seeds', 'networks', 'alone'),
    [
        (64 * 64 * 64, (0,), ('control', 'improved'), True),
        (32 * 32 * 32, (0,), ('control', 'improved'), False),  # threads would wait for each other
        (64 * 64 * 64, (0, 1), ('control', 'improved'), False),  # the other seed's runs beside it
        (64 * 64 * 64, (0,), ('control', 'noskip'), False),
    ],
)
def test_a_large_plain_network_that_all_wait_for_gets_the_machine(
    tmp_path: Path, layer: int, seeds: tuple[int, ...], networks: tuple[str, ...], alone: bool
) -> None:
    stages = Plan(settings_of(tmp_path, seeds=seeds, networks=networks), replace(COSTS, layer=layer)).stages()
    assert [stage.alone for stage in stages if stage.name == 'train plain 0'] == [alone]
    assert not any(stage.alone for stage in stages if stage.name != 'train plain 0')


def test_people_are_made_by_the_whole_machine(tmp_path: Path) -> None:
    stages = plan_of(settings_of(tmp_path, people=(40, 5), networks=('control', 'improved')))
    assert [stage.name for stage in stages if stage.alone] == ['make people']


def test_the_control_starts_from_the_plain_network_alone(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    stages = {stage.name: stage for stage in plan_of(settings)}
    words = stages['train control 0'].command
    assert words[-2:] == ('--cfg-options', f'default_hooks.splice.plain={{{settings.best_of("plain", 0)}}}')
    for name in ('plain', 'scratch', 'longer', 'noskip'):
        assert '--cfg-options' not in stages[f'train {name} 0'].command
    # As many steps: the plain network's and as many again as the improved one gets.
    seconds = {name: stage.seconds or 0 for name, stage in stages.items()}
    assert seconds['train control 0'] == seconds['train improved 0'] > 0
    together = seconds['train plain 0'] + seconds['train control 0'] - 8
    assert seconds['train scratch 0'] == pytest.approx(together)
    assert seconds['train longer 0'] == seconds['train scratch 0']


@pytest.mark.parametrize(('processes', 'amp'), [(1, False), (2, True)])
def test_several_processes_are_launched(tmp_path: Path, processes: int, amp: bool) -> None:
    stages = plan_of(settings_of(tmp_path, processes=processes, amp=amp))
    networks = [stage for stage in stages if stage.name.startswith('train ') and not stage.name.startswith('train ae')]
    assert len(networks) == 7
    for stage in stages:
        launched = stage in networks and processes > 1
        assert ('torch.distributed.run' in stage.command) == launched, stage.name
        assert ('--amp' in stage.command) == (stage in networks and amp)
        if launched:
            assert stage.command[:5] == ('-m', 'torch.distributed.run', '--nproc_per_node', '2', 'tools/train.py')
            assert ' --launcher pytorch' in ' '.join(stage.command)


@pytest.mark.parametrize('own', ['none', 'test file', 'people', 'split'])
def test_persons_are_held_out_without_an_own_test_set_only(tmp_path: Path, own: str) -> None:
    annotations = tmp_path / 'coco' / 'annotations'
    annotations.mkdir(parents=True)
    if own == 'test file':
        (annotations / 'person_keypoints_test2017.json').touch()
    if own == 'split':
        (annotations / 'split_info.json').touch()
    settings = settings_of(tmp_path, people=(40, 5) if own == 'people' else None)
    stages = {stage.name: stage for stage in plan_of(settings)}
    assert ('split' in stages) == (own == 'none')
    held_out = own in ('none', 'split')
    for name, stage in stages.items():
        if name.startswith(('train ', 'test ', 'dump ', 'keep ')) and ' ae_' not in name:
            expected = held_out and not name.endswith('controlled')
            assert ('--held-out' in stage.command) == expected, name
    name = 'split_test2017' if held_out else 'test2017'
    assert settings.annotations('test').stem == f'person_keypoints_{name}'
    if own == 'none':
        words = stages['split'].command
        assert words[words.index('--persons') + 1] == '100'


def test_a_limit_is_put_on_the_data(tmp_path: Path) -> None:
    data = plan_of(settings_of(tmp_path, limit=50))[0]
    assert data.command == ('-m', 'shg_xai.study.data', str(tmp_path / 'coco'), str(tmp_path / 'work' / 'data'), '50')
