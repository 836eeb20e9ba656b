"""Media by the socket: encoded frames in and out, for whoever encodes and decodes himself."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tertulia.client.events import EventStream
from tertulia.wire import native

if TYPE_CHECKING:
    from tertulia.client.client import Client


class Media:
    """What `client.media` is. It has to be opened anew after `native.MediaLost` and `native.Joined`."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    async def open(self, codecs: Iterable[native.ChunkCodec] = ("vp8", "opus")) -> None:
        """From now on media comes and goes by the socket, in place of a connection by offers. `codecs`: what `chunks` may bring."""
        decodes = list(codecs)
        await self._client.request(lambda n: native.MediaOpen(id=n, codecs=decodes), native.Ok)

    async def send(
        self,
        publication: str,
        codec: native.ChunkCodec,
        payload: bytes,
        *,
        time: int,
        key: bool = True,
        level: int | None = None,
    ) -> None:
        """One encoded frame of a publication of one's own. Waits while the network takes no more; without a socket it is gone.

        `time`: when it was captured, in microseconds, rising. `key`: it can be decoded without those before it, as all of sound can.
        `level`: how loud sound is, in -dBov. Refusals come as `native.Error` without an id; `native.KeyFrameWanted` asks for a key
        frame.
        """
        await self._client.say(
            native.MediaChunk(publication=publication, codec=codec, key=key, time=time, level=level, bytes=payload)
        )

    def chunks(self, *, limit: int = 256) -> EventStream[native.MediaChunkCame]:
        """What is received from now on. Reading is said to the server, which leaves pictures out for a slow network, but not for a program
        that does not read: there `limit` counts, and ends the stream."""
        return self._client.events(native.MediaChunkCame, limit=limit)

    async def refresh(self, publication: str) -> None:
        """Asks its publisher for a key frame: its pictures cannot be decoded any more."""
        await self._client.request(lambda n: native.MediaRefresh(id=n, publication=publication), native.Ok)
