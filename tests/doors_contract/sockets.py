"""Doors on sockets: one comes in, speaks, and is told why one is sent away."""

import asyncio
from abc import abstractmethod
from typing import Any, ClassVar

from tertulia.core.ids import ParticipantId
from tertulia.doors.socketio.session import SocketIoSession
from tertulia.net.outbox import WAITING_MESSAGES
from tests.doors.harness import Client, Closed
from tests.doors.pages import Page, running, session
from tests.doors.socketio_page import SocketIoPage

from .people import Entrance, Guest, Refused

ENOUGH = 400
"""Messages that are more than a socket which does not read is left with."""


class Person(Guest):
    """Somebody who has come in by a socket, or waits there."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @abstractmethod
    def code_of(self, message: dict[str, Any]) -> str | None:
        """The code of a message that says that something is refused or over; None: it is none."""

    @abstractmethod
    def speak(self, to: "Person | None" = None) -> None:
        """Says something short, to another of the same door."""

    @abstractmethod
    def is_speech(self, message: dict[str, Any]) -> bool:
        """Whether this is what another has said by `speak`."""

    @abstractmethod
    def say_too_much(self) -> None:
        """One message that is too large."""

    @abstractmethod
    def say_goodbye(self) -> None:
        """Goes for good."""

    async def leave(self) -> None:
        self.say_goodbye()
        await self.client.ended()

    async def vanish(self) -> None:
        self.client.drop()
        await self.client.ended()

    async def learns(self, code: str) -> None:
        assert await self.ended() == code
        await self.client.ended()

    async def refused(self) -> str:
        """The code of the next refusal, or of the end."""
        found: list[str | None] = []

        def says_code(message: dict[str, Any]) -> bool:
            found.append(self.code_of(message))
            return found[-1] is not None

        await self.client.until(says_code)
        assert found[-1]
        return found[-1]

    async def ended(self) -> str:
        """The last code before the socket closes; the reason that it closes with, where nothing was said."""
        last = None
        try:
            while True:
                last = self.code_of(await self.client.receive()) or last
        except Closed as closed:
            return last or closed.reason

    async def hears(self) -> None:
        await self.client.until(self.is_speech)


class Driver(Entrance):
    can_speak_of: ClassVar[str]
    """The right without which `speak` is refused."""
    too_slow: ClassVar[str] = "too_slow"
    """What the socket of somebody who does not read closes with."""

    @abstractmethod
    async def knock(self, app: Any, id: str, room: str, token: str | None = None, address: str = "10.0.0.1") -> Person:
        """Opens a socket and asks to come in."""

    @abstractmethod
    def is_inside(self, message: dict[str, Any]) -> bool:
        """Whether this says that one is in."""

    def is_let_go(self, app: Any, participant: str, room: str) -> bool:
        """Whether somebody has no socket any more, and no more waits for him than may."""
        lost = session(app, participant, room)
        return lost.link is None and lost.outbox.waiting <= WAITING_MESSAGES + 1

    async def enter(self, app: Any, id: str, room: str, token: str | None = None, address: str = "10.0.0.1") -> Person:
        person = await self.knock(app, id, room, token, address)
        await self.let_in(person)
        return person

    async def let_in(self, person: Person) -> None:
        while True:
            try:
                message = await person.client.receive()
            except Closed as closed:
                raise Refused(closed.reason) from None
            if self.is_inside(message):
                return
            if code := person.code_of(message):
                await person.client.closed()
                raise Refused(code)


class _NativePerson(Person):
    def code_of(self, message: dict[str, Any]) -> str | None:
        return message["code"] if message["type"] in ("error", "bye") else None

    def speak(self, to: Person | None = None) -> None:
        self.client.send("data", topic="hello", data=1)

    def is_speech(self, message: dict[str, Any]) -> bool:
        return bool(message["type"] == "data")

    def say_too_much(self) -> None:
        self.client.send("chat", text="a" * 20_000)

    def say_goodbye(self) -> None:
        self.client.send("leave")


class Native(Driver):
    name = "native"
    can_speak_of = "data"

    async def knock(self, app: Any, id: str, room: str, token: str | None = None, address: str = "10.0.0.1") -> Person:
        client = await Client(app, address=address).open()
        client.send("join", room=room, name=id, token=token)
        return _NativePerson(client)

    def is_inside(self, message: dict[str, Any]) -> bool:
        return bool(message["type"] == "joined")


class _SignalingPerson(Person):
    client: Page

    def code_of(self, message: dict[str, Any]) -> str | None:
        return message["code"] if message["type"] == "error" else None

    def speak(self, to: Person | None = None) -> None:
        self.client.say(type="hello")

    def is_speech(self, message: dict[str, Any]) -> bool:
        return bool(message["type"] == "hello")

    def say_too_much(self) -> None:
        self.client.say(type="hello", text="a" * 70_000)

    def say_goodbye(self) -> None:
        self.client.leave()


class Signaling(Driver):
    name = "signaling"
    can_speak_of = "data"

    async def knock(self, app: Any, id: str, room: str, token: str | None = None, address: str = "10.0.0.1") -> Person:
        query = {"room": room, "name": id, "events": "1"} | ({} if token is None else {"token": token})
        return _SignalingPerson(await Page(app, address=address, **query).open())

    def is_inside(self, message: dict[str, Any]) -> bool:
        return bool(message["type"] == "joined")


class _Peer(Person):
    client: Page

    def __init__(self, client: Page, id: str) -> None:
        super().__init__(client)
        self.id = id

    def code_of(self, message: dict[str, Any]) -> str | None:
        code: str | None = (message.get("payload") or {}).get("code")
        return code if message["type"] in ("ERROR", "ID-TAKEN", "INVALID-KEY", "EXPIRE") else None

    def speak(self, to: Person | None = None) -> None:
        assert isinstance(to, _Peer)
        self.client.say(type="OFFER", dst=to.id, payload={"type": "data", "connectionId": "dc_1"})

    def is_speech(self, message: dict[str, Any]) -> bool:
        return bool(message["type"] == "OFFER")

    def say_too_much(self) -> None:
        self.client.say(type="OFFER", dst="nobody", payload="a" * 300_000)

    def say_goodbye(self) -> None:
        self.client.leave()


class PeerJs(Driver):
    name = "peerjs"
    can_speak_of = "data"

    async def knock(self, app: Any, id: str, room: str, token: str | None = None, address: str = "10.0.0.1") -> Person:
        query = {"id": id, "key": room, "token": token or f"own{id}"}
        return _Peer(await Page(app, "/peerjs/peerjs", address=address, **query).open(), id)

    def is_inside(self, message: dict[str, Any]) -> bool:
        return bool(message["type"] == "OPEN")


class _SocketIoPerson(Person):
    client: SocketIoPage

    def code_of(self, message: dict[str, Any]) -> str | None:
        match message:
            case {"type": "connect_error", "data": {"code": code}}:
                return str(code)
            case {"type": "event", "event": "error", "args": [{"code": code}]}:
                return str(code)
        return None

    def speak(self, to: Person | None = None) -> None:
        self.client.emit("hello", 1)

    def is_speech(self, message: dict[str, Any]) -> bool:
        return message.get("event") == "hello"

    def say_too_much(self) -> None:
        self.client.emit("hello", "a" * 300_000)

    def say_goodbye(self) -> None:
        self.client.disconnect()


class SocketIo(Driver):
    name = "socketio"
    can_speak_of = "data"
    too_slow = "too slow"

    async def knock(self, app: Any, id: str, room: str, token: str | None = None, address: str = "10.0.0.1") -> Person:
        auth = {} if token is None else {"token": token}
        page = SocketIoPage(app, auth=auth, address=address, room=room, name=id)
        try:
            return _SocketIoPerson(await page.open())
        except Closed as closed:
            # Said before there is a protocol to say it in; the library has words of its own.
            known = {"Too many connections": "too_many_connections"}
            raise Refused(known.get(closed.reason, closed.reason)) from None

    def is_inside(self, message: dict[str, Any]) -> bool:
        return bool(message["type"] == "connect")

    async def let_in(self, person: Person) -> None:
        message = await person.client.receive()
        if code := person.code_of(message):
            # The connection goes on: another namespace may be asked for.
            person.client.drop()
            await person.client.ended()
            raise Refused(code)
        assert self.is_inside(message)

    def is_let_go(self, app: Any, participant: str, room: str) -> bool:
        seat = running(app).hub.rooms[room].seat(ParticipantId(participant))
        assert isinstance(seat, SocketIoSession)
        return not seat.visitor.socket.connected


SOCKETS: list[Driver] = [Native(), Signaling(), PeerJs(), SocketIo()]


async def shout(one: Person, other: Person) -> None:
    """Says so much to another that one who does not read is let go."""
    for number in range(ENOUGH):
        one.speak(other)
        if number % 16 == 0:
            await asyncio.sleep(0)
