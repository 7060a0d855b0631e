"""How many dimensions carry the latents?"""

TITLE, ORDER = 'What the components do', 100
QUESTION, PLACE = 'How many dimensions carry the latent?', 74
METHODS = {
    'Components': 'Principal components of the latents, flattened and centred, of all persons analysed; the sign of '
    'each is arbitrary. Eigenvalues, widths and participation ratio describe the very persons that components are '
    'fitted to: among others the first hold less and the variance spreads wider, the more so the fewer the persons.',
    'Held out': 'Components of one half of the images, measured on the persons of the other half. It estimates the '
    'share of the variance of new persons along the component fitted to half of these images. Intervals leave out one '
    'image after another (jackknife, logarithm of the share) and are longer where few of them decide; the components '
    'stay.',
    'Noise': 'Parallel analysis: components that hold more variance than the strongest of dimensions that vary as '
    'much, between and within images, but have nothing to do with each other: more than that one holds in 39 of 40 '
    'draws. Of up to 8 million values, images change places with others of as many persons, in each dimension on its '
    'own; of more, normal values are drawn that vary as much between and within images, within as in at most 1,000 of '
    'them, which lets too much pass where tails are very heavy. Strong components raise the bar for the weak, so there '
    'may be more. The noise of a network is not equal in all dimensions, as the threshold of Gavish and Donoho takes '
    'it to be.',
}
