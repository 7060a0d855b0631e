"""How alike are the latents of several networks or layers?"""

TITLE, ORDER = 'Side by side', 200
METHODS = {'Similarity': 'Linear centred kernel alignment (CKA), debiased, of the same persons in two latents.'}
