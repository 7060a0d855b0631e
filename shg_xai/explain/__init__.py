"""From latent stores to a folder of results."""
