"""What a study found about its autoencoders: alone, and put in."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar, get_args

import msgspec

from shg_xai.chapters.networks.results import AutoencoderTest, Kind, SpliceCheck
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.results import Results, decode, read_bytes
from shg_xai.study.configs import read_config
from shg_xai.study.settings import Settings
from shg_xai.study.stages import MEND

T = TypeVar('T')
Metrics = dict[str, float | None]
EXPLAINED, PCA = 'latent/explained_variance_ratio', 'latent/pca_explained_variance_ratio'


class MetricsFile(msgspec.Struct, kw_only=True):
    """What a test leaves, as far as it is read here."""

    checkpoint_sha256: str = ''
    persons: int = 0
    metrics: Metrics = {}


class SpliceFile(msgspec.Struct, kw_only=True):
    """What putting weights in leaves: metrics of the plain network, with them, and with their error added back."""

    metrics: dict[str, Metrics]


def read_stage(path: Path, kind: type[T]) -> T:
    """Read what a stage wrote.

    Raises:
        InputError: It is not there or damaged.
    """
    return decode(read_bytes(path, MEND), kind, path, MEND)


def _trained(settings: Settings) -> Iterator[tuple[Kind, str, int]]:
    """Each kind of autoencoder with its network and each seed."""
    for key in get_args(Kind):
        if key in settings.spliced:
            for seed in settings.seeds:
                yield key, settings.spliced[key], seed


def autoencoder_tests(settings: Settings, analyses: Results) -> list[AutoencoderTest]:
    """How well each autoencoder alone gives held-out latents back, beside PCA."""
    tests = []
    for key, _, seed in _trained(settings):
        for stack in range(settings.stacks):
            name = settings.autoencoder_name(key, seed, stack)
            found = read_stage(settings.work_dir / 'tests' / f'{name}.json', MetricsFile)
            neck = read_config(settings.work_dir / 'configs' / f'{name}.py').model.neck
            looked = key == 'suggested' and seed == settings.seeds[0]
            tests.append(
                AutoencoderTest(
                    key=key,
                    stack=stack,
                    seed=seed,
                    **{part: neck[part] for part in ('code_channels', 'code_relu', 'output_relu', 'noise')},
                    explained_variance_ratio=found.metrics[EXPLAINED],
                    pca_explained_variance_ratio=found.metrics[PCA],
                    dead_code_units=int(found.metrics['latent/dead_code_units'] or 0),
                    persons=found.persons,
                    spectrum_components_95=_components_95(analyses, settings.code_layer(stack)) if looked else None,
                )
            )
    return tests


def _components_95(analyses: Results, layer: str) -> int | None:
    """Components for 95 % of the variance of a layer; None where nobody looked."""
    name = next((analysed.name for analysed in analyses.layers if analysed.layer == layer), None)
    spectrum = analyses.first(Spectrum, name) if name else None
    widths = spectrum.components_for if spectrum else []
    return next((width.value for width in widths if abs(width.share - 0.95) < 1e-9), None)


def splice_checks(settings: Settings) -> list[SpliceCheck]:
    """Validation PCK before the first step: plain, spliced, and with the error added back."""
    checks = []
    for key, network, seed in _trained(settings):
        metrics = read_stage(settings.run_of(network, seed) / 'splice.json', SpliceFile).metrics
        plain, spliced, restored = (metrics[name]['pck/labelled'] for name in ('plain', 'spliced', 'with_error'))
        deviation = None if plain is None or restored is None else abs(restored - plain)
        checks.append(
            SpliceCheck(key=key, seed=seed, plain=plain, spliced=spliced, with_error=restored, deviation=deviation)
        )
    return checks
