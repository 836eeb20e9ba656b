"""One Engine.IO session: what both of its transports write to, read from, and end."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

import msgspec

from tertulia.net import Allowance, Link, Rate
from tertulia.socketio.engine import packet as engine
from tertulia.socketio.engine.heartbeat import Heartbeat
from tertulia.socketio.engine.outbox import Outbox
from tertulia.socketio.engine.packet import Packet, Type
from tertulia.socketio.engine.refusal import BadRequest
from tertulia.socketio.options import Options

PROBED_POLL = 0.05
"""Seconds that a poll waits while a WebSocket probes. The client changes over when it has ended; does it so sooner, that poll is void."""
CLOSE_WITHIN = 10.0
"""Seconds in which a polling client may still fetch what waits for it when it is let go."""


class Listener(Protocol):
    """Who is told of what comes in."""

    async def heard(self, message: str | bytes) -> None:
        """May take its time: until it returns, nothing more is read from this client."""

    def ended(self, reason: str) -> None:
        """Once."""


class _Transport(Enum):
    POLLING = auto()
    PROBING = auto()
    """Polling, and a WebSocket has said that it wants to take over."""
    WEBSOCKET = auto()


class Connection:
    """Alive until `ended`; nothing comes in after that, and what waits still goes out unless it was dropped."""

    __slots__ = (
        "_heartbeat",
        "_link",
        "_on_gone",
        "_options",
        "_outbox",
        "_poll",
        "_posting",
        "_rate",
        "_timer",
        "_transport",
        "address",
        "closing",
        "gone",
        "left_with",
        "listener",
        "sid",
    )

    def __init__(
        self, sid: str, address: str, options: Options, on_gone: Callable[["Connection"], None], link: Link | None
    ) -> None:
        """`on_gone`: called once, when no request may find this session any more. `link`: of a WebSocket that begins without polling."""
        now = asyncio.get_running_loop().time()
        self.sid = sid
        self.address = address
        self.listener: Listener
        """Set before anything is read."""
        self._options = options
        self._on_gone = on_gone
        limits = options.limits
        self._outbox = Outbox(limits.waiting_messages, limits.waiting_bytes)
        self._heartbeat = Heartbeat(options.ping_interval, options.ping_timeout, now)
        self._rate: Rate | None = None
        self._poll: asyncio.Future[bytes] | None = None
        self._posting = False
        self._transport = _Transport.POLLING if link is None else _Transport.WEBSOCKET
        self._link = link
        self.closing = False
        """The listener has been told that it ended."""
        self.gone = False
        self.left_with: int | None = None
        """The close code with which the client's WebSocket ended; None: it polls, or is there."""
        self._timer = self._schedule()
        self._outbox.put(self._opening())
        if link is not None:
            link.carry(self._outbox)

    def _opening(self) -> bytes:
        options = self._options
        can_upgrade = self._transport is _Transport.POLLING and "websocket" in options.transports
        return b"0" + msgspec.json.encode(
            {
                "sid": self.sid,
                "upgrades": ["websocket"] if can_upgrade else [],
                "pingInterval": round(options.ping_interval * 1000),
                "pingTimeout": round(options.ping_timeout * 1000),
                "maxPayload": options.max_payload,
            }
        )

    # --- out ---

    def send(self, frames: tuple[bytes, ...]) -> None:
        """A packet and its attachments. Never waits: too much waiting ends the session."""
        if self.closing:
            return
        link = self._link
        if link is not None and len(frames) == 1 and self._outbox.pass_through(frames[0], link.write_now):
            return
        if not self._outbox.put_all(frames):
            self.drop("too slow", 1013)
            return
        self._wake()

    @property
    def idle(self) -> bool:
        """What is sent now would be on its way at once."""
        return not self._outbox and (self._link is not None or self._poll is not None)

    def _wake(self) -> None:
        if self._link is not None:
            self._link.wake()
        else:
            self._answer_poll(b"")

    # --- in ---

    async def receive(self, packet: Packet) -> None:
        if self.closing:
            if packet.type is Type.CLOSE:
                self._go()
            return
        match packet.type:
            case Type.MESSAGE:
                await self._pace()
                await self.listener.heard(packet.data)
            case Type.PONG:
                self._heartbeat.pong(asyncio.get_running_loop().time())
            case Type.CLOSE:
                self.lose("transport close")
            case Type.PING:
                # In version 3 clients pinged; whoever does so now would never answer ours.
                self.drop("transport error", 1002)
            case _:
                pass  # of no meaning here, and Node's server takes them too

    async def _pace(self) -> None:
        """What comes faster than it may waits in the client's own buffers."""
        loop = asyncio.get_running_loop()
        per_second = self._options.limits.events_per_second
        if self._rate is None:
            self._rate = Rate(per_second, loop.time())
        while True:
            if self._rate.spend(loop.time()) is Allowance.PASS:
                return
            await asyncio.sleep(1 / per_second)

    # --- polling ---

    async def poll(self) -> bytes:
        """The payload for a GET. Raises BadRequest: this session has no place for it."""
        if self._poll is not None:
            self._answer_poll(engine.CLOSE)
            self.lose("transport error")
            raise BadRequest
        if self._transport is _Transport.WEBSOCKET:
            raise BadRequest
        if self.gone:
            # It went between this request's arrival and now.
            return engine.NOOP
        self._poll = asyncio.get_running_loop().create_future()
        if self._outbox or self.closing:
            self._answer_poll(b"")
        elif self._transport is _Transport.PROBING:
            asyncio.get_running_loop().call_later(PROBED_POLL, self._answer_poll, engine.NOOP)
        try:
            said = await self._poll
        finally:
            self._poll = None
        if said:
            return said
        frames = self._outbox.take_all()
        if frames:
            return engine.encode_payload(frames)
        if not self.closing:
            return engine.NOOP
        # By itself: what goes before it in the same payload, clients would hear of too late.
        self._go()
        return engine.CLOSE

    def begin_post(self) -> None:
        """Raises BadRequest: there is one already, which ends the session, or it polls no more."""
        if self._posting:
            self.drop("transport error")
            raise BadRequest
        if self._transport is _Transport.WEBSOCKET:
            raise BadRequest
        self._posting = True

    def end_post(self) -> None:
        self._posting = False

    def _answer_poll(self, payload: bytes) -> None:
        """Empty: what waits."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(payload)

    # --- upgrade ---

    @property
    def may_upgrade(self) -> bool:
        return self._transport is _Transport.POLLING and not self.closing

    def probe(self) -> None:
        """A WebSocket wants to take over; polls end soon from now on."""
        self._transport = _Transport.PROBING
        if not self._outbox:
            self._answer_poll(engine.NOOP)

    def give_up_probe(self) -> None:
        """The WebSocket is gone, or said something else."""
        if self._transport is _Transport.PROBING:
            self._transport = _Transport.POLLING

    def upgrade(self, link: Link) -> None:
        """From now on everything goes by this link."""
        self._transport = _Transport.WEBSOCKET
        self._link = link
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(BadRequest())
        link.carry(self._outbox)

    # --- end ---

    def close(self, reason: str, code: int = 1000) -> None:
        """Ends it when what waits is written."""
        if not self._end(reason):
            return
        if self._link is not None:
            self._link.close(code, reason)
            self._go()
        else:
            self._answer_poll(b"")
            self._timer = asyncio.get_running_loop().call_later(CLOSE_WITHIN, self._go)

    def drop(self, reason: str, code: int = 1002) -> None:
        """Ends it without what waits: the client broke the rules, or does not read."""
        self._outbox.clear()
        if not self._end(reason):
            return
        if self._link is not None:
            self._link.cut(code, reason)
        self._answer_poll(engine.CLOSE)
        self._go()

    def lose(self, reason: str) -> None:
        """The client is gone, or said that it goes."""
        self._outbox.clear()
        if self._end(reason):
            if self._link is not None:
                self._link.close(1000, reason)
            self._answer_poll(engine.NOOP)
        self._go()

    def _end(self, reason: str) -> bool:
        if self.closing:
            return False
        self.closing = True
        self._timer.cancel()
        self.listener.ended(reason)
        return True

    def _go(self) -> None:
        if not self.gone:
            self.gone = True
            self._timer.cancel()
            self._on_gone(self)

    # --- time ---

    def _schedule(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_at(self._heartbeat.due, self._tick)

    def _tick(self) -> None:
        # Not put off at each pong: a timer that comes too early is set again, once an interval.
        now = asyncio.get_running_loop().time()
        if self._heartbeat.lost(now):
            self.drop("ping timeout", 1001)
            return
        if self._heartbeat.ping(now):
            self.send((engine.PING,))
        if not self.closing:
            self._timer = self._schedule()
