"""Which network scores better, and does the autoencoder help?"""

TITLE, ORDER = 'The loop: does the autoencoder help?', 10
QUESTION, PLACE = 'Does the autoencoder help?', 50
METHODS = {
    'PCK': 'The share of a person’s joints that are found, averaged over persons and then over seeds. The same persons '
    'are tested with every network and seed, so that differences are taken person by person.',
    'Verdicts': 'The interval of a difference is over trainings and photos at once: their mean squares in a table of '
    'two crossed random factors make one variance, with Satterthwaite’s degrees of freedom for Student’s t. Better or '
    'worse: the interval leaves out zero. Equivalent: two one-sided tests find the difference nearer to zero than the '
    'margin, which goes before better or worse. Undecided: neither, or one seed alone. Verdicts are not corrected for '
    'the number of comparisons.',
}
