"""The port to the media engine, and what speaks SDP on our side of it."""
