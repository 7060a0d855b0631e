#!/usr/bin/env python
"""The layers of a network and the sizes of what they put out: tools/list_layers.py CONFIG"""

import json
import math
import signal
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from shg_xai.cli import run
from shg_xai.errors import InputError
from shg_xai.options import parse
from shg_xai.runner.options import CfgOptions, CommonOptions
from shg_xai.writing import write_aside

if TYPE_CHECKING:
    from shg_xai.runner.layers import LayerInfo

DESCRIPTION = """List every layer that fires when a network sees an image, in that order, with the shape of its output
for one person and the memory that takes. Reads no images and no checkpoint, and computes nothing.

  tools/list_layers.py configs/shg_coco.py --match '*bottleneck*'
  tools/list_layers.py mmpose::body_2d_keypoint/topdown_heatmap/coco/\\
td-hm_res50_8xb64-210e_coco-256x192.py --match 'backbone*'

A name is what tools/dump_latents.py --layers takes. The study's latent, 256 channels of 4 x 4, is
backbone.hourglasses.0.bottleneck_residuals. Where a layer puts out several tensors, each has a name of its own:
backbone:0, backbone:1, or name:key."""

NOTES = {
    '*': 'fires more than once a pass; the shape is that of the first call',
    '!': 'not one entry a person: the shape is that of the whole output for one image, and '
    'tools/dump_latents.py cannot tell the persons apart',
}


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Which layers of which network."""

    config: Annotated[Positional[str], arg(metavar='CONFIG')]
    """config file, e.g. configs/shg_coco.py, or one that comes with MMPose: mmpose::FOLDER/.../NAME.py"""
    match: Annotated[str, arg(metavar='GLOB')] = '*'
    """only layers whose name fits, e.g. "*.bottleneck_residuals"; *, ? and [] as in file names, * fits dots too"""
    batch: Annotated[int, arg(metavar='N')] = 1  # give the memory for N persons
    json: Annotated[Path | None, arg(metavar='FILE')] = None  # also write the list here
    cfg_options: CfgOptions = ()

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise InputError(f'--batch {self.batch}: give at least 1 person')


def table(layers: list['LayerInfo'], batch: int) -> str:
    """The layers as lines of text, with the notes they need."""
    rows, marks = [['name', 'shape', 'calls', 'KiB float16', 'KiB float32']], ''
    for layer in layers:
        kib = [f'{math.prod(layer.shape) * batch * size / 1024:,.1f}' for size in (2, 4)]
        mark = ('*' if layer.calls > 1 else '') + ('' if layer.per_person else '!')
        rows.append([layer.name, ' x '.join(map(str, layer.shape)) or 'a number', f'{layer.calls}{mark}', *kib])
        marks += mark
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [zip(row, '<<>>>', widths, strict=True) for row in rows]
    lines = ['  '.join(f'{cell:{side}{width}}' for cell, side, width in row) for row in sides]
    return '\n'.join([*lines, *(f'{key} {note}' for key, note in NOTES.items() if key in marks)])


def main() -> None:
    options = parse(ListOptions, DESCRIPTION)
    # Everything below imports torch and MMPose, which --help does without.
    from shg_xai.runner.config import merge_overrides, read_config
    from shg_xai.runner.layers import config_path, input_size, list_layers, nearest_names

    cfg = read_config(config_path(options.config))
    merge_overrides(cfg, CommonOptions(cfg_options=options.cfg_options), options.config)
    layers = list_layers(cfg)
    shown = [layer for layer in layers if fnmatchcase(layer.name, options.match)]
    if not shown:
        near = nearest_names(options.match.strip('*'), [layer.name for layer in layers])
        there = f'; there are {", ".join(near)}' if near else ''
        raise InputError(f'--match {options.match}: fits none of {len(layers)} names{there}')
    width, height = input_size(cfg)
    if options.json:
        sizes = [{f'bytes_float{8 * size}': size * math.prod(layer.shape) for size in (2, 4)} for layer in shown]
        entries = [vars(layer) | size for layer, size in zip(shown, sizes, strict=True)]
        content = dict(schema_version=1, config=options.config, input_size=(width, height), layers=entries)
        write_aside(options.json, json.dumps(content, indent=2) + '\n')
    whom = f'{options.batch} {"person" if options.batch == 1 else "persons"}'
    print(f'{len(shown)} of {len(layers)} outputs, image {width} x {height}, memory for {whom}\n')
    print(table(shown, options.batch))


if __name__ == '__main__':
    if hasattr(signal, 'SIGPIPE'):  # the list is long: end quietly behind `| head`
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    run(main)
