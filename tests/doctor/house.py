"""An HTTP server on loopback that answers as it is told, and not as Tertulia would."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import ssl
import time
from collections.abc import AsyncIterator, Mapping

import h11

Pages = Mapping[str, tuple[int, str]]
"""Status and body by path, without its query; 404 for others."""

HEALTHY: Pages = {"/healthz": (200, "ok\n"), "/readyz": (200, "ready\n")}


class House:
    """`ahead`: seconds by which its clock is; None: it has none."""

    def __init__(self, pages: Pages = HEALTHY, *, ahead: float | None = 0.0) -> None:
        self.asked: list[tuple[str, str]] = []
        """Targets, and with what authorization."""
        self._pages = pages
        self._ahead = ahead

    @contextlib.asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
        """Gives the port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        with contextlib.suppress(OSError, h11.RemoteProtocolError):
            while not isinstance(event := connection.next_event(), h11.Request):
                if event is not h11.NEED_DATA:
                    return
                connection.receive_data(await reader.read(4096))
            target = event.target.decode()
            headers = {name.decode(): value.decode() for name, value in event.headers}
            self.asked.append((target, headers.get("authorization", "")))
            status, body = self._pages.get(target.partition("?")[0], (404, "not found"))
            answer = [("content-length", str(len(body.encode())))]
            if self._ahead is not None:
                answer.append(("date", email.utils.formatdate(time.time() + self._ahead, usegmt=True)))
            for part in (
                h11.Response(status_code=status, headers=answer),
                h11.Data(data=body.encode()),
                h11.EndOfMessage(),
            ):
                writer.write(connection.send(part) or b"")
            await writer.drain()
        writer.close()
