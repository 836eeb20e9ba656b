"""A document that people write together, as it is on this server while anybody has it open."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

import structlog
from pycrdt import Decoder, Doc, TransactionEvent, write_message

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, ProtocolError
from tertulia.runtime.awareness import Awareness

log = structlog.get_logger(__name__)

UPDATE_BYTES: Final = 512 * 1024
"""The largest update that somebody may send."""
DOCUMENT_BYTES: Final = 8 * 1024 * 1024
"""The largest document, with what Yjs keeps of what was deleted."""
IDLE_BYTES: Final = 1024 * 1024
"""Of updates that changed nothing. What depends on what never came waits in memory, and after so much of them it is thrown away."""
_STEP_1, _STEP_2, _UPDATE = 0, 1, 2
_NOTHING: Final = b"\x00\x00"


class Document:
    """Checks what comes by applying it, and tells of what is new by it."""

    def __init__(self, parts: list[bytes], told: Callable[[bytes, ParticipantId | None], None]) -> None:
        """`parts`: a snapshot and the updates after it. `told`: an update by somebody; None: by the server's own code."""
        self._told = told
        self._parts = parts
        self._author: ParticipantId | None = None
        self._news = 0
        self._idle = 0
        self.doc: Doc[Any] = self._built()
        self.size = sum(map(len, parts))
        """Bytes of it, at most: with updates that have not been merged."""
        self.awareness = Awareness()

    def step_2(self, message: bytes) -> bytes:
        """Answers a sync message of step 1. Raises ProtocolError (invalid)."""
        kind, state = _opened(message)
        if kind != _STEP_1:
            raise _invalid()
        return _message(_STEP_2, self._tried(lambda: self.doc.get_update(state)))

    def step_1(self) -> bytes:
        """What the server has of it."""
        return _message(_STEP_1, self.doc.get_state())

    def write(self, author: ParticipantId, message: bytes) -> None:
        """Applies what is in a sync message of step 2, or an update. Raises ProtocolError (invalid, too_large)."""
        kind, update = _opened(message)
        if kind not in (_STEP_2, _UPDATE):
            raise _invalid()
        if update == _NOTHING:
            return
        if len(update) > UPDATE_BYTES:
            raise ProtocolError(Code.TOO_LARGE, f"an update has at most {UPDATE_BYTES} bytes")
        if self.size + len(update) > DOCUMENT_BYTES and self.merge() + len(update) > DOCUMENT_BYTES:
            raise ProtocolError(Code.TOO_LARGE, f"a document has at most {DOCUMENT_BYTES} bytes")
        before, self._author = self._news, author
        try:
            self._tried(lambda: self.doc.apply_update(update), rebuild=True)
        finally:
            self._author = None
        if self._news == before:
            self._idle += len(update)
        if self._idle > IDLE_BYTES:
            self._rebuild()

    def merge(self) -> int:
        """Makes one part of it all; its size."""
        self._parts = [self.doc.get_update()]
        self.size = len(self._parts[0])
        return self.size

    @property
    def state(self) -> bytes:
        """The document as one update. After `merge`."""
        return self._parts[0]

    @property
    def parts(self) -> int:
        """How many there are: a snapshot, and updates."""
        return len(self._parts)

    def _tried(self, work: Callable[[], bytes | None], *, rebuild: bool = False) -> bytes:
        try:
            return work() or b""
        except (KeyboardInterrupt, SystemExit, asyncio.CancelledError):
            raise
        except BaseException as error:  # a panic of Rust is no Exception
            log.info("a document's update was refused", error=str(error)[:200], kind=type(error).__name__)
            if rebuild and not isinstance(error, ValueError):
                # It could be read, and was perhaps applied in part.
                self._rebuild()
            raise _invalid() from None

    def _rebuild(self) -> None:
        with contextlib.suppress(Exception):  # it may be broken
            self.close()
        self.doc = self._built()

    def _built(self) -> Doc[Any]:
        """Without whatever waits in memory for what it depends on."""
        doc: Doc[Any] = Doc()
        for part in self._parts:
            doc.apply_update(part)
        self._subscription = doc.observe(self._changed)
        self._idle = 0
        return doc

    def close(self) -> None:
        """Nobody needs it any more."""
        # Or the document and this would keep each other alive, out of sight of the garbage collector.
        self.doc.unobserve(self._subscription)

    def _changed(self, event: TransactionEvent) -> None:
        # Within pycrdt's transaction: it must neither raise nor look into the document.
        self._news += 1
        self._parts.append(event.update)
        self.size += len(event.update)
        try:
            self._told(event.update, self._author)
        except Exception:
            log.exception("a document's update was not told")


def update_message(update: bytes) -> bytes:
    """The sync message of an update."""
    return _message(_UPDATE, update)


def _message(kind: int, content: bytes) -> bytes:
    return bytes((kind,)) + write_message(content)


def _opened(message: bytes) -> tuple[int, bytes]:
    """Kind and content of a sync message."""
    decoder = Decoder(message[1:])
    try:
        content = decoder.read_message()
    except (IndexError, RuntimeError):
        raise _invalid() from None
    if content is None or decoder.length:
        raise _invalid()
    return message[0], content


def _invalid() -> ProtocolError:
    return ProtocolError(Code.INVALID, "this is no sync message, or no update of a document")
