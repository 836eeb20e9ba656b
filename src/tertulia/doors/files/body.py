"""What the body of a request brings goes to the end of an upload, as far as it comes."""

import asyncio
import hmac
from collections.abc import AsyncGenerator
from typing import Final

from starlette.requests import Request

from tertulia.doors.files import headers
from tertulia.doors.files.headers import ALGORITHMS, Checksum
from tertulia.doors.session.problem import Refused
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.store.files import HEAD, FileStore, Part, Turn, Upload

WINDOW: Final = 60.0
"""Seconds in which at least `LEAST` bytes have to come: a connection that is kept open by a byte now and then is let go."""
LEAST: Final = 4096


class Body:
    """One request's part of an upload, in the upload's turn."""

    def __init__(self, store: FileStore, upload: Upload, turn: Turn, *, patience: float) -> None:
        """`patience`: seconds without a byte."""
        self._store = store
        self._upload = upload
        self._turn = turn
        self._patience = patience

    async def receive(self, request: Request) -> int:
        """How much of the upload has come then.

        What came of a body that breaks off stays, but not of one whose checksum can so not be right. Raises Refused (460, 423),
        ClientDisconnect, ProtocolError with too_large or join_timeout, UserError with type_refused or storage_full.
        """
        announced, checksum = headers.content_length(request.headers), headers.checksum(request.headers)
        part = await self._store.part(self._upload)
        begun = part.offset
        keeps = True
        try:
            if announced is not None and begun + announced > self._upload.size:
                raise _too_large()
            await self._read(request, part, checksum)
        except BaseException as error:
            keeps = checksum is None and not _spoils(error)
            raise
        finally:
            try:
                if not keeps:
                    await part.rewind(begun)
            finally:
                await part.close()
        return part.offset

    async def _read(self, request: Request, part: Part, checksum: Checksum | None) -> None:
        digest = None if checksum is None else ALGORITHMS[checksum.algorithm]()
        looks = self._store.is_choosy and part.offset < HEAD
        clock = asyncio.get_running_loop().time
        since, came = clock(), 0
        stream = request.stream()
        while (chunk := await self._next(stream)) is not None:
            if part.offset + len(chunk) > self._upload.size:
                raise _too_large()
            if digest is not None:
                digest.update(chunk)
            await part.write(chunk)
            if looks and part.offset >= HEAD:
                # Nobody sends a gigabyte to be told then that nobody wants it.
                looks = False
                await part.flush()
                await self._store.check_type(self._upload)
            came += len(chunk)
            if clock() - since > WINDOW:
                if came < LEAST:
                    raise _too_slow()
                since, came = clock(), 0
        if checksum is not None and digest is not None and not hmac.compare_digest(digest.digest(), checksum.digest):
            raise Refused(460, "checksum_mismatch", "the body is not what the checksum says; send it again")

    async def _next(self, stream: AsyncGenerator[bytes, None]) -> bytes | None:
        """The next bytes; None: there are no more. Only here the turn can be taken away: nothing is half written then."""
        try:
            async with asyncio.timeout(self._patience) as timeout:
                self._turn.yields_by(timeout)
                return await anext(stream, None)
        except TimeoutError:
            if self._turn.is_taken:
                raise Refused(423, "upload_taken", "another request goes on with this upload") from None
            raise _too_slow() from None
        finally:
            self._turn.yields_by(None)


def _spoils(error: BaseException) -> bool:
    """What has come with this is not what should have."""
    match error:
        case Refused():
            return error.status == 460
        case TertuliaError():
            return error.code is Code.TOO_LARGE
        case _:
            return False


def _too_large() -> ProtocolError:
    return ProtocolError(Code.TOO_LARGE, "this is more than the upload was said to have")


def _too_slow() -> ProtocolError:
    return ProtocolError(Code.JOIN_TIMEOUT, "nothing came for too long; go on from where it is")
