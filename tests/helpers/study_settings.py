"""What tests of a study share: settings of a small one, and costs made up by hand."""

from pathlib import Path
from typing import Any

from shg_xai.chapters.networks.options import NETWORKS
from shg_xai.results_file import write
from shg_xai.study.costs import Costs, Timing
from shg_xai.study.settings import Settings
from tests.helpers.made_component_projection import component_projection

ROOT = Path(__file__).resolve().parents[2]
TIMING = Timing(train=0.02, test=0.01, parameters=1_000_000)
COSTS = Costs(train=1000, val=200, test=100, timing=TIMING, dimensions=512, layer=32 * 32 * 32, annotation_mb=30)


def settings_of(folder: Path, **changes: Any) -> Settings:
    """Settings of a study in ``folder`` / work on data in ``folder`` / coco."""
    values: dict[str, Any] = dict(
        networks=NETWORKS,
        work_dir=folder / 'work',
        data_root=folder / 'coco',
        config=ROOT / 'configs' / 'demo' / 'shg_people.py',
        autoencoder=ROOT / 'configs' / 'demo' / 'ae_people_latents.py',
        epochs=6,
        more_epochs=3,
        autoencoder_epochs=5,
    )
    return Settings(**{**values, **changes})


def write_widths(settings: Settings, widths: list[int], dimensions: int = 512) -> None:
    """What ``keep components`` leaves of each stack: made up but for the width that it suggests."""
    for stack, width in enumerate(widths):
        answer = component_projection(stack)
        answer.suggestion.k, answer.dimensions = width, dimensions
        write(settings.width_of(stack), answer)
