#!/usr/bin/env python
"""Two networks person by person: tools/compare_networks.py FIRST.parquet SECOND.parquet --store STORE --out FILE"""

from shg_xai.chapters.disagreement.options import DisagreementOptions
from shg_xai.cli import command_line, run
from shg_xai.errors import InputError
from shg_xai.options import parse
from shg_xai.results_file import write

DESCRIPTION = """Whom does one network get right and another wrong? From the PCK of each person in two tests: how many
persons each meets better, whether that is more than two trainings of one network differ by (--again), and on which
groups of persons, by their annotations, the difference is another than on the rest.

  tools/test.py CONFIG FIRST.pth --persons first.parquet
  tools/test.py OTHER_CONFIG SECOND.pth --persons second.parquet
  tools/dump_latents.py CONFIG FIRST.pth --split test --layers LAYER --out latents/test
  tools/compare_networks.py first.parquet second.parquet --store latents/test --out compared.json"""


def main() -> None:
    options = parse(DisagreementOptions, DESCRIPTION)
    if options.out.is_dir():
        raise InputError(f'--out {options.out}: is a folder; name a file')
    from shg_xai.chapters.disagreement.findings import sentences
    from shg_xai.chapters.disagreement.measure import measure

    answer = measure(options)
    answer.command = command_line()
    write(options.out, answer)
    print('\n'.join(sentences(answer)))


if __name__ == '__main__':
    run(main)
