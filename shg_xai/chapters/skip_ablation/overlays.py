"""The same person with skips and without, one picture over the other."""

from collections.abc import Iterator
from functools import partial

from matplotlib import figure
from msgspec import UNSET

from shg_xai.chapters.skip_ablation.conditions import REPLACED
from shg_xai.chapters.skip_ablation.figures import draw_photo, unit_pose
from shg_xai.chapters.skip_ablation.options import Replacement
from shg_xai.chapters.skip_ablation.results import MARGIN, Example, SkipAblation, Way
from shg_xai.drawing.material import Material, Overlay, Twice
from shg_xai.drawing.panels import picture
from shg_xai.drawing.skeletons import draw_body, draw_pose
from shg_xai.drawing.style import styled
from shg_xai.drawing.text import number

MOST, SIDE, LIMB = 4, 2.1, 9.0  # persons; inches of a picture; points of a limb where there is no photo


def overlays(answer: SkipAblation, material: Material) -> Iterator[Overlay]:
    """Persons who lose most, as the network sees them with its skips and with all of them replaced."""
    if not answer.examples:
        return
    # Who loses most is first; among equals, whom more is known of.
    persons = sorted(answer.examples, key=lambda one: (one.pck['all_off'], one.photo is UNSET, -known(one)))[:MOST]
    yield Overlay(
        f'before-after-{answer.of}',
        'A person as the network predicts it',
        'The same network on the same persons, those who lose most: the joints it predicts with their own skip '
        f'features, and with all of them replaced by {REPLACED[answer.replacements[0]]}. Blue: left side of the body, '
        'orange: right. Only labelled joints are drawn, as no others count.',
        ('own skips', SIDES[answer.replacements[0]]),
        [Twice(title(one), *(partial(draw_person, answer, one, way) for way in WAYS)) for one in persons],
    )


SIDES: dict[Replacement, str] = {'donor': 'another’s skips', 'mean': 'mean skips', 'zero': 'no skips'}
WAYS: tuple[Way, Way] = ('untouched', 'all_off')


def known(person: Example) -> int:
    """How many joints count; 0 where that is not known."""
    return sum(person.labelled) if isinstance(person.labelled, list) else 0


def title(person: Example) -> str:
    """What the skips cost this person."""
    return f'PCK {number(person.pck["untouched"])} → {number(person.pck["all_off"])}'


@styled
def draw_person(answer: SkipAblation, person: Example, way: Way) -> figure.Figure:
    """Draw one prediction over the photo; over a plain body where there is none."""
    drawn, ax = picture(SIDE, SIDE)
    pose, joints = unit_pose(person, way), list(answer.untouched.joints)
    if isinstance(person.photo, bytes):
        draw_photo(ax, person, 0)
    else:
        draw_body(ax, pose, joints, answer.links, LIMB)
    draw_pose(ax, pose, joints, answer.links)
    ax.set(xlim=(-MARGIN, 1 + MARGIN), ylim=(1 + MARGIN, -MARGIN))
    return drawn
