"""A small network of ours and its persons, for tests of what is done to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from shg_xai.interventions.network import Network, open_network
from shg_xai.interventions.persons import Persons, build_loader, open_persons
from tests.helpers.data import write_coco
from tests.helpers.small_network import save_network, small_config


class Opened:
    """A network with its six persons, in batches of four and two."""

    def __init__(self, cfg: Config) -> None:
        self.cfg = cfg
        self.persons: Persons = open_persons(cfg, 'val')
        self.network: Network = open_network(cfg, cfg.load_from, self.persons.dataset, 'val')

    def loader(self, persons: Persons | None = None) -> Any:
        return build_loader(self.cfg, (persons or self.persons).dataset)


@pytest.fixture(scope='session')
def opened(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Callable[..., Opened]:
    """Opens a network, with a flip test or without."""
    folder = tmp_path_factory.mktemp('opened')
    data = write_coco(folder / 'coco')
    made: dict[bool, Opened] = {}

    def make(flip: bool = False) -> Opened:
        if flip not in made:
            cfg = small_config(
                repo_root / 'configs/shg_coco.py',
                data,
                folder / f'work{flip}',
                f'model.test_cfg.flip_test={flip}',
                'val_evaluator.0.thr=0.4',
            )
            cfg.load_from = str(save_network(cfg, folder / 'small.pth'))
            made[flip] = Opened(cfg)
        return made[flip]

    return make
