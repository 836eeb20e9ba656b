"""How the bytes of an input are read."""

from typing import Final

SEPARATOR: Final = b"\0"
"""Between the texts of an input that has several."""


def text_of(data: bytes) -> str:
    """Valid Unicode, for nothing else comes off a WebSocket."""
    return data.decode(errors="replace")
