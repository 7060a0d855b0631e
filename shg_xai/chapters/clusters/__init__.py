"""Do the latents fall into groups, and into which?"""

TITLE, ORDER = 'The groups', 120
QUESTION, PLACE = 'Do persons fall into groups?', 72
METHODS = {
    'Groups': 'One person an image is asked, by the first components. Half of them are cut into K clusters, and the '
    'other half is counted midway between neighbouring centres and around them: one cloud has no valley there (exact '
    'binomial tests, the largest p of all pairs, twice the median over many halves, times how many K are tried). '
    'A valley has at most half as many persons. Groups also have to be tighter than the clusters that a Gaussian of '
    'the same covariance is cut into (Liu et al. 2008). A strongly bent cloud can be taken for groups, and groups that '
    'differ only beyond the first components are missed.',
    'Clusters': 'K-Means from several starts, the one with the least sum of squares kept (of more than 20,000 persons '
    'so many are drawn to choose it); agreement is the adjusted Rand index between the clusters of random halves of '
    'the persons (Hennig 2007).',
    'Silhouette': 'How much nearer a person is to the own cluster than to the next one, from −1 to 1 (Rousseeuw 1987), '
    'over all pairs of persons; of more than 20,000, everybody beside that many drawn at random and all of small '
    'clusters. The interval of its mean counts what each person is to everybody else’s silhouette, too (influence '
    'functions; where there are more than 4,000 persons, to those of 4,000 drawn at random); clusters stay as they '
    'are, so it is of these, and not of what K-Means would cut in other persons.',
}
