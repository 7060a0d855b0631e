"""Who is met on a walk along a principal component?"""

TITLE, ORDER = 'Who is met along the components', 110
QUESTION, PLACE = 'Who lies along the components?', 76
METHODS = {
    'Walks': 'From the mean, so many standard deviations along a component; the nearest person is sought among all '
    'persons, in all dimensions. Beside it stand walks as long in 199 random directions, drawn from a normal '
    'distribution with the covariance of the latents. They give the scale and are no test: components are fitted to '
    'the very persons who are met, and the first are those along which they differ most, so that persons lie nearer to '
    'them by construction.'
}
