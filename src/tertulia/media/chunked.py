"""What stands in the place of a negotiation where a client's media comes and goes as encoded chunks, without SDP or a transport."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tertulia.errors import Code, ProtocolError
from tertulia.media.codecs import CodecKey, Payload
from tertulia.media.port import Chunk, ChunkCodec, Kind, PublicationKey
from tertulia.media.sections import Encoding, Slot, Source

CHUNK_BYTES: Final = 512 * 1024
"""The largest encoded frame."""

_FIRST_SLOTS: Final = 4

_VP8_START: Final = b"\x9d\x01\x2a"
"""Of a key frame, behind its tag (RFC 6386 section 9.1)."""


@dataclass(frozen=True, slots=True)
class _Format:
    kind: Kind
    key: CodecKey
    clock_rate: int
    payload_type: int


_FORMATS: Final[dict[ChunkCodec, _Format]] = {
    "vp8": _Format("video", CodecKey("VP8"), 90000, 96),
    "opus": _Format("audio", CodecKey("opus"), 48000, 111),
}
_NAMES: Final[dict[CodecKey, ChunkCodec]] = {it.key: name for name, it in _FORMATS.items()}


def codec_of(source: Source) -> ChunkCodec | None:
    """What WebCodecs calls a source's codec; None: it does not come as chunks."""
    return _NAMES.get(source.key)


class Chunked:
    """One connection's sources and slots. Slots are made as they are needed: nobody has to be asked for sections."""

    def __init__(self, new_id: Callable[[], int], codecs: Iterable[ChunkCodec]) -> None:
        """`codecs`: those that its client can decode."""
        self._new_id = new_id
        self._decodes = {codec: _FORMATS[codec] for codec in codecs}
        self._sources: dict[PublicationKey, Source] = {}
        self._times: dict[PublicationKey, int] = {}
        self.slots: tuple[Slot, ...] = ()

    @property
    def sources(self) -> Iterator[Source]:
        return iter(tuple(self._sources.values()))

    def drop_source(self, source: Source) -> None:
        """The publication was withdrawn."""
        self._sources.pop(source.publication, None)
        self._times.pop(source.publication, None)

    def grow(self, totals: dict[Kind, int]) -> tuple[Slot, ...]:
        """Has so many slots of each kind that its client can decode; gives those that are new."""
        new: list[Slot] = []
        for kind, total in totals.items():
            payloads = tuple(Payload(it.key, it.payload_type, None) for it in self._decodes.values() if it.kind == kind)
            lacking = total - sum(slot.kind == kind for slot in self.slots) if payloads else 0
            new.extend(self._slot(kind, payloads) for _ in range(lacking))
        self.slots = (*self.slots, *new)
        return tuple(new)

    def first_slots(self) -> tuple[Slot, ...]:
        return self.grow({"audio": _FIRST_SLOTS, "video": _FIRST_SLOTS})

    def _slot(self, kind: Kind, payloads: tuple[Payload, ...]) -> Slot:
        number = self._new_id()
        return Slot(number, kind, f"{number}", number & 0xFFFF_FFFF, 0, "", False, (), payloads)

    def take(self, publication: PublicationKey, kind: Kind, chunk: Chunk) -> tuple[Source, bool]:
        """The source that a chunk belongs to, and whether it is new.

        Raises ProtocolError: too_large; invalid for a codec of the other kind or than before, and for what cannot be a frame of it;
        wrong_order for pictures that do not begin with a key frame, and for times that do not rise.
        """
        made = _FORMATS[chunk.codec]
        if made.kind != kind:
            raise ProtocolError(Code.INVALID, f"{publication} is {kind}, and {chunk.codec} is not")
        if len(chunk.bytes) > CHUNK_BYTES:
            raise ProtocolError(Code.TOO_LARGE, f"a chunk has at most {CHUNK_BYTES} bytes")
        _look_into(chunk)
        source = self._sources.get(publication)
        if source is not None and source.key != made.key:
            raise ProtocolError(
                Code.INVALID, f"{publication} comes as {codec_of(source)}; publish anew for {chunk.codec}"
            )
        if source is None and not chunk.key:
            raise ProtocolError(Code.WRONG_ORDER, "pictures begin with a key frame")
        if chunk.time <= self._times.get(publication, -1):
            raise ProtocolError(Code.WRONG_ORDER, "times of chunks rise")
        self._times[publication] = chunk.time
        if source is not None:
            return source, False
        source = self._sources[publication] = Source(
            id=self._new_id(),
            publication=publication,
            kind=kind,
            key=made.key,
            mid="",
            clock_rate=made.clock_rate,
            payload_type=made.payload_type,
            rtx_payload_type=None,
            nack=False,
            extensions=(),
            encodings=(Encoding(),),
        )
        return source, True


def _look_into(chunk: Chunk) -> None:
    """Raises ProtocolError (invalid). Decoders of others shall not be the first to find out that it is something else."""
    if not chunk.bytes:
        raise ProtocolError(Code.INVALID, "a chunk without bytes")
    if chunk.codec == "opus":
        if not chunk.key:
            raise ProtocolError(Code.INVALID, "each frame of sound is a key frame")
        return
    # The lowest bit of a frame's tag is clear in key frames.
    is_key = not chunk.bytes[0] & 1
    if is_key != chunk.key or (is_key and chunk.bytes[3:6] != _VP8_START):
        raise ProtocolError(Code.INVALID, "that is no such frame of VP8")
