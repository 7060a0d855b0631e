"""Which network scores better, and does the autoencoder help?"""
