"""The figure an autoencoder has to be compared with: PCA of the same width."""

from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import Hook
from mmengine.registry import DATASETS, HOOKS
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import Dataset

from shg_xai.datasets.latent_dataset import LatentDataset
from shg_xai.errors import InputError
from shg_xai.runner.building import unwrapped
from shg_xai.stats.executors import executor
from shg_xai.stats.pca import fit_components, pca_explained

NAME = 'latent/pca_explained_variance_ratio'
KEY = 'pca_reference/{}'  # not '{}/...': what begins with a stage, MMEngine takes for a metric


@HOOKS.register_module()
class PCAReferenceHook(Hook):
    """Report what PCA of the code's width explains of the evaluated persons.

    Before a training, and before a test or validation of its own, the principal components of the persons of
    ``train_dataloader`` are found. Every validation and test reports what the first ``code_channels`` of them explain:
    ``latent/pca_explained_variance_ratio``. No linear autoencoder of that width explains more of its training persons.

    Datasets must be LatentDataset's and the model a LatentAutoencoder. Of several processes the first computes.
    """

    # Before RuntimeInfoHook, which hands the metrics to who logs them.
    priority = 'HIGHEST'

    def before_train(self, runner: Runner) -> None:
        """Find the figure for all validations of a training."""
        if runner.val_loop is not None:
            _measure(runner, 'val', runner.val_dataloader.dataset)

    def before_val(self, runner: Runner) -> None:
        """Find the figure for a validation outside of a training."""
        if not isinstance(runner._train_loop, BaseLoop):
            _measure(runner, 'val', runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        """Find the figure for a test."""
        _measure(runner, 'test', runner.test_dataloader.dataset)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Add the figure to the metrics of a validation."""
        assert metrics is not None
        metrics[NAME] = runner.message_hub.get_info(KEY.format('val'))

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Add the figure to the metrics of a test."""
        assert metrics is not None
        metrics[NAME] = runner.message_hub.get_info(KEY.format('test'))


def _measure(runner: Runner, stage: str, dataset: Dataset) -> None:
    """Put what PCA explains of a dataset's persons where the hooks of the run find it."""
    figure: list[Any] = [None]
    if is_main_process():
        neck: Any = unwrapped(runner.model).neck
        figure = [reference(DATASETS.build(runner.cfg.train_dataloader.dataset), dataset, neck.code_channels)]
    broadcast_object_list(figure)
    # It is found anew in a resumed run, so checkpoints need not hold it.
    runner.message_hub.update_info(KEY.format(stage), figure[0], resumed=False)


def reference(fitted: Dataset, evaluated: Dataset, width: int) -> float:
    """What the first ``width`` components of some persons explain of others, 1 - SSE / SST about their mean."""
    selections = []
    for dataset in (fitted, evaluated):
        if not isinstance(dataset, LatentDataset):
            mend = 'take the hook out of custom_hooks, or use LatentDataset'
            raise InputError(f'PCAReferenceHook: {type(dataset).__name__} holds no latents; {mend}')
        selections.append(dataset.selection)
    with executor() as pool:
        return float(pca_explained(fit_components(selections[0], pool), selections[1], [width], pool)[0])
