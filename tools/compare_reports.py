#!/usr/bin/env python
"""Two reports side by side on one page: tools/compare_reports.py A B --out PAGE.html"""

from shg_xai.cli import run
from shg_xai.options import parse
from shg_xai.report.versus_page import VersusOptions, write_versus

DESCRIPTION = """What do two reports say, side by side? One page: the headline of every question that both answer, the
numbers that both have with their intervals, and which verdicts and claims differ. Two runs were not tested against one
another, so the page calls nothing better; it shows which intervals do not touch.

  tools/analyze_latent.py STORE --out first         # or the report of a study
  tools/analyze_latent.py OTHER_STORE --out second
  tools/compare_reports.py first second --out compared.html

To test two networks on the same persons, use tools/compare_networks.py."""


def main() -> None:
    print(write_versus(parse(VersusOptions, DESCRIPTION)))


if __name__ == '__main__':
    run(main)
