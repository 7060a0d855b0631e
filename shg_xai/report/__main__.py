"""Draw figures and report.html again from the results in a folder that tools/analyze_latent.py wrote."""

import argparse
from pathlib import Path

from shg_xai.cli import run


def main() -> None:
    """Parse the command line and write the report; nothing is computed anew."""
    parser = argparse.ArgumentParser(prog='python -m shg_xai.report', description=__doc__)
    parser.add_argument('out', type=Path, metavar='OUT', help='the folder')
    out = parser.parse_args().out
    from shg_xai.report.page import write_report

    print(write_report(out))


if __name__ == '__main__':
    run(main)
