"""Bad input of every kind, through the tools as their command lines run them: exit code 2, one line, no traceback.

``pytest -s`` on this file prints the table: input, tool, message. A kind's other members are tried where it is checked
(``test_keypoint_file.py``, ``test_photos.py``); here is tried that nothing in a tool comes before the check.
"""

import importlib
import json
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from PIL import Image

from tests.helpers.data import annotation, only_error, run_in_process, write_part
from tests.helpers.small_network import LAYER, dump_store, save_network, small_config

pytestmark = pytest.mark.usefixtures('one_thread')


class Inputs(NamedTuple):
    """What a command is given; a case spoils one of it."""

    root: Path  # a data set of two persons on each of two photos
    config: Path
    checkpoint: Path
    store: Path
    out: Path

    @property
    def annotations(self) -> Path:
        return self.root / 'annotations' / 'person_keypoints_val2017.json'

    @property
    def photo(self) -> Path:
        return self.root / 'val2017' / '000000000001.jpg'

    @property
    def shard(self) -> Path:
        return self.store / 'shards' / 'rank00000_shard000000'


Spoil = Callable[[Inputs], object]
Words = Callable[[Inputs], list[Any]]


def dump(given: Inputs) -> list[Any]:
    words = [given.config, given.checkpoint, '--data-root', given.root, '--layers', LAYER, '--out', given.out]
    return [*words, '--work-dir', given.out.parent / 'work']


def dump_with(*more: Any, without: str = '') -> Words:
    """The command to dump, further options last; one option may be left out, with its value."""

    def words(given: Inputs) -> list[Any]:
        found = dump(given)
        if without:
            place = found.index(without)
            del found[place : place + 2]
        return [*found, *more]

    return words


def measured(*more: Any) -> Words:
    return lambda given: [
        *(given.config, given.checkpoint, '--data-root', given.root, '--out', given.out / 'a.json', *more),
        *('--work-dir', given.out.parent / 'work'),
    ]


def stored(*more: Any) -> Words:
    return lambda given: measured('--store', given.store, *more)(given)


def plain(given: Inputs) -> list[Any]:
    return [given.config, given.checkpoint, '--data-root', given.root, '--work-dir', given.out.parent / 'work']


def sheet(given: Inputs) -> list[Any]:
    return [given.config, given.checkpoint, '--data-root', given.root, '--out', given.out / 'sheet.png']


def split(given: Inputs) -> list[Any]:
    return [given.root, '--ann-file', given.annotations, '--persons', 2]


def mean(given: Inputs) -> list[Any]:
    return [given.annotations, given.annotations]


def analyse(*more: Any) -> Words:
    return lambda given: [given.store, '--out', given.out, *more]


def listed(*more: Any) -> Words:
    return lambda given: [given.config, *more]


def edit(change: Callable[[Any], object], file: Callable[[Inputs], Path] = lambda given: given.annotations) -> Spoil:
    """Change what a JSON file holds."""

    def spoil(given: Inputs) -> None:
        content = json.loads(file(given).read_text())
        change(content)
        file(given).write_text(json.dumps(content))

    return spoil


def entry(**changes: Any) -> Spoil:
    return edit(lambda content: content['annotations'][1].update(changes))


def image(**changes: Any) -> Spoil:
    return edit(lambda content: content['images'][0].update(changes))


def nested(content: Any) -> None:
    flat = content['annotations'][1]['keypoints']
    content['annotations'][1]['keypoints'] = [flat[start : start + 3] for start in range(0, 51, 3)]


def second_category(content: Any) -> None:
    content['categories'].append({**content['categories'][0], 'id': 2, 'name': 'robot'})
    content['annotations'][1]['category_id'] = 2


def cut(file: Callable[[Inputs], Path], share: float = 0.8) -> Spoil:
    def spoil(given: Inputs) -> None:
        content = file(given).read_bytes()
        file(given).write_bytes(content[: int(share * len(content))])

    return spoil


def resize(given: Inputs) -> None:
    Image.open(given.photo).resize((80, 60)).save(given.photo)


def turn(given: Inputs) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    Image.open(given.photo).save(given.photo, exif=exif)


class Runs:
    """A checkpoint that would run code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ('code of a stranger',)


def add(text: str) -> Spoil:
    """Add lines to the config."""
    return lambda given: given.config.write_text(given.config.read_text() + text)


def nothing(given: Inputs) -> None:
    """Bad are the words."""


NAN = float('nan')
# What is bad, the tool, its words, what is spoilt, and some of what has to be said.
CASES: list[tuple[str, str, Words, Spoil, str]] = [
    # annotation files
    ('no annotation file', 'dump_latents', dump, lambda given: given.annotations.unlink(), 'no such annotation file'),
    ('a cut annotation file', 'dump_latents', dump, cut(lambda given: given.annotations), 'not valid JSON'),
    ('a folder for a file', 'mean_pose', lambda given: [given.root, given.root], nothing, 'Is a directory'),
    ('a list', 'mean_pose', mean, lambda given: given.annotations.write_text('[1]'), 'not COCO JSON'),
    ('bytes', 'test', plain, lambda given: given.annotations.write_bytes(b'\x89PNG\xff'), 'not valid JSON'),
    ('captions', 'split_coco', split, lambda given: given.annotations.write_text('{"images": []}'), "list 'annot"),
    ('nobody', 'split_coco', split, edit(lambda content: content['annotations'].clear()), 'no person with labelled'),
    ('nobody', 'dump_latents', dump, edit(lambda content: content['annotations'].clear()), 'no person with keypoints'),
    ('annotation id twice', 'dump_latents', dump, entry(id=10), 'annotations has id 10 twice (of images 1 and 1)'),
    ('annotation id twice', 'split_coco', split, entry(id=20), 'annotations has id 20 twice (of images 1 and 2)'),
    ('image id twice', 'test', plain, image(id=2), 'images has id 2 twice'),
    ('id as text', 'dump_latents', dump, entry(id='a'), "id of annotations[1] is 'a', text"),
    ('image_id as text', 'mean_pose', mean, entry(image_id='1'), "annotation 11: its image_id is '1', text"),
    ('nested keypoints', 'dump_latents', dump, edit(nested), 'annotation 11: "keypoints" is nested'),
    ('nested keypoints', 'split_coco', split, edit(nested), 'annotation 11: "keypoints" is nested'),
    ('too few keypoints', 'mean_pose', mean, entry(keypoints=[1, 2, 2]), '"keypoints" holds 3 numbers, not 51'),
    ('NaN in keypoints', 'test', plain, entry(keypoints=[NAN] * 51), 'annotation 11: "keypoints" holds NaN'),
    ('text in keypoints', 'mean_pose', mean, entry(keypoints=['1'] * 51), "holds '1', which is no number"),
    ('visibility 5', 'mean_pose', mean, entry(keypoints=[5] * 51), 'has visibility [5]'),
    ('no keypoints of 17', 'mean_pose', mean, entry(keypoints=[]), '"keypoints" holds 0 numbers, but num_keypoints'),
    ('all labels outside', 'dump_latents', dump, entry(keypoints=[-9, -9, 2] * 17), 'all labelled keypoints lie'),
    ('iscrowd in words', 'mean_pose', mean, entry(iscrowd='some'), "annotation 11: iscrowd is 'some'"),
    ('box of text', 'mean_pose', mean, entry(bbox=['1'] * 4), 'annotation 11: "bbox" must be x, y, width, height'),
    ('box without area', 'mean_pose', mean, entry(bbox=[1, 1, 0, 5]), '"bbox" [1, 1, 0, 5] has no area'),
    ('box outside', 'dump_latents', dump, entry(bbox=[999, 1, 9, 9]), 'annotation 11: "bbox" [999, 1, 9, 9] or all'),
    ('image not listed', 'dump_latents', dump, entry(image_id=9), 'annotation 11 is of image 9, which the file'),
    ('image not listed', 'mean_pose', mean, entry(image_id=9), 'annotation 11 is of image 9, which the file'),
    ('two categories', 'dump_latents', dump, edit(second_category), 'several categories have keypoints (person'),
    ('two categories', 'split_coco', split, edit(second_category), 'several categories have keypoints (person'),
    ('no such category', 'mean_pose', lambda given: [*mean(given), '--category', 'cat'], nothing, "category 'cat'"),
    ('category not listed', 'test', plain, entry(category_id=5), 'annotation 11: category_id 5 is none of the file'),
    ('joints in another order', 'dump_latents', dump,
     edit(lambda content: content['categories'][0]['keypoints'].reverse()), 'its joint 0 is right_ankle'),
    ('no width', 'mean_pose', mean, image(width=None), 'image 1: width and height are (None, 120)'),
    ('a path of Windows', 'mean_pose', mean, image(file_name=r'C:\a\1.jpg'), 'is a path of Windows'),
    ('an absolute path', 'mean_pose', mean, image(file_name='/a/1.jpg'), "file_name '/a/1.jpg' is an absolute path"),
    ('a path out of the folder', 'split_coco', split, image(file_name='../1.jpg'), 'leads out of the folder'),
    ('a cut split', 'test', lambda given: [*plain(given), '--held-out'],
     lambda given: (given.root / 'annotations' / 'split_info.json').write_text('{"train"'), 'not as tools'),
    ('a split of another kind', 'test', lambda given: [*plain(given), '--held-out'],
     lambda given: (given.root / 'annotations' / 'split_info.json').write_text('{"train": 1}'), 'split anew: --force'),
    # photos
    ('no photo', 'dump_latents', dump, lambda given: given.photo.unlink(), '000000000001.jpg: this photo is missing'),
    ('a cut photo', 'dump_latents', dump, cut(lambda given: given.photo), '1.jpg: this photo cannot be read'),
    ('a cut photo', 'draw_predictions', sheet, cut(lambda given: given.photo), '1.jpg: this photo cannot be read'),
    ('a cut photo', 'test', plain, cut(lambda given: given.photo), '1.jpg: this photo cannot be read'),
    ('a cut photo', 'find_redundancy', measured('--layers', LAYER), cut(lambda given: given.photo), 'cannot be read'),
    ('an empty photo', 'dump_latents', dump, lambda given: given.photo.write_bytes(b''), 'this photo cannot be read'),
    ('text for a photo', 'dump_latents', dump, lambda given: given.photo.write_text('no photo'), 'cannot be read'),
    ('a smaller photo', 'dump_latents', dump, resize, 'is 80 x 60 pixels, '),
    ('a turned photo', 'draw_predictions', sheet, turn, 'its EXIF orientation 8 turns it'),
    ('width for height', 'dump_latents', dump, image(width=120, height=160), 'says 120 x 160; mend width and height'),
    # checkpoints
    ('no checkpoint', 'dump_latents', dump, lambda given: given.checkpoint.unlink(), 'no such checkpoint'),
    ('an empty checkpoint', 'dump_latents', dump, lambda given: given.checkpoint.write_bytes(b''), 'small.pth'),
    ('a cut checkpoint', 'test', plain, cut(lambda given: given.checkpoint), 'small.pth'),
    ('a checkpoint of text', 'draw_predictions', sheet, lambda given: given.checkpoint.write_text('no'), 'small.pth'),
    ('a list', 'dump_latents', dump, lambda given: torch.save([torch.ones(1)], given.checkpoint), 'small.pth'),
    ('code', 'dump_latents', dump, lambda given: given.checkpoint.write_bytes(pickle.dumps(Runs())), 'small.pth'),
    ('code in a zip', 'test', plain, lambda given: torch.save(dict(state_dict=Runs()), given.checkpoint), 'small.pth'),
    ('weights of another', 'dump_latents', dump,
     lambda given: torch.save(dict(state_dict=dict(a=torch.ones(1))), given.checkpoint), 'small.pth'),
    # configs
    ('no config', 'list_layers', listed(), lambda given: given.config.unlink(), 'no such config'),
    ('no Python', 'dump_latents', dump, add('\nmodel = dict(\n'), 'not a config MMEngine can read'),
    ('an unknown type', 'list_layers', listed(), add("\nmodel['backbone']['type'] = 'ResNot'\n"), 'ResNot'),
    ('an unknown argument', 'dump_latents', dump, add("\nmodel['backbone']['chanels'] = 8\n"), "'chanels'"),
    ('no data for validation', 'dump_latents', dump, add('\nval_dataloader = None\n'), 'val_dataloader, val_cfg, and'),
    ('an option without value', 'list_layers', listed('--cfg-options', 'model.backbone.depth'), nothing, 'KEY=VALUE'),
    ('an unknown base', 'list_layers', lambda given: ['mmpose::no/such.py'], nothing, 'no/such.py'),
    # stores
    ('no store', 'analyze_latent', analyse(), lambda given: shutil.rmtree(given.store), 'no '),
    ('a store without manifest', 'analyze_latent', analyse(),
     lambda given: (given.store / 'manifest.json').unlink(), 'manifest.json'),
    ('a cut manifest', 'walk_latent', stored(), cut(lambda given: given.store / 'manifest.json'), 'json: not JSON'),
    ('a store of tomorrow', 'analyze_latent', analyse(),
     edit(lambda content: content.update(schema_version=99), lambda given: given.store / 'manifest.json'), 'is newer'),
    ('another layer', 'analyze_latent', analyse('--layer', 'neck'), nothing, 'neck'),
    ('another layer', 'keep_components', stored('--layer', 'neck'), nothing, 'neck'),
    ('a condition on nothing', 'analyze_latent', analyse('--rows', 'factors.hats > 1'), nothing, 'hats'),
    ('a condition nobody meets', 'analyze_latent', analyse('--rows', 'num_labelled > 99'), nothing, '--rows'),
    ('no folder of photos', 'analyze_latent', analyse('--images', '/no/such'), nothing, '/no/such: no such folder'),
    ('itself as a training', 'analyze_latent', lambda given: analyse('--trainings', given.store)(given), nothing,
     'store: is analysed itself; give stores of other trainings, each once'),
    # options
    ('no layer', 'dump_latents', dump_with(without='--layers'), nothing, 'layers'),
    ('an unknown layer', 'dump_latents', dump_with('--layers', 'backbone.no_such'), nothing, 'backbone.no_such'),
    ('nobody', 'dump_latents', dump_with('--limit', 0), nothing, '--limit 0: give 1 or more'),
    ('half a person', 'dump_latents', dump_with('--limit', 1.5), nothing, 'limit'),
    ('no such type', 'dump_latents', dump_with('--dtype', 'float8'), nothing, 'dtype'),
    ('no such split', 'dump_latents', dump_with('--split', 'best'), nothing, 'split'),
    ('no such option', 'dump_latents', dump_with('--layer-names', LAYER), nothing, 'layer-names'),
    ('a condition that is none', 'dump_latents', dump_with('--only', '1 +'), nothing, "'1 +'"),
    ('a share beyond 1', 'find_redundancy', measured('--confidence', 2), nothing, '--confidence'),
    ('one config alone', 'draw_predictions', lambda given: [given.config, '--out', given.out], nothing, 'in pairs'),
    ('a folder that is none', 'plot_curves', lambda given: [given.out, '--out', given.out / 'a.png'], nothing, 'out'),
    ('people of no size', 'make_people', lambda given: [given.out, '--size', 0], nothing, 'size'),
    ('a negative seed', 'split_coco', lambda given: [*split(given), '--seed', -1], nothing, 'seed is -1'),
]  # fmt: skip


@pytest.fixture(scope='module')
def good(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Inputs:
    """Inputs that are good."""
    folder = tmp_path_factory.mktemp('good')
    persons = [annotation(10 * number + one, number) for number in (1, 2) for one in (0, 1)]
    for part in ('train2017', 'val2017'):
        write_part(folder / 'coco', part, persons)
    cfg = small_config(repo_root / 'configs/shg_coco.py', folder / 'coco', folder / 'work')
    cfg.pop('experiment_name')
    cfg.load_from = str(save_network(cfg, folder / 'small.pth'))
    cfg.dump(folder / 'small.py')
    cfg.experiment_name = folder.name
    dump_store(cfg, folder / 'store')
    return Inputs(folder / 'coco', folder / 'small.py', folder / 'small.pth', folder / 'store', folder / 'out')


@pytest.fixture
def given(good: Inputs, tmp_path: Path) -> Inputs:
    """A copy to spoil."""
    shutil.copytree(good.root.parent, tmp_path / 'own', ignore=shutil.ignore_patterns('work*', 'out'))
    moved = (tmp_path / 'own' / path.name for path in good)
    return Inputs(*moved)


@pytest.fixture(scope='module')
def table() -> Iterator[list[str]]:
    """Input, tool and message of all, printed at the end."""
    rows: list[str] = []
    yield rows
    print('', f'{"input":28} {"tool":18} message', *rows, sep='\n')


def test_there_are_sixty() -> None:
    assert len({(name, tool) for name, tool, *_ in CASES}) >= 60


@pytest.mark.parametrize(('name', 'tool', 'words', 'spoil', 'message'), CASES, ids=[f'{n}-{t}' for n, t, *_ in CASES])
def test_bad_input_is_one_line(
    name: str, tool: str, words: Words, spoil: Spoil, message: str, given: Inputs, table: list[str],
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    spoil(given)
    main = importlib.import_module(f'tools.{tool}').main
    assert run_in_process(main, words(given), monkeypatch) == 2
    error = only_error(capfd.readouterr().err)
    assert message in error
    table.append(f'{name:28} {tool:18} {error.replace(str(given.root.parent), "")}')
