"""Reading and replacing what the layers of any ``nn.Module`` put out."""

from shg_xai.tracing.replay import replayed
from shg_xai.tracing.tap import tap

__all__ = ['replayed', 'tap']
