"""How wide the autoencoders of a study are: as the component projection suggests, or as the user asks."""

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.errors import InputError
from shg_xai.results_file import read_answer
from shg_xai.study.settings import Settings


def widths_of(settings: Settings) -> list[int]:
    """The suggested width of each stack, at least 1, or the one asked for; InputError where it cannot be."""
    widths = []
    for stack in range(settings.stacks):
        mend = f'run the stage "keep components {stack}" again'
        found = read_answer(settings.width_of(stack), ComponentProjection, mend)
        widths.append(settings.width or max(1, found.suggestion.k))
        if widths[-1] > found.dimensions:
            has = f'the latent of stack {stack} has {found.dimensions} values'
            raise InputError(f'--width {widths[-1]}: {has}; give at most as many')
    return widths
