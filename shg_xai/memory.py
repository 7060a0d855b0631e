"""How a process handles the memory that it frees."""

import ctypes
import sys
from collections.abc import Callable

# glibc's malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -2, -3, -4
LARGE, KEPT = 4 << 20, 64 << 20  # bytes
_keeps_all = list[bool]()  # whether this process has been told to


def keep_freed_memory() -> bool:
    """Let the process keep memory it frees, for the next layer to use; returns whether there is a glibc to do so.

    On the CPU every layer of a network, and every step of a drawing, allocates and frees arrays of up to many
    megabytes. By default glibc gives each back to the system, which hands it out again page by page, zeroed. Keeping
    them makes the study's network about 1.15 times faster on the CPU (``benchmarks/network.py``) for about 20 % more
    memory, and the drawing of people 1.2 times.
    """
    mallopt = _mallopt()
    if mallopt is None:
        return False
    _keeps_all.append(True)
    return all([mallopt(M_MMAP_MAX, 0), mallopt(M_TRIM_THRESHOLD, 2**31 - 1), mallopt(M_TOP_PAD, 64 * 2**20)])


def give_back_large_arrays() -> None:
    """Let the process take large arrays from the system and give them back one by one, or it would grow with the
    persons; others it keeps for the next one, up to 64 MB. Nothing changes where it keeps all.
    """
    mallopt = _mallopt()
    if mallopt is not None and not _keeps_all:
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, KEPT)


def _mallopt() -> Callable[[int, int], int] | None:
    """glibc's, where there is one."""
    return getattr(ctypes.CDLL(None), 'mallopt', None) if sys.platform.startswith('linux') else None
