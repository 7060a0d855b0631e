"""Annotation files as exporters write them: read and counted, or refused in one line that names file, id and mend."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shg_xai.datasets.keypoint_file import check_boxes, check_keypoints, photo_size, read_keypoint_file
from shg_xai.errors import InputError
from tests.helpers.data import annotation, coco

Change = Callable[[dict], None]


def content(*categories: str) -> Any:
    """Three images of two persons each, ids 11, 12, 21, ...; the category is the n-th for all on image n."""
    made: Any = coco([annotation(10 * image + person, image) for image in (1, 2, 3) for person in (1, 2)])
    if categories:
        made['categories'] = [{**made['categories'][0], 'id': n, 'name': name} for n, name in enumerate(categories, 1)]
        for entry in made['annotations']:
            entry['category_id'] = min(entry['image_id'], len(categories))
    return made


def put(path: str, value: Any) -> Change:
    """Set a value: 'annotations.0.id'."""

    def change(made: dict) -> None:
        target: Any = made
        *keys, last = (int(key) if key.isdigit() else key for key in path.split('.'))
        for key in keys:
            target = target[key]
        target[last] = value

    return change


def take(path: str) -> Change:
    """Remove a value."""

    def change(made: dict) -> None:
        target: Any = made
        *keys, last = (int(key) if key.isdigit() else key for key in path.split('.'))
        for key in keys:
            target = target[key]
        del target[last]

    return change


def keypoints(place: int, value: Any) -> Change:
    """Set one number of the second person's keypoints."""
    return lambda made: made['annotations'][1]['keypoints'].__setitem__(place, value)


def nested(made: dict) -> None:
    flat = made['annotations'][1]['keypoints']
    made['annotations'][1]['keypoints'] = [flat[start : start + 3] for start in range(0, 51, 3)]


def all_nested(made: dict) -> None:
    for entry in made['annotations']:
        entry['keypoints'] = [[entry['keypoints'][start : start + 3] for start in range(0, 51, 3)]]


def lost_images(made: dict) -> None:
    del made['images'][1:]


REFUSED = {
    # ids that come twice
    'annotation id twice': (
        put('annotations.2.id', 11),
        r'annotations has id 11 twice \(of images 1 and 2\); give each',
    ),
    'annotation id twice on one image': (put('annotations.1.id', 11), r'has id 11 twice \(of images 1 and 1\)'),
    'image id twice': (put('images.1.id', 1), r'images has id 1 twice \(0{11}1\.jpg and 0{11}2\.jpg\)'),
    'category id twice': (lambda made: made['categories'].append(made['categories'][0]), 'categories has id 1 twice;'),
    # ids that are no integers
    'annotation id as text': (put('annotations.1.id', 'ann-7'), r"id of annotations\[1\] is 'ann-7', text, not an int"),
    'image id as text': (put('images.0.id', '1'), r"id of images\[0\] is '1', text, not an integer; number all ids"),
    'image_id as text': (put('annotations.1.image_id', '1'), r"annotation 12: its image_id is '1', text, not an int"),
    'category_id as text': (
        put('annotations.1.category_id', '1'),
        r"annotation 12: category_id '1' is none.*1 \(person",
    ),
    'id as fraction': (put('annotations.0.id', 1.5), r'id of annotations\[0\] is 1\.5, not an integer'),
    'id as truth': (put('annotations.0.id', True), r'id of annotations\[0\] is True, not an integer'),
    'id beyond 64 bits': (put('annotations.0.id', 2**63), r'id of annotations\[0\] is 9223372036854775808, not an int'),
    'id null': (put('images.0.id', None), r'id of images\[0\] is None, not an integer'),
    # keypoints
    'nested keypoints': (
        nested,
        r'annotation 12: "keypoints" is nested, \[\[x, y, v\], \.\.\.\]; COCO has one flat list',
    ),
    'nested twice': (all_nested, 'annotation 11: "keypoints" is nested'),
    'too few keypoints': (
        put('annotations.1.keypoints', [1, 2, 2]),
        'annotation 12: "keypoints" holds 3 numbers, not 51',
    ),
    'keypoints as text': (put('annotations.1.keypoints', '1 2 2'), r"annotation 12: \"keypoints\" is '1 2 2', no list"),
    'keypoints as object': (
        put('annotations.1.keypoints', {'a': 1}),
        r'annotation 12: "keypoints" is .*, no list of 51',
    ),
    'keypoints as number': (put('annotations.0.keypoints', 5), 'annotation 11: "keypoints" is 5, no list'),
    'a number as text': (keypoints(3, '3'), """annotation 12: "keypoints" holds '3', which is no number"""),
    'a number null': (keypoints(3, None), 'annotation 12: "keypoints" holds None, which is no number'),
    'NaN': (keypoints(3, float('nan')), 'annotation 12: "keypoints" holds NaN or infinity'),
    'infinity': (keypoints(4, float('inf')), 'annotation 12: "keypoints" holds NaN or infinity'),
    'far away': (keypoints(4, 10**400), 'annotation 12: "keypoints" holds NaN or infinity, or what is far'),
    'visibility 3': (keypoints(2, 3), r'annotation 12: "keypoints" has visibility \[3\]; give 0 '),
    'visibility as confidence': (keypoints(2, 0.7), r'annotation 12: "keypoints" has visibility \[0\.7\]'),
    'labelled but without keypoints': (
        put('annotations.1.keypoints', []),
        '12: "keypoints" holds 0 numbers, but num_key',
    ),
    # crowds
    'iscrowd in words': (put('annotations.1.iscrowd', 'maybe'), "annotation 12: iscrowd is 'maybe'; give 0 or 1"),
    'iscrowd 2': (put('annotations.1.iscrowd', 2), 'annotation 12: iscrowd is 2'),
    'iscrowd as list': (put('annotations.1.iscrowd', [0]), r'annotation 12: iscrowd is \[0\]'),
    # images and categories that are not listed
    'images not listed': (
        lost_images,
        'annotation 21 is of image 2, which the file does not list, nor those of 3 more',
    ),
    'image not listed': (
        put('annotations.1.image_id', 9),
        'annotation 12 is of image 9, .* not list; list the images or',
    ),
    'category not listed': (put('annotations.1.category_id', 3), 'annotation 12: category_id 3 is none of the file: 1'),
    'no category': (put('categories', []), 'lists no category; add one with the names'),
    # names of photos
    'Windows': (
        put('images.1.file_name', r'C:\coco\2.jpg'),
        r'image 2: file_name .* is a path of Windows; write it from',
    ),
    'backslash': (put('images.1.file_name', r'val\2.jpg'), 'image 2: file_name .* is a path of Windows; .*, with /'),
    'drive': (put('images.1.file_name', 'C:2.jpg'), 'image 2: file_name .* is a path of Windows'),
    'absolute': (
        put('images.1.file_name', '/coco/2.jpg'),
        "image 2: file_name '/coco/2.jpg' is an absolute path; write",
    ),
    'out of the folder': (put('images.1.file_name', 'a/../../2.jpg'), 'image 2: .* leads out of the folder of images'),
    'empty name': (put('images.1.file_name', ''), "image 2: file_name '' is no name of a file"),
    'name as number': (put('images.1.file_name', 2), 'image 2: file_name 2 is no name of a file'),
    # no COCO
    'no object': (put('images.1', [1]), r"not COCO JSON, images\[1\] has no 'id'"),
    'no list of images': (take('images'), "not COCO JSON, the list 'images' is missing"),
    'no list of annotations': (put('annotations', {}), "not COCO JSON, the list 'annotations' is missing"),
    'no image_id': (take('annotations.1.image_id'), r"annotations\[1\] has no 'image_id'"),
    'no file_name': (take('images.1.file_name'), r"images\[1\] has no 'file_name'"),
}


@pytest.mark.parametrize('change, message', REFUSED.values(), ids=REFUSED)
def test_what_could_be_meant_in_two_ways_is_refused(change: Change, message: str) -> None:
    made = content()
    change(made)
    with pytest.raises(InputError, match=f'^some/a.json: .*{message}') as caught:
        check_keypoints(made, 'some/a.json')
    assert '\n' not in str(caught.value)


BOXES = {
    'no box': (take('annotations.1.bbox'), 'annotation 12: "bbox" must be x, y, width, height, .* not None'),
    'of three': (put('annotations.1.bbox', [1, 2, 3]), r'annotation 12: "bbox" must be .* not \[1, 2, 3\]'),
    'of text': (put('annotations.1.bbox', ['1', 2, 3, 4]), 'annotation 12: "bbox" must be'),
    'NaN': (put('annotations.1.bbox', [1, 2, 3, float('nan')]), 'annotation 12: "bbox" must be'),
    'no area': (put('annotations.1.bbox', [1, 2, 3, 0]), r'annotation 12: "bbox" \[1, 2, 3, 0\] has no area'),
    'turned around': (put('annotations.1.bbox', [9, 2, -3, 4]), 'annotation 12: .* has no area; mend or remove it'),
    'no width': (take('images.2.width'), r'image 3: width and height are \(None, 120\); give the pixels of the photo'),
    'width as text': (put('images.2.width', '160'), r"image 3: width and height are \('160', 120\)"),
    'width 0': (put('images.2.width', 0), r'image 3: width and height are \(0, 120\)'),
    'half a pixel': (put('images.2.height', 12.5), r'image 3: width and height are \(160, 12\.5\)'),
}


@pytest.mark.parametrize('change, message', BOXES.values(), ids=BOXES)
def test_boxes_and_sizes_are_there(change: Change, message: str) -> None:
    made = content()
    change(made)
    with pytest.raises(InputError, match=f'^some/a.json: {message}'):
        check_boxes(check_keypoints(made, 'some/a.json'))


def test_whole_numbers_with_a_point_are_a_size() -> None:
    assert photo_size(dict(id=1, width=160.0, height=120), 'a.json') == (160, 120)  # type: ignore[typeddict-item]


@pytest.mark.parametrize('written', ['0', 'false', 'False', None, False, 0.0])
def test_whatever_says_no_crowd_is_read_so(written: Any) -> None:
    made = content()
    made['annotations'][1]['iscrowd'] = written
    file = check_keypoints(made, 'a.json')
    assert (len(file.persons), made['annotations'][1]['iscrowd'], file.left_out) == (6, 0, {})
    said = ['a.json: iscrowd is text: it is read as a number here (annotations: 1); CocoMetric, which reads the file']
    assert [line[: len(said[0])] for line in file.report()] == said * isinstance(written, str)


@pytest.mark.parametrize('written', ['1', 'true', True, 1])
def test_whatever_says_crowd_is_read_so(written: Any) -> None:
    made = content()
    made['annotations'][1]['iscrowd'] = written
    file = check_keypoints(made, 'a.json')
    assert [person['id'] for person in file.persons] == [11, 21, 22, 31, 32]
    assert file.report()[0] == 'a.json: 5 of 6 annotations are persons; left out: crowds (1)'


@pytest.mark.parametrize('written', [0, 3, '17', None, -1])
def test_labels_are_counted_here(written: Any) -> None:
    made = content()
    for entry in made['annotations'][1:3]:
        entry['num_keypoints'] = written
    file = check_keypoints(made, 'a.json')
    assert len(file.persons) == 6
    assert [entry['num_keypoints'] for entry in made['annotations']] == [17] * 6
    assert (
        'num_keypoints is not the number of labelled joints: these are counted here (annotations: 2)'
        in file.report()[0]
    )


def test_without_a_count_nothing_disagrees() -> None:
    made = content()
    del made['annotations'][1]['num_keypoints']
    assert check_keypoints(made, 'a.json').report() == []


@pytest.mark.parametrize(
    'nothing',
    [take('annotations.1.keypoints'), put('annotations.1.keypoints', []), put('annotations.1.keypoints', None)],
)
def test_who_has_no_labels_is_left_out_and_counted(nothing: Change) -> None:
    made = content()
    made['annotations'][1]['num_keypoints'] = made['annotations'][2]['num_keypoints'] = 0
    made['annotations'][2]['keypoints'] = [0] * 51
    nothing(made)
    file = check_keypoints(made, 'a.json')
    assert file.left_out == {'without labelled keypoints': 2}
    assert file.report() == ['a.json: 4 of 6 annotations are persons; left out: without labelled keypoints (2)']


def test_a_category_is_chosen_by_name() -> None:
    with pytest.raises(
        InputError, match=r'a\.json: several categories have keypoints \(bird, man, person\); choose one'
    ):
        check_keypoints(content('person', 'bird', 'man'), 'a.json')
    file = check_keypoints(content('person', 'bird', 'man'), 'a.json', 'bird')
    assert [person['id'] for person in file.persons] == [21, 22]
    assert file.left_out == {'of another category than bird': 4}
    with pytest.raises(
        InputError, match=r"category 'dog' has no keypoints here; those with keypoints are bird, person"
    ):
        check_keypoints(content('person', 'bird'), 'a.json', 'dog')
    with pytest.raises(InputError, match="category 'bird' is the name of several"):
        check_keypoints(content('bird', 'bird'), 'a.json', 'bird')


def test_skeletons_of_categories_may_differ() -> None:
    made = content('person', 'bird')
    made['categories'][1]['keypoints'] = ['beak', 'tail']
    for entry in made['annotations'][2:]:
        entry.update(keypoints=[1, 2, 2, 3, 4, 0], num_keypoints=1)
    assert len(check_keypoints(made, 'a.json', 'person').persons) == 2
    assert len(check_keypoints(made, 'a.json', 'bird', 2).persons) == 4
    with pytest.raises(
        InputError, match="category 'bird' has 2 keypoints, the metainfo of the dataset 17; set metainfo"
    ):
        check_keypoints(made, 'a.json', 'bird', 17)


def test_no_choice_where_one_category_has_keypoints() -> None:
    made = content('person', 'kite')
    del made['categories'][1]['keypoints']
    for entry in made['annotations'][2:]:
        del entry['keypoints'], entry['num_keypoints']
    file = check_keypoints(made, 'a.json')
    assert (file.category['name'], len(file.persons)) == ('person', 2)
    assert file.left_out == {'of another category than person': 4}


def test_a_single_category_goes_without_saying_and_need_not_name_its_keypoints() -> None:
    made = content()
    del made['annotations'][1]['category_id'], made['categories'][0]['keypoints']
    assert len(check_keypoints(made, 'a.json').persons) == 6
    assert made['annotations'][1]['category_id'] == 1
    made = content('person', 'bird')
    del made['annotations'][1]['category_id']
    with pytest.raises(InputError, match='annotation 12: category_id None is none of the file'):
        check_keypoints(made, 'a.json', 'person')


def test_names_that_stay_in_the_folder_are_good() -> None:
    made = content()
    for image, name in zip(made['images'], ('a/b/1.jpg', 'a/../1.jpg', '..jpg'), strict=True):
        image['file_name'] = name
    check_keypoints(made, 'a.json')


def test_a_part_shares_entries_and_counts_its_own() -> None:
    made = content()
    file = check_keypoints(made, 'a.json')
    part = file.of_images({1, 3})
    assert part.persons_on() == {1: 2, 3: 2}
    assert [image['id'] for image in part.coco['images']] == [1, 3]
    assert part.coco['annotations'][0] is made['annotations'][0]
    assert len(file.persons) == 6


@pytest.mark.parametrize(
    'text, message',
    [
        (None, 'no such annotation file; set ann_file and data_root'),
        (b'', 'not valid JSON'),
        (b'{"images": [', 'not valid JSON'),
        (b'\x89PNG\xff', 'not valid JSON'),
        (b'[' * 100_000, 'not valid JSON'),
        (b'[1]', 'not COCO JSON, its outermost value is no object'),
    ],
)
def test_what_is_no_file_of_annotations_is_named(tmp_path: Path, text: bytes | None, message: str) -> None:
    if text is not None:
        (tmp_path / 'a.json').write_bytes(text)
    with pytest.raises(InputError, match=rf'a\.json: {message}'):
        read_keypoint_file(tmp_path / 'a.json')


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='Is a directory; set ann_file'):
        read_keypoint_file(tmp_path)


def test_a_file_is_read_as_it_is_checked(tmp_path: Path) -> None:
    (tmp_path / 'a.json').write_text(json.dumps(content()))
    assert read_keypoint_file(tmp_path / 'a.json') == check_keypoints(content(), str(tmp_path / 'a.json'))
