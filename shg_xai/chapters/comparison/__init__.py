"""How alike are the latents of several networks or layers?"""
