"""Made people with a weak spot: what the demo's network has not met in training, in a strength to be chosen.

  cloth     white from neck to shoes: clothes of training are coloured (saturation 0.15 at least); strength: how white,
            from the own colours (0) to white all over (1)
  occluder  a grey square before a limb, and what it hides is labelled as hidden, as COCO's annotators do it; strength:
            its side in body heights
  view      seen from above; strength: by how many degrees more than anybody of training

A person has a number, and is the same person in any strength, so that what a property costs can be told from pairs.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from shg_xai.coco import Annotation, Image
from shg_xai.datasets.people.body import Person, make_person
from shg_xai.datasets.people.compose import LIMBS, Picture, make_picture
from shg_xai.datasets.people.draw import Material
from shg_xai.datasets.people.factors import Factors
from shg_xai.datasets.people.looks import mix, sample_looks
from shg_xai.datasets.people.skeleton import rotation
from shg_xai.datasets.people.vectors import composed, turned
from shg_xai.datasets.people.write import JPEG_QUALITY, PeopleConfig, annotations, write_split

SIDE = 256
WHITE, GREY = (250.0, 250.0, 250.0), 128
SET = 'set'  # the factor that says which set a person is of
USUAL = ''  # the kind of those who have nothing


def in_white(rng: Generator, factors: Factors, strength: float) -> Person:
    """Somebody whose clothes cover arms, legs and feet and are nearly white."""
    looks = sample_looks(rng)

    def whiter(cloth: Material) -> Material:
        colours = mix(cloth.colour, WHITE, strength), mix(cloth.second, WHITE, strength)
        return Material(*colours, cloth.pattern, cloth.pitch, gloss=cloth.gloss)

    shirt, trousers, shoe = map(whiter, (looks.shirt, looks.trousers, looks.shoe))
    looks = replace(looks, shirt=shirt, sleeve=shirt, forearm=shirt, skirt=None, shoe=shoe)
    return make_person(rng, factors, replace(looks, trousers=trousers, thigh=trousers, shank=trousers))


def from_above(rng: Generator, factors: Factors, degrees: float) -> Person:
    """Somebody who leans towards the camera as seen by one that is so much higher; the camera's roll comes after."""
    person = make_person(rng, factors, sample_looks(rng))
    roll = (rotation(2, factors.roll_deg), rotation(2, -factors.roll_deg))
    turn = composed(roll[0], rotation(0, degrees), roll[1])
    points = {name: turned(turn, point) for name, point in person.points.items()}
    return replace(person, points=points, turn=composed(turn, person.turn), head_turn=composed(turn, person.head_turn))


def behind_square(picture: Picture, rng: Generator, width: float) -> Picture:
    """The same with a grey square of so many body heights near a labelled joint, of the limbs if there is one."""
    side, keypoints = picture.image.shape[0], picture.keypoints.copy()
    seen = np.flatnonzero(keypoints[:, 2])
    limbs = seen[np.isin(seen, LIMBS)]
    half = width * picture.factors.scale * side / 2
    at = keypoints[rng.choice(limbs if len(limbs) else seen), :2] + rng.uniform(-0.5, 0.5, 2) * half
    (left, top), (right, bottom) = (np.clip(np.round(at + sign * half), 0, side).astype(int) for sign in (-1, 1))
    covered = np.zeros((side, side), bool)
    covered[top:bottom, left:right] = True
    columns, rows = np.clip(np.round(keypoints[:, :2]).astype(int), 0, side - 1).T
    keypoints[(keypoints[:, 2] > 0) & covered[rows, columns], 2] = 1
    image = np.where(covered[..., None], GREY, picture.image).astype(np.uint8)
    others = [other & ~covered for other in picture.others]
    return replace(picture, image=image, keypoints=keypoints, mask=picture.mask & ~covered, others=others)


def white_picture(rng: Generator, strength: float) -> Picture:
    """A picture of somebody in white."""
    return make_picture(rng.spawn(2)[0], SIDE, {}, partial(in_white, strength=strength))


def square_picture(rng: Generator, strength: float) -> Picture:
    """A picture of somebody behind a grey square."""
    main, own = rng.spawn(2)
    return behind_square(make_picture(main, SIDE, {}), own, strength)


def above_picture(rng: Generator, strength: float) -> Picture:
    """A picture of somebody seen from above."""
    return make_picture(rng.spawn(2)[0], SIDE, {}, partial(from_above, degrees=strength))


def usual_picture(rng: Generator, strength: float = 0) -> Picture:
    """A picture as those of training."""
    return make_picture(rng.spawn(2)[0], SIDE, {})


class Kind(NamedTuple):
    """A property: how it is drawn, the largest strength that is tried and its unit, the column that says who has it,
    and which concepts of an annotation name it, too.
    """

    draw: Callable[[Generator, float], Picture]
    most: float
    unit: str
    column: str
    named_by: tuple[str, ...] = ()


KINDS = {
    'cloth': Kind(white_picture, 1, 'of the way to white', 'white_clothes'),
    'occluder': Kind(square_picture, 0.4, 'body heights', 'grey_square', ('occluded_share',)),
    'view': Kind(above_picture, 30, 'degrees', 'from_above'),
}


class PeopleSet(NamedTuple):
    """So many persons of a kind in a strength; sets of one ``first`` have the same persons."""

    kind: str
    strength: float
    persons: int
    first: int


Job = tuple[int, int, PeopleSet, int, int]  # seed, number of the set, the set, the person in it, number of the image


def picture_of(seed: int, own: PeopleSet, person: int) -> Picture:
    """One picture, with something of its person to be seen."""
    draw = KINDS[own.kind].draw if own.kind else usual_picture
    tries = np.random.default_rng([seed, own.first + person]).spawn(100)
    pictures = (draw(rng, own.strength) for rng in tries)
    return next(picture for picture in pictures if picture.mask.any())


def _draw(job: Job, folder: Path) -> list[Annotation]:
    cv2.setNumThreads(1)
    seed, place, own, person, number = job
    picture = picture_of(seed, own, person)
    file = folder / f'{number:012d}.jpg'
    file.write_bytes(cv2.imencode('.jpg', picture.image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1].tobytes())
    found = annotations(picture, number)
    flags = {kind.column: int(name == own.kind) for name, kind in KINDS.items()}
    found[0]['factors'] |= {SET: place, **flags}
    return found


def write_sets(folder: Path, sets: Sequence[PeopleSet], seed: int, processes: int) -> None:
    """A data set of these sets, one after another, as the split ``test``."""
    for name in ('annotations', 'test2017'):
        (folder / name).mkdir(parents=True, exist_ok=True)
    each = [(place, own, person) for place, own in enumerate(sets) for person in range(own.persons)]
    jobs = [(seed, *one, number) for number, one in enumerate(each, 1)]
    task = partial(_draw, folder=folder / 'test2017')
    if processes > 1:
        with ProcessPoolExecutor(processes, get_context('spawn')) as pool:
            found = list(pool.map(task, jobs, chunksize=16))
    else:
        found = list(map(task, jobs))
    images = [
        Image(id=number, file_name=f'{number:012d}.jpg', width=SIDE, height=SIDE, license=0) for *_, number in jobs
    ]
    config = PeopleConfig(dict(test=len(jobs)), SIDE, seed)
    write_split(folder, 'test', config, images, [one for records in found for one in records])


def sheet(seed: int, strengths: Mapping[str, float], persons: int = 6, size: int = 128) -> NDArray[np.uint8]:
    """Usual persons above, and below the same with each property, a person a column."""
    rows = [PeopleSet(kind, strength, persons, 0) for kind, strength in {USUAL: 0.0, **strengths}.items()]
    pictures = [[picture_of(seed, own, person).image for person in range(persons)] for own in rows]
    shrunk = [[cv2.resize(one, (size, size), interpolation=cv2.INTER_AREA) for one in row] for row in pictures]
    return np.vstack([np.hstack(row) for row in shrunk])
