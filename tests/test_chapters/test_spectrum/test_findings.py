"""What the spectrum says, of numbers made by hand."""

from shg_xai.chapters.spectrum.findings import findings
from shg_xai.chapters.spectrum.results import Spectrum, StudyComponent, Width
from shg_xai.results import Estimate
from tests.helpers.made_results import made_results


def made() -> Spectrum:
    answer = made_results().all(Spectrum)[0]
    answer.leading[0] = Estimate(value=0.29, low=0.27, high=0.313)
    answer.components_for = [Width(share=0.95, value=120, halves=[118, 121])]
    answer.study = StudyComponent(component=50, value=0.0016, cumulative=0.93)
    return answer


def test_components_say_their_shares_and_halves() -> None:
    text = findings(made(), made_results())
    assert text[0] == 'Component 1 holds 29 % of the variance (95 % interval 27 to 31 %).'
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
