"""What the spectrum says, of numbers made by hand."""

import pytest

from shg_xai.chapters.spectrum.findings import claims, findings
from shg_xai.chapters.spectrum.results import Noise, Spectrum, StudyComponent, Width
from shg_xai.results import Estimate
from tests.helpers.made_results import made_results


def made() -> Spectrum:
    answer = made_results().all(Spectrum)[0]
    answer.held_out[0] = Estimate(value=0.27, low=0.25, high=0.293, n=1200)
    answer.explained_variance_ratio[0] = 0.29
    answer.components_for = [Width(share=0.95, value=120, halves=[118, 121])]
    answer.study = StudyComponent(component=50, value=0.0016, cumulative=0.93)
    return answer


def test_components_say_their_shares_and_halves() -> None:
    text = findings(made(), made_results())
    assert text[0] == (
        'Component 1 holds 27 % (95 % interval 25 to 29 %) of the variance of 1,200 persons, fitted to the others; '
        '29 % where it is fitted to all.'
    )
    assert 'It takes 120 components to hold 95 % of the variance (118 and 121 in two halves of the images).' in text
    assert any('component holds 0.16 % of the variance and the first 50 hold 93 %' in line for line in text)
    assert text[-1].startswith('Widths for an autoencoder’s code that this spectrum speaks for: 120 for 95 % of the')


def test_several_widths_are_told_in_one_sentence() -> None:
    answer = made()
    answer.components_for += [Width(share=0.99, value=200, halves=[])]
    assert (
        'It takes 120 components to hold 95 % of the variance (118 and 121 in two halves of the images) and 200 hold '
        '99 % (not known and not known).'
    ) in findings(answer, made_results())


def test_the_confidence_is_that_of_the_answer() -> None:
    answer = made()
    answer.confidence = 0.9
    assert '90 % interval' in findings(answer, made_results())[0]


def test_what_is_not_held_out_is_not_known() -> None:
    answer = made()
    answer.held_out[0] = Estimate(value=None, n=1200)
    assert findings(answer, made_results())[0] == (
        'Component 1 holds 29 % of the variance of whom it was fitted to; of others: not known.'
    )


@pytest.mark.parametrize(
    'noise, claim, text',
    [
        (Noise(value=3, threshold=1, p=0.01, draws=99), ['3 components above noise'], 'At least 3 components stand'),
        (Noise(value=1, threshold=1, p=0.05, draws=19), ['1 component above noise'], 'At least 1 component stands'),
        (Noise(value=0, threshold=1, p=0.4, draws=99), [], 'No component is found above noise (parallel'),
    ],
)
def test_components_above_noise_are_all_that_is_claimed(noise: Noise, claim: list[str], text: str) -> None:
    answer = made()
    answer.noise = noise
    lines = findings(answer, made_results())
    assert claims(answer) == claim
    assert sum(line.startswith(text) for line in lines) == 1
    assert ('for what stands above noise' in lines[-1]) == bool(claim)
