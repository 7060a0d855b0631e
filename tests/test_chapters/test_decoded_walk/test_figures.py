"""Figures of walks: all there, whole, and with the numbers they are drawn from."""

import io
from pathlib import Path

import msgspec
import numpy as np
import pytest
from matplotlib.patches import Rectangle
from PIL import Image

from shg_xai.chapters.decoded_walk.figures import draw_concepts, draw_shifts, draw_strips, figures, shown_concept
from shg_xai.drawing.material import Material
from shg_xai.drawing.style import save_figure
from tests.helpers.drawn import assert_whole
from tests.helpers.made_decoded_walk import decoded_walk
from tests.helpers.made_results import among
from tests.helpers.nulled import nulled

NAMES = ('strips', 'shifts', 'concepts')


@pytest.mark.parametrize('place', range(3))
def test_a_figure_is_there_and_whole(tmp_path: Path, place: int) -> None:
    answer = decoded_walk()
    made = list(figures(answer, Material(among(decoded_walk('mean', 'none'), answer))))[place]
    assert made.name == f'{NAMES[place]}-1'
    assert made.alt.startswith('From each person’s latent, with each person’s own skips: ')
    png = save_figure(made.draw(), tmp_path, made.name)
    assert_whole(np.asarray(Image.open(io.BytesIO(png)).convert('RGB')))
    assert (tmp_path / f'{made.name}.svg').stat().st_size > 2000


def test_captions_know_whether_there_is_one_pose() -> None:
    several, alone = (
        ' '.join(made.caption for made in figures(answer, Material(among(answer))))
        for answer in (decoded_walk(), decoded_walk('mean', 'mean'))
    )
    assert 'no single person’s pose' in several and 'Bands: 95 % intervals over images.' in several
    assert alone.count('All persons have one pose here, hence no intervals.') == 1 and 'Bands' not in alone
    assert 'of 199 random directions of the latents’ covariance' in several


def test_strips_are_centred_on_the_start() -> None:
    axes = np.array(draw_strips(decoded_walk()).axes).reshape(4, 5)
    assert [ax.get_title() for ax in axes[0]] == ['−2 σ', '−1 σ', '0', '1 σ', '2 σ']
    assert axes[3, 0].get_ylabel() == 'factor <b>'
    assert [len(ax.collections) for ax in axes[0]] == [3, 3, 2, 3, 3], 'a body, and a ghost but at 0'


def test_shifts_stand_beside_random_ones() -> None:
    (ax,) = draw_shifts(decoded_walk()).axes
    assert [bar.get_width() for bar in ax.patches if isinstance(bar, Rectangle)] == pytest.approx([4, 1, 3, 2])
    assert len({bar.get_facecolor() for bar in ax.patches}) == 2
    first, last = ax.patches[0], ax.patches[3]
    # 0.02 has a corrected p of 0.75.
    assert last.get_facecolor() == ax.patches[1].get_facecolor() != first.get_facecolor()
    assert [line.get_xdata() for line in ax.lines] == [pytest.approx([0.5, 1.5])] * 4


def test_concepts_are_drawn_with_where_random_directions_arrive() -> None:
    first, *_ = draw_concepts(decoded_walk()).axes
    own, random = first.lines[:2]
    assert np.allclose(own.get_ydata(), [-0.3, 0.1, 0.5, 0.9, 1.3])
    # -0.3 at -2 sigmas, and from there by -0.2 to 0.2.
    assert np.allclose(random.get_xdata(), 2)
    assert np.allclose(random.get_ydata(), [-0.5, -0.1])
    assert first.get_xlabel() == 'change −0.40; random −0.20 to 0.20'


def test_a_component_shows_the_concept_of_the_smallest_p() -> None:
    direction = decoded_walk().directions[0]
    own = direction.random.concept_change['standing']
    direction.random.concept_change |= {'small': msgspec.structs.replace(own, p=0.001)}
    assert shown_concept(direction) == 'small'
    direction.random.concept_change = {'none': msgspec.structs.replace(own, p=None, p_corrected=None)}
    assert shown_concept(direction) is None


def test_what_is_not_known_leaves_a_gap(tmp_path: Path) -> None:
    answer = nulled(decoded_walk())
    for made in figures(answer, Material(among(answer))):
        save_figure(made.draw(), tmp_path, made.name)
    assert len(list(tmp_path.glob('*.png'))) == len(NAMES)
