"""Messages of `tertulia.v1`, the native protocol on `/ws`: the source of the JSON Schema and of the TypeScript types.

Prose and order of messages: docs/reference/native-protocol.md. Field names are camelCase on the wire. A server message gets its number
(`seq`) when it is sent, see `number`.
"""

from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from tertulia.wire.native.base import *
from tertulia.wire.native.chat import *
from tertulia.wire.native.connections import *
from tertulia.wire.native.data import *
from tertulia.wire.native.documents import *
from tertulia.wire.native.files import *
from tertulia.wire.native.frames import *
from tertulia.wire.native.media import *
from tertulia.wire.native.people import *
from tertulia.wire.native.presence import *
from tertulia.wire.native.publications import *
from tertulia.wire.native.quality import *
from tertulia.wire.native.session import *
from tertulia.wire.native.state import *
from tertulia.wire.native.topics import *

SUBPROTOCOL = "tertulia.v1"

ClientMessage = (
    ClientSession | ClientPeople | ClientPublications | ClientConnections | ClientQuality | ClientChat | ClientData
    | ClientTopics | ClientPresence | ClientState | ClientDocuments | ClientFiles | ClientMedia
)  # fmt: skip
ServerMessage = (
    ServerSession | ServerPeople | ServerPublications | ServerConnections | ServerQuality | ServerChat | ServerData
    | ServerPresence | ServerState | ServerDocuments | ServerFiles | ServerMedia
)  # fmt: skip
CLIENT_MESSAGES: Any = ClientMessage
SERVER_MESSAGES: Any = ServerMessage

WITH_BYTES: frozenset[type] = frozenset(
    kind for union in (ClientMessage, ServerMessage) for kind in get_args(union) if "bytes" in kind.__struct_fields__
)
"""Messages that come in a binary frame; all others come as text."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ClientMessage)


def encode(message: Message) -> bytes:
    """JSON text of a message, without its number and its `bytes`."""
    return _encoder.encode(_without_bytes(message) if type(message) in WITH_BYTES else message)


def number(body: bytes, seq: int) -> bytes:
    """Puts the session's message number into an encoded message, so that a message to a hundred people is encoded once."""
    return b'{"seq":%d,' % seq + body[1:]


def decode(data: bytes | str) -> ClientMessage:
    """A message that came as text.

    Raises msgspec.DecodeError (not JSON), msgspec.ValidationError (unknown type, wrong field, one that comes in a binary frame).
    """
    message: ClientMessage = _decoder.decode(data)
    if type(message) in WITH_BYTES:
        raise msgspec.ValidationError("this message comes in a binary frame")
    return message


def with_bytes(message: Any, payload: bytes) -> Any:
    """A message whose text came in a binary frame, with what followed it. Raises msgspec.ValidationError for one that has no bytes, or has
    them in its text."""
    if type(message) not in WITH_BYTES:
        raise msgspec.ValidationError("this message comes as text, not in a binary frame")
    if message.bytes:
        raise msgspec.ValidationError("bytes follow the text, they are no part of it - at `$.bytes`")
    return replace(message, bytes=payload)


def decode_frame(text: bytes, payload: bytes) -> ClientMessage:
    """A message that came in a binary frame, see `unpack`. Raises as `decode` does."""
    message: ClientMessage = with_bytes(_decoder.decode(text), payload)
    return message


def _without_bytes(message: Any) -> Any:
    return replace(message, bytes=b"")
