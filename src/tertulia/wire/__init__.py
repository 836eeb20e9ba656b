"""The messages of the protocols, and nothing else."""
