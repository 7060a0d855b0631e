"""How a process handles the memory that it frees."""

import ctypes
import sys

# glibc's malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Let the process keep memory it frees, for the next layer to use; returns whether there is a glibc to do so.

    On the CPU every layer of a network, and every step of a drawing, allocates and frees arrays of up to many
    megabytes. By default glibc gives each back to the system, which hands it out again page by page, zeroed. Keeping
    them makes the study's network about 1.15 times faster on the CPU (``benchmarks/network.py``) for about 20 % more
    memory, and the drawing of people 1.2 times.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None) if sys.platform.startswith('linux') else None
    if mallopt is None:
        return False
    return all([mallopt(M_MMAP_MAX, 0), mallopt(M_TRIM_THRESHOLD, 2**31 - 1), mallopt(M_TOP_PAD, 64 * 2**20)])
