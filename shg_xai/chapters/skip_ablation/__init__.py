"""What do the skip connections of a stacked hourglass carry, and what is left to the latent?"""

TITLE, ORDER = 'Turn the skips off', 20
QUESTION, PLACE = 'What do the skip connections do?', 60
METHODS = {
    'Skips off': 'The same weights are run on with what a skip adds replaced: by that of another person tested, of '
    'another photo, which is as real as the network is used to; by its mean over them (a stored latent by that of its '
    'store); or by nothing, which is far from what it has seen. One level is taken from the intact network, and '
    'one alone is left to it. Losses are taken person by person.',
    'Log-likelihood': 'A heatmap without its negative values is a distribution over its cells; 1 % of it is spread '
    'evenly. Counted is the logarithm of what lies in the cell of the labelled joint, in nats: 0 is all, −8.3 is a '
    'heatmap of 64 × 64 cells that says nothing. PCK sees only which side of its threshold a maximum is on.',
    'All comparisons at once': 'Whatever is lost or restored has an interval wide enough for all of them to hold at '
    'once: in each resample of images the largest standardised deviation of any comparison is taken.',
}
