"""Encoded chunks as they come: many, small, without replies, and outside of the budget of requests."""

import asyncio
from typing import Final

import msgspec

from tertulia.core.ids import PublicationId
from tertulia.doors.native import incoming
from tertulia.doors.native.session import NativeSession
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.media.port import Chunk
from tertulia.net import Allowance, Rate
from tertulia.runtime.actor import RoomActor
from tertulia.wire import native as wire

PER_SECOND: Final = 250
"""Chunks of one session; pictures and sound of a camera and a screen are half of that."""
BYTES_PER_SECOND: Final = 1 << 20
"""As many as a sender has on a data channel; four seconds' worth may come at once, for what a network held back comes together."""
BURST: Final = 4
TOLD_EVERY: Final = 1.0
"""Seconds between two errors of one code: a client that goes on as before would otherwise be told fifty times a second."""


class _Tag(msgspec.Struct):
    type: str


_tags = msgspec.json.Decoder(_Tag)


def is_chunk(received: str | bytes) -> bool:
    """Whether a frame is a `media_chunk`, or would be one."""
    if isinstance(received, str):
        return False
    try:
        text, _ = wire.unpack(received)
        return _tags.decode(text).type == "media_chunk"
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return False


class ChunkReader:
    """Takes what one socket brings, within its budget. A picture that is refused makes those that refer to it useless: they are left out up
    to the next key frame, and its client is asked for one."""

    def __init__(self, now: float) -> None:
        self._rate = Rate(PER_SECOND, now)
        self._bytes = float(BYTES_PER_SECOND * BURST)
        self._now = now
        self._told: dict[Code, float] = {}
        self._broken: set[str] = set()
        """Publications that go on at a key frame."""

    def take(self, session: NativeSession, actor: RoomActor, frame: bytes) -> Allowance:
        """One frame that `is_chunk`. Anything but PASS: it was refused, and ABUSE says that its sender should go."""
        now = asyncio.get_running_loop().time()
        try:
            message, size = incoming.read(frame)
            assert isinstance(message, wire.MediaChunk)
        except incoming.Unreadable as error:
            self._tell(session, error.code, error.message, now)
            return self._rate.spend(now)
        allowance = self._spend(size, now)
        if allowance is not Allowance.PASS:
            self._leave_out(session, message)
            self._tell(
                session, Code.TOO_MANY_MESSAGES, f"{PER_SECOND} chunks and {BYTES_PER_SECOND} bytes a second", now
            )
            return allowance
        if message.publication in self._broken:
            if not message.key:
                return allowance
            self._broken.discard(message.publication)
        chunk = Chunk(message.codec, message.key, message.time, message.bytes, message.level)
        try:
            actor.effects.chunk(session.participant, PublicationId(message.publication), chunk)
        except TertuliaError as error:
            if isinstance(error, ProtocolError) and error.code is not Code.NO_SUCH_PUBLICATION:
                self._leave_out(session, message)
            self._tell(session, error.code, error.message, now)
        return allowance

    def _spend(self, size: int, now: float) -> Allowance:
        passed, self._now = max(0.0, now - self._now), now
        self._bytes = min(BYTES_PER_SECOND * BURST, self._bytes + passed * BYTES_PER_SECOND)
        allowance = self._rate.spend(now)
        if allowance is Allowance.PASS and size > self._bytes:
            return Allowance.DROP
        if allowance is Allowance.PASS:
            self._bytes -= size
        return allowance

    def _leave_out(self, session: NativeSession, refused: wire.MediaChunk) -> None:
        if refused.codec != "opus" and refused.publication not in self._broken and len(self._broken) < PER_SECOND:
            self._broken.add(refused.publication)
            session.want_key_frame(refused.publication)

    def _tell(self, session: NativeSession, code: Code, message: str, now: float) -> None:
        if now - self._told.get(code, -TOLD_EVERY) >= TOLD_EVERY:
            self._told[code] = now
            session.refuse(None, code, message)
