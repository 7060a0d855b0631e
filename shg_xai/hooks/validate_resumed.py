"""The validation a run was cut before, once it is resumed."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class ValidateResumedHook(Hook):
    """Validate the epoch that a resumed run goes on from.

    MMEngine writes an epoch's checkpoint before it validates the epoch, so what comes of that validation is in no
    checkpoint: a resumed run has a best epoch, and a rate that falls on a plateau, that know nothing of it. Validated
    again, both are as if the run had not been cut.
    """

    priority = 'LOWEST'  # after the hook that keeps the best checkpoint is ready

    def before_train(self, runner: Runner) -> None:
        """Validate, where an epoch that is validated has been trained already."""
        loop = runner.train_loop
        due = (
            runner.epoch >= max(1, getattr(loop, 'val_begin', 1))
            and runner.epoch % getattr(loop, 'val_interval', 1) == 0
        )
        if runner.epoch and due and runner.val_loop is not None:
            runner.val_loop.run()
