"""What a person costs a network on this machine: ``python -m shg_xai.study.timing CONFIG STACKS``.

Prints seconds for a person in a training step and in a test, and the number of parameters, as JSON. Images are random:
their size is what costs.
"""

import json
import sys
import time
from collections.abc import Callable

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from shg_xai import plugin  # noqa: F401
from shg_xai.cli import run
from shg_xai.runner.building import keep_freed_memory

BATCH, STEPS = 8, 2


def timed(step: Callable[[], object]) -> float:
    """Seconds a person takes in a step, the first step left out."""
    marks = []
    for count in (1, STEPS):
        for _ in range(count):
            step()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        marks.append(time.perf_counter())
    return (marks[1] - marks[0]) / STEPS / BATCH


def measure(path: str, stacks: int) -> dict[str, float]:
    """Measure the network of a config, with so many stacks."""
    from mmpose.registry import MODELS

    keep_freed_memory()
    init_default_scope('mmpose')
    cfg = Config.fromfile(path)
    cfg.model.backbone.num_stacks = stacks
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    bfloat16 = cfg.optim_wrapper.get('type') == 'Bfloat16OptimWrapper'
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).to(device)
    width, height = cfg.codec.input_size
    images = torch.rand(BATCH, 3, height, width, device=device)

    def forward() -> torch.Tensor:
        output = model.head(model.backbone(images))
        parts = output if isinstance(output, list | tuple) else [output]
        return torch.stack([part.float() for part in parts])

    def training() -> None:
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            loss = forward().square().mean()
        loss.backward()

    with torch.no_grad():
        model.eval()
        test = timed(forward)
    model.train()
    return dict(train=timed(training), test=test, parameters=sum(part.numel() for part in model.parameters()))


if __name__ == '__main__':
    run(lambda: print(json.dumps(measure(sys.argv[1], int(sys.argv[2])))))
