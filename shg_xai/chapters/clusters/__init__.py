"""Which groups do the latents fall into?"""
