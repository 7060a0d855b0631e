"""Links to the user's data, where nothing is ever written: ``python -m shg_xai.study.data DATA_ROOT OUT [LIMIT]``."""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from shg_xai.cli import run
from shg_xai.datasets.keypoint_file import KeypointFile, read_keypoint_file
from shg_xai.errors import InputError


def first_persons(file: KeypointFile, limit: int) -> KeypointFile:
    """A file with only the images, in order, that hold its first persons, ``limit`` at most.

    An image with more persons than are left is passed over.
    """
    persons, kept = file.persons_on(), set[int]()
    for image in file.coco['images']:
        count = persons.get(image['id'], 0)
        if 0 < count <= limit:
            kept.add(image['id'])
            limit -= count
    return file.of_images(kept)


def link_data(root: Path, out: Path, limit: int | None) -> None:
    """Make a data folder of links, with smaller annotation files if there is a limit of persons for each.

    InputError where something is missing in ``root``, no person is left, or ``out`` is there and holds more than links.
    """
    for split in ('train', 'val'):
        for path in (root / 'annotations' / f'person_keypoints_{split}2017.json', root / f'{split}2017'):
            if not path.exists():
                layout = 'a folder in the layout of COCO 2017: annotations/, train2017/, val2017/'
                raise InputError(f'{path}: missing; --data-root takes {layout}')
    out.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f'.{out.name}.', dir=out.parent))
    try:
        (part / 'annotations').mkdir()
        for folder in sorted(root.glob('*2017')):
            (part / folder.name).symlink_to(folder.resolve())
        for file in sorted((root / 'annotations').glob('*.json')):
            target = part / 'annotations' / file.name
            if limit is None or not file.name.startswith('person_keypoints_'):
                target.symlink_to(file.resolve())
                continue
            first = first_persons(read_keypoint_file(file), limit)
            if not first.persons:
                raise InputError(f'{file}: no image of at most {limit} persons; give a larger --limit')
            target.write_text(json.dumps(first.coco))
        part.chmod(0o755)
        if out.exists():  # an earlier run was cut off right after it had made the folder
            if not all(entry.is_symlink() for entry in out.iterdir() if entry.name != 'annotations'):
                raise InputError(f'{out}: is there and holds more than links; name another folder')
            shutil.rmtree(out)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def main() -> None:
    root, out, *limit = sys.argv[1:]
    link_data(Path(root), Path(out), int(limit[0]) if limit else None)


if __name__ == '__main__':
    run(main)
