"""Ours, as `tertulia serve` serves it. Prints its port."""

import asyncio
import socket

import uvicorn
import uvloop

from tertulia.cli.server import Server, WebSocketProtocol
from tertulia.socketio import Limits, Options, Socket
from tertulia.socketio import Server as SocketIO

sio = SocketIO(Options(limits=Limits(connections_per_address=20_000)))


@sio.on("join")
def join(socket: Socket, room: str) -> None:
    socket.join(room)


@sio.on("say")
def say(socket: Socket, room: str, text: str) -> None:
    socket.to(room).emit("said", text)


async def nobody() -> None:
    """Waits for nobody when it stops."""


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        sio,
        ws=WebSocketProtocol,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        access_log=False,
        log_config=None,
    )
    server = Server(config, on_ready=lambda: print(listener.getsockname()[1], flush=True), drain=nobody)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets=[listener]))


if __name__ == "__main__":
    main()
