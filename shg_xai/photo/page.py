"""One page about one photo: pictures inside, no script, no request; whatever data says is escaped."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

import shg_xai.report
from shg_xai.drawing.pictures import Person, draw_persons, person_picture, sides_of
from shg_xai.drawing.text import DASH, number, percent, plural
from shg_xai.latents import LatentStore
from shg_xai.photo.results import FarOut, PhotoExplained, Point
from shg_xai.photos import read_photo

HERE = Path(__file__).parent
STYLE = Path(shg_xai.report.__file__).with_name('page.css')
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
LARGE, SMALL = 480, 200  # pixels of pictures
UNSURE = 0.5  # risk from which on a joint is drawn hollow
FAR = {
    'mahalanobis': 'from the mean of all, along the leading components in units of their spread (Mahalanobis)',
    'neighbour': 'from the nearest others, along the leading components (tenth nearest)',
    'residual': 'outside of the leading components (residual)',
}


def render(found: PhotoExplained, near: pa.Table, images: Path | None = None) -> str:
    """The page as text; ``near`` are the stored rows of the nearest persons, whose photos are in a folder, or where the
    store names them. InputError where a photo cannot be read.
    """
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
        name=Path(found.photo).name,
        policy=POLICY,
        style=STYLE.read_text(encoding='utf-8'),
        claims=findings(found),
        picture=_pose(found, [one.place for one in found.joints], LARGE, [one.risk for one in found.joints]),
        joints=joint_rows(found),
        changes=[
            (one.title, f'joints move by {_side(one.mean_moved)}', _pose(found, one.places, SMALL))
            for one in found.changes
        ],
        plain=_pose(found, found.plain, SMALL),
        moves=move_table(found),
        far=[_far_row(one) for one in found.among.distances],
        near=_near(found, near, images),
    )


def findings(found: PhotoExplained) -> list[str]:
    """What there is to say, in sentences; also what the tool prints."""
    texts = [_pose_said(found), *filter(None, map(_far_said, [found] * 3, found.among.distances))]
    if found.risks and found.risks.person is not None:
        texts.insert(1, f'The risk that less than half of the joints are right is {percent(found.risks.person)}.')
    moves = [f'{one.title} by {_side(one.mean_moved)}' for one in found.changes]
    texts.append(f'Joints move, on average: {"; ".join(moves)}.')
    return texts


def _pose_said(found: PhotoExplained) -> str:
    here = [one for one in found.joints if one.place is not None]
    heights = [one.height for one in here]
    text = f'{len(here)} of {plural(len(found.joints), "joint")} are found'
    if heights:
        lowest = min(here, key=lambda one: one.height)
        middle = number(float(np.median(heights)))
        text += f', with a median heatmap height of {middle}; lowest is {lowest.name}, {number(lowest.height)}'
    risks = [(one.risk, one.name) for one in found.joints if one.risk is not None]
    if risks:
        highest, name = max(risks)
        text += f'; the risk to be wrong is highest for {name}, {percent(highest)}'
    return f'{text}.'


def _far_said(found: PhotoExplained, one: FarOut) -> str | None:
    if one.beyond is None or one.name != 'mahalanobis':
        return None
    among = found.among
    kind = 'training person' if among.split == 'train' else 'stored person'
    return f'Its latent is farther out than {percent(one.beyond)} of {plural(among.persons, kind)} (Mahalanobis).'


def _far_row(one: FarOut) -> tuple[str, str, str, str]:
    beyond = percent(one.beyond, absent=DASH)
    return FAR[one.name], number(one.value, absent=DASH), number(one.median, absent=DASH), beyond


def _side(share: float | None) -> str:
    """Part of the crop's side."""
    return 'nobody knows how far' if share is None else f'{percent(share)} of the crop’s side'


def joint_rows(found: PhotoExplained) -> list[list[str]]:
    """Name, height and, where there is one, risk of each joint."""
    rows = []
    for one in found.joints:
        row = [one.name, number(one.height) if one.place is not None else 'not found']
        rows.append([*row, percent(one.risk)] if one.risk is not None else row)
    return rows


def move_table(found: PhotoExplained) -> list[list[str]]:
    """How far each joint moves under each change, in per cent of the crop's side."""
    moved = [one.moved for one in found.changes]
    return [
        [joint.name, *(percent(own[place], absent=DASH) for own in moved)] for place, joint in enumerate(found.joints)
    ]


def _pose(
    found: PhotoExplained, places: Sequence[Point | None], size: int, risks: Sequence[float | None] | None = None
) -> str:
    """A pose in the crop, as a data URI; joints that are more likely wrong than right are hollow."""
    unsure = [risk is not None and risk >= UNSURE for risk in risks or [None] * len(places)]
    flags = [0 if place is None else 1 if hollow else 2 for place, hollow in zip(places, unsure, strict=True)]
    points = np.array([place or (0, 0) for place in places], float)
    person = Person(found.crop_center, found.crop_scale, points, np.array(flags))
    sides = sides_of([one.name for one in found.joints])
    return _uri(person_picture(read_photo(found.photo), person, found.links, size, sides))


def _near(found: PhotoExplained, rows: pa.Table, images: Path | None) -> list[Mapping[str, object]]:
    """Whom to show: pictures on grey where the photo is not there."""
    manifest = LatentStore.open(found.store).manifest
    known = manifest.environment.get('image_dir')
    folder = images or (Path(known) if isinstance(known, str) else None)
    pictures = draw_persons(folder, rows, found.links, manifest.keypoint_names, 'nearest')
    return [
        dict(person=person, picture=_uri(picture), distance=number(person.distance))
        for person, picture in zip(found.among.nearest, pictures, strict=True)
    ]


def _uri(jpeg: bytes) -> str:
    return f'data:image/jpeg;base64,{base64.b64encode(jpeg).decode("ascii")}'
