"""What says, without any label, that a joint or a person will be wrong?"""

TITLE, ORDER = 'When it will be wrong', 150
UNSEEN = True
QUESTION, PLACE = 'Can failures be told without labels?', 30
METHODS = {
    'Wrong': 'A labelled joint is wrong where it is predicted 0.05 of the crop’s side or more from its place; a person '
    'where less than half of the labelled joints are right. Labels are used to judge, never to predict.',
    'Scores': 'What a new photo would give, too: the height of the joint’s heatmap; the mean height of the person’s '
    'other joints (of persons: the mean height, and the lowest); over what share of its cells the heatmap spreads '
    '(participation ratio of its squares) and, of a flip test, how far its maximum is from that of the mirror image, '
    'mirrored back (of persons: the means), where the store has them; the size of the crop in pixels of the photo; '
    'and how far the latent is from those of the other persons: from their mean along the leading components, each in '
    'units of its standard deviation (Mahalanobis), from the tenth nearest of at most 5,000 persons of other photos, '
    'and what the leading components leave (residual). Leading are those that hold 90 % of the variance, at most 100 '
    'of them and a tenth of the persons.',
    'Combinations': 'Additive logistic regression on the scores’ places among all (normal scores), each a line that '
    'may bend, and on which joint it is; fitted on four fifths of the photos, judged on the last fifth, five times. '
    'One has all scores, the other all but the latent’s: what the first has before the second, the latent adds.',
    'Judged by': 'AUROC, average precision of finding what is wrong, and the area under the curve of risk against '
    'coverage (AURC), in which a joint that is wrong counts the more the safer it looked; its excess is that over the '
    'best order there is. Intervals are over photos, with the regressions as they are. Comparisons hold all at once, '
    'and one is claimed where AURC is better and AUROC by more than 0.005.',
    'Promise': 'The highest threshold of predicted risk below which at most one in ten is wrong: tried from the fewest '
    'kept upwards, until the first that cannot be shown at 95 % over photos (Learn then Test, fixed sequence). It '
    'speaks of photos drawn as these were.',
    'Heatmap heights': 'They are no probabilities, and known not to be calibrated (Gu et al., On the Calibration of '
    'Human Pose Estimation, ICML 2024, who learn a head for it after training; the regression here is a simpler one).',
}
