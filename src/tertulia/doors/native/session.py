"""A session that speaks `tertulia.v1`."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from tertulia.auth.ice_servers import IceServers
from tertulia.auth.reached import Reached
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.doors.native import outgoing
from tertulia.doors.session import Session, close_code
from tertulia.errors import Code, ProtocolError, TertuliaError
from tertulia.media.port import ChunkCame, KeyFrameWanted, PublicationKey
from tertulia.net import LaneTotals, Link, MediaLane
from tertulia.runtime.broker import Broker
from tertulia.runtime.image import SessionImage
from tertulia.runtime.seat import Entered, Notice, Published, Shown
from tertulia.topic_rule import NO_GRANTS, TopicGrants
from tertulia.wire import native as wire

CANDIDATES = 100
"""Candidates that may go to others after an offer or answer; a browser with many interfaces sends a dozen or two."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What every session is told of this server. Times are in seconds."""

    grace: float
    heartbeat: float
    limits: wire.Limits
    ice_servers: IceServers
    broker: Broker
    """Of the topics that go through all rooms."""
    lanes: LaneTotals
    """Of the media that goes by sockets."""


_PERSONAL: Final = frozenset({Entered, ev.Denied, ev.SessionEnded, ev.TopologyChanged, ev.Signalled, ChunkCame})
"""Events that everybody is told in another way; all others are encoded once."""


class NativeSession(Session):
    """Translates what it is shown, and keeps count of its client's requests."""

    __slots__ = (
        "_candidates",
        "_join_id",
        "_joined_seq",
        "_on_over",
        "_reached",
        "_renew_at",
        "_terms",
        "accepted",
        "admitted",
        "grants",
    )

    def __init__(
        self,
        participant: ParticipantId,
        join_id: int,
        terms: Terms,
        reached: Reached,
        on_over: Callable[["NativeSession"], None],
        topics: TopicGrants = NO_GRANTS,
    ) -> None:
        """`reached`: how its socket came; `topics`: what its token grants."""
        super().__init__(participant, outgoing.number)
        self._on_over = on_over
        self._join_id = join_id
        self._terms = terms
        self._reached = reached
        self._renew_at: float | None = None
        """When its client needs other credentials for TURN, in seconds since 1970."""
        self.admitted = False
        self.accepted = join_id
        """Highest request id so far: it is carried out, or will be before anything that comes later."""
        self._joined_seq = 0
        """Number of `joined`: a client that has not read it cannot come back."""
        self._candidates = 0
        self.grants = topics

    def deliver(self, notice: Notice) -> None:
        if type(notice.event) in _PERSONAL:
            self._deliver_personal(notice.event)
            return
        if self.outbox.lane is not None and isinstance(notice.event, ev.PublicationRemoved):
            self.outbox.lane.forget(notice.event.publication)
        body, key = notice.once("native", outgoing.told)
        if body is not None:
            self.send(body, key)

    def _deliver_personal(self, event: Shown) -> None:
        match event:
            case Entered():
                self.admitted = True
                self._terms.broker.enter(self)
                self._joined_seq = self.outbox.seq + self.outbox.waiting + 1
                joined = outgoing.joined(
                    self._join_id, event.snapshot, self.credentials(), self._ice_servers(), self._terms.limits
                )
                self.send(wire.encode(joined))
            case ev.Denied():
                self.say_goodbye(Code.DENIED, event.message)
            case ev.SessionEnded():
                self.say_goodbye(event.code, event.message)
            case ev.TopologyChanged():
                self._send_if_any(outgoing.personal_topology(event, self.participant))
            case ChunkCame():
                self._pass_chunk(event)
            case ev.Signalled():
                self._send_if_any(outgoing.signalled(event))

    def _pass_chunk(self, event: ChunkCame) -> None:
        """Who is away gets none: he goes on at a key frame when he is back."""
        if self.over or self.frozen or self.link is None:
            return
        lane = self._lane()
        if event.chunk.codec == "opus":
            lane.put_sound(outgoing.chunk(event))
        elif lane.put_picture(event.publication, outgoing.chunk(event), key=event.chunk.key):
            self.refresh(PublicationId(event.publication))
        self.link.wake()

    def refresh(self, publication: PublicationId) -> None:
        """Its client goes on with this publication's pictures at a key frame."""
        if self.actor is not None:
            self.actor.effects.refresh(self.participant, publication)

    def want_key_frame(self, publication: str) -> None:
        """From its client, whose pictures refer to one that was refused."""
        self.deliver(Notice(KeyFrameWanted(self.connection, PublicationKey(publication))))

    def read_chunks(self, count: int) -> None:
        """Its client says so."""
        self._lane().read(count)
        if self.link is not None:
            self.link.wake()

    def _lane(self) -> MediaLane:
        if self.outbox.lane is None:
            self.outbox.lane = MediaLane(asyncio.get_running_loop().time, self._terms.lanes)
        return self.outbox.lane

    def take_over(self, link: Link) -> None:
        if self.outbox.lane is not None:
            self.outbox.lane.begin()
        super().take_over(link)

    def pass_on(self, notice: Notice) -> int:
        """For the broker."""
        if self.over:
            return 0
        body = self._published(notice)
        link, outbox = self.link, self.outbox
        if link is not None and not self.frozen and outbox.offer_through(body, link.write_now):
            return 0
        assert isinstance(notice.event, Published)
        given_up = outbox.offer(notice.event.topic, body)
        if link is not None:
            link.wake()
        return given_up

    def push(self, notice: Notice) -> None:
        """For the broker."""
        self.send(self._published(notice))

    def _published(self, notice: Notice) -> bytes:
        body, _ = notice.once("native", outgoing.told)
        assert body is not None
        return body

    @classmethod
    def restored(
        cls, participant: ParticipantId, image: SessionImage, terms: Terms, on_over: Callable[["NativeSession"], None]
    ) -> "NativeSession":
        """Goes on where the image ends, without a socket. Raises ValueError for one that does not fit together."""
        session = cls(participant, 0, terms, Reached(), on_over, image.grants)
        session.restore(image)
        session.admitted = True
        session.accepted = image.accepted
        terms.broker.enter(session)
        for pattern, every in image.topics:
            # What is no longer declared is heard no more.
            with suppress(TertuliaError):
                terms.broker.subscribe(session, pattern, every=every, last=True)
        return session

    @property
    def lasts(self) -> bool:
        """Whether its client could come back to it now."""
        return self.admitted and not self.over and not self.outbox.lost and self.outbox.seq >= self._joined_seq

    def freeze(self) -> SessionImage:
        # Whoever can come back has read `joined`; and the token in it is nobody else's business.
        self.outbox.ack(self._joined_seq)
        return replace(
            super().freeze(),
            accepted=self.accepted,
            grants=self.grants,
            topics=self._terms.broker.subscribed(self),
        )

    def count_candidates(self, message: wire.ClientMessage) -> None:
        """Raises ProtocolError (invalid) for one candidate too many; a new description begins anew."""
        match message:
            case wire.Offer() | wire.Answer():
                self._candidates = 0
            case wire.Candidate() if message.to != wire.SERVER:
                if self._candidates >= CANDIDATES:
                    raise ProtocolError(Code.INVALID, f"at most {CANDIDATES} candidates after a description")
                self._candidates += 1

    def refuse(self, id: int | None, code: Code, message: str) -> None:
        self.send(outgoing.error(id, code, message))

    def say_goodbye(self, code: Code, message: str) -> None:
        """Ends the session. One that never got in is told so in reply to its `join` first."""
        if not self.admitted:
            self.refuse(self._join_id, code, message)
        self.end(outgoing.bye(code, message), close_code(code), code.value)
        self._on_over(self)

    def credentials(self) -> wire.Session:
        """What the client needs to come back."""
        return wire.Session(self.id, self.token, self._terms.grace, self._terms.heartbeat)

    def resumed(self, reached: Reached) -> bytes:
        """`reached`: how the socket came that takes over."""
        self._reached = reached
        return wire.encode(wire.Resumed(session=self.credentials(), ack=self.accepted, ice_servers=self._ice_servers()))

    def renew_ice_servers(self) -> None:
        """Sends other credentials where the last ones end soon. Called at every ping, which comes often enough to need no timer."""
        if self._renew_at is not None and self._terms.ice_servers.clock() >= self._renew_at:
            self.send(wire.encode(wire.IceServers(ice_servers=self._ice_servers())))

    def _ice_servers(self) -> wire.IceServerLists:
        issued = self._terms.ice_servers.issue(self._reached)
        self._renew_at = issued.renew_at
        return wire.IceServerLists(sfu=list(issued.sfu), direct=list(issued.direct))

    def _send_if_any(self, body: bytes | None) -> None:
        if body is not None:
            self.send(body)
