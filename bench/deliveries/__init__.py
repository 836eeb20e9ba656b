"""Servers that pass messages on, and clients that count them: what `bench/live.py` measures with."""
