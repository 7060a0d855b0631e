"""How much of a processor there is."""

import os


def cores() -> int:
    """Cores that this process may use, at least 1: those it is bound to where the system says so, else all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
