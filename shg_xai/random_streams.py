"""Random numbers by name: one seed, and for each purpose a stream of its own.

Streams are spawned from one :class:`numpy.random.SeedSequence`. A list of numbers as a seed would not keep them apart:
NumPy pads it with zeros, so ``[0, 4]`` and ``[0, 4, 0]`` give the same numbers, and a number of clusters can equal the
number of a stream. What is spawned is padded before its key, so that keys of different length differ too.

Data sets and trainings draw from seeds of their own, of up to four numbers without a key: the same files and weights
come out whatever is listed here.
"""

import numpy as np

# Where a name stands decides about its numbers: add at the end, remove nothing.
NAMES = (
    'bootstrap',  # resample: images behind an interval
    'parallel_analysis',  # draw: dimensions that have nothing to do with each other
    'kmeans',  # K, restart: starts
    'rank_shuffles',  # permutation: images exchanged, for p-values
    'separation_shuffles',  # permutation: images exchanged, for mutual information
    'probe_folds',  # images dealt to folds and groups
    'probe_shuffles',  # concept: values dealt anew, for probes
    'random_directions',  # baseline of walks to real persons
    'decoded_directions',  # direction: baseline of decoded walks
    'map',  # persons shown
    'donors',  # whose outputs another person gets
    'fit_persons',  # of whom the components of channels are
    'shifted_persons',  # moved although they agree with their cluster
    'flat_directions',  # of components without variance
    'groups_sample',  # one person an image
    'groups_halves',  # deal; deal, K: starts
    'groups_gaussian',  # draw: a cloud without groups; none: starts for the persons
    'sampled_images',  # of whom the variance within images is
    'krylov_start',  # where a largest eigenvalue is sought from
    'image_signs',  # block: signs of images, for the p of a difference
    'random_moves',  # pairs of persons, whose differences a move is set beside
    'silhouette_references',  # persons whom all others are compared with
    'restarted_persons',  # whom restarts of K-Means see
    'failure_folds',  # images dealt to the folds of regressions
    'failure_fits',  # fold: images a regression is fitted to
    'failure_references',  # persons among whom the nearest is looked for
    'independent_axes',  # starts of the search for them
    'bottleneck_directions',  # baseline of what units add to a latent
    'bottleneck_exchange',  # whose concepts or codes each person gets, as a baseline
    'label_folds',  # images dealt to the folds of classifiers
    'label_fits',  # fold: cases a classifier is fitted to
    'label_damage',  # part: whose labels are damaged, and how
    'silhouette_parts',  # persons in whose silhouettes all others have a part
)
MOST = 2**32  # a key's number below it is one word, so keys of one length differ
MOST_SEED = 2**128  # the words a sequence has room for before the key


def stream(seed: int, name: str, *keys: int) -> np.random.Generator:
    """The random numbers of one purpose, one of :data:`NAMES`.

    ``keys`` tell which of several draws of it, as the number of a resample: each gives other numbers. ValueError where
    the name is not listed, or a number is below 0 or too large.
    """
    if not 0 <= seed < MOST_SEED or not all(0 <= key < MOST for key in keys):
        raise ValueError(f'seed {seed}, keys {keys}: give whole numbers of at least 0, keys below 2^32')
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(NAMES.index(name), *map(int, keys))))
