"""Which bottleneck is the most readable, and what does it cost?

The same latents pass through bottlenecks of one width: principal components, a linear autoencoder, the plain one, a
sparse dictionary, a variational one. What each explains and what PCK is left of it says what it costs; how well its
units, one by one, go with concepts says whether it can be read.
"""

TITLE, ORDER = 'Bottlenecks side by side', 46
METHODS = {
    'Bottlenecks': 'Each kind is trained several times, from other starts, on the latents of some images and measured '
    'on those of others, which nothing was fitted to or chosen by. A person’s latent is replaced by what the '
    'bottleneck makes of it, and the rest of the network is run. Heatmap loss recovered is 1 for the untouched network '
    'and 0 for the mean latent.',
    'Readable': 'For each concept the one unit is chosen that goes with it best among the persons trained on; how well '
    'it does among the others is their correlation in ranks there, with the sign it was chosen with, so that it is 0 '
    'on average where there is nothing. A unit that is 0 for most persons cannot go with all of a number, so the ends '
    'of concepts are asked for, too: whether one unit tells the upper or the lower fifth from the rest, as 2 AUC − 1. '
    'Means over concepts and ends are compared with those of as many principal components, person by person; intervals '
    'are over starts and images together, for all comparisons at once. Which persons were '
    'trained on is not drawn anew. Concepts told: p of the best of all, over exchanges of whole images.',
    'Monosemantic': 'Mean similarity of two persons in what is annotated of them (cosine of all their concepts in '
    'ranks), each pair weighted by how strongly both are on (Pach and others 2025, with concepts for an image '
    'encoder). A unit that has a sign is looked at on both sides of its median.',
}
