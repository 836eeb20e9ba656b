"""What was said in a room, for operators: pages, downloads, and deleting it."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tertulia.doors.api import types
from tertulia.doors.api.failure import Refused
from tertulia.errors import Code, TertuliaError
from tertulia.runtime.archive import Archive
from tertulia.runtime.views import Message
from tertulia.wire import native as wire

_STATUS = {Code.NO_SUCH_MESSAGE: 404, Code.STORE_FAILED: 503}
_Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]
COLUMNS = ("number", "id", "time", "sender", "name", "to", "text", "edited", "deleted", "reactions")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Query(msgspec.Struct):
    before: _Number | None = None
    after: _Number | None = None
    changed: _Number | None = None
    words: Annotated[str, Meta(max_length=200)] = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    format: Literal["json", "ndjson", "csv"] = "json"


class ChatEndpoint:
    """Of rooms that are open and of those that are not. Raises Refused."""

    def __init__(self, archive: Callable[[], Archive]) -> None:
        self._archive = archive

    async def show(self, request: Request) -> Response:
        room = _room(request)
        try:
            query = msgspec.convert(dict(request.query_params), _Query, strict=False)
        except msgspec.ValidationError as error:
            raise Refused(400, Code.INVALID, f"not possible: {error}") from None
        if query.format != "json":
            return await self._download(room, query)
        try:
            page = await self._archive().page(
                room,
                before=query.before,
                after=query.after,
                changed=query.changed,
                words=query.words,
                limit=query.limit,
            )
        except TertuliaError as error:
            raise _refused(error) from None
        answer = types.ChatPage([_message(it) for it in page.messages], page.more)
        return Response(msgspec.json.encode(answer), media_type="application/json", headers=_NOT_STORED)

    async def delete(self, request: Request) -> Response:
        """One message."""
        try:
            await self._archive().delete(_room(request), request.path_params["message"])
        except TertuliaError as error:
            raise _refused(error) from None
        return Response(status_code=204)

    async def clear(self, request: Request) -> Response:
        try:
            await self._archive().clear(_room(request))
        except TertuliaError as error:
            raise _refused(error) from None
        return Response(status_code=204)

    async def _download(self, room: str, query: _Query) -> Response:
        messages = self._archive().everything(room, before=query.before, after=query.after, words=query.words)
        # The first one is read before anything is answered, so that a store that fails is answered as such.
        try:
            first = await anext(messages, None)
        except TertuliaError as error:
            raise _refused(error) from None

        async def all_of_them() -> AsyncIterator[Message]:
            if first is not None:
                yield first
                async for message in messages:
                    yield message

        lines, kind = (_csv, "text/csv") if query.format == "csv" else (_ndjson, "application/x-ndjson")
        name = quote(f"chat-{room}.{query.format}", safe="")
        headers = {
            **_NOT_STORED,
            "content-disposition": f"attachment; filename*=UTF-8''{name}",
            "x-content-type-options": "nosniff",
        }
        return StreamingResponse(lines(all_of_them()), media_type=kind, headers=headers)


_NOT_STORED = {"cache-control": "no-store"}


async def _ndjson(messages: AsyncIterator[Message]) -> AsyncIterator[bytes]:
    async for message in messages:
        yield msgspec.json.encode(_message(message)) + b"\n"


async def _csv(messages: AsyncIterator[Message]) -> AsyncIterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)

    def written(*cells: object) -> str:
        line.seek(0)
        line.truncate()
        writer.writerow(cells)
        return line.getvalue()

    yield written(*COLUMNS)
    async for it in messages:
        yield written(
            it.number,
            it.id,
            _iso(it.time),
            it.sender or "",
            _cell(it.name),
            it.to or "",
            _cell(it.text),
            "" if it.edited is None else _iso(it.edited),
            "yes" if it.deleted else "",
            json.dumps(dict(it.reactions), ensure_ascii=False) if it.reactions else "",
        )


def _cell(text: str) -> str:
    """What a spreadsheet shows as it is: it would carry out what looks like a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _message(it: Message) -> types.ChatMessage:
    return types.ChatMessage(
        id=it.id,
        number=it.number,
        sender=it.sender,
        name=it.name,
        to=it.to,
        text=it.text,
        time=it.time,
        change=it.change,
        edited=it.edited,
        deleted=it.deleted,
        reactions=[types.ChatReaction(reaction, list(by)) for reaction, by in it.reactions],
    )


def _room(request: Request) -> str:
    try:
        return msgspec.convert(request.path_params["name"], wire.RoomName)
    except msgspec.ValidationError:
        raise Refused(400, Code.INVALID, "no room can have this name") from None


def _refused(error: TertuliaError) -> Refused:
    return Refused(_STATUS.get(error.code, 500), error.code, error.message)
