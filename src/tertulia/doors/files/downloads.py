"""Files and previews, for whoever has a link that was given to people of the room.

Whatever a file is, no browser shows it as a page of this origin: it is an attachment, of a type that is not guessed, in a sandbox. What is
shown are previews, and these were encoded here.
"""

import time
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tertulia.auth.file_tickets import FileTickets, Kind
from tertulia.core.files import SharedFile
from tertulia.doors.files import headers
from tertulia.errors import Code, UserError
from tertulia.runtime.files import FileDesk
from tertulia.store.files import PREVIEW_TYPE, is_active

_SAFE: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


class Downloads:
    def __init__(self, desk: FileDesk, tickets: FileTickets, *, is_shared: bool) -> None:
        """`is_shared`: pages of other origins may show previews."""
        self._desk = desk
        self._tickets = tickets
        self._safe = {**_SAFE, "cross-origin-resource-policy": "cross-origin" if is_shared else "same-origin"}

    async def file(self, request: Request) -> Response:
        """`/files/{room}/{id}/{name}`; the name is for people alone."""
        file = await self._find(request, "file")
        etag = f'"{file.sha256}"'
        answer = {
            **self._headers(request, etag),
            "accept-ranges": "bytes",
            "content-disposition": headers.attachment(file.name),
            "content-type": "application/octet-stream" if is_active(file.type) else file.type,
        }
        if headers.matches(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=answer)
        part = headers.byte_range(request.headers, file.size, etag)
        start, end = part or (0, file.size)
        answer["content-length"] = str(end - start)
        if part is not None:
            answer["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
        status = 200 if part is None else 206
        if request.method == "HEAD":
            return Response(status_code=status, headers=answer)
        return StreamingResponse(await self._desk.store.read(file, start, end), status, answer)

    async def preview(self, request: Request) -> Response:
        """`/files/{room}/preview/{id}`."""
        file = await self._find(request, "preview")
        if file.preview is None:
            raise UserError(Code.NO_SUCH_FILE, "there is no preview of this file")
        etag = f'"{file.sha256}-preview"'
        answer = {**self._headers(request, etag), "content-type": PREVIEW_TYPE, "content-disposition": "inline"}
        if headers.matches(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=answer)
        return Response(await self._desk.store.preview(file), headers=answer)

    async def _find(self, request: Request, kind: Kind) -> SharedFile:
        room, id = request.path_params["room"], request.path_params["id"]
        query = request.query_params
        self._tickets.check(room, id, kind, query.get("expires", ""), query.get("signature", ""))
        return await self._desk.find(room, id)

    def _headers(self, request: Request, etag: str) -> Mapping[str, str]:
        lasts = max(0, int(request.query_params["expires"]) - int(time.time()))
        return {**self._safe, "etag": etag, "cache-control": f"private, max-age={lasts}, immutable"}
