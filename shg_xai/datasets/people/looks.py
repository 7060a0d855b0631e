"""What a person wears: skin, hair and clothes, drawn at random."""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from shg_xai.datasets.people.draw import Colour, Material

Colours = tuple[Colour, ...]
LIGHT_SKIN: Colours = ((176, 206, 245), (150, 184, 232), (120, 160, 215), (96, 134, 196))
SKIN: Colours = (*LIGHT_SKIN, (70, 104, 165), (52, 78, 128), (40, 58, 98))
DARK_HAIR: Colours = ((22, 22, 26), (30, 40, 58), (36, 62, 96))
HAIR: Colours = (*DARK_HAIR, (70, 120, 170), (120, 180, 215), (40, 70, 140), (170, 170, 172))
IRIS: Colours = ((60, 40, 20), (30, 50, 80), (120, 80, 40), (60, 90, 60))
PATTERNS = ('plain', 'plain', 'rings', 'lengthwise', 'checks', 'dots', 'noise', 'noise')
HAIRCUTS = ('short', 'short', 'long', 'long', 'bun', 'cap', 'bald')

T = TypeVar('T')


@dataclass(frozen=True)
class Looks:
    """The looks of one person."""

    skin: Colour
    hair: Colour
    iris: Colour
    hat: Colour
    haircut: str  # one of HAIRCUTS
    shirt: Material
    sleeve: Material
    forearm: Material
    thigh: Material  # may end in bare skin
    trousers: Material  # covers the pelvis
    shank: Material
    skirt: Material | None
    shoe: Material


def random_colour(rng: np.random.Generator, saturation: tuple[float, float], value: tuple[float, float]) -> Colour:
    """A BGR colour of any hue with saturation and value (0..1) uniform in the given ranges."""
    hue, s, v = rng.uniform((0, saturation[0], value[0]), (1, saturation[1], value[1]))
    red, green, blue = colorsys.hsv_to_rgb(hue, s, v)
    return (255 * blue, 255 * green, 255 * red)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """``one`` moved towards ``other`` by ``share`` in 0..1."""
    (a, b, c), (x, y, z) = one, other
    return (a + (x - a) * share, b + (y - b) * share, c + (z - c) * share)


def _pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    return choices[int(rng.integers(len(choices)))]


def _cloth(rng: np.random.Generator, patterns: tuple[str, ...], low: float, high: float) -> Material:
    colour = random_colour(rng, (0.15, 0.85), (low, high))
    towards: Colour = (245, 245, 245) if rng.uniform() < 0.55 else (25, 20, 20)
    second = mix(colour, towards, rng.uniform(0.35, 0.75))
    return Material(colour, second, _pick(rng, patterns), float(rng.uniform(0.035, 0.065)))


def sample_looks(rng: np.random.Generator) -> Looks:
    """Draw the looks of one person."""
    skin = mix(_pick(rng, SKIN), _pick(rng, SKIN), rng.uniform(0, 0.3))
    hair = mix(_pick(rng, HAIR), (30, 40, 60), rng.uniform(0, 0.3))
    shirt = _cloth(rng, PATTERNS, 0.35, 0.97)
    trousers = _cloth(rng, ('plain', 'plain', 'plain', 'noise', 'lengthwise'), 0.18, 0.7)
    bare, (sleeves, legs) = Material(skin), rng.uniform(size=2)
    skirted, cut = bool(rng.uniform() < 0.16), rng.uniform(0.45, 0.9)

    def partly(cloth: Material, share: float) -> Material:
        return Material(cloth.colour, cloth.second, cloth.pattern, cloth.pitch, share, skin)

    sleeve = bare if sleeves < 0.12 else partly(shirt, cut) if sleeves < 0.6 else shirt
    forearm = bare if sleeves < 0.6 else partly(shirt, 0.3) if sleeves < 0.72 else shirt
    if skirted:
        trousers = Material(trousers.colour, trousers.second, 'lengthwise', 0.05)
    # Under a skirt the thighs wear its cloth, so that a wide stride does not tear it.
    thigh = partly(trousers, 0.72) if skirted or legs < 0.25 else trousers
    shank = bare if skirted or legs < 0.25 else trousers
    iris, hat, haircut = _pick(rng, IRIS), random_colour(rng, (0.4, 0.9), (0.3, 0.9)), _pick(rng, HAIRCUTS)
    shoe = Material(random_colour(rng, (0.0, 0.8), (0.12, 0.95)), gloss=0.15)
    skirt = trousers if skirted else None
    return Looks(skin, hair, iris, hat, haircut, shirt, sleeve, forearm, thigh, trousers, shank, skirt, shoe)
