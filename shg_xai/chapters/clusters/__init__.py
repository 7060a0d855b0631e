"""Which groups do the latents fall into?"""

TITLE, ORDER = 'The groups', 120
METHODS = {
    'Clusters': 'K-Means from several starts, the one with the least sum of squares kept; agreement is the adjusted '
    'Rand index between pairs of starts.',
    'Silhouette': 'How much nearer a person is to the own cluster than to the next one, from −1 to 1 (Rousseeuw 1987), '
    'over all pairs of persons.',
}
