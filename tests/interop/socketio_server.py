"""What npm's client talks to in these tests."""

import re
from typing import Any

from tertulia.socketio import ConnectRefused, Options, Recovery, Server, Socket


def make(*, recovery: bool = False) -> Server:
    sio = Server(Options(recovery=Recovery() if recovery else None, ping_interval=1.0, ping_timeout=2.0))
    admin = sio.of("/admin")
    gone: list[str] = []

    @sio.on("connect")
    def connect(socket: Socket) -> None:
        socket.emit("welcome", socket.recovered, sorted(socket.rooms - {socket.id}), socket.handshake.auth)

    @sio.on("disconnect")
    async def disconnect(socket: Socket, reason: str) -> None:
        gone.append(reason)

    @sio.on("echo")
    async def echo(socket: Socket, *args: Any) -> tuple[Any, ...]:
        return args

    @sio.on("echo event")
    def echo_event(socket: Socket, *args: Any) -> None:
        socket.emit("echoed", *args)

    @sio.on("ask me")
    async def ask_me(socket: Socket, question: Any) -> list[Any]:
        return ["you said", await socket.call("question", question)]

    @sio.on("count")
    def count(socket: Socket, most: int) -> None:
        for number in range(most):
            socket.emit("number", number)

    @sio.on("join")
    def join(socket: Socket, *rooms: str) -> bool:
        socket.join(*rooms)
        return True

    @sio.on("leave")
    def leave(socket: Socket, room: str) -> bool:
        socket.leave(room)
        return True

    @sio.on("say")
    def say(socket: Socket, room: str, text: str) -> None:
        socket.to(room).emit("said", text)

    @sio.on("say to all but")
    def say_to_all_but(socket: Socket, room: str, text: str) -> None:
        sio.except_(room).emit("said", text)

    @sio.on("fail")
    def fail(socket: Socket) -> None:
        raise RuntimeError("on purpose")

    @sio.on("send me away")
    def send_me_away(socket: Socket, close: bool) -> None:
        socket.disconnect(close=close)

    @sio.on("who left")
    def who_left(socket: Socket) -> list[str]:
        return gone

    @sio.on("cut me and say")
    def cut_me_and_say(socket: Socket, *texts: str) -> None:
        """The connection breaks, and while it is gone the room goes on."""
        socket._client.connection.drop("transport error")
        for text in texts:
            sio.to("news").emit("said", text)

    @sio.on("*")
    def anything(socket: Socket, event: str, *args: Any) -> list[Any]:
        return [event, *args]

    @admin.use
    async def only_ana(socket: Socket) -> None:
        if socket.handshake.auth.get("name") != "ana":
            raise ConnectRefused("not you", {"code": "wrong_name"})

    @admin.on("connect")
    async def connected(socket: Socket) -> None:
        admin.emit("entered", socket.handshake.auth["name"])

    rooms = sio.of(re.compile(r"/room-\d+"))

    @rooms.on("which")
    def which(socket: Socket) -> str:
        return socket.namespace.name

    return sio
