"""How every command line of this project ends."""

import sys
from collections.abc import Callable
from typing import NoReturn

from shg_xai.errors import InputError


def run(main: Callable[[], None]) -> NoReturn:
    """Run a command; bad input becomes one line on stderr and exit code 2, without traceback."""
    try:
        main()
    except InputError as error:
        # From a worker process of torch's the message arrives behind the worker's traceback.
        message = str(error).split(f'{InputError.__name__}: ')[-1]
        print('error: ' + ' '.join(message.split()), file=sys.stderr)
        sys.exit(2)
    sys.exit(0)
