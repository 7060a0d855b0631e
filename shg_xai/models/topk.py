"""A sparse dictionary of latents: each person is a sum of few of many directions.

An autoencoder's units need mean nothing one by one: any rotation of a linear code reconstructs as well. Where a person
may use only k of D units, a unit pays off most if it stands for something that some persons have and others have not.
Gao and others, "Scaling and evaluating sparse autoencoders" (2024, arxiv.org/abs/2406.04093).

Shapes: N persons, C channels, H x W the resolution, D units of the code.
"""

import math
from typing import ClassVar

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from shg_xai.errors import InputError
from shg_xai.models.bottleneck import BottleneckNeck

REVIVED = 2  # times the active units, dead ones that learn from what is left


def keep_largest(values: Tensor, count: int) -> Tensor:
    """The largest so many of each row (N, D), those below 0 as 0; 0 in the place of the others."""
    kept, places = values.topk(min(count, values.shape[1]), dim=1)
    return torch.zeros_like(values).scatter(1, places, kept.relu())


@MODELS.register_module()
class TopKNeck(BottleneckNeck):
    """A TopK sparse autoencoder (Gao et al. 2024, section 2.3 and appendix A).

    The code is TopK(W_enc (x - b)), the reconstruction W_dec code + b. Each column of W_dec, a unit's direction in the
    latent, has length 1: it is scaled so wherever it is used. The encoder starts as the transposed decoder, b as the
    mean of the first batch. A unit that fired for nobody among the last ``dead_after`` persons is dead; the
    ``auxiliary`` loss has the dead units that come nearest to firing, twice ``active``, reconstruct what is left of the
    latent, so that they learn, too.
    Between the layers of a network that trains on, its own loss alone trains the dictionary.

    Args:
        in_channels: C.
        in_featuremap_size: [W, H].
        code_channels: D; may be larger than the latent.
        active: Units that fire for a person at most, the paper's k.
        auxiliary: Weight of the auxiliary loss, the paper's 1/32.
        dead_after: Persons.

    Raises:
        InputError: A size below 1, more active units than there are, or a feature map of another shape.
    """

    SETTINGS: ClassVar[tuple[str, ...]] = ('active',)
    pre_bias: Tensor
    silent: Tensor

    def __init__(
        self,
        in_channels: int = 256,
        in_featuremap_size: tuple[int, int] = (4, 4),
        code_channels: int = 50,
        active: int = 10,
        auxiliary: float = 1 / 32,
        dead_after: int = 10_000,
    ) -> None:
        self.check_sizes('active and dead_after', active, dead_after)
        super().__init__(in_channels, in_featuremap_size, code_channels, noise=0.0, init_cfg=None)
        if active > code_channels:
            raise InputError(f'TopKNeck: active={active} of {code_channels} units; give at most code_channels')
        self.active, self.auxiliary, self.dead_after = active, auxiliary, dead_after
        values = math.prod(self.in_shape)
        self.encoder = nn.Linear(values, code_channels, bias=False)
        self.decoder = nn.Linear(code_channels, values, bias=False)
        self.pre_bias = nn.Parameter(torch.zeros(values))
        # Persons since each unit fired; below 0 until the first batch was seen.
        self.register_buffer('silent', torch.full((code_channels,), -1))
        self._tie()

    def init_weights(self) -> None:
        """The decoder at random, then the encoder as its transpose."""
        super().init_weights()
        self._tie()

    def _tie(self) -> None:
        with torch.no_grad():
            self.encoder.weight.copy_(self.directions.T)

    @property
    def directions(self) -> Tensor:
        """What each unit adds to a latent where it is 1: (C H W, D), columns of length 1."""
        return normalize(self.decoder.weight, dim=0)

    def before_topk(self, x: Tensor) -> Tensor:
        """What competes for being on, (N, D)."""
        self.check_shape(x)
        return self.encoder(x.flatten(1) - self.pre_bias)

    def encode(self, x: Tensor) -> Tensor:
        """Feature map (N, C, H, W) to code (N, D), at most ``active`` units of which are above 0."""
        return keep_largest(self.before_topk(x), self.active)

    def decode(self, code: Tensor) -> Tensor:
        """Code (N, D) to feature map (N, C, H, W)."""
        return (linear(code, self.directions) + self.pre_bias).unflatten(1, self.in_shape)

    def reconstruct(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Reconstruct a feature map (N, C, H, W); in training also the auxiliary loss, 0 where no unit is dead."""
        if not self.training:
            return self.decode(self.encode(x)), {}
        self.check_shape(x)
        self._start(x)
        wanted = self.before_topk(x)
        code = keep_largest(wanted, self.active)
        made = self.decode(code)
        dead = self.silent >= self.dead_after
        self._count(code)
        if not dead.any():
            return made, dict(loss_auxiliary=made.sum() * 0)
        left = (x - made).detach().flatten(1).float()
        others = keep_largest(wanted.masked_fill(~dead, 0), REVIVED * self.active)
        error = (linear(others, self.directions).float() - left).square().mean()
        return made, dict(loss_auxiliary=self.auxiliary * error)

    @torch.no_grad()
    def _start(self, x: Tensor) -> None:
        """The bias starts where the latents are."""
        if (self.silent < 0).all():
            self.pre_bias.copy_(x.flatten(1).float().mean(0))
            self.silent.zero_()

    @torch.no_grad()
    def _count(self, code: Tensor) -> None:
        self.silent.copy_(torch.where((code > 0).any(0), 0, self.silent + len(code)))
