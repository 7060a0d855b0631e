"""How many principal components of the latent does PCK need?"""
