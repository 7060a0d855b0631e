"""What is in the latents of a store: numbers first, pictures later.

Pure functions over a latent store. Each computes partial results from blocks of persons and reduces
them in order, so memory does not grow with N and the result does not depend on who computed what.
"""
