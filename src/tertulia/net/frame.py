"""What is written to a socket: bytes are the UTF-8 of a text frame, unless they say otherwise."""


class Binary(bytes):
    """Goes out as a binary frame. Made once for all who get it: slices and sums of it are plain bytes again, so text."""

    __slots__ = ()
