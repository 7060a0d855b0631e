"""How every command line of this project ends."""

import os
import shlex
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from shg_xai.errors import InputError


def run(main: Callable[[], None]) -> NoReturn:
    """Run a command; bad input becomes one line on stderr and exit code 2, without traceback."""
    # MMEngine's, at every start; it is pinned to a setuptools that still has pkg_resources.
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    # MMPose's, whenever it reads COCO's joints from its own package instead of the folder it is in.
    warnings.filterwarnings('ignore', message='The metainfo config file')
    try:
        main()
    except InputError as error:
        # From a worker process of torch's the message arrives behind the worker's traceback.
        message = str(error).split(f'{InputError.__name__}: ')[-1]
        print('error: ' + ' '.join(message.split()), file=sys.stderr)
        sys.exit(2)
    _leave_distributed()
    sys.exit(0)


def command_line() -> str:
    """What the user typed, with the tool named from the checkout on, for the record in results."""
    return shlex.join([f'tools/{Path(sys.argv[0]).name}', *sys.argv[1:]])


def _leave_distributed() -> None:
    """End a process of a launch here and now, once all have come to their end.

    Threads of torch.distributed's may still run while the interpreter takes itself apart; every few runs that aborts a
    process ("terminate called without an active exception").
    """
    distributed = getattr(sys.modules.get('torch'), 'distributed', None)
    if distributed is not None and distributed.is_initialized():
        distributed.barrier()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
