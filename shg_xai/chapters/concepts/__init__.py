"""Which concepts of the annotations go with what in the latents?"""

TITLE, ORDER = 'What goes with what', 130
METHODS = {
    'Concepts': 'Spearman’s rank correlation; the partial one is of what is left of the ranks after those of the '
    'controls were fitted and taken away.',
    'Differences of clusters': 'Two clusters: the chance that a person of one has more of a concept than one of the '
    'other (AUC). More: the share of the ranks’ variance that clusters explain (ε²). Mutual information says how many '
    'bits the concept tells of the cluster.',
    'Probes': 'A linear fit on the first components, scored on persons it has not seen: R² for numbers, AUC for yes or '
    'no.',
}
