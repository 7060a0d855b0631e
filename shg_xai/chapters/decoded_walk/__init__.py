"""What does a step in the latent do to the pose?"""

TITLE, ORDER = 'Walk and decode', 30
QUESTION, PLACE = 'What does the decoder make of a changed latent?', 78
METHODS = {
    'Decoded walks': 'The latent is replaced by one so many standard deviations along a direction, and the rest of the '
    'network is run. Concepts are computed from the decoded joints.',
    'Random directions': 'Each direction stands beside random ones of the same length, drawn from the covariance of '
    'the latents: directions along which persons differ as they do in fact. p is the share of all of them that do as '
    'much, itself among them, corrected over all directions and concepts (maximum statistic); below 0.05 it is said '
    'that a direction does more than random ones.',
}
