"""Which concepts of the annotations go with what in the latents?"""
