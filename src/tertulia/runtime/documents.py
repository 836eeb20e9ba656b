"""The documents of one room that somebody has open."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, ProtocolError, TertuliaError, Unavailable
from tertulia.runtime.document import UPDATE_BYTES, Document, update_message
from tertulia.runtime.seat import AwarenessChanged, DocumentClosed, DocumentSynced, Shown
from tertulia.store import DocumentLog

__all__ = ["UPDATE_BYTES", "Documents"]

log = structlog.get_logger(__name__)

OPEN_DOCUMENTS: Final = 100
OPEN_BYTES: Final = 64 * 1024 * 1024
"""Of the documents that are open in a room, together."""
MERGE_AFTER: Final = 200
"""Updates that are kept singly."""
TRY_AGAIN: Final = 5.0
"""Seconds until a document that could not be kept is given to the database again."""
UNCLAIMED: Final = 1.0
"""Seconds after which a document is closed that nobody has come to, though it was asked for."""


class _Open:
    """A document, and who has it open."""

    def __init__(self, name: str, document: Document) -> None:
        self.name = name
        self.document = document
        self.people: dict[ParticipantId, None] = {}
        self.holds = 0
        """How often the server's own code has it open."""
        self.merging: asyncio.Handle | None = None

    @property
    def wanted(self) -> bool:
        return bool(self.people or self.holds)


class Documents:
    """Lives in one event loop. Nothing of it waits in the room's turn."""

    def __init__(
        self,
        room: str,
        log: DocumentLog | None,
        show: Callable[[tuple[ParticipantId, ...], Shown], None],
        is_here: Callable[[ParticipantId], bool],
    ) -> None:
        """`log`: where they are kept; without, each is there as long as the room. `show`: tells some of the people in the room."""
        self._room = room
        self._log = log
        self._show = show
        self._is_here = is_here
        self._open: dict[str, _Open] = {}
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    async def open(self, who: ParticipantId, name: str, message: bytes) -> int:
        """Shows somebody the document from here on, and first what he has not of it, by his sync message of step 1; how many bytes were
        read and written for that.

        Raises ProtocolError (invalid), Unavailable (too_many_documents, store_failed).
        """
        was_open = name in self._open
        it = await self._find(name)
        try:
            missing = it.document.step_2(message)
            if not self._is_here(who):
                return 0
            it.people[who] = None
            self._tell(who, DocumentSynced(name, missing))
            self._tell(who, DocumentSynced(name, it.document.step_1()))
            shown = it.document.awareness.everything()
            if shown is not None:
                self._tell(who, AwarenessChanged(name, None, shown))
            return len(missing) + (0 if was_open else it.document.size)
        finally:
            self._let_go(it)

    def size(self, name: str) -> int:
        """Bytes of a document; 0 where it is not open."""
        it = self._open.get(name)
        return 0 if it is None else it.document.size

    def write(self, who: ParticipantId, name: str, message: bytes) -> None:
        """Somebody's own updates. Raises ProtocolError (invalid, too_large); after invalid he has it open no more."""
        it = self._of(who, name)
        try:
            it.document.write(who, message)
        except ProtocolError as error:
            if error.code is Code.INVALID:
                self._shut(it, who, error)
            raise

    def show(self, who: ParticipantId, name: str, update: bytes) -> None:
        """What somebody shows in the document. Raises as `write` does."""
        it = self._of(who, name)
        try:
            shown = it.document.awareness.show(who, update)
        except ProtocolError as error:
            if error.code is Code.INVALID:
                self._shut(it, who, error)
            raise
        if shown is not None:
            self._tell_others(it, who, AwarenessChanged(name, who, shown))

    def close(self, who: ParticipantId, name: str) -> None:
        """He has it open no more, if he had."""
        it = self._open.get(name)
        if it is not None and who in it.people:
            self._leave(it, who)

    def leave(self, who: ParticipantId) -> None:
        """Somebody is gone."""
        for it in list(self._open.values()):
            if who in it.people:
                self._leave(it, who)

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[Document]:
        """For the server's own code, which may read and write it. Raises Unavailable (too_many_documents, store_failed)."""
        it = await self._find(name)
        it.holds += 1
        try:
            yield it.document
        finally:
            it.holds -= 1
            self._let_go(it)

    def stop(self) -> None:
        """The room has ended: what is not kept yet is given to the database, which forgets what outlives no room."""
        self._closed = True
        for it in list(self._open.values()):
            it.people.clear()
            self._put_away(it)
        if self._log is not None and not self._log.outlives_rooms:
            self._log.forget_room(self._room)

    # --- opening and closing ---

    async def _find(self, name: str) -> _Open:
        while True:
            it = self._open.get(name)
            if it is not None:
                return it
            # Others may wait for it too, and it goes on where one of them is gone. When this one's turn comes it may be closed again.
            await asyncio.shield(self._loading.get(name) or self._begin(name))

    def _begin(self, name: str) -> "asyncio.Task[None]":
        if self._closed:
            raise Unavailable(Code.ROOM_ENDED, "the room has just ended")
        if len(self._open) + len(self._loading) >= OPEN_DOCUMENTS:
            raise Unavailable(Code.TOO_MANY_DOCUMENTS, f"a room has at most {OPEN_DOCUMENTS} documents open")
        task = asyncio.create_task(self._load(name))
        self._loading[name] = task
        task.add_done_callback(lambda done: self._loaded(name, done))
        return task

    def _loaded(self, name: str, task: "asyncio.Task[None]") -> None:
        del self._loading[name]
        it = self._open.get(name)
        if not task.cancelled() and task.exception() is None and it is not None:
            # Whoever asked may be gone.
            asyncio.get_running_loop().call_later(UNCLAIMED, self._let_go, it)

    async def _load(self, name: str) -> None:
        it: _Open

        def told(update: bytes, author: ParticipantId | None) -> None:
            self._written(it, update, author)

        parts = [] if self._log is None else await self._log.load(self._room, name)
        try:
            if self._closed:
                raise Unavailable(Code.ROOM_ENDED, "the room has just ended")
            if sum(it.document.size for it in self._open.values()) + sum(map(len, parts)) > OPEN_BYTES:
                why = f"the open documents of a room have at most {OPEN_BYTES} bytes"
                raise Unavailable(Code.TOO_MANY_DOCUMENTS, why)
            document = _read(name, parts, told)
        except TertuliaError:
            if self._log is not None:
                self._log.release(self._room, name)
            raise
        it = self._open[name] = _Open(name, document)

    def _of(self, who: ParticipantId, name: str) -> _Open:
        it = self._open.get(name)
        if it is None or who not in it.people:
            raise ProtocolError(Code.INVALID, "you do not have this document open")
        return it

    def _shut(self, it: _Open, who: ParticipantId, error: TertuliaError) -> None:
        self._leave(it, who)
        self._tell(who, DocumentClosed(it.name, error.code, error.message))

    def _leave(self, it: _Open, who: ParticipantId) -> None:
        it.people.pop(who, None)
        gone = it.document.awareness.forget(who)
        if gone is not None:
            self._tell_others(it, who, AwarenessChanged(it.name, who, gone))
        self._let_go(it)

    def _let_go(self, it: _Open) -> None:
        # Without a place to keep it, it stays for whoever opens it next.
        if not it.wanted and self._log is not None and self._open.get(it.name) is it:
            self._put_away(it)

    def _put_away(self, it: _Open) -> None:
        del self._open[it.name]
        if it.merging is not None:
            it.merging.cancel()
        it.document.close()
        if self._log is None:
            return
        if it.document.parts > 1:
            it.document.merge()
            self._log.replace(self._room, it.name, it.document.state)
        self._log.release(self._room, it.name)

    # --- what is written ---

    def _written(self, it: _Open, update: bytes, author: ParticipantId | None) -> None:
        """Called within pycrdt's transaction."""
        self._tell_others(it, author, DocumentSynced(it.name, update_message(update)))
        if self._log is not None:
            kept = self._log.append(self._room, it.name, update)
            kept.add_done_callback(lambda result: self._kept(it, result))
        if it.document.parts > MERGE_AFTER:
            self._merge_soon(it)

    def _kept(self, it: _Open, result: "asyncio.Future[None]") -> None:
        """Where it could not be kept the whole document is, a little later: what follows would be of no use without it."""
        if not result.cancelled() and result.exception() is not None and self._open.get(it.name) is it:
            self._merge_soon(it, TRY_AGAIN)

    def _merge_soon(self, it: _Open, seconds: float = 0.0) -> None:
        if it.merging is None:
            it.merging = asyncio.get_running_loop().call_later(seconds, self._merge, it)

    def _merge(self, it: _Open) -> None:
        it.merging = None
        if self._open.get(it.name) is not it:
            return
        it.document.merge()
        if self._log is not None:
            kept = self._log.replace(self._room, it.name, it.document.state)
            kept.add_done_callback(lambda result: self._kept(it, result))

    # --- telling ---

    def _tell(self, who: ParticipantId, event: Shown) -> None:
        self._show((who,), event)

    def _tell_others(self, it: _Open, author: ParticipantId | None, event: Shown) -> None:
        self._show(tuple(who for who in it.people if who != author), event)


def _read(name: str, parts: list[bytes], told: Callable[[bytes, ParticipantId | None], None]) -> Document:
    try:
        return Document(parts, told)
    except ValueError as error:
        log.error("a document that was kept cannot be read", document=name, error=str(error)[:200])
        raise Unavailable(Code.STORE_FAILED, "this document cannot be read") from None
