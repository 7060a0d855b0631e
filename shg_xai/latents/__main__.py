"""Show what is in a latent store, or check all of it: ``python -m shg_xai.latents DIR``."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from shg_xai.cli import run
from shg_xai.latents.schema import flat, shorten
from shg_xai.latents.store import LatentStore
from shg_xai.latents.verify import verify
from shg_xai.options import parse


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which store."""

    folder: Annotated[Positional[Path], arg(metavar='DIR')]  # the store
    verify: bool = False  # read and check every value; exit code 2 if something is wrong


def size_text(size: int) -> str:
    """Bytes as a person reads them."""
    power = min(4, (max(size, 1).bit_length() - 1) // 10)
    return f'{size / 1024**power:.1f} {("B", "KiB", "MiB", "GiB", "TiB")[power]}' if power else f'{size} B'


def describe(store: LatentStore) -> str:
    """What is in a store, some lines."""
    manifest = store.manifest
    state = 'complete' if store.complete else 'incomplete: run the same command again'
    if len(store) > manifest.rows:
        state = 'more than expected: see --verify'
    lines = [f'{store.folder}: {len(store)} of {manifest.rows} rows, {state}']
    lines += [f'shards: {len(list(store.shards()))}, {size_text(store.size)}', 'layers:']
    for layer in manifest.layers:
        shape = ' x '.join(map(str, layer.shape)) or 'one value'
        array = store.array(layer.name)
        lines.append(f'  {layer.name}: {shape}, {array.dtype}, {size_text(array.nbytes)}')
    lines += [f'keypoints: {manifest.num_keypoints}', f'columns: {", ".join(store.columns)}']
    for part in ('source', 'environment'):
        lines.append(f'{part}:')
        for key, value in flat(getattr(manifest, part), '').items():
            text = value if isinstance(value, str) else shorten(value, width=200).strip("'")
            lines.append(f'  {key[1:]}: ' + (f'{len(text.splitlines())} lines' if '\n' in text else text))
    return '\n'.join(lines)


def main() -> None:
    """Parse the command line, and show or check."""
    options = parse(Options, 'Show what is in a latent store, or check all of it.\n\n  python -m shg_xai.latents DIR')
    if not options.verify:
        print(describe(LatentStore.open(options.folder)))
        return
    problems = verify(options.folder)
    for problem in problems:
        print('error: ' + ' '.join(problem.split()), file=sys.stderr)
    if problems:
        sys.exit(2)
    print(f'{options.folder}: {len(LatentStore.open(options.folder))} rows, all is well')


if __name__ == '__main__':
    run(main)
