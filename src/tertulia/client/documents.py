"""A document that one writes together with others."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import msgspec
from pycrdt import Decoder, Doc, TransactionEvent, merge_updates, write_message, write_var_uint

from tertulia.client.events import EventStream
from tertulia.client.failure import from_message
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.wire import native

if TYPE_CHECKING:
    from tertulia.client.client import Client

WAITING: Final = 10_000
"""Events of the server that may wait to be taken."""
RENEW: Final = 15.0
"""Seconds after which others are told again what one shows: they forget who is not heard of for 30."""
_STEP_1, _STEP_2, _UPDATE = 0, 1, 2
_NOTHING: Final = b"\x00\x00"
_Event = (
    native.Joined | native.Resumed | native.DocumentSynced | native.DocumentAwarenessChanged | native.DocumentClosed
)


class Document:
    """Change `doc` by pycrdt's own types: it goes to the others by itself, and theirs comes in.

    What was changed while the connection was lost is merged when it is back. Where the server takes no more of it, `error` says why, and
    the document goes on as one's own.
    """

    def __init__(self, client: "Client", name: str) -> None:
        self.name = name
        self.doc: Doc[Any] = Doc()
        self.states: dict[int, dict[str, Any]] = {}
        """What the others show, by their Yjs client ids."""
        self.error: TertuliaError | None = None
        self._client = client
        self._shown: bytes = b"null"
        self._clock = 0
        self._theirs: dict[int, int] = {}
        self._remote = False
        self._must_open = True
        self._must_show = False
        self._outgoing: list[bytes] = []
        self._busy = False
        self._news = asyncio.Event()
        self._news.set()
        self._changed = asyncio.Event()
        self._synced = False
        self._events: EventStream[_Event] = client.events(
            native.Joined,
            native.Resumed,
            native.DocumentSynced,
            native.DocumentAwarenessChanged,
            native.DocumentClosed,
            limit=WAITING,
        )
        self._subscription = self.doc.observe(self._written)
        self._tasks = [asyncio.create_task(work()) for work in (self._follow, self._work)]

    async def synced(self) -> None:
        """Until everything is here that the server had, and everything there that was written here. Raises what ended it."""
        await self._until(lambda: self._synced and not self._outgoing and not self._busy)

    def show(self, state: Mapping[str, Any] | None) -> None:
        """What the others are shown of oneself meanwhile, such as a cursor: an object in JSON, of 4 KiB at most; None: nothing any more."""
        self._shown = msgspec.json.encode(state)
        self._must_show = True
        self._news.set()

    async def close(self) -> None:
        """Takes part in it no more. `doc` stays as it is."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        self._events.close()
        self.doc.unobserve(self._subscription)
        with contextlib.suppress(TertuliaError):
            await self._client.request(lambda n: native.DocumentClose(id=n, document=self.name), native.Ok)

    async def __aenter__(self) -> "Document":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- what comes ---

    async def _follow(self) -> None:
        try:
            async for event in self._events:
                if isinstance(event, native.Joined | native.Resumed):
                    self._begin_anew()
                elif event.document == self.name:
                    self._take(event)
            raise self._client.error or ProtocolError(Code.SESSION_GONE, "the session is over")
        except (TertuliaError, OSError, ValueError) as error:
            self._end(error)

    def _begin_anew(self) -> None:
        """The server may not know any more that this is open, or have missed something."""
        self._synced = False
        self._must_open = True
        self._must_show = self._shown != b"null"
        self._theirs.clear()
        self.states.clear()
        self._tell()

    def _take(self, event: native.DocumentSynced | native.DocumentAwarenessChanged | native.DocumentClosed) -> None:
        match event:
            case native.DocumentSynced():
                self._take_sync(event.bytes)
            case native.DocumentAwarenessChanged():
                self._take_states(event.bytes)
            case native.DocumentClosed():
                raise from_message(event)
        self._tell()

    def _take_sync(self, message: bytes) -> None:
        content = Decoder(message[1:]).read_message() or b""
        if message[0] == _STEP_1:
            missing = self.doc.get_update(content)
            if missing != _NOTHING and "data" in self._client.room.rights:
                self._outgoing.append(missing)
            return
        self._remote = True
        try:
            if content != _NOTHING:
                self.doc.apply_update(content)
        finally:
            self._remote = False
        if message[0] == _STEP_2:
            self._synced = True

    def _take_states(self, update: bytes) -> None:
        decoder = Decoder(update)
        for _ in range(decoder.read_var_uint()):
            client, clock = decoder.read_var_uint(), decoder.read_var_uint()
            state = msgspec.json.decode(decoder.read_message() or b"null")
            if clock < self._theirs.get(client, 0):
                continue
            self._theirs[client] = clock
            if state is None:
                self.states.pop(client, None)
            else:
                self.states[client] = state

    # --- what goes ---

    def _written(self, event: TransactionEvent) -> None:
        if not self._remote:
            self._outgoing.append(event.update)
            self._news.set()

    async def _work(self) -> None:
        while self.error is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RENEW):
                    await self._news.wait()
            self._must_show |= not self._news.is_set() and self._shown != b"null"
            self._news.clear()
            self._busy = True
            try:
                await self._send()
            except TertuliaError as error:
                # What was sent before the connection was lost says nothing once it has to be opened anew.
                anew = self._must_open or error.code is Code.SESSION_GONE
                if not anew and not error.retryable:
                    self._end(error)
                    return
                # Another session begins, or it is tried again: opening it says what is missing on either side.
                self._must_open = True
                if error.retryable:
                    await asyncio.sleep(1.0)
                    self._news.set()
            finally:
                self._busy = False
            self._tell()

    async def _send(self) -> None:
        if self._must_open:
            self._must_open = False
            state = _message(_STEP_1, self.doc.get_state())
            await self._ask(lambda n: native.DocumentOpen(id=n, document=self.name, bytes=state))
        if self._outgoing:
            update = self._outgoing[0] if len(self._outgoing) == 1 else merge_updates(*self._outgoing)
            self._outgoing.clear()
            message = _message(_UPDATE, update)
            await self._ask(lambda n: native.DocumentSync(id=n, document=self.name, bytes=message))
        if self._must_show:
            self._must_show = False
            self._clock += 1
            entry = b"".join(map(write_var_uint, (1, self.doc.client_id, self._clock))) + write_message(self._shown)
            await self._ask(lambda n: native.DocumentAwareness(id=n, document=self.name, bytes=entry))

    async def _ask(self, make: Callable[[int], native.Message]) -> None:
        await self._client.request(make, native.Ok)

    # --- waiting ---

    def _tell(self) -> None:
        if self._must_open or self._outgoing:
            self._news.set()
        self._changed.set()

    def _end(self, error: TertuliaError | OSError | ValueError) -> None:
        known = error if isinstance(error, TertuliaError) else ProtocolError(Code.INVALID, str(error))
        self.error = self.error or known
        self._tell()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while self.error is not None or not condition():
            if self.error is not None:
                raise self.error
            self._changed.clear()
            await self._changed.wait()


def _message(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + write_message(content)
