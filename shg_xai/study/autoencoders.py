"""What a study found about its autoencoders: alone, and put in."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from shg_xai.errors import InputError
from shg_xai.study.settings import Settings

KINDS = (('suggested', 'improved'), ('study', 'improved_study'))


def read_json(path: Path) -> dict[str, Any]:
    """Read what a stage wrote.

    Raises:
        InputError: It is not there or damaged.
    """
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f'{path}: cannot be read ({error}); run tools/run_study.py again') from error


def autoencoder_entries(settings: Settings, analyses: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """How well each autoencoder alone reconstructs held-out latents, beside the PCA."""
    entries = []
    for key, network in KINDS:
        if network not in settings.networks:
            continue
        for seed in settings.seeds:
            for stack in range(settings.num_stacks):
                name = settings.autoencoder_name(key, seed, stack)
                found = read_json(settings.work_dir / 'tests' / f'{name}.json')
                metrics, neck = found['metrics'], neck_of(settings, name)
                code = None
                if key == 'suggested' and seed == settings.seeds[0]:
                    code = _components_95(analyses, stack)
                entries.append(
                    dict(
                        key=key,
                        stack=stack,
                        seed=seed,
                        **{part: neck[part] for part in ('code_channels', 'code_relu', 'output_relu', 'noise')},
                        explained_variance_ratio=metrics['latent/explained_variance_ratio'],
                        pca_explained_variance_ratio=metrics['latent/pca_explained_variance_ratio'],
                        dead_code_units=int(metrics['latent/dead_code_units']),
                        persons=found['persons'],
                        spectrum_components_95=code,
                    )
                )
    return entries


def neck_of(settings: Settings, name: str) -> dict[str, Any]:
    """The autoencoder in a config of the study."""
    path = settings.work_dir / 'configs' / f'{name}.py'
    return Config.fromfile(path, import_custom_modules=False).model.neck.to_dict()


def _components_95(analyses: Sequence[dict[str, Any]], stack: int) -> int | None:
    """Components for 95 % of the variance of a stack's code, once all was trained on."""
    for analysis in analyses:
        if analysis['layer'] == f'backbone.hourglasses.{stack}.bottleneck.encoder':
            for item in analysis['spectrum']['components_for']:
                if abs(item['share'] - 0.95) < 1e-9:
                    return item['value']
    return None


def splice_entries(settings: Settings) -> list[dict[str, Any]]:
    """Validation PCK before the first step: plain, spliced, and with the error added back."""
    entries = []
    for key, network in KINDS:
        if network not in settings.networks:
            continue
        for seed in settings.seeds:
            metrics = read_json(settings.run_of(network, seed) / 'splice.json')['metrics']
            values = {name: metrics[name]['pck/labelled'] for name in ('plain', 'spliced', 'with_error')}
            entries.append(dict(key=key, seed=seed, **values, deviation=abs(values['with_error'] - values['plain'])))
    return entries
