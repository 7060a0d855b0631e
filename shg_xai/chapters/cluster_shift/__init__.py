"""Are persons whose cluster disagrees with a concept met worse, and does steering them to the other cluster help?"""

TITLE, ORDER = 'Misclassified persons', 50
METHODS = {
    'Misclassified': 'Each cluster gets the side of the concept that most of its persons are on; who is on the other '
    'side is misclassified. Moving adds the difference of two clusters’ means to a person’s latent.'
}
