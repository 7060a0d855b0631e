"""``tools/explain_image.py`` as a user runs it, and its numbers by other ways to them."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import shg_xai.plugin  # noqa: F401  # before MMPose's own ways

# isort: split
import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.apis import inference_topdown, init_model
from scipy.special import expit

from shg_xai import results_file
from shg_xai.chapters.failure_prediction.results import HEIGHT, FailurePrediction, RiskModel, ScoreTerm
from shg_xai.errors import InputError
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.photo.sample import OnePhoto
from tests.helpers.analysis_stores import explained
from tests.helpers.data import NAMES, annotation, draw, only_error, run_in_process, write_coco
from tests.helpers.made_failure_prediction import failure_prediction
from tests.helpers.small_network import LAYER, RESNET, dump_store, save_network, small_config, stored
from tools import explain_image as tool

pytestmark = pytest.mark.usefixtures('one_thread')
BOX = (30.0, 12.0, 130.0, 110.0)
NAME = '<i>photo & "all".jpg'  # a name that is markup
HEIGHTS = ScoreTerm(score=HEIGHT, median=-0.1, values=[-1.0, 0.0], odds=[-2.0, 1.0])
FAR = ScoreTerm(score='mahalanobis', median=4.0, values=[0.0, 50.0], odds=[-0.5, 2.0])
LOWEST = ScoreTerm(score='lowest_height', median=-0.1, values=[-1.0, 0.0], odds=[-1.0, 1.0])
OF_PERSONS = RiskModel(target='persons', intercept=-1.0, terms=[LOWEST], joints=[])
MODEL = RiskModel(
    target='joints', intercept=-0.3, terms=[HEIGHTS, FAR], joints=[k / 17 for k in range(17)], threshold=0.3
)


class Made(NamedTuple):
    """A photo, a small network, a store of its latents for 24 persons, and an analysis of it."""

    photo: Path
    config: Path
    checkpoint: Path
    store: Path
    analysis: Path


def write_network(folder: Path, config: str, data: Path, *more: str) -> Config:
    """A config of ours, small, its weights and a store of its latents."""
    cfg = small_config(Path(config).absolute(), data, folder / 'work', *more)
    cfg.pop('experiment_name')
    cfg.load_from = str(save_network(cfg, folder / 'small.pth'))
    cfg.dump(folder / 'small.py')
    cfg.experiment_name = f'{folder.parent.name}_{folder.name}'
    return cfg


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Made:
    folder = tmp_path_factory.mktemp('explained')
    data = write_coco(folder / 'coco', train_images=12)
    cfg = write_network(folder, str(repo_root / 'configs/shg_coco.py'), data)
    dump_store(cfg, folder / 'store', split='train')
    cv2.imwrite(str(folder / 'photo.jpg'), draw([annotation(bbox=BOX)]))
    (folder / 'photo.jpg').rename(folder / NAME)
    results = explained(folder / 'analysis', [select(LatentStore.open(folder / 'store'))])
    answer = results.first(FailurePrediction)
    assert answer is not None
    answer.targets = failure_prediction().targets
    answer.targets[0].model, answer.targets[1].model = MODEL, OF_PERSONS
    results_file.write(folder / 'analysis' / 'results.json', results)
    return Made(folder / NAME, folder / 'small.py', folder / 'small.pth', folder / 'store', folder / 'analysis')


def words(made: Made, out: Path, *more: Any) -> list[Any]:
    """The command's."""
    network = ['--config', made.config, '--checkpoint', made.checkpoint, '--store', made.store]
    return [made.photo, *network, '--out', out, *more]


@pytest.fixture(scope='module')
def found(made: Made, tmp_path_factory: pytest.TempPathFactory, fork_tool: Callable) -> tuple[dict[str, Any], str]:
    """Numbers and page of the whole command."""
    out = tmp_path_factory.mktemp('page') / 'new' / 'out'
    done = fork_tool(
        ['explain_image.py', *words(made, out, '--analysis', made.analysis, '--box', *BOX)], cwd=out.parents[1]
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == ['explanation.html', 'explanation.json']
    assert [path.name for path in out.parents[1].iterdir()] == ['new']  # no folder of a run
    assert f'page: {out / "explanation.html"}' in done.stdout
    return json.loads((out / 'explanation.json').read_text()), (out / 'explanation.html').read_text()


class Plain:
    """A network as MMPose opens it, on the photo by MMPose's own way, with layers that answer what they are told."""

    def __init__(self, made: Made, box: Sequence[float] | None = BOX) -> None:
        self.model = init_model(str(made.config), str(made.checkpoint), device='cpu')
        self.photo, self.boxes = str(made.photo), None if box is None else [list(box)]

    def pose(self, answers: dict[str, Callable] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Places (K, 2) and heights (K,)."""
        handles = [
            self.model.get_submodule(name).register_forward_hook(lambda module, given, out, own=own: own(out))
            for name, own in (answers or {}).items()
        ]
        [sample] = inference_topdown(self.model, self.photo, self.boxes)
        for handle in handles:
            handle.remove()
        return sample.pred_instances.keypoints[0], sample.pred_instances.keypoint_scores[0]

    def latent(self, layer: str = LAYER) -> np.ndarray:
        """What a layer puts out at its first call."""
        seen: list[np.ndarray] = []
        self.pose({layer: lambda out: seen.append(out.numpy().ravel().copy())})
        return seen[0].astype(float)


def test_the_pose_is_that_of_mmposes_own_way(made: Made, found: tuple) -> None:
    numbers, (places, heights) = found[0], Plain(made).pose()
    joints = numbers['joints']
    assert [one['name'] for one in joints] == list(NAMES)
    np.testing.assert_allclose([one['height'] for one in joints], heights, rtol=1e-6)
    here = heights > 0
    assert here.any() and [one['place'] is not None for one in joints] == here.tolist()
    np.testing.assert_allclose([one['place'] for one in joints if one['place']], places[here], rtol=1e-6)
    # The box, whose longer side times 1.1 is the crop's, moved into the photo.
    assert (numbers['box'], numbers['size']) == (list(BOX), [160, 120])
    np.testing.assert_allclose(numbers['crop_scale'], [110, 110])
    np.testing.assert_allclose(numbers['crop_center'], [80, 61])


def test_how_far_out_and_beside_whom_by_numpy(made: Made, found: tuple) -> None:
    among, own = found[0]['among'], Plain(made).latent()
    latents = {number: values.ravel().astype(float) for number, values in stored(made.store).items()}
    values = np.stack(list(latents.values()))
    mean = values.mean(0)
    variances, axes = np.linalg.eigh(np.cov(values.T))
    variances, axes = variances[::-1], axes[:, ::-1]
    leading = 2  # a tenth of 24 persons; 90 % of the variance would take more
    assert np.cumsum(variances)[leading - 1] < 0.9 * variances.sum()
    assert '24 stored persons are few: a share of them says little.' in found[0]['warnings']
    assert (among['persons'], among['images'], among['components'], among['split']) == (24, 12, leading, 'train')
    scores, score = (values - mean) @ axes[:, :leading], (own - mean) @ axes[:, :leading]
    others, far = (np.sqrt((one**2 / variances[:leading]).sum(-1)) for one in (scores, score))
    told = {one['name']: one for one in among['distances']}
    assert told['mahalanobis']['value'] == pytest.approx(far, rel=1e-3)
    assert told['mahalanobis']['median'] == pytest.approx(np.median(others), rel=1e-3)
    assert told['mahalanobis']['beyond'] == pytest.approx((others < far).mean())
    left = np.linalg.norm((own - mean) - axes[:, :leading] @ score)
    assert told['residual']['value'] == pytest.approx(left, rel=1e-3)
    apart = np.linalg.norm(scores - score, axis=1)
    first = np.argsort(apart)[:6]
    assert told['neighbour']['value'] == pytest.approx(np.sort(apart)[1], rel=1e-3)  # of 24 the second is the tenth
    assert [one['annotation_id'] for one in among['nearest']] == np.array(list(latents))[first].tolist()
    np.testing.assert_allclose([one['distance'] for one in among['nearest']], apart[first], rtol=1e-3)


def test_risks_by_hand(made: Made, found: tuple) -> None:
    numbers = found[0]
    [far] = [one['value'] for one in numbers['among']['distances'] if one['name'] == 'mahalanobis']
    heights = np.array([one['height'] for one in numbers['joints']])
    odds = -0.3 + np.arange(17) / 17 + np.interp(-heights, [-1, 0], [-2, 1]) + np.interp(far, [0, 50], [-0.5, 2])
    np.testing.assert_allclose([one['risk'] for one in numbers['joints']], expit(odds), rtol=1e-5)
    person = pytest.approx(expit(-1 + np.interp(-heights.min(), [-1, 0], [-1, 1])), rel=1e-5)
    assert numbers['risks'] == dict(analysis=str(made.analysis), person=person, keep_joints=0.3, thr=0.05)
    assert 'The risk that less than half of the joints are right is ' in found[1]


def test_what_is_taken_away_by_hooks(made: Made, found: tuple) -> None:
    plain, numbers = Plain(made), found[0]
    mean = torch.from_numpy(np.mean(list(stored(made.store).values()), axis=0, dtype=float)).float()[None]
    skips = ['backbone.hourglasses.0.skips.0', 'backbone.hourglasses.0.skips.1']
    expected: dict[tuple[str, int | None], dict[str, Callable]] = {
        ('all skips', None): dict.fromkeys(skips, torch.zeros_like),
        ('level', 0): {skips[0]: torch.zeros_like},
        ('level', 1): {skips[1]: torch.zeros_like},
        ('latent', None): {LAYER: lambda out: mean},
    }
    before, high = plain.pose()
    assert [(one['change'], one['level']) for one in numbers['changes']] == list(expected)
    poses = []
    for one, answers in zip(numbers['changes'], expected.values(), strict=True):
        places, heights = plain.pose(answers)
        np.testing.assert_allclose(one['heights'], heights, rtol=1e-4, atol=1e-7)
        both = (high > 0) & (heights > 0)
        moved = np.linalg.norm(places - before, axis=1) / 110
        assert [value is not None for value in one['moved']] == both.tolist()
        np.testing.assert_allclose([value for value in one['moved'] if value is not None], moved[both], atol=1e-6)
        assert one['mean_moved'] == pytest.approx(moved[both].mean(), abs=1e-6)
        poses.append(heights.tobytes())
    assert len({*poses, high.tobytes()}) == 5  # each changes something


def test_the_page_asks_for_nothing_and_markup_in_names_is_text(found: tuple) -> None:
    numbers, page = found
    sources = re.findall(r'(?:src|href)="([^"]{30})', page)
    assert len(sources) == 1 + 1 + 4 + 6  # the pose, once more small, changed, and stored persons
    assert all(source.startswith('data:image/jpeg;base64,') for source in sources)
    assert not re.search('<script|http[s]?:|<i>|url\\(', page)
    assert '&lt;i&gt;photo &amp; &#34;all&#34;.jpg' in page
    assert 'width="480" height="480"' in page
    for one in numbers['among']['nearest']:
        assert f'annotation {one["annotation_id"]}' in page
    assert 'of 24 training persons' in page
    assert '<th scope="row">left_ankle</th>' in page and '>risk to be wrong</th>' in page


def test_without_analysis_there_are_heights_alone(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = tmp_path / 'plain.jpg'
    shutil.copy(made.photo, photo)
    own = made._replace(photo=photo)
    assert run_in_process(tool.main, words(own, tmp_path / 'out', '--nearest', 2), monkeypatch) == 0
    numbers = json.loads((tmp_path / 'out' / 'explanation.json').read_text())
    assert numbers['risks'] is None and {one['risk'] for one in numbers['joints']} == {None}
    assert len(numbers['among']['nearest']) == 2
    # The whole photo is the box, as where MMPose is given none.
    np.testing.assert_allclose([one['height'] for one in numbers['joints']], Plain(own, None).pose()[1], rtol=1e-6)
    assert 'Heights are no probabilities.' in (page := (tmp_path / 'out' / 'explanation.html').read_text())
    assert '>risk to be wrong</th>' not in page


def test_an_analysis_that_can_tell_nothing_says_why(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(made.analysis, tmp_path / 'analysis')
    file = tmp_path / 'analysis' / 'results.json'
    results = results_file.read_results(file)
    answer = results.first(FailurePrediction)
    assert answer is not None
    answer.targets[0].model, answer.targets[0].why = None, 'Nobody is wrong.'
    results_file.write(file, results)
    assert run_in_process(tool.main, words(made, tmp_path, '--analysis', file.parent), monkeypatch) == 0
    assert 'has no regression, so there are no risks: Nobody is wrong.' in capfd.readouterr().err
    assert json.loads((tmp_path / 'explanation.json').read_text())['risks'] is None


def test_a_level_is_taken_away_in_every_stack(tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, config = write_coco(tmp_path / 'coco', train_images=4), str(repo_root / 'configs/shg_coco.py')
    cfg = write_network(tmp_path, config, data, 'model.backbone.num_stacks=2')
    dump_store(cfg, tmp_path / 'store', split='train')
    photo = next((data / 'val2017').iterdir())
    own = Made(photo, tmp_path / 'small.py', tmp_path / 'small.pth', tmp_path / 'store', tmp_path)
    assert run_in_process(tool.main, words(own, tmp_path / 'out'), monkeypatch) == 0
    numbers, plain = json.loads((tmp_path / 'out' / 'explanation.json').read_text()), Plain(own, None)
    skips = [f'backbone.hourglasses.{stack}.skips.1' for stack in (0, 1)]
    [heights] = [one['heights'] for one in numbers['changes'] if one['level'] == 1]
    np.testing.assert_allclose(heights, plain.pose(dict.fromkeys(skips, torch.zeros_like))[1], rtol=1e-4, atol=1e-7)
    assert not np.allclose(heights, plain.pose({skips[0]: torch.zeros_like})[1], rtol=1e-3)


def test_a_crop_that_needs_joints_is_refused(made: Made) -> None:
    cfg = Config.fromfile(made.config)
    init_default_scope('mmpose')
    cfg.val_dataloader.dataset.pipeline.insert(2, dict(type='RandomHalfBody', prob=1.0))
    with pytest.raises(InputError, match='of a person, which nobody knows of a photo'):
        OnePhoto(made.photo, BOX, cfg)[0]


def test_a_stored_person_is_nearest_to_itself(tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a store whose crops are of boxes alone."""
    data, boxes = write_coco(tmp_path / 'coco', train_images=6), 'val_dataloader.dataset.pipeline.1.use_keypoints=False'
    cfg = write_network(tmp_path, str(repo_root / 'configs/shg_coco.py'), data, boxes)
    dump_store(cfg, tmp_path / 'store', split='train')
    row = LatentStore.open(tmp_path / 'store').table().slice(4, 1).to_pylist()[0]
    x, y, width, height = row['bbox']
    photo = data / 'train2017' / row['file_name']
    own = Made(photo, tmp_path / 'small.py', tmp_path / 'small.pth', tmp_path / 'store', tmp_path)
    asked = words(own, tmp_path / 'out', '--box', x, y, x + width, y + height)
    assert run_in_process(tool.main, asked, monkeypatch) == 0
    numbers = json.loads((tmp_path / 'out' / 'explanation.json').read_text())
    assert numbers['crop_center'] == pytest.approx(row['crop_center'])
    nearest = numbers['among']['nearest']
    assert nearest[0]['annotation_id'] == row['annotation_id'] and nearest[0]['file_name'] == row['file_name']
    assert nearest[0]['distance'] < 1e-3 * nearest[1]['distance']
    said = ' '.join(numbers['warnings'])
    assert 'probably one of the store’s' in said and 'cut out around box and' not in said


def test_a_flip_test_is_kept_for_the_pose_and_off_for_changes(
    tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ResNet, which has none of the hourglass's skips."""
    data = write_coco(tmp_path / 'coco', train_images=4)
    cfg = small_config(repo_root / 'configs/shg_coco.py', data, tmp_path / 'work')
    cfg.pop('experiment_name')
    # MMEngine takes ``_delete_`` out of what it merges.
    cfg.merge_from_dict(dict(model=dict(backbone={**RESNET['backbone']}, test_cfg=RESNET['test_cfg'])))
    cfg.model.head = dict(RESNET['head'], out_channels=17, loss=cfg.model.head.loss, decoder=cfg.model.head.decoder)
    cfg.load_from = str(save_network(cfg, tmp_path / 'small.pth'))
    cfg.dump(tmp_path / 'small.py')
    cfg.experiment_name = tmp_path.name
    dump_store(cfg, tmp_path / 'store', split='train', layers=('backbone.layer4',))
    photo = next((data / 'val2017').iterdir())
    own = Made(photo, tmp_path / 'small.py', tmp_path / 'small.pth', tmp_path / 'store', tmp_path)
    assert run_in_process(tool.main, words(own, tmp_path / 'out'), monkeypatch) == 0
    numbers, plain = json.loads((tmp_path / 'out' / 'explanation.json').read_text()), Plain(own, None)
    flipped = plain.pose()[1]
    np.testing.assert_allclose([one['height'] for one in numbers['joints']], flipped, rtol=1e-5)
    plain.model.test_cfg['flip_test'] = False
    assert not np.allclose(plain.pose()[1], flipped, rtol=1e-3)
    latents = LatentStore.open(tmp_path / 'store').array('backbone.layer4')[:]
    mean = torch.from_numpy(latents.mean(0, dtype=float)).float()[None]
    [change] = numbers['changes']
    assert (change['change'], numbers['flip_test']) == ('latent', True)
    np.testing.assert_allclose(change['heights'], plain.pose({'backbone.layer4': lambda out: mean})[1], rtol=1e-4)
    assert any(text.startswith('The flip test of the config is off') for text in numbers['warnings'])


def other_weights(made: Made, folder: Path) -> Made:
    weights = torch.load(made.checkpoint, weights_only=True)
    weights['more'] = 1
    torch.save(weights, folder / 'other.pth')
    return made._replace(checkpoint=folder / 'other.pth')


def no_photo(made: Made, folder: Path) -> Made:
    (folder / 'photo.jpg').write_text('no photo')
    return made._replace(photo=folder / 'photo.jpg')


def other_analysis(made: Made, folder: Path) -> Made:
    """Of as many persons of another annotation file."""
    shutil.copytree(made.analysis, folder / 'analysis')
    file = folder / 'analysis' / 'results.json'
    content = json.loads(file.read_text())
    content['layers'][0]['dataset_sha256'] = 'other'
    file.write_text(json.dumps(content))
    return made._replace(analysis=folder / 'analysis')


def same(made: Made, folder: Path) -> Made:
    return made


COLOURS = 'model.data_preprocessor.mean=[1,2,3]'
STEP = 'val_dataloader.dataset.pipeline.1.padding=1.3'
BAD: dict[str, tuple[Callable[[Made, Path], Made], list[Any], str]] = {
    'a photo that is none': (no_photo, [], 'photo.jpg: this photo cannot be read'),
    'no photo': (lambda made, folder: made._replace(photo=folder / 'a.jpg'), [], 'a.jpg: this photo is missing'),
    'a box outside': (same, ['--box', 200, 5, 240, 50], '--box 200 5 240 50: has no area in the photo of 160 x 120'),
    'a box turned round': (same, ['--box', 90, 5, 20, 50], '--box 90 5 20 50: has no area'),
    'other weights': (other_weights, [], 'store: its latents are not those of '),
    'no such layer': (same, ['--layer', 'backbone.stem'], "layer 'backbone.stem'"),
    'another crop': (same, ['--cfg-options', STEP], "pipeline.1.padding is '1.3' where the store has '1.1'"),
    'other colours': (
        same,
        ['--cfg-options', 'model.data_preprocessor.mean=[1,2,3]'],
        "data_preprocessor.mean.0 is '1' where",
    ),
    'another network': (same, ['--cfg-options', 'model.backbone.num_stacks=2'], 'small.pth: not a checkpoint of this'),
    'no store': (lambda made, folder: made._replace(store=folder / 'none'), [], 'none: no latent store'),
    'no analysis': (lambda made, folder: made._replace(analysis=folder / 'none'), [], 'results.json: no such file'),
    'an analysis of others': (other_analysis, [], 'results.json: is of '),
    'a file for a folder': (same, ['--out', __file__], 'is a file; name a folder'),
    'nobody beside': (same, ['--nearest', 0], '--nearest 0: give 1 or more'),
}


@pytest.mark.parametrize('case', BAD)
def test_bad_input_is_one_line_and_nothing_is_written(
    case: str, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    spoil, more, message = BAD[case]
    own = spoil(made, tmp_path)
    before = sorted(tmp_path.rglob('*'))
    monkeypatch.chdir(tmp_path)
    asked = words(own, tmp_path / 'out', '--analysis', own.analysis, *more)
    assert run_in_process(tool.main, asked, monkeypatch) == 2
    assert message in only_error(capfd.readouterr().err)
    assert sorted(tmp_path.rglob('*')) == before
