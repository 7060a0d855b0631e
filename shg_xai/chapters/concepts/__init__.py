"""Which concepts of the annotations go with what in the latents?"""

TITLE, ORDER = 'What goes with what', 130
QUESTION, PLACE = 'What does the latent hold?', 70
METHODS = {
    'Concepts': 'First how much of a concept’s ranks a linear fit on the leading components explains (R²), less what '
    'chance adds. Then Spearman’s rank correlation with each component; the partial one is of what is left of the '
    'ranks after those of the controls were fitted and taken away. Components are fitted again in each resample.',
    'Claims': 'Everything tested is corrected together, at 5 %: whole images exchange their concepts, and a number '
    'counts if hardly ever the best of all such numbers is as good. Probes are corrected by Holm’s procedure; either '
    'has half of the 5 %. What passes a test came out large partly by luck: the interval of a claim reaches farther '
    'towards none, the nearer it is to the limit, as if numbers below were cut off (Zhong and Prentice 2008).',
    'Differences of clusters': 'Two clusters: the chance that a person of one has more of a concept than one of the '
    'other (AUC). More: the share of the ranks’ variance that clusters explain (ε²). Mutual information says how many '
    'bits the concept tells of the cluster.',
    'Probes': 'A linear fit on the first components, scored on persons it has not seen: R² for numbers, AUC for yes or '
    'no. The control task has the concept shuffled. What a probe tells as well from the network before '
    'training, or from the picture itself, was not learned.',
}
