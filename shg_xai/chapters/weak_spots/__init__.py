"""On which groups of persons is the network worse than on the rest?"""

TITLE, ORDER = 'Where it fails', 135
UNSEEN = True
QUESTION, PLACE = 'Whom does it fail on?', 20
METHODS = {
    'Weak spots': 'A group is one condition or two: a flag, an end of a number (5, 10 or 20 %), an end of a principal '
    'or independent component of the latents, a cluster; concepts that follow from the error or from how it is counted '
    'define none. Single conditions are judged by all persons, and share seven tenths of what may go wrong. Pairs are '
    'sought in one half of the photos and the clearest judged in the other, and the other way round; the clearer one '
    'was where it was found, the less it is corrected. A group is told where its mean PCK is below that of the others '
    'by more than the margin, at the lower end of an interval that holds for all that is judged at once (persons of a '
    'photo taken together), where of two conditions each adds to the other, and where it is worse beyond what it has '
    'in common with another told group. Intervals give nine tenths of what they may miss by to that end.',
    'What they share': 'Concepts that tell persons of the group from the others, by the chance that one of the group '
    'has more of it (AUC): surely another than one half (Holm, for all concepts and groups), and by at least 0.1.',
    'Same joints': 'The gap where each person’s PCK is set beside that of everybody at the same joints; what differs '
    'from the plain gap is due to which joints are labelled.',
}
