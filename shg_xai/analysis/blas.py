"""The fastest linear algebra this machine has; to be chosen before NumPy is imported."""

import os
import sys
from pathlib import Path

# What OpenBLAS' kernels for SkylakeX use.
NEEDED = {'avx512f', 'avx512dq', 'avx512cd', 'avx512bw', 'avx512vl'}


def choose_kernels(cpuinfo: Path = Path('/proc/cpuinfo')) -> bool:
    """Let OpenBLAS use AVX-512 on processors of AMD that have it.

    OpenBLAS 0.3.30, in the wheels of NumPy and SciPy, takes Zen 4 and 5 for processors without;
    on Zen 5 its AVX-512 kernels are 1.8 times as fast (benchmarks/analysis.py --kernels). A
    variable OPENBLAS_CORETYPE in the environment is left as it is.

    Args:
        cpuinfo (Path): Where Linux describes the processor.

    Returns:
        bool: Whether they were chosen.
    """
    if 'numpy' in sys.modules or 'OPENBLAS_CORETYPE' in os.environ or not cpuinfo.is_file():
        return False
    first = cpuinfo.read_text().split('\n\n')[0]
    facts = dict(line.split(':', 1) for line in first.splitlines() if ':' in line)
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    chosen = (facts.get('vendor_id') == 'AuthenticAMD'
              and set(facts.get('flags', '').split()) >= NEEDED)
    if chosen:
        os.environ['OPENBLAS_CORETYPE'] = 'SkylakeX'
    return chosen
