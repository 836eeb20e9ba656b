"""The files of a room: uploads by tus 1.0.0, downloads by links that the server gives."""

import asyncio
import base64
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from tertulia.client import http
from tertulia.client.backoff import Backoff
from tertulia.client.http import Answer, Refused
from tertulia.client.requests import Reply
from tertulia.client.session import Status
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.wire import native

if TYPE_CHECKING:
    from tertulia.client.client import Client

CHUNK = 4 * 1024 * 1024
"""Bytes of one request; so many are in memory."""
TUS = {"tus-resumable": "1.0.0"}
FILE = "tertulia-file"
_AGAIN = frozenset({401, 408, 409, 423, 429, 500, 502, 503, 504})
"""What may be otherwise in a moment, or where the server knows better how far it is."""
GIVES_UP = 8
"""Tries in a row that brought nothing, each after a longer pause."""

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
"""Bytes that have gone or come, and of how many."""


@dataclass(frozen=True, slots=True)
class _Leave:
    url: str
    token: str
    expires: float


class Files:
    """All raise TertuliaError with the code that the server gave; a lost connection is waited for, eight tries long."""

    def __init__(self, client: "Client", url: str) -> None:
        self._client = client
        self._base = http.server_url(url)
        self._leave: _Leave | None = None

    async def upload(
        self,
        path: str | Path,
        *,
        name: str | None = None,
        to: str | None = None,
        on_progress: Progress | None = None,
        chunk: int = CHUNK,
    ) -> native.SharedFile:
        """Shares a file with everybody, or `to` one person; `name`: as it is shown, else its own. Takes the right `data`.

        `chunk`: bytes of one request. What broke off goes on where it was. Raises also OSError, for a file that cannot be read and for a
        server that cannot be reached.
        """
        source = Path(path)
        file = await asyncio.to_thread(source.open, "rb")
        try:
            size = (await asyncio.to_thread(os.fstat, file.fileno())).st_size
            where = await self._create(name or source.name, size, to)
            id = await self._send(file, size, where, on_progress or (lambda done, of: None), chunk)
        finally:
            file.close()
        return await self._find(id)

    async def download(
        self, file: native.SharedFile | str, path: str | Path, *, on_progress: Progress | None = None
    ) -> Path:
        """Writes a file to `path`, which is replaced when all of it has come. What broke off goes on where it was."""
        id = file if isinstance(file, str) else file.id
        target = Path(path)
        partial = target.with_name(f".{target.name}.{id[:8]}.part")
        try:
            with await asyncio.to_thread(partial.open, "wb") as into:
                await self._again(lambda: self._fetch(id, into, on_progress or (lambda done, of: None)))
            await asyncio.to_thread(partial.replace, target)
        finally:
            await asyncio.to_thread(partial.unlink, missing_ok=True)
        return target

    async def list(self, *, before: int | None = None, limit: int = 100) -> native.FilePage:
        """The last `limit` (100 at most) files that one may see, or the nearest of numbers below `before`."""
        return await self._ask(lambda n: native.FileList(id=n, before=before, limit=limit), native.FilePage)

    async def links(self, *files: str) -> native.FileLinked:
        """Where these (by id) are to be had, as whole URLs."""
        linked = await self._ask(lambda n: native.FileLinks(id=n, files=list(files)), native.FileLinked)
        links = [
            native.FileLink(
                it.file,
                http.absolute(it.url, self._base),
                None if it.preview is None else http.absolute(it.preview, self._base),
            )
            for it in linked.links
        ]
        return native.FileLinked(id=linked.id, links=links, expires=linked.expires)

    async def delete(self, file: native.SharedFile | str) -> None:
        """One's own; moderators anybody's."""
        id = file if isinstance(file, str) else file.id
        await self._ask(lambda n: native.FileDelete(id=n, file=id), native.Ok)

    # --- up ---

    async def _create(self, name: str, size: int, to: str | None) -> str:
        told = {"filename": name} | ({} if to is None else {"to": to})
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())

        async def create() -> str:
            answer = await self._tus("POST", None, {"upload-length": str(size), "upload-metadata": metadata})
            return http.absolute(answer.headers["location"], answer.url)

        return await self._again(create)

    async def _send(self, file: BinaryIO, size: int, where: str, on_progress: Progress, chunk: int) -> str:
        """Until all has come: the id of the file."""
        backoff, failed, offset = Backoff(), 0, -1
        while True:
            try:
                if offset < 0:
                    answer = await self._tus("HEAD", where, {})
                else:
                    await asyncio.to_thread(file.seek, offset)
                    body = await asyncio.to_thread(file.read, chunk)
                    if not body:
                        raise OSError("the file became shorter while it was sent")
                    headers = {"upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
                    answer = await self._tus("PATCH", where, headers, body)
            except (Refused, ConnectionError, TimeoutError) as error:
                failed += 1
                await self._pause(error, backoff, failed)
                offset = -1
                continue
            now = int(answer.headers["upload-offset"])
            if now > offset >= 0:
                failed = 0
                backoff.reset()
            offset = now
            on_progress(offset, size)
            if FILE in answer.headers:
                return answer.headers[FILE]
            if offset >= size:
                offset = -1  # to be asked what became of it

    async def _tus(self, method: str, url: str | None, headers: dict[str, str], body: bytes | None = None) -> Answer:
        leave = await self._granted()
        headers = {**TUS, "authorization": f"Bearer {leave.token}", **headers}
        return await http.ask(method, url or http.absolute(leave.url, self._base), headers, body)

    async def _granted(self) -> _Leave:
        if self._leave is None or self._leave.expires - 30 < time.time():
            it = await self._ask(lambda n: native.FileGrant(id=n), native.FileGranted)
            self._leave = _Leave(it.url, it.token, it.expires)
        return self._leave

    async def _find(self, id: str) -> native.SharedFile:
        for it in (await self.list()).files:
            if it.id == id:
                return it
        raise ProtocolError(Code.NO_SUCH_FILE, "the file was deleted as soon as it had come")

    # --- down ---

    async def _fetch(self, id: str, into: BinaryIO, on_progress: Progress) -> None:
        links = (await self.links(id)).links
        if not links:
            raise ProtocolError(Code.NO_SUCH_FILE, "there is no such file, or no more")
        start = await asyncio.to_thread(into.tell)

        def begun(answer: Answer) -> None:
            if answer.status != 206:
                into.seek(0)
                into.truncate()

        if start:
            size = int((await http.ask("HEAD", links[0].url, {})).headers["content-length"])
            if start >= size:
                return
        answer = await http.fetch(links[0].url, {"range": f"bytes={start}-"} if start else {}, into, begun)
        on_progress(into.tell(), start + int(answer.headers.get("content-length", "0")))

    # --- both ---

    async def _ask(self, make: Callable[[int], native.Message], reply: type[Reply]) -> Reply:
        while True:
            try:
                return await self._client.request(make, reply)
            except TertuliaError as error:
                if error.code is not Code.SESSION_GONE or self._client.status is Status.ENDED:
                    raise
            self._leave = None
            await self._client.until(lambda c: c.status is Status.JOINED)

    async def _again(self, work: Callable[[], Awaitable[Result]]) -> Result:
        backoff, failed = Backoff(), 0
        while True:
            try:
                return await work()
            except (Refused, ConnectionError, TimeoutError) as error:
                failed += 1
                await self._pause(error, backoff, failed)

    async def _pause(self, error: Exception, backoff: Backoff, failed: int) -> None:
        """Raises what cannot be cured by trying again."""
        if isinstance(error, Refused):
            if error.answer.status == 401:
                self._leave = None
            passes = error.answer.status in _AGAIN and error.code != Code.TOO_MANY_UPLOADS
            if not passes or failed >= GIVES_UP:
                raise error.as_error() from None
        elif failed >= GIVES_UP:
            raise error
        await asyncio.sleep(backoff.next())
