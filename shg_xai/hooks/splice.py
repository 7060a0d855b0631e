"""Starting from a plain network and autoencoders that were trained on its latents."""

import ast
import json
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import torch
from mmengine.dist import is_main_process
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import Tensor, nn

from shg_xai.errors import InputError
from shg_xai.interventions.edits import always
from shg_xai.interventions.evaluate import Condition, evaluate
from shg_xai.interventions.network import Network, keypoint_names
from shg_xai.models import BottleneckNeck
from shg_xai.runner.building import unwrapped
from shg_xai.runner.checkpoints import check_fits, read_checkpoint, read_weights
from shg_xai.runner.provenance import identify
from shg_xai.tracing.tap import WithInput
from shg_xai.writing import aside

PREFIX = 'neck.'  # of an autoencoder's weights where it was trained alone
# What the decoder gets of a latent and the autoencoder's answer to it.
CHANGES = {
    'plain': WithInput(lambda latent, answer: latent),
    'spliced': WithInput(lambda latent, answer: answer),
    'with_error': WithInput(lambda latent, answer: answer + (latent - answer)),
}


def autoencoder_places(model: nn.Module) -> list[str]:
    """Names of the autoencoders of a network, in the order of its stacks."""
    return [name for name, module in model.named_modules() if isinstance(module, BottleneckNeck)]


def spliced_weights(model: nn.Module, plain: str, autoencoders: Sequence[str]) -> dict[str, Tensor]:
    """A state dict that fits a network with autoencoders exactly, put together from those of its parts.

    ``plain`` is the checkpoint of the same network without autoencoders; ``autoencoders`` are one for each in the
    network, in order. The network's own weights are not used. InputError if there are not as many as places, or if a
    checkpoint cannot be read, does not fit or was trained on latents of another network.
    """
    places = autoencoder_places(model)
    if len(places) != len(autoencoders):
        fault = f'{len(autoencoders)} given, the network has {len(places)} places for one'
        raise InputError(f'SpliceHook: autoencoders: {fault}; give a checkpoint for each stack, in order')
    found = read_weights(plain)
    inside = tuple(f'{place}.' for place in places)
    rest = {name: value for name, value in model.state_dict().items() if not name.startswith(inside)}
    check_fits(found, rest, plain)
    weights = {name.removeprefix('module.'): value for name, value in found.items()}
    for place, path in zip(places, autoencoders, strict=True):
        part = {name.removeprefix('module.').removeprefix(PREFIX): value for name, value in read_weights(path).items()}
        neck, meta = model.get_submodule(place), read_checkpoint(path).get('meta') or {}
        assert isinstance(neck, BottleneckNeck)
        check_fits(part, neck, path)
        _check_settings(neck, meta.get('cfg') or '', path)
        known = meta.get('dataset_meta') or {}
        if known.get('network') and known['network'] != identify(plain).sha256:
            fault = f'was trained on latents of another network ({known.get("store")}) than {plain}'
            raise InputError(f'{path}: {fault}; dump its latents and train the autoencoder anew')
        weights |= {f'{place}.{name}': value for name, value in part.items()}
    return weights


def _check_settings(neck: BottleneckNeck, cfg: str, path: str) -> None:
    """Refuse an autoencoder whose settings, as its ReLUs, of which no weight tells, are not those of its place.

    ``cfg`` is the text of the config it was trained with, which is read and not run.
    """
    try:
        tree = ast.parse(cfg)
    except SyntaxError as error:
        raise InputError(f'{path}: the config in it is no Python ({error}); train the autoencoder anew') from error
    given = [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in neck.SETTINGS]
    for name, value in ((str(node.arg), ast.unparse(node.value)) for node in given):
        if value != str(here := getattr(neck, name)):
            fault = f'was trained with {name}={value}, its place in the network has {name}={here}'
            raise InputError(f'{path}: {fault}; set model.backbone.bottleneck.{name}={value}')


def validate(runner: Runner, changes: Mapping[str, WithInput]) -> dict[str, dict[str, float]]:
    """The metrics on validation data with each change of the autoencoders, by its name; no hook of the run hears it."""
    loader, model = runner.val_loop.dataloader, unwrapped(runner.model)
    network = Network(model, runner.cfg, keypoint_names(loader.dataset))
    places = autoencoder_places(model)
    evaluators: dict[Hashable, Evaluator] = {name: runner.build_evaluator(runner.cfg.val_evaluator) for name in changes}
    for evaluator in evaluators.values():
        evaluator.dataset_meta = loader.dataset.metainfo
    conditions = [Condition(name, dict.fromkeys(places, always(change))) for name, change in changes.items()]
    for one in evaluate(network, loader, conditions, desc='splice'):
        evaluators[one.condition.name].process(data_samples=one.samples, data_batch=one.batch)
    return {name: evaluators[name].evaluate(len(loader.dataset)) for name in changes}


@HOOKS.register_module()
class SpliceHook(Hook):
    """Before the first step put trained weights into their places, and say what that costs.

    Writes ``splice.json`` into the work folder: the validation metrics of the plain network, of the network with its
    autoencoders before they were trained together, and of that network with the autoencoders' errors added back, which
    has to equal the plain one; and ``spliced.pth``, the weights the training starts from. A resumed run does nothing of
    it.

    Args:
        plain: Checkpoint of the plain network; without it nothing is done and the network is trained from scratch.
        autoencoders: Checkpoints from ``configs/ae_latents.py``, one for each stack in order; none for a plain network
            that is trained on.

    Raises:
        InputError: See :func:`spliced_weights`.
    """

    def __init__(self, plain: str | None = None, autoencoders: Sequence[str] = ()) -> None:
        if autoencoders and plain is None:
            mend = 'name its checkpoint: default_hooks.splice.plain=FILE'
            raise InputError(f'SpliceHook: autoencoders are given but no plain network; {mend}')
        self.plain = plain
        self.autoencoders = [autoencoders] if isinstance(autoencoders, str) else list(autoencoders)

    def before_train(self, runner: Runner) -> None:
        """Splice, validate, report."""
        if self.plain is None or runner.iter:
            return
        model = unwrapped(runner.model)
        weights = spliced_weights(model, self.plain, self.autoencoders)
        model.load_state_dict(weights)
        # A hook that averages weights has copied those of before.
        runner.call_hook('after_load_checkpoint', checkpoint=dict(state_dict=weights))
        plain, *inserted = (dict(file=path, sha256=identify(path).sha256) for path in (self.plain, *self.autoencoders))
        report = dict(schema_version=1, plain=plain, autoencoders=inserted, seed=runner.seed, metrics={})
        if runner.val_loop is not None:
            report['metrics'] = validate(runner, CHANGES if self.autoencoders else {'plain': CHANGES['plain']})
            for name, metrics in report['metrics'].items():
                numbers = '  '.join(f'{key}: {metrics[key]:.4f}' for key in metrics if key.count('/') == 1)
                runner.logger.info(f'Splice({name}) {numbers}')
        if is_main_process():  # each whole or not at all
            with aside(Path(runner.work_dir) / 'spliced.pth') as part:
                torch.save(dict(meta=dict(seed=runner.seed), state_dict=model.state_dict()), part)
            with aside(Path(runner.work_dir) / 'splice.json') as part:
                part.write_text(json.dumps(report, indent=1) + '\n')
