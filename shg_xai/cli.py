"""How every command line of this project ends."""

import sys
import warnings
from collections.abc import Callable
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
    sys.exit(0)
