"""How many dimensions carry the latents?"""
