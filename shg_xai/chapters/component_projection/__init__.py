"""How many principal components of the latent does PCK need?"""

TITLE, ORDER = 'How many components does PCK need?', 15
METHODS = {
    'Component projection': 'The latent is projected on its first principal components before the network goes on '
    'from it. Suggested is the smallest number that, like all larger ones tried, loses no more PCK than the tolerance.'
}
