"""Whether another training says the same, in a sentence."""

from statistics import fmean

from shg_xai.chapters.trainings.results import Trainings
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import number, plural
from shg_xai.results import Results


def headline(answer: Trainings, results: Results) -> Headline | None:
    """How many components are found again, and how alike the latents are."""
    counts = [len(answer.found_again_in(component)) for component in range(1, answer.components + 1)]
    again, pairs = sum(map(bool, counts)), [pair.cka for pair in answer.pairs if pair.cka is not None]
    alike = f'The latents are alike to {number(fmean(pairs))} (CKA), and ' if pairs else ''
    text = (
        f'{alike}{number(again)} of the first {plural(answer.components, "component")} '
        f'{"is" if again == 1 else "are"} found again in another training.'
    )
    return Headline(
        text[0].upper() + text[1:],
        unit='components',
        number=f'{number(again)} of {number(answer.components)}',
        verdict='stands' if again else 'fails',
        control=f'Beside {plural(len(answer.names) - 1, "other training")}; other photos, and chance matching.',
    )
