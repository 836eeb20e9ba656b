"""What all messages have in common, and the bounds of their fields."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

# Python's `$` takes a last newline too, and JSON Schema knows no `\Z`.
_END = r"$(?!\n)"
# Ids and names are bounded where they enter; sizes in UTF-8 bytes are checked for the whole message by the door.
Identity = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.@:+~-]+" + _END)]
RoomName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\s/?#*\x00-\x1f\x7f]+" + _END)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
RequestId = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Serial = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Mid = Annotated[str, Meta(min_length=1, max_length=32)]
Sdp = Annotated[str, Meta(max_length=512 * 1024)]
Key = Annotated[str, Meta(min_length=1, max_length=64)]
Pixels = Annotated[int, Meta(ge=0, le=16384)]

Role = Literal["viewer", "speaker", "moderator"]
Kind = Literal["audio", "video"]
Source = Literal["camera", "microphone", "screen", "screen_audio"]
Layer = Literal["auto", "low", "medium", "high"]
Mode = Literal["direct", "sfu"]
Reason = Literal["best", "size", "bandwidth", "publisher", "hidden", "starved"]
ConnectionQuality = Literal["excellent", "good", "poor", "lost"]
Share = Annotated[float, Meta(ge=0, le=1)]
Score = Annotated[float, Meta(ge=1, le=5)]
Topic = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_./:-]+" + _END)]
TopicPattern = Annotated[
    str, Meta(min_length=2, max_length=64, pattern=r"^(/[A-Za-z0-9_.:-]+)*(/[A-Za-z0-9_.:-]+|/\*)" + _END)
]
StateKey = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_./:-]+" + _END)]
Version = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Encoding = Literal["json", "base64"]
# A field of this type is no part of the JSON text: it is what follows the text in a binary frame. Its default says so, and is never sent.
Payload = bytes
SERVER = "server"


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", tag_field="type"):
    """Common form of all messages."""


class FromServer(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What the server sends. `seq` numbers the messages of a session from 1; 0 (left out) on the few that stand outside it."""

    seq: int = 0


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A piece of a message."""
