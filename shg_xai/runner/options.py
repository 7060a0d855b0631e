"""Command-line options, MMPose's own and ours; imports neither torch nor MMPose."""

import argparse
import os

from mmengine.config import DictAction


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share.

    Args:
        parser: Changed in place.
    """
    parser.add_argument(
        '--work-dir', metavar='DIR', help='where logs and checkpoints go; default: work_dirs/<config name>'
    )
    parser.add_argument(
        '--data-root',
        metavar='DIR',
        help='folder of the data set (annotations/, train2017/, val2017/); short '
        'for the data_root of every dataset in the config',
    )
    parser.add_argument(
        '--held-out',
        action='store_true',
        help='train without the persons tools/split_coco.py held out, test on '
        'them, and subtract the mean RGB it computed',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='compute in bfloat16 where that is safe (autocast); two to three '
        'times faster on processors and GPUs that have it',
    )
    parser.add_argument('--show-dir', metavar='DIR', help='draw predictions into this folder')
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument(
        '--interval', type=int, default=1, metavar='N', help='draw every N-th sample; default: %(default)s'
    )
    parser.add_argument(
        '--wait-time', type=float, default=1, metavar='S', help='seconds a window stays; default: %(default)s'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='override settings of the config, e.g. train_cfg.max_epochs=2 '
        'model.backbone.depth=3 "codec.heatmap_size=(64,64)"',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='job launcher; pytorch: start with torchrun. Without a GPU the processes talk through gloo',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the command line, and tell MMEngine the process's rank.

    Returns:
        The options.
    """
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args
