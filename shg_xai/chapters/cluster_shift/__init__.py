"""Are persons whose cluster disagrees with a concept met worse, and does steering them to the other cluster help?"""

TITLE, ORDER = 'Misclassified persons', 50
QUESTION, PLACE = 'Does moving a latent to the other cluster mend a pose?', 84
METHODS = {
    'Misclassified': 'Each cluster gets the side of the concept that most of its persons are on; who is on the other '
    'side is misclassified. They are compared with the others within strata, of as many sides of the box '
    'cut off and as large a share of joints labelled; p by signs of images drawn anew. Moving adds the difference '
    'of two clusters’ means to a person’s latent; it stands beside moves of the same length between two persons drawn '
    'at random. p is corrected for these two questions (Holm). Of persons the network was trained on nothing is '
    'concluded.'
}
