"""How many dimensions carry the latents?"""

TITLE, ORDER = 'What the components do', 100
METHODS = {
    'Components': 'Principal components of the latents, flattened and centred, of all persons analysed; the sign of '
    'each is arbitrary.',
    'Noise': 'Parallel analysis: the components hold more variance than those of dimensions that vary as much but have '
    'nothing to do with each other. It asks which components hold more variance than the strongest of as many persons '
    'whose values vary as much, each on its own, with no relation between them; unlike the threshold of Gavish and '
    'Donoho it does not take noise to be equal in all dimensions, which that of a network is not.',
}
