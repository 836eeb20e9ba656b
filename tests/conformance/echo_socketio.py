"""What the suite of Socket.IO 5 runs against."""

from typing import Any

from tertulia.socketio import Options, Server, Socket

# The heartbeat is watched for 0.9 s without a namespace: a time-out of 1 s is too short on a busy machine, one of 2 s is mocha's.
app = Server(Options(ping_interval=0.3, ping_timeout=0.2, connect_timeout=1.5, allow_origins=("*",)))
custom = app.of("/custom")


@app.on("connect")
@custom.on("connect")
def connect(socket: Socket) -> None:
    socket.emit("auth", socket.handshake.auth)


@app.on("message")
def message(socket: Socket, *args: Any) -> None:
    socket.emit("message-back", *args)


@app.on("message-with-ack")
def message_with_ack(socket: Socket, *args: Any) -> tuple[Any, ...]:
    return args
