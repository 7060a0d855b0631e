"""Manifests, layer names and what differs."""

import json

import pyarrow as pa
import pytest

from shg_xai.errors import InputError
from shg_xai.latents.schema import Layer, Manifest, differences, layer_file, row_schema
from tests.helpers.latent_stores import NAMES, manifest


def test_a_manifest_comes_back_from_its_text() -> None:
    text = manifest().to_json()
    assert Manifest.from_json(text) == manifest()
    assert json.loads(text)['layers'][0] == dict(
        name='backbone:0', file='backbone-0.npy', shape=[2, 3, 3], dtype='float16'
    )


@pytest.mark.parametrize(
    'name', ['../evil', 'a/b', 'a\\b', '', '.', '..', '.hidden', 'a b', 'a\n', 'a\0', 'ä', 'a' * 201, None]
)
def test_a_layer_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r'^layer '):
        layer_file(name)


@pytest.mark.parametrize(
    'change',
    [
        dict(file='../x.npy'),
        dict(file='.x.npy'),
        dict(file='x.txt'),
        dict(shape=(0,)),
        dict(shape=(2.5,)),
        dict(dtype='object'),
        dict(name='../x'),
    ],
)
def test_a_layer_that_cannot_be_stored_is_refused(change: dict) -> None:
    with pytest.raises(InputError, match=r'^layer '):
        Layer(**{**dict(name='x', file='x.npy', shape=(2,), dtype='float16'), **change})


@pytest.mark.parametrize('names', [('a', 'a'), ('a:0', 'a-0'), ('Neck', 'neck')])
def test_two_layers_of_one_file_are_refused(names: tuple[str, str]) -> None:
    with pytest.raises(InputError, match=r'layers: the \w+ .* is there twice'):
        manifest(layers=tuple(Layer.named(name, (2,)) for name in names))


def test_a_newer_schema_says_what_to_do() -> None:
    content = {**json.loads(manifest().to_json()), 'schema_version': 2}
    with pytest.raises(InputError, match=r'2 is newer than 1, .* reads; update shg_xai'):
        Manifest.from_json(json.dumps(content), 'd/manifest.json')


@pytest.mark.parametrize(
    'key,value',
    [
        ('schema_version', None),
        ('schema_version', 'x'),
        ('rows', -1),
        ('rows', '7'),
        ('layers', []),
        ('layers', [dict(name='a')]),
        ('keypoint_names', []),
        ('skeleton_links', [[0, 3]]),
        ('skeleton_links', [1]),
        ('sigmas', [0.1, 0.1]),
        ('sigmas', [0.1, 0.1, 0]),
        ('mirrored', [0, 1]),
        ('mirrored', [1, 2, 0]),
        ('mirrored', [0, 2, 3]),
        ('source', None),
        ('environment', 3),
    ],
)
def test_a_malformed_manifest_names_file_and_key(key: str, value: object) -> None:
    content = {**json.loads(manifest().to_json()), key: value}
    with pytest.raises(InputError, match=f'^d/manifest.json: {key}'):
        Manifest.from_json(json.dumps(content), 'd/manifest.json')


@pytest.mark.parametrize('text', ['', '{', '[1]', '"x"', '[' * 100000])
def test_no_manifest_at_all_is_one_message(text: str) -> None:
    with pytest.raises(InputError, match=r'^m\.json: '):
        Manifest.from_json(text, 'm.json')


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(InputError, match='source'):
        manifest(source=dict(a=float('nan'))).to_json()


def test_differences_are_dotted_keys_with_both_values() -> None:
    other = manifest(
        environment=dict(numpy='2.0'),
        layers=(Layer.named('backbone:0', (2, 3, 4)), manifest().layers[1]),
        source={**manifest().source, 'split': 'train', 'limit': 5, 'files': [dict(path='b.json', sha256='3')]},
    )
    assert differences(manifest(), other) == [
        "layers.backbone:0.shape.2: '3' against '4'",
        "source.split: 'val' against 'train'",
        "source.files.0.sha256: '2' against '3'",
        "source.limit: nothing against '5'",
    ]


def test_of_long_values_the_place_where_they_part_is_shown() -> None:
    first, second = ('x' * 500 + letter + 'y' * 500 for letter in 'ab')
    (line,) = differences(manifest(source=dict(config=first)), manifest(source=dict(config=second)))
    assert line == (f"source.config: '…{'x' * 10}a{'y' * 29}…' against '…{'x' * 10}b{'y' * 29}…'")


def test_order_of_layers_and_environment_make_no_difference() -> None:
    other = manifest(layers=manifest().layers[::-1], environment={})
    assert differences(manifest(), other) == []
    assert differences(manifest(), manifest(source=dict(manifest().source, split=('val',)))) != []
    assert differences(manifest(7), manifest(8)) == ["rows: '7' against '8'"]


def test_columns_are_typed_and_say_what_may_be_null() -> None:
    schema = row_schema(len(NAMES), ['posture'])
    assert schema.field('keypoints').type == pa.list_(pa.float32(), 6)
    assert schema.field('factors.posture').type == pa.float64()
    assert [field.name for field in schema if field.nullable] == [
        'image_width',
        'image_height',
        'area',
        'predicted_keypoints',
        'keypoint_scores',
        'pck',
        'keypoint_spreads',
        'keypoint_flip_distances',
        'factors.posture',
    ]


def test_what_is_known_of_joints_may_be_missing() -> None:
    known = manifest(sigmas=(0.026, 0.062, 0.062), mirrored=(0, 2, 1))
    assert Manifest.from_json(known.to_json()) == known
    content = json.loads(known.to_json())
    del content['sigmas'], content['mirrored']  # as the first stores were
    old = Manifest.from_json(json.dumps(content))
    assert old == manifest() and (old.sigmas, old.mirrored) == ((), ())
    assert differences(old, known) == []  # a dump that was cut off before goes on


def test_a_kind_of_str_is_text() -> None:
    class Version(str):
        pass

    made = manifest(environment=dict(torch=Version('2.1')))
    assert Manifest.from_json(made.to_json()) == manifest(environment=dict(torch='2.1'))
