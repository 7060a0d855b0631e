"""Which network scores better, and does the autoencoder help?"""

TITLE, ORDER = 'The loop: does the autoencoder help?', 10
METHODS = {
    'PCK': 'The share of a person’s joints that are found, averaged over persons and then over seeds. The same persons '
    'are tested with every network and seed, so that differences are taken person by person.'
}
