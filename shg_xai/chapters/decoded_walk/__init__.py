"""What does a step in the latent do to the pose?"""
