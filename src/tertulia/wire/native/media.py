"""Media by the socket: encoded chunks (W3C WebCodecs) where there is no WebRTC."""

from typing import Annotated, Literal

from msgspec import Meta

from tertulia.wire.native.base import FromServer, Key, Message, Payload, RequestId

ChunkCodec = Literal["vp8", "opus"]
ChunkTime = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class MediaOpen(Message, frozen=True, tag="media_open"):
    """From now on what one publishes comes by this socket as `media_chunk`, and so goes what one is subscribed to, in place of the
    connection that offers to `server` make; an offer with serial 1 takes its place again. Said anew after `media_lost`. Reply `ok`."""

    id: RequestId
    codecs: Annotated[list[ChunkCodec], Meta(max_length=8)]
    """Those that this client can decode; nothing comes in any other."""


class MediaChunk(Message, frozen=True, omit_defaults=True, tag="media_chunk"):
    """One encoded frame of a publication of one's own. No reply; an error has no `id`, and each code comes once a second at most:
    wrong_order (no `media_open`; pictures that do not begin with a key frame; a time that does not rise), no_such_publication, invalid,
    too_large, too_many_messages.

    Pictures are VP8, in one layer; sound is Opus.
    """

    publication: Key
    codec: ChunkCodec
    key: bool
    """It can be decoded without those before it; true for sound."""
    time: ChunkTime
    """When it was captured, in microseconds: sound and pictures of one sender on one clock."""
    level: Annotated[int, Meta(ge=0, le=127)] | None = None
    """How loud the sound is, in -dBov as in RFC 6464: 0 is loudest, 127 is silence. Without it nobody is heard to speak."""
    bytes: Payload = b""


class MediaRead(Message, frozen=True, tag="media_read"):
    """So many chunks have come by this socket since it was opened. Whoever says so now and then is not sent more than he reads in a second.
    No reply."""

    count: ChunkTime


class MediaRefresh(Message, frozen=True, tag="media_refresh"):
    """One cannot decode a publication's pictures any more: its publisher is asked for a key frame."""

    id: RequestId
    publication: Key


class MediaChunkCame(FromServer, frozen=True, omit_defaults=True, tag="media_chunk"):
    """One encoded frame of a publication that one is subscribed to, in its order. It stands outside the numbering, and is not sent again.
    Where pictures were left out, because too many waited, the next one is a key frame."""

    publication: str
    codec: ChunkCodec
    key: bool
    time: int
    """In microseconds, on a clock of the publication's own."""
    bytes: Payload = b""


class KeyFrameWanted(FromServer, frozen=True, tag="key_frame_wanted"):
    """The next `media_chunk` of this publication of one's own shall be a key frame."""

    publication: str


ClientMedia = MediaOpen | MediaChunk | MediaRead | MediaRefresh
ServerMedia = MediaChunkCame | KeyFrameWanted
