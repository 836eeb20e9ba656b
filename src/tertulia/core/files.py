"""A file that somebody has shared. Its bytes are elsewhere; a room only tells of it."""

from dataclasses import dataclass

from tertulia.core.ids import ParticipantId


@dataclass(frozen=True, slots=True)
class Picture:
    """The size of a preview in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SharedFile:
    """What everybody who may see it is told."""

    id: str
    sender: ParticipantId | None
    """None: the server."""
    sender_name: str
    """As it was; empty for the server."""
    name: str
    """Text that is shown, never a path."""
    size: int
    """Bytes."""
    type: str
    """Media type, by the content."""
    sha256: str
    """Hexadecimal."""
    preview: Picture | None
    """None: there is none."""
    time: float
    """Seconds since 1970."""
    number: int
    """Its place in the room, among the messages of the chat: milliseconds since 1970, or one more than the last file's."""
    to: ParticipantId | None = None
    """None: everybody."""

    def seen_by(self, reader: ParticipantId | None) -> bool:
        """`reader`: None is the server."""
        return self.to is None or reader is None or reader in (self.to, self.sender)
