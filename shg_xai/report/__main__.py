"""Draw the report of an analysis again: ``python -m shg_xai.report OUT``."""

import argparse
from pathlib import Path

from shg_xai.cli import run

DESCRIPTION = 'Draw figures and report.html from the results in a folder that tools/analyze_latent.py wrote.'


def main() -> None:
    """Parse the command line and write the report; nothing is computed anew."""
    parser = argparse.ArgumentParser(prog='python -m shg_xai.report', description=DESCRIPTION)
    parser.add_argument('out', type=Path, metavar='OUT', help='the folder')
    out = parser.parse_args().out
    from shg_xai.report.page import write_report

    print(write_report(out))


if __name__ == '__main__':
    run(main)
