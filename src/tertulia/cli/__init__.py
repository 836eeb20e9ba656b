"""The command line."""

from tertulia.cli.main import main

__all__ = ["main"]
