"""How every command line of this project ends."""

import multiprocessing
import os
import shlex
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from shg_xai.errors import InputError

# Threads of PyTorch that wait for each other sleep instead of spinning: a wide network is as fast on an idle machine,
# within 4 %, and beside another busy program a training takes half as long. (One as small as the demo's gains nothing
# by a second thread then, see SHARED in study/plan.py.) libgomp reads it when PyTorch loads it, which comes later.
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')

AGAIN = 'nothing half done is kept; run the same command again'
GOES_ON = 'run the same command again, and it goes on where it was'


def run(main: Callable[[], None], interrupted: str = AGAIN) -> NoReturn:
    """Run a command; what goes wrong for its user's sake is one line on stderr, without traceback.

    Bad input ends it with exit code 2, Ctrl-C with 130; ``interrupted`` says how to go on then.
    """
    # MMEngine's, at every start; it is pinned to a setuptools that still has pkg_resources.
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated')
    # MMPose's, whenever it reads COCO's joints from its own package instead of the folder it is in.
    warnings.filterwarnings('ignore', message='The metainfo config file')
    with _interrupts() as interrupts:
        try:
            main()
        except BaseException as error:
            if interrupts:  # whatever else has come of it
                _leave_now(130, f'interrupted: {interrupted}')
            if not isinstance(error, InputError):
                raise
            # From a worker process of torch's the message arrives behind the worker's traceback.
            message = str(error).split(f'{InputError.__name__}: ')[-1]
            print('error: ' + ' '.join(message.split()), file=sys.stderr)
            sys.exit(2)
    _leave_distributed()
    sys.exit(0)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """A list that Ctrl-C adds to, besides raising KeyboardInterrupt, which libraries turn into errors of other kinds.

    It is the main process's: its workers, who get it from the terminal, too, go on until they are ended. Where Python
    must ignore what is raised, while an object is deleted (a loader of data waits for its workers then), it is raised
    again a little later.
    """
    interrupts: list[int] = []
    main_process, ignored = os.getpid(), sys.unraisablehook

    def interrupt(number: int, frame: FrameType | None) -> None:
        if os.getpid() == main_process:
            interrupts.append(number)
            raise KeyboardInterrupt

    def once_more(unraisable: 'sys.UnraisableHookArgs') -> None:  # there for type checkers alone
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            signal.signal(signal.SIGALRM, interrupt)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
        else:
            ignored(unraisable)

    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # as nohup has it
        yield interrupts
        return
    signal.signal(signal.SIGINT, interrupt)
    sys.unraisablehook = once_more
    try:
        yield interrupts
    finally:
        sys.unraisablehook = ignored
        signal.signal(signal.SIGINT, before)


def _leave_now(code: int, line: str) -> NoReturn:
    """End this process and its workers without waiting for threads; of a launch the first one says why."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for worker in multiprocessing.active_children():
        worker.terminate()
    with suppress(OSError):  # nobody listens any more
        sys.stdout.flush()
        if os.environ.get('RANK', '0') == '0':
            print(line, file=sys.stderr, flush=True)
    os._exit(code)


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
