"""Sentences and table of redundant channels."""

import msgspec
import pytest

from shg_xai.chapters.channel_redundancy.findings import findings, most_redundant, stage_text, tables
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy
from shg_xai.results import Estimate
from tests.helpers.made_channel_redundancy import channel_redundancy, layer_channels, with_layers
from tests.helpers.made_results import among


def said(answer: ChannelRedundancy) -> list[str]:
    return findings(answer, among(answer))


def test_the_most_redundant_stage_is_named() -> None:
    assert said(channel_redundancy()) == [
        '3 stages were looked at, one at a time, with 60 persons of val; untouched, the network has a PCK of 0.800 '
        '(95 % interval 0.780 to 0.820) on labelled joints.',
        'The most redundant stage is skip 0: 2 of 8 channel components are enough to lose at most '
        '0.005 of PCK (measured: 0.002 (95 % interval −0.008 to 0.012)).',
        'The interval does not rule out a larger loss, up to 0.012.',
        '2 of 3 stages need all channel components to stay within it, of the numbers tried: encoder 0 and bottleneck.',
        'In 2 of 3 stages, 95 % of the variance is in fewer components than PCK asks for: variance there is no measure '
        'of what the network needs.',
    ]


def test_where_no_stage_is_redundant_none_is_named() -> None:
    texts = said(with_layers(*(layer_channels(f'backbone.hourglasses.0.skips.{level}', 8) for level in (0, 1))))
    assert len(texts) == 2 and texts[1].startswith('No stage can do with fewer')


def test_many_alike_are_counted() -> None:
    texts = said(with_layers(*(layer_channels(f'backbone.hourglasses.0.skips.{level}', 1) for level in range(7))))
    assert sum(text.startswith('The most redundant stage') for text in texts) == 5
    assert 'skip 4: 1 of 8 channel components is enough' in ' '.join(texts)
    assert texts[-2:] == [
        'As redundant are 2 more.',
        'In 0 of 7 stages, 95 % of the variance is in fewer components than PCK asks for: by variance, none would be '
        'cut too far.',
    ]


@pytest.mark.parametrize('spectrum', [True, False])
def test_what_is_not_known_is_said_as_such(spectrum: bool) -> None:
    answer = with_layers(layer_channels('backbone.hourglasses.0.skips.0', 2))
    answer.untouched['labelled'] = answer.layers[0].suggestion.drop = Estimate(value=None)
    if not spectrum:
        answer.layers[0].spectrum = None
    texts = said(answer)
    assert 'a PCK of not known on labelled joints' in texts[0] and '(measured: not known)' in texts[1]
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
        '0.002 (−0.008 to 0.012)',
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
