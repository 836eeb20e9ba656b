"""One socket's writing side. Whoever has something to say writes it at once; only the link's own task ever waits for the peer to read."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from tertulia.net.outbox import WAITING_MESSAGES

LAST_WORDS = 3.0
"""Seconds in which a socket that is let go may still take what waits and its close frame, before it is cut off."""


class Socket(Protocol):
    """What a door gives of its socket. `write` and `close` may wait for as long as the peer does not read."""

    def write_now(self, frame: bytes) -> bool:
        """Writes a frame without waiting. False: nothing was written, for that would have to wait, the socket is closed, or the server
        cannot do it. Never raises, and calls nobody."""

    async def write(self, frame: bytes) -> None: ...
    async def close(self, code: int, reason: str) -> None: ...
    def abort(self) -> None:
        """Cuts the connection at once, whatever is still buffered."""


class Source(Protocol):
    """Where numbered messages wait until the socket takes them; see Outbox."""

    def take(self) -> bytes | None:
        """The next frame, given out once; None: nothing waits."""


def cannot(frame: bytes) -> bool:
    """`Socket.write_now` of a socket whose server does not let us, and of a link in which something waits."""
    return False


class Link:
    """Writes what a source and the link itself hold; ends by `close`, never by the peer's leisure.

    Frames are bytes of UTF-8 text, or `Binary`. No call of this class waits, raises for a broken socket, or runs somebody else's code:
    `on_broken` comes from the link's own task.
    """

    # What a message touches lies together, for it is seldom in the processor's cache.
    __slots__ = (
        "_closing",
        "_deadline",
        "_direct",
        "_in_hand",
        "_on_broken",
        "_socket",
        "_source",
        "_task",
        "_wake",
        "ended",
        "write_now",
    )

    def __init__(self, socket: Socket, on_broken: Callable[["Link"], None]) -> None:
        """`on_broken`: called once, when writing failed because the socket is gone."""
        self._socket = socket
        self._on_broken = on_broken
        self.write_now = socket.write_now
        """Writes a frame past the source, which has nothing itself. False: nothing was written, for something waits or would have to, or
        the link ends; then the frame belongs into the source, and `wake` is to be called."""
        self._direct: deque[bytes] = deque()
        self._source: Source | None = None
        self._in_hand: bytes | None = None
        """The frame that the socket would not take at once: while there is one, the task writes, and everything else waits behind it."""
        self._closing: tuple[int, str] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._wake: asyncio.Event
        self._task: asyncio.Task[None] | None = None
        """Not there before it is needed: most sockets of our own server never block, and end with their reader."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when nothing is written any more."""

    def say(self, frame: bytes) -> None:
        """A message outside any session's numbering; goes before those that are numbered."""
        if self._closing is not None or self.closed:
            return
        if len(self._direct) >= WAITING_MESSAGES:
            self.cut(1013, "too_slow")
            return
        self._direct.append(frame)
        self.wake()

    def carry(self, source: Source | None) -> None:
        """Writes this source's messages from now on; None: only what is said directly."""
        self._source = source
        self.wake()

    def wake(self) -> None:
        """The source has something: writes until it is empty or the socket blocks."""
        if self._in_hand is not None or self._closing is not None or self.closed:
            return
        while (frame := self._next()) is not None:
            if not self.write_now(frame):
                self._in_hand = frame
                self.write_now = cannot
                self._hand_over()
                return

    def close(self, code: int, reason: str) -> None:
        """Ends the socket after what waits is written, in at most LAST_WORDS seconds."""
        if self._closing is None and not self.closed:
            self._closing = (code, reason)
            self.write_now = cannot
            self._deadline = asyncio.get_running_loop().call_later(LAST_WORDS, self._give_up)
            self._hand_over()

    def cut(self, code: int, reason: str) -> None:
        """Ends the socket without what waits: the peer does not read, or another socket took over."""
        self._source = None
        self._direct.clear()
        self.close(code, reason)

    async def finished(self) -> None:
        """Until the socket is closed or cut off, and nothing of the link runs."""
        await asyncio.wait([self.ended])
        if self._task is not None:
            await asyncio.wait([self._task])

    @property
    def closing(self) -> bool:
        """It was told to end, and may still be writing its last words."""
        return self._closing is not None

    @property
    def closed(self) -> bool:
        return self.ended.done()

    def stop(self) -> None:
        """The socket is gone already."""
        if self._task is not None:
            self._task.cancel()
        self._end()

    def _give_up(self) -> None:
        self._socket.abort()
        self.stop()

    def _end(self) -> None:
        self.write_now = cannot
        if not self.ended.done():
            self.ended.set_result(None)
        if self._deadline is not None:
            self._deadline.cancel()

    def _hand_over(self) -> None:
        if self._task is None:
            self._wake = asyncio.Event()
            self._task = asyncio.create_task(self._run())
        self._wake.set()

    async def _run(self) -> None:
        try:
            while True:
                await self._write_all()
                if self._closing is not None:
                    await self._socket.close(*self._closing)
                    return
                self._wake.clear()
                await self._wake.wait()
        except asyncio.CancelledError:
            pass
        except Exception:
            # Whatever a server raises when its peer is gone: the socket is of no more use, the session may be.
            self._socket.abort()
            self._on_broken(self)
        finally:
            self._end()

    async def _write_all(self) -> None:
        while True:
            if self._in_hand is None:
                self._in_hand = self._next()
            if self._in_hand is None:
                if self._closing is None and not self.closed:
                    self.write_now = self._socket.write_now
                return
            await self._socket.write(self._in_hand)
            self._in_hand = None

    def _next(self) -> bytes | None:
        if self._direct:
            return self._direct.popleft()
        return self._source.take() if self._source is not None else None
