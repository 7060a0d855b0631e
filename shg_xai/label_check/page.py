"""The page of suspects: pictures inside, no script, no request; whatever data says is escaped."""

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import shg_xai.report
from shg_xai.chapters.label_errors import METHODS
from shg_xai.chapters.label_errors.findings import KINDS_SAID, findings_of
from shg_xai.chapters.label_errors.results import LabelErrors, Suspect
from shg_xai.coco import OCCLUDED, VISIBLE
from shg_xai.drawing.pictures import Links, Person, person_picture, sides_of
from shg_xai.drawing.text import listed, number
from shg_xai.label_check.persons import Shown
from shg_xai.latents.schema import Manifest
from shg_xai.photos import read_photo

HERE = Path(__file__).parent
STYLE = Path(shg_xai.report.__file__).with_name('page.css')
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
SIZE = 224  # pixels of a picture
MOST_NAMED = 6  # joints in a caption


class Card(NamedTuple):
    """What is shown of a suspect; pictures as data URIs."""

    suspect: Suspect
    title: str
    score: str
    joints: str
    label: str
    predicted: str


def render(found: LabelErrors, persons: Sequence[Shown], manifest: Manifest) -> str:
    """The page as text; InputError where a photo cannot be read."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([HERE, STYLE.parent]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template('page.html').render(
        found=found,
        policy=POLICY,
        style=STYLE.read_text(encoding='utf-8'),
        claims=findings_of(found),
        methods=METHODS,
        shown=list(_cards(persons, manifest)),
    )


def _cards(persons: Sequence[Shown], manifest: Manifest) -> Iterator[Card]:
    for one in persons:
        suspect = one.suspect
        label, predicted = _pictures(one, manifest.skeleton_links, manifest.keypoint_names)
        yield Card(
            suspect, _title(suspect), number(suspect.score, 1), joints_said(suspect), _uri(label), _uri(predicted)
        )


def _title(suspect: Suspect) -> str:
    onto = f', on annotation {suspect.onto}' if suspect.onto is not None else ''
    return f'{KINDS_SAID[suspect.kind]}{onto}'


def joints_said(suspect: Suspect) -> str:
    """The joints that a suspicion is about, the first ones; nothing where it is about the whole person."""
    names = [place.joint.replace('_', ' ') for place in suspect.places]
    if suspect.kind == 'sides' or not names:
        return ''
    return listed(names[:MOST_NAMED]) + (' and more' if len(names) > MOST_NAMED else '')


def _pictures(one: Shown, links: Links, names: Sequence[str]) -> tuple[bytes, bytes]:
    photo = None if one.file is None else read_photo(one.file)
    # Of joints that are not labelled only what is suspect: a network makes up those nobody ever labelled.
    asked = np.isin(names, [place.joint for place in one.suspect.places])
    flags = np.minimum(one.flags, VISIBLE), np.where(one.flags > 0, VISIBLE, np.where(asked, OCCLUDED, 0))
    label, predicted = (
        person_picture(photo, Person(one.crop_center, one.crop_scale, places, own), links, SIZE, sides_of(names))
        for places, own in zip((one.keypoints, one.predicted), flags, strict=True)
    )
    return label, predicted


def _uri(jpeg: bytes) -> str:
    return f'data:image/jpeg;base64,{base64.b64encode(jpeg).decode("ascii")}'
