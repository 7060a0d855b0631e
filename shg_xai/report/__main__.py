"""Draw figures and report.html again from the results in a folder that tools/analyze_latent.py wrote."""

import argparse
from pathlib import Path

from shg_xai.cli import run


def main() -> None:
    """Parse the command line and write the report; nothing is computed anew."""
    parser = argparse.ArgumentParser(prog='python -m shg_xai.report', description=__doc__)
    parser.add_argument('out', type=Path, metavar='OUT', help='the folder')
    parser.add_argument('--markdown', type=Path, metavar='FILE', help='write it as Markdown instead, for documentation')
    parser.add_argument('--figures', nargs='+', default=(), metavar='NAME', help='figures to show there')
    args = parser.parse_args()
    if args.markdown:
        from shg_xai.report.markdown import write_markdown

        print(write_markdown(args.out, args.markdown, args.figures))
        return
    from shg_xai.report.page import write_report

    print(write_report(args.out))


if __name__ == '__main__':
    run(main)
