"""Doors translate a protocol into commands, and events back into it; they do nothing else."""
