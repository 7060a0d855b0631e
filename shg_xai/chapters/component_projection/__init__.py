"""How many principal components of the latent does PCK need?"""

TITLE, ORDER = 'How many components does PCK need?', 15
QUESTION, PLACE = 'How many components does the network need?', 90
METHODS = {
    'Component projection': 'The latent is projected on its first principal components before the network goes on '
    'from it. Suggested is the smallest number whose loss of PCK is below the tolerance with confidence (one-sided, '
    'person by person, over images), as is that of all larger ones tried; all components, where none smaller is shown '
    'to be enough.'
}
