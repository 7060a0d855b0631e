"""Made-up redundancy: of eight channels the first skip needs 2, encoder and bottleneck all."""

import msgspec

from shg_xai.chapters.channel_redundancy.measure import place_of
from shg_xai.chapters.channel_redundancy.options import ChannelRedundancyOptions
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy, ChannelSpectrum, LayerChannels
from shg_xai.chapters.component_projection.results import Choice, Suggestion
from shg_xai.chapters.networks.results import GROUPS
from shg_xai.results import Checkpoint, Curve, Estimate

KS = (0, 1, 2, 4, 8)


def about(value: float, half: float = 0.02) -> Estimate:
    """A value and its interval."""
    return Estimate(value=value, low=value - half, high=value + half, n=60)


def layer_channels(name: str, best: int) -> LayerChannels:
    """A layer of eight channels that needs so many components."""
    x = [float(k) for k in KS]
    return LayerChannels(
        name=name,
        **place_of(name)._asdict(),
        channels=8,
        height=32,
        width=32,
        spectrum=ChannelSpectrum(
            explained_variance_ratio=[0.125] * 8,
            cumulative=[k / 8 for k in KS],
            components_95=6,
            participation_ratio=8.0,
        ),
        ks=list(KS),
        pck={group: Curve(x=x, y=[about(0.8 if k >= best else 0.4) for k in KS]) for group in GROUPS},
        drop={group: Curve(x=x, y=[about(0.0 if k >= best else 0.4) for k in KS]) for group in GROUPS},
        suggestion=Suggestion(
            k=best,
            tolerance=0.005,
            drop=about(0.002, 0.002),
            upper=0.0045,
            choices=[Choice(k=best, share=0.9), Choice(k=8, share=0.1)] if best < 8 else [Choice(k=8, share=1)],
        ),
    )


def channel_redundancy(of: str = 'plain') -> ChannelRedundancy:
    """Three stages of one stack."""
    stages = {'skips.0': 2, 'downs.0': 8, 'bottleneck_residuals': 8}
    return ChannelRedundancy(
        of=of,
        command='tools/find_redundancy.py "<i>redundancy</i>"',
        config='shg_people.py',
        checkpoint=Checkpoint(file='best.pth', sha256='0' * 64),
        split='val',
        persons=60,
        seed=0,
        times_s=dict(network=1.5),
        fitted_on=500,
        thr=0.05,
        normaliser='crop',
        untouched={group: about(0.8) for group in GROUPS},
        layers=[layer_channels(f'backbone.hourglasses.0.{name}', best) for name, best in stages.items()],
        options=ChannelRedundancyOptions(config='shg_people.py', checkpoint='best.pth'),
    )


def with_layers(*layers: LayerChannels) -> ChannelRedundancy:
    return msgspec.structs.replace(channel_redundancy(), layers=list(layers))
