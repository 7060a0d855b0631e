"""A photo that nobody has annotated, as the network takes the persons of a data set: through the same crop."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import Compose
from mmpose.apis.inference import dataset_meta_from_config
from torch.utils.data import Dataset

import shg_xai.plugin  # noqa: F401  (the config's transforms are MMPose's and ours)
from shg_xai.datasets.crops import box_in_image
from shg_xai.errors import InputError
from shg_xai.latents.schema import Json, flat, shorten
from shg_xai.latents.selection import Selection
from shg_xai.runner.supported import type_name

ANNOTATED = ('GenerateTarget', 'LoadVisibility')  # steps that are about what is annotated, and change no pixel
Box = tuple[float, float, float, float]


class OnePhoto(Dataset[Any]):
    """A data set of one person: a photo and a box in it; see MMPose's ``inference_topdown``."""

    def __init__(self, photo: Path, box: Box, cfg: Config) -> None:
        meta = photo_meta(cfg)
        self.person = dict(img_path=str(photo), bbox_score=np.ones(1, np.float32), **meta)
        self.box, self.source = np.array([box], np.float32), cfg.filename
        self.pipeline = Compose(photo_pipeline(cfg))

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Any:
        """The sample; InputError where the config's crop needs annotations."""
        try:
            return self.pipeline({**self.person, 'bbox': self.box.copy()})
        except KeyError as error:
            fault = f'its pipeline needs {error} of a person, which nobody knows of a photo'
            raise InputError(
                f'{self.source}: {fault}; set the pipeline of val_dataloader with --cfg-options'
            ) from error


def photo_meta(cfg: Config) -> Json:
    """What a config knows of its joints: names, links, which are mirrored; InputError if nothing."""
    for split in ('val', 'test', 'train'):
        if cfg.get(f'{split}_dataloader') and (found := dataset_meta_from_config(cfg, split)):
            known: Json = found
            return known
    raise InputError(f'{cfg.filename}: its data sets name no joints; give val_dataloader.dataset a metainfo')


def photo_pipeline(cfg: Config) -> list[Any]:
    """The steps of a config that bring a stored person into the network, without those about annotations."""
    steps = (cfg.get('val_dataloader') or cfg.test_dataloader).dataset.pipeline
    return [step for step in steps if type_name(step['type']) not in ANNOTATED]


def check_box(box: Box, size: tuple[int, int]) -> None:
    """Raise InputError where a box of x1, y1, x2, y2 has no area in a photo (width, height)."""
    try:
        box_in_image(np.array(box, float), size)
    except InputError as error:
        said = ' '.join(f'{value:g}' for value in box)
        fault = f'has no area in the photo of {size[0]} x {size[1]} pixels'
        raise InputError(f'--box {said}: {fault}; give x1 y1 x2 y2, the upper left and lower right corner') from error


def check_same_input(cfg: Config, selection: Selection) -> None:
    """Raise InputError where a store was made with another crop or other colours than the config gives a network."""
    source = selection.store.manifest.source
    known = dict(pipeline=source.get('pipeline'), model=source.get('model'))
    own = json.loads(json.dumps(Config(dict(pipeline=photo_pipeline(cfg), model=cfg.model)).to_dict(), default=str))
    stored, given = (_input(one) for one in (known, own))
    if different := [key for key in sorted({*stored, *given}) if stored.get(key) != given.get(key)]:
        key = different[0]
        values = ' where the store has '.join(shorten(one.get(key)) for one in (given, stored))
        fault = f'gives the network another input than its store has seen: {key[1:]} is {values}'
        raise InputError(f'{cfg.filename}: {fault}; give the config that {selection.store.folder} was dumped with')


def _input(made: Json) -> Json:
    """What decides about a network's input, flat; nothing of what is not told."""
    left_out = (*ANNOTATED, 'PackPoseInputs')
    steps = [step for step in made['pipeline'] or () if type_name(step['type']) not in left_out]
    colours = dict((made['model'] or {}).get('data_preprocessor') or {})
    for key in ('type', 'non_blocking'):  # how a batch is brought there
        colours.pop(key, None)
    return flat(dict(pipeline=steps, data_preprocessor=colours), '')
