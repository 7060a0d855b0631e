"""Sentences and table of redundant channels."""

import msgspec
import pytest

from shg_xai.chapters.channel_redundancy.findings import claims, findings, most_redundant, stage_text, tables
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy
from shg_xai.results import Estimate
from tests.helpers.made_channel_redundancy import channel_redundancy, layer_channels, with_layers
from tests.helpers.made_results import among


def said(answer: ChannelRedundancy) -> list[str]:
    return findings(answer, among(answer))


def test_the_stages_that_do_with_fewer_are_named() -> None:
    assert said(channel_redundancy()) == [
        '3 stages were looked at, one at a time, with 60 persons of val; untouched, the network has a PCK of 0.800 '
        '(95 % interval 0.780 to 0.820) on labelled joints.',
        '1 of 3 stages is shown to lose at most 0.005 of PCK with fewer channel components, for all stages at once '
        'with 95 %: skip 0 with 2.',
        'The smallest share is shown for skip 0: 2 of 8 channel components (measured: 0.002 (95 % interval 0.000 to '
        '0.004); for all stages at once at most 0.0045).',
        'In resamples of the images the same rule chooses 2 in 90 % and 8 in 10 %.',
        'For 2 of 3 stages no smaller number of those tried is shown to be enough: encoder 0 and bottleneck.',
        'In 2 of 3 stages, 95 % of the variance is in fewer components than are suggested.',
    ]
    assert claims(channel_redundancy()) == ['skip 0: 2 of 8 channels enough']


def test_where_no_stage_is_redundant_none_is_named() -> None:
    answer = with_layers(*(layer_channels(f'backbone.hourglasses.0.skips.{level}', 8) for level in (0, 1)))
    texts = said(answer)
    assert len(texts) == 2 and texts[1].startswith('No stage is shown to lose at most 0.005 of PCK with fewer')
    assert claims(answer) == []


def test_many_alike_are_counted() -> None:
    answer = with_layers(*(layer_channels(f'backbone.hourglasses.0.skips.{level}', 1) for level in range(7)))
    texts = said(answer)
    assert 'skip 4 with 1 and 2 more.' in texts[1]
    assert sum(text.startswith('The smallest share') for text in texts) == 5
    assert 'skip 4: 1 of 8 channel components (measured' in ' '.join(texts)
    assert texts[-2:] == [
        'As small is that of 2 more.',
        'In 0 of 7 stages, 95 % of the variance is in fewer components than are suggested.',
    ]
    assert len(claims(answer)) == 7


@pytest.mark.parametrize('spectrum', [True, False])
def test_what_is_not_known_is_said_as_such(spectrum: bool) -> None:
    answer = with_layers(layer_channels('backbone.hourglasses.0.skips.0', 2))
    answer.untouched['labelled'] = answer.layers[0].suggestion.drop = Estimate(value=None)
    if not spectrum:
        answer.layers[0].spectrum = None
    texts = said(answer)
    assert 'a PCK of not known on labelled joints' in texts[0] and '(measured: not known;' in texts[2]
    assert any('of the variance' in text for text in texts) is spectrum
    (table,) = tables(answer, among(answer))
    assert (table.rows[0][4], table.rows[0][-1]) == ('6' if spectrum else '–', '–')


@pytest.mark.parametrize(
    ('layer', 'stacks', 'text'),
    [
        ('backbone.hourglasses.1.ups.2', True, 'second stack: decoder 2'),
        ('backbone.hourglasses.1.ups.2', False, 'decoder 2'),
        ('backbone.residuals.0', True, 'first stack: after the decoder'),
        ('backbone.layer4', True, 'backbone.layer4'),
    ],
)
def test_how_a_stage_is_called(layer: str, stacks: bool, text: str) -> None:
    assert stage_text(layer_channels(layer, 8), stacks) == text


def test_the_table_holds_the_numbers() -> None:
    (table,) = tables(channel_redundancy(), among())
    assert table.rows[0] == [
        'skip 0',
        'backbone.hourglasses.0.skips.0',
        '32 × 32',
        '8',
        '6',
        '2',
        '25.0 %',
        '0.002 (0.000 to 0.004)',
    ]
    assert len(table.rows) == 3 and all(len(row) == len(table.head) for row in table.rows)


def test_the_most_redundant_needs_the_smallest_share() -> None:
    def names(**layers: tuple[int, int]) -> list[str]:
        made = [
            msgspec.structs.replace(layer_channels(name, k), channels=channels)
            for name, (channels, k) in layers.items()
        ]
        return [layer.name for layer in most_redundant(made)]

    assert names(a=(8, 4), b=(32, 8), c=(4, 2)) == ['b']
    assert names(a=(8, 2), b=(4, 4), c=(32, 8)) == ['a', 'c']
