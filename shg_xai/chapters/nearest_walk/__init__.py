"""Who is met on a walk along a principal component?"""

TITLE, ORDER = 'Who is met along the components', 110
METHODS = {
    'Walks': 'From the mean, so many standard deviations along a component; the nearest person is sought among all '
    'persons, in all dimensions. Random directions are as long.'
}
