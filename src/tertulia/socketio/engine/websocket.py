"""The WebSocket half: a session of its own, or one that takes over from polling."""

import asyncio

from tertulia.net import Link, WebSocket, talk
from tertulia.socketio.engine.connection import Connection
from tertulia.socketio.engine.packet import PROBE, PROBE_ANSWER, BadPacket, Packet, Type, decode
from tertulia.socketio.options import Options

YIELD_EVERY = 32
"""Messages; a socket that has the next one ready would not let anybody else run."""


async def serve(connection: Connection, socket: WebSocket, link: Link, options: Options) -> None:
    """From the first message of a session to its end."""
    try:
        await talk(link, _read(connection, socket, options))
    finally:
        connection.left_with = socket.left_with
        connection.lose("transport close")


async def take_over(connection: Connection, socket: WebSocket, options: Options) -> None:
    """Probes, and serves if the client makes up its mind in time; else polling goes on."""
    link = Link(socket, on_broken=lambda _: None)
    upgraded = False

    async def read() -> None:
        nonlocal upgraded
        upgraded = await _probe(connection, socket, link, options)
        if upgraded:
            await _read(connection, socket, options)

    try:
        await talk(link, read())
    finally:
        if upgraded:
            connection.left_with = socket.left_with
            connection.lose("transport close")
        else:
            connection.give_up_probe()


async def _probe(connection: Connection, socket: WebSocket, link: Link, options: Options) -> bool:
    try:
        async with asyncio.timeout(options.upgrade_timeout):
            if await _packet(socket) != (Type.PING, PROBE) or connection.closing:
                raise BadPacket("a probe comes first")
            link.say(PROBE_ANSWER)
            connection.probe()
            if (await _packet(socket)).type is not Type.UPGRADE or connection.gone:
                raise BadPacket("an upgrade comes next")
    except (BadPacket, TimeoutError) as error:
        link.close(1002, str(error) or "no upgrade came in time")
        return False
    connection.upgrade(link)
    return True


async def _packet(socket: WebSocket) -> Packet:
    frame = await socket.read()
    if frame is None:
        raise BadPacket("closed")
    return decode(frame)


async def _read(connection: Connection, socket: WebSocket, options: Options) -> None:
    count = 0
    while (frame := await socket.read()) is not None and not connection.closing:
        if _size(frame, options.max_payload) > options.max_payload:
            connection.drop("transport error", 1009)
            return
        try:
            packet = decode(frame)
        except BadPacket:
            connection.drop("parse error", 1002)
            return
        await connection.receive(packet)
        count += 1
        if count % YIELD_EVERY == 0:
            await asyncio.sleep(0)


def _size(frame: str | bytes, limit: int) -> int:
    """In bytes; of a text that is within the limit whatever it says, in characters."""
    if isinstance(frame, bytes) or frame.isascii() or len(frame) * 4 <= limit:
        return len(frame)
    return len(frame.encode())
