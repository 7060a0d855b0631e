"""MMPose's CombinedDataset for evaluation: persons of several data sets who can be told apart, each once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmpose.datasets import CombinedDataset
from mmpose.registry import DATASETS


@DATASETS.register_module()
class CombinedPersons(CombinedDataset):
    """CombinedDataset, with its arguments, whose persons and photos are numbered through from 0.

    Every data set counts its persons and photos from 1, so in a combination their ids name several: here the ``id`` of
    a person is its place in the whole, ``img_id`` that of the photo's first person, and ``dataset_name`` that of the
    whole; ``raw_ann_info`` keeps the annotation's own. Nobody is drawn at random or repeated, and there are subsets
    (``get_subset_``).

    Args:
        sample_ratio_factor: Taken because CombinedDataset has it, where it says how often a data set is drawn in
            training; changes nothing.
    """

    def __init__(self, *args: Any, sample_ratio_factor: Any = None, **keywords: Any) -> None:
        super().__init__(*args, **keywords)  # the factor is for training: who is drawn how often
        self.ann_file = ', '.join(part.ann_file for part in self.datasets)  # for messages
        self.ends = np.cumsum(self.lens)
        self.order = np.arange(self.ends[-1])
        paths = [BaseDataset.get_data_info(*self._place(person))['img_path'] for person in self.order]
        first: dict[str, int] = {}
        self.images = [first.setdefault(path, person) for person, path in enumerate(paths)]

    def _place(self, person: int) -> tuple[BaseDataset, int]:
        """The data set a person of the whole is of, and its number there."""
        part = int(np.searchsorted(self.ends, person, side='right'))
        return self.datasets[part], int(person - (self.ends[part] - self.lens[part]))

    def _get_subset_index(self, index: int) -> tuple[int, int]:
        dataset, number = self._place(self.order[index])
        return self.datasets.index(dataset), number

    def __len__(self) -> int:
        return len(self.order) if hasattr(self, 'order') else int(self._len)

    def get_subset_(self, indices: Sequence[int] | int) -> None:
        """Keep these persons only, in this order; a number keeps the first."""
        self.order = self.order[np.arange(indices) if isinstance(indices, int) else np.asarray(indices, dtype=int)]

    def get_data_info(self, idx: int) -> dict:
        """A person as its own data set and that one's pipeline have it, with its number here."""
        person = int(self.order[idx])
        own = dict(id=person, img_id=self.images[person], dataset_name=self._metainfo['dataset_name'])
        return {**super().get_data_info(idx), **own}
