"""One socket's writing side. Only its own task ever waits for the peer to read."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from tertulia.net.outbox import WAITING_MESSAGES, Outbox

LAST_WORDS = 3.0
"""Seconds in which a socket that is let go may still take what waits and its close frame, before it is cut off."""


class Socket(Protocol):
    """What a door gives of its socket. `write` and `close` may wait for as long as the peer does not read."""

    async def write(self, text: bytes) -> None: ...
    async def close(self, code: int, reason: str) -> None: ...
    def abort(self) -> None:
        """Cuts the connection at once, whatever is still buffered."""


class Link:
    """Writes what an outbox and the link itself hold; ends by `close`, never by the peer's leisure."""

    def __init__(self, socket: Socket, on_broken: Callable[["Link"], None]) -> None:
        """`on_broken`: called once, when writing failed because the socket is gone."""
        self._socket = socket
        self._on_broken = on_broken
        self._direct: deque[bytes] = deque()
        self._outbox: Outbox | None = None
        self._wake = asyncio.Event()
        self._closing: tuple[int, str] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run())
        self.closed = False

    def say(self, text: bytes) -> None:
        """A message outside any session's numbering; goes before those that are numbered."""
        if self._closing is not None:
            return
        if len(self._direct) >= WAITING_MESSAGES:
            self.cut(1013, "too_slow")
            return
        self._direct.append(text)
        self._wake.set()

    def carry(self, outbox: Outbox | None) -> None:
        """Writes this outbox's messages from now on; None: only what is said directly."""
        self._outbox = outbox
        self._wake.set()

    def wake(self) -> None:
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Ends the socket after what waits is written, in at most LAST_WORDS seconds."""
        if self._closing is None:
            self._closing = (code, reason)
            self._deadline = asyncio.get_running_loop().call_later(LAST_WORDS, self._give_up)
            self._wake.set()

    def cut(self, code: int, reason: str) -> None:
        """Ends the socket without what waits: the peer does not read, or another socket took over."""
        self._outbox = None
        self._direct.clear()
        self.close(code, reason)

    async def finished(self) -> None:
        """Until the socket is closed or cut off."""
        await asyncio.wait([self._task])

    @property
    def closing(self) -> bool:
        """It was told to end, and may still be writing its last words."""
        return self._closing is not None

    def stop(self) -> None:
        """The socket is gone already."""
        self._task.cancel()

    def _give_up(self) -> None:
        self._socket.abort()
        self._task.cancel()

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
            self.closed = True
            if self._deadline is not None:
                self._deadline.cancel()

    async def _write_all(self) -> None:
        while True:
            if self._direct:
                text: bytes | None = self._direct.popleft()
            else:
                text = self._outbox.take() if self._outbox is not None else None
            if text is None:
                return
            await self._socket.write(text)
