"""Whom to steer to another cluster, and how clusters are judged."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from shg_xai.errors import InputError
from shg_xai.options import at_least, shown
from shg_xai.runner.options import Split, StoreOptions

AUTO = 'auto'
BESIDE = 50  # misclassified persons, who are moved at random, too


@dataclass(frozen=True, kw_only=True)
class ClusterShiftOptions(StoreOptions):
    """Clusters, a concept that goes with them, and how many persons to steer."""

    analysis: Annotated[Path | None, shown('DIR', 'find them anew in the store')] = None
    """read clusters and concepts from this folder of tools/analyze_latent.py"""
    name: Annotated[str | None, shown(default='the one of this network')] = None  # which analysis of DIR
    clusters: Annotated[int, shown('K', name='k-clusters')] = 2  # number of clusters
    concept: Annotated[str, shown('NAME|auto')] = AUTO
    """the concept to judge clusters by; auto: the one that goes best with them (Cramer's V)"""
    split: Annotated[Split | None, shown(default="the store's own")] = None  # type: ignore[assignment]
    """whose data set has the store's persons"""
    limit: Annotated[int, shown('N')] = 500
    """move at most N misclassified persons, the first of the store"""
    random: Annotated[int, shown('R')] = 199
    """random moves of the same length, each from one of the store's persons towards another"""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, dict(random=1))
        if not 2 <= self.clusters <= 255:
            raise InputError(f'--k-clusters {self.clusters}: give a number from 2 to 255')
        if self.split not in (None, 'train', 'val', 'test'):
            raise InputError(f'--split {self.split}: choose one of train, val, test')
        if self.name is not None and self.analysis is None:
            raise InputError(f'--name {self.name}: names an analysis of --analysis DIR, which is not given; add it')
