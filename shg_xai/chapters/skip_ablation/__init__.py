"""What do the skip connections of a stacked hourglass carry, and what is left to the latent?"""

TITLE, ORDER = 'Turn the skips off', 20
METHODS = {
    'Skips off': 'The same weights are run on with what a skip adds replaced: by nothing, by its mean over the persons '
    'tested (a stored latent by that of its store), or by that of another of them, of another photo. Losses are taken '
    'person by person.'
}
