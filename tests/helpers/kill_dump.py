"""Kills a dump of latents again and again: python -m tests.helpers.kill_dump PEOPLE OUT KILLS SEED

A process that has imported everything forks; the child dumps, the parent kills it after a while.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from shg_xai.errors import InputError
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.runner.config import read_config

CONFIG = 'configs/demo/shg_people.py'
LAYER = 'backbone.hourglasses.0.bottleneck_residuals'


def dump(people: str, out: Path) -> None:
    """Store the latents of all test persons, a few in a file."""
    cfg = read_config(CONFIG)
    for name in ('val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=4, num_workers=0, persistent_workers=False)
        cfg[name].dataset.data_root = people
    cfg.work_dir, cfg.launcher = str(out.parent / 'work'), 'none'
    cfg.log_level, cfg.experiment_name = 'ERROR', f'dump_{out.name}_{os.getpid()}'
    dump_latents(cfg, None, DumpOptions(layers=(LAYER,), out=out, split='test', dtype='float32', rows_per_shard=7))


def in_child(people: str, out: Path, seconds: float | None) -> bool:
    """Dump in a child, which is killed after so many seconds; True if it came to its end."""
    child = os.fork()
    if not child:
        status = 1
        try:
            dump(people, out)
            status = 0
        except InputError as error:
            print(error, file=sys.stderr)
        finally:
            os._exit(status)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit('the dump failed by itself')
    return os.WIFEXITED(status)


def main() -> None:
    people, out, kills, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    moment = random.Random(seed)
    start = time.monotonic()
    in_child(people, out.with_name('whole'), None)
    whole = time.monotonic() - start
    killed = complete = 0
    while killed < kills:
        # A later dump has less to do, so the moments come earlier on the whole.
        if in_child(people, out, moment.uniform(0, whole)):
            out.rename(out.with_name(f'complete_{complete}'))  # done too early: from scratch again
            complete += 1
        else:
            killed += 1
    in_child(people, out, None)
    print(f'killed {killed} times')


if __name__ == '__main__':
    main()
