"""The whole measurement of a small network of random weights, against splices by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config

import shg_xai.plugin  # noqa: F401
from shg_xai.chapters.bottlenecks.learned import Learned
from shg_xai.chapters.bottlenecks.measure import measure, sample
from shg_xai.chapters.bottlenecks.options import BottlenecksOptions
from shg_xai.chapters.bottlenecks.results import Bottlenecks
from shg_xai.errors import InputError
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.results_file import read_answer, write
from tests.helpers.data import write_coco
from tests.helpers.full_passes import THR, batches, dumped, exactly, labelled_pck
from tests.helpers.small_network import LAYER, load, save_network, small_config

pytestmark = pytest.mark.usefixtures('one_thread')


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Config:
    """A small network of random weights and a store of its training persons' latents, beside one of other weights."""
    folder = tmp_path_factory.mktemp('bottlenecks')
    data = write_coco(folder / 'coco', train_images=40)
    more = (f'val_evaluator.0.thr={THR}', f'test_evaluator.thr={THR}')
    cfg = small_config(repo_root / 'configs/shg_coco.py', data, folder / 'work', *more)
    for name, seed in (('other', 1), ('store', 0)):
        cfg.load_from, cfg.resume = str(save_network(cfg, folder / f'{name}.pth', seed)), False
        cfg.experiment_name += '_'
        options: dict[str, Any] = dict(layers=(LAYER,), split='train', dtype='float32', predictions=False)
        dump_latents(cfg, cfg.load_from, DumpOptions(out=folder / name, **options))
    return cfg


def options(cfg: Config, **more: Any) -> BottlenecksOptions:
    folder = Path(cfg.load_from).parent
    small: dict[str, Any] = dict(store=folder / 'store', kinds=('topk',), width=4, active=2, starts=2, steps=10)
    small |= dict(bootstrap=20, permutations=19, steered=1, random=3, layer=LAYER)
    return BottlenecksOptions(**small | dict(config='c.py', checkpoint=cfg.load_from) | more)


@pytest.fixture(scope='module')
def run(made: Config) -> Callable[..., Bottlenecks]:
    return lambda **more: measure(options(made, **dumped(made), **more))


@pytest.fixture(scope='module')
def answer(made: Config, run: Callable[..., Bottlenecks]) -> Bottlenecks:
    return run(untrained=Path(made.load_from).parent / 'other')


def by_hand(cfg: Config, change: Callable[[torch.Tensor], torch.Tensor]) -> float:
    """Labelled PCK of full test steps in which a hook puts in what a function makes of the latent."""
    model: Any = load(cfg, Path(cfg.load_from))
    model.eval().get_submodule(LAYER).register_forward_hook(lambda module, inputs, output: change(output))
    samples: list[Any] = []
    for batch in batches(cfg):
        with torch.no_grad():
            samples += model.test_step(batch)
    return labelled_pck(samples, [sample.pred_instances.keypoints[0] for sample in samples])


def test_every_part_is_there_and_can_be_written(answer: Bottlenecks, tmp_path: Path) -> None:
    kinds = [(one.name, one.latents) for one in answer.bottlenecks]
    assert kinds == [('components', 'trained'), ('topk', 'trained'), ('components', 'untrained'), ('topk', 'untrained')]
    assert [one.spliced is not None for one in answer.bottlenecks] == [True, True, False, False]
    assert answer.trained_on + answer.measured_on == 80 and answer.measured_on == 32
    pairs = [('topk', 'components'), ('components', 'untrained'), ('topk', 'untrained')]
    assert [(one.name, one.than) for one in answer.compared] == 2 * pairs
    assert {one.name for one in answer.steered} == {'components', 'topk'}
    write(tmp_path / 'found.json', answer)
    assert read_answer(tmp_path / 'found.json', Bottlenecks) == answer


def test_pck_at_the_splice_is_that_of_full_passes(made: Config, answer: Bottlenecks) -> None:
    selection = select(LatentStore.open(Path(made.load_from).parent / 'store'))
    own = Learned.of(selection, options(made), {})
    topk = next(one for one in answer.bottlenecks if one.name == 'topk')
    components, _ = answer.bottlenecks[:2]
    assert topk.spliced and components.spliced

    def through(place: int) -> Callable[[torch.Tensor], torch.Tensor]:
        return lambda x: own.necks['topk'][place](x).detach()

    expected = np.mean([by_hand(made, through(place)) for place in range(2)])
    assert topk.spliced.pck.value == exactly(float(expected))
    assert answer.untouched.value == exactly(by_hand(made, lambda x: x))
    mean, vectors = (torch.from_numpy(part.copy()).float() for part in (own.components.mean, own.vectors))
    projected = by_hand(made, lambda x: (mean + (x.flatten(1) - mean) @ vectors @ vectors.T).reshape(x.shape))
    assert components.spliced.pck.value == exactly(projected)
    lost = topk.spliced.lost.value
    assert lost == exactly(answer.untouched.value - float(expected))


def test_at_most_so_many_persons_whole_images_are_used(made: Config) -> None:
    selection = select(LatentStore.open(Path(made.load_from).parent / 'store'))
    some = sample(selection, options(made, most=40))
    assert len(some) == 40  # two an image
    assert not set(some.image_ids) & set(np.setdiff1d(selection.image_ids, some.image_ids))
    assert sample(selection, options(made)) is selection


def test_a_store_of_other_persons_is_refused(made: Config, tmp_path: Path, run: Callable[..., Bottlenecks]) -> None:
    few: dict[str, Any] = dict(layers=(LAYER,), split='train', dtype='float32', predictions=False, limit=9)
    made.experiment_name += '_'
    dump_latents(made, made.load_from, DumpOptions(out=tmp_path / 'few', **few))
    with pytest.raises(InputError, match=r'--untrained .*few: has not all persons of'):
        run(untrained=tmp_path / 'few')
