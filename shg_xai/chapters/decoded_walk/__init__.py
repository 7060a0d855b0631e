"""What does a step in the latent do to the pose?"""

TITLE, ORDER = 'Walk and decode', 30
METHODS = {
    'Decoded walks': 'The latent is replaced by one so many standard deviations along a direction, and the rest of the '
    'network is run. Concepts are computed from the decoded joints; one way means that each step’s change has one sign '
    'and an interval without zero.'
}
