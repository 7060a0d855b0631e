"""How alike are the latents of several networks or layers?"""

TITLE, ORDER = 'Side by side', 200
QUESTION, PLACE = 'What changed from network to network?', 80
METHODS = {
    'Similarity': 'Linear centred kernel alignment (CKA), debiased, of the same persons in two latents. It describes '
    'and is no test: unrelated latents have about 0 only where persons share no image, as those of one image are near '
    'each other in both.'
}
