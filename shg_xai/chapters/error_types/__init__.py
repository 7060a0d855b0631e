"""Which kinds of error are there, and what would be gained without them?"""

TITLE, ORDER = 'Kinds of error', 60
UNSEEN = True
QUESTION, PLACE = 'How good is it, and what kinds of error does it make?', 10
METHODS = {
    'Kinds of error': 'By keypoint similarity, exp(−d² / 2s²k²) for a distance d, the person’s area s² and twice the '
    'joint’s sigma, k: good from 0.85 on, jitter from 0.5 on; below, inversion where similarity with the place of the '
    'mirrored joint is 0.5 or more, swap where it is with that of this or the mirrored joint of another person of the '
    'photo (the nearer of both decides), else miss (Ronchi and Perona, ICCV 2017, section 3.1). Other persons are '
    'those in the store. Unlabelled joints count nowhere, nor do persons without a labelled joint or a prediction. '
    'Sigmas and mirrored joints are those of the data set’s description; a person’s area is the annotated one, else '
    '0.53 of the box, as in MMPose.',
    'What mending gains': 'The number with all joints of a kind where they are annotated, less the number as it is: '
    'the most there is to gain. The edge: jitter mended to a similarity of 0.85, misses to 0.5, inversions and swaps '
    'to that with the place they were taken for (the same, section 3.1). PCK: a joint counts within 0.05 of the crop’s '
    'side, the mean is over persons; of one joint it is over all persons who have it labelled.',
    'OKS-AP': 'Average precision by COCO’s rules over OKS thresholds of 0.5 to 0.95, of one prediction a person in its '
    'annotated box, without suppression of predictions that overlap. A person’s score is the mean over joints that '
    'score above 0.2, as in MMPose. Scores are put right by taking each prediction’s OKS with its person for its '
    'score (the same, section 3.2). Of more than 2,000 persons, resamples look precision up at 2,000 places. '
    'OKS-AP goes in steps, one for each hundredth of recall, so its intervals are rough: of 150 made sets of 500 '
    'photos, 95 % intervals held the number of very many photos in 77 to 100 % of sets (least for scores put right and '
    'for inversions), those of shares and of PCK in 91 to 96 %.',
}
