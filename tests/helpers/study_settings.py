"""What tests of a study share: settings of a small one, and costs made up by hand."""

import json
from pathlib import Path
from typing import Any

from shg_xai.study.costs import Costs
from shg_xai.study.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
COSTS = Costs(
    train=1000, val=200, test=100, train_s=0.02, test_s=0.01, parameters=1_000_000, dimensions=512, annotation_mb=30
)


def settings_of(folder: Path, **changes: Any) -> Settings:
    """Settings of a study in ``folder`` / work on data in ``folder`` / coco."""
    values = dict(
        work_dir=folder / 'work',
        data_root=folder / 'coco',
        config=ROOT / 'configs' / 'demo' / 'shg_people.py',
        autoencoder=ROOT / 'configs' / 'demo' / 'ae_people_latents.py',
        epochs=6,
        more_epochs=3,
        autoencoder_epochs=5,
    )
    return Settings(**{**values, **changes})


def write_kept(settings: Settings, widths: list[int], dimensions: int = 512) -> None:
    """What ``keep components`` leaves of each stack, as far as a width is chosen from it."""
    for stack, width in enumerate(widths):
        file = settings.kept_of(stack)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(dict(suggestion=dict(k=width), dimensions=dimensions)))
