"""Uploads by tus 1.0.0: its core protocol, creation, creation-with-upload, termination, checksum and expiration."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tertulia.core.files import SharedFile
from tertulia.core.ids import ParticipantId
from tertulia.doors.files import headers
from tertulia.doors.files.access import Access, Uploader
from tertulia.doors.files.body import Body
from tertulia.doors.session.problem import Refused
from tertulia.errors import Code, Unavailable
from tertulia.net import Connections
from tertulia.runtime.files import FileDesk
from tertulia.store.files import Turn, Upload
from tertulia.wire import native as wire

BODY: Final = "application/offset+octet-stream"
EXTENSIONS: Final = "creation,creation-with-upload,termination,checksum,expiration"
FILE: Final = "tertulia-file"
"""Header with the id of the file that an upload has become."""
UPLOAD_METHODS: Final = ("HEAD", "PATCH", "DELETE", "POST", "OPTIONS")
_NOT_KEPT: Final = {"cache-control": "no-store"}


class Uploads:
    def __init__(self, desk: FileDesk, access: Access, bodies: Connections, *, patience: float) -> None:
        self._desk = desk
        self._store = desk.store
        self._access = access
        self._bodies = bodies
        self._patience = patience

    async def endpoint(self, request: Request) -> Response:
        """`/files/{room}`."""
        return self._capabilities() if request.method == "OPTIONS" else await self._create(request)

    async def upload(self, request: Request) -> Response:
        """`/files/{room}/upload/{key}`."""
        # For clients whose networks let nothing but POST through.
        method = request.headers.get("x-http-method-override", request.method).upper()
        if method == "OPTIONS":
            return self._capabilities()
        handlers: Mapping[str, Callable[[Request], Awaitable[Response]]] = {
            "HEAD": self._tell,
            "PATCH": self._go_on,
            "DELETE": self._give_up,
        }
        if method not in handlers:
            raise HTTPException(405, headers={"allow": "DELETE, HEAD, OPTIONS, PATCH"})
        return await handlers[method](request)

    def _capabilities(self) -> Response:
        return Response(
            status_code=204,
            headers={
                "tus-resumable": headers.TUS,
                "tus-version": headers.TUS,
                "tus-extension": EXTENSIONS,
                "tus-max-size": str(self._store.limits.file_bytes),
                "tus-checksum-algorithm": ",".join(headers.ALGORITHMS),
                "cache-control": "no-store",
            },
        )

    async def _create(self, request: Request) -> Response:
        headers.check_version(request.headers)
        uploader = await self._uploader(request)
        if "upload-length" not in request.headers:
            raise Refused(400, Code.INVALID, "say how long it is: upload-length")
        size = headers.length(request.headers, "upload-length")
        told = headers.metadata(request.headers)
        upload = await self._desk.begin(
            request.path_params["room"], uploader.owner, told.get("filename") or told.get("name") or "", size, _to(told)
        )
        where = f"{request.scope['root_path']}/{quote(upload.room, safe='')}/upload/{upload.key}"
        created = {"location": where}
        if _brings_body(request):
            async with self._store.turn(upload) as turn:
                offset, file = await self._receive(request, upload, uploader, turn)
        else:
            offset, file = 0, None
            if size == 0:
                async with self._store.turn(upload):
                    file = await self._desk.share(upload, uploader.sender)
        return self._answer(201, upload, offset, file, created)

    async def _tell(self, request: Request) -> Response:
        uploader, upload = await self._known(request)
        async with self._store.turn(upload):
            upload = await self._again(upload)
            offset = await self._store.offset(upload)
            file = upload.file
            if file is None and offset == upload.size:
                # It was whole before, and could not be kept: a client that asks takes it for done.
                file = await self._desk.share(upload, uploader.sender)
        return self._answer(200, upload, offset, file, {"upload-length": str(upload.size)})

    async def _go_on(self, request: Request) -> Response:
        uploader, upload = await self._known(request)
        if _media_type(request) != BODY:
            raise Refused(415, "unsupported_media_type", f"send {BODY}")
        offset = headers.length(request.headers, "upload-offset")
        async with self._store.turn(upload) as turn:
            upload = await self._again(upload)
            there = await self._store.offset(upload)
            if offset != there:
                raise Refused(409, "offset_conflict", f"go on at {there}", {"upload-offset": str(there)})
            if upload.file is not None:
                return self._answer(204, upload, there, upload.file)
            there, file = await self._receive(request, upload, uploader, turn)
        return self._answer(204, upload, there, file)

    async def _give_up(self, request: Request) -> Response:
        _, upload = await self._known(request)
        async with self._store.turn(upload):
            await self._store.abandon(await self._again(upload))
        return Response(status_code=204, headers={"tus-resumable": headers.TUS, **_NOT_KEPT})

    # --- what these share ---

    async def _uploader(self, request: Request) -> Uploader:
        return await self._access.uploader(request, request.path_params["room"])

    async def _known(self, request: Request) -> tuple[Uploader, Upload]:
        headers.check_version(request.headers)
        uploader = await self._uploader(request)
        return uploader, await self._store.find(request.path_params["room"], request.path_params["key"])

    async def _again(self, upload: Upload) -> Upload:
        """As it is now: whoever had the turn before may have brought it to an end."""
        return await self._store.find(upload.room, upload.key)

    async def _receive(
        self, request: Request, upload: Upload, uploader: Uploader, turn: Turn
    ) -> tuple[int, SharedFile | None]:
        with self._place(request):
            try:
                offset = await Body(self._store, upload, turn, patience=self._patience).receive(request)
            finally:
                await self._store.came(upload)
        file = await self._desk.share(upload, uploader.sender) if offset == upload.size else None
        return offset, file

    @contextmanager
    def _place(self, request: Request) -> Iterator[None]:
        address = "" if request.client is None else request.client.host
        if not self._bodies.enter(address):
            raise Unavailable(Code.TOO_MANY_CONNECTIONS, "too many uploads are received at the moment")
        try:
            yield
        finally:
            self._bodies.leave(address)

    def _answer(
        self, status: int, upload: Upload, offset: int, file: SharedFile | None, more: Mapping[str, str] | None = None
    ) -> Response:
        answer = {"tus-resumable": headers.TUS, "upload-offset": str(offset), **_NOT_KEPT, **(more or {})}
        if file is not None:
            answer[FILE] = file.id
        else:
            answer["upload-expires"] = formatdate(upload.time + self._store.limits.expiry, usegmt=True)
        return Response(status_code=status, headers=answer)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _brings_body(request: Request) -> bool:
    return _media_type(request) == BODY and request.headers.get("content-length") != "0"


def _to(told: Mapping[str, str]) -> ParticipantId | None:
    """Raises Refused (400)."""
    if not told.get("to"):
        return None
    try:
        return ParticipantId(msgspec.convert(told["to"], wire.Identity))
    except msgspec.ValidationError:
        raise Refused(400, Code.INVALID, "to is nobody's identity") from None
