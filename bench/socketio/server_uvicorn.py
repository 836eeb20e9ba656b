"""Ours on plain uvicorn, without what `tertulia serve` adds to it. Prints its port."""

import socket

import uvicorn

from bench.socketio.server_tertulia import sio

if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(
        uvicorn.Config(
            sio,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            access_log=False,
            log_config=None,
        )
    ).run(sockets=[listener])
