"""Whom does one network get right and another wrong?"""

TITLE, ORDER = 'Whom one network gets right and another wrong', 12
QUESTION, PLACE = 'Whom does one network get right and another wrong?', 52
METHODS = {
    'Person by person': 'Two trainings of one network do not agree on every person either. So how far two networks '
    'are apart, the mean over persons of the absolute difference of their PCK, stands beside how far trainings of the '
    'first are apart that differ by their seed alone; intervals are of resamples of photos.',
    'Groups that change': 'Groups on whom the difference is another than on the rest are sought among the annotations '
    'and judged as weak spots are, once for more and once for less; each way gets half of the chance of a false alarm.',
}
