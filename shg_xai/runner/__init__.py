"""From a config to a network that runs: reading, building, checkpoints, layers."""
