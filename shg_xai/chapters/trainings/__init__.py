"""Would another training have said the same?"""

TITLE, ORDER = 'Would another training say the same', 140
QUESTION, PLACE = 'Would another training say the same?', 82
METHODS = {
    'Other trainings': 'The same persons in networks trained from other random weights. Numbers that need no axis come '
    'first, each as it is in every training; from three trainings on with an interval over trainings (Student’s t, '
    'which takes their numbers to be normal). What a linear fit explains is of persons of the other half of the '
    'photos.',
    'Found again': 'Components are matched by the absolute correlation of persons’ scores, each with one of the other '
    'training. One is found again where that correlation stays above 0.8 while the other training’s axes are fitted '
    'again to draws of half as many photos, which are as far from these as other photos are (ends of simultaneous '
    'intervals of the angles whose cosines they are), and is larger than matching gives where whole photos exchange '
    'their scores (p below 0.05). Both hold for all components and trainings looked at together.',
}
