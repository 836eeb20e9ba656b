"""A person's session: it outlives its sockets by the grace time."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterator

from tertulia.core import commands
from tertulia.core.ids import ParticipantId
from tertulia.media.port import ConnectionId
from tertulia.net import Link, Outbox
from tertulia.runtime.actor import RoomActor
from tertulia.runtime.image import SessionImage


class Session:
    """Base of the doors' sessions: outbox, resume token, and which socket writes for it. `deliver` is the door's own."""

    # What a message touches lies together, for it is seldom in the processor's cache.
    __slots__ = ("_digests", "_used", "actor", "frozen", "id", "link", "outbox", "over", "participant", "token")

    def __init__(self, participant: ParticipantId, number: Callable[[bytes, int], bytes]) -> None:
        self.id = secrets.token_urlsafe(12)
        self.participant = participant
        self.actor: RoomActor | None = None
        """The room; None until the join is through."""
        self.token = secrets.token_urlsafe(24)
        """For the next resume."""
        self._used: str | None = None
        """The token of the last resume. It may have to serve again: the client has the next one only when `confirm` is called."""
        self._digests: tuple[bytes, ...] = ()
        """Of the tokens that another process gave; good until the first resume here."""
        self.outbox = Outbox(number)
        self.link: Link | None = None
        """The socket that writes now; None while the signalling is lost."""
        self.over = False
        """It has ended for good; nothing is sent any more."""
        self.frozen = False
        """It is to go on in another process; nothing is sent any more."""

    @property
    def connection(self) -> ConnectionId:
        """Its connection to the SFU."""
        return ConnectionId(self.id)

    def send(self, body: bytes, key: str | None = None) -> None:
        """A numbered message. `key`: while it waits, a newer one with the same key takes its place."""
        if self.over or self.frozen:
            return
        link, outbox = self.link, self.outbox
        if link is None:
            outbox.put(body, key)
            outbox.bound_while_detached()
        elif not outbox.pass_through(body, link.write_now):
            outbox.put(body, key)
            if outbox.too_much_for_a_reader:
                self.lose(1013, "too_slow")
            else:
                link.wake()

    def lose(self, code: int, reason: str) -> None:
        """Lets the socket go; the session can be resumed."""
        link = self.link
        self.detach(link)
        if link is not None:
            link.cut(code, reason)

    def detach(self, link: Link | None) -> None:
        """Its socket is gone. Nothing happens where another socket has taken over."""
        if link is None or self.link is not link:
            return
        self.link = None
        self.outbox.bound_while_detached()
        if self.actor is not None and not self.over:
            self.actor.post(self.when_lost())

    def when_lost(self) -> commands.Command:
        """What the room is told when the socket is gone."""
        return commands.Detach(self.participant)

    def proves(self, token: str) -> bool:
        """Whether this token resumes the session now."""
        given = _digest(token)
        return any(hmac.compare_digest(known, given) for known in self._known_digests())

    def rotate(self, used: str) -> None:
        """This token has resumed the session; there is a new one."""
        self._used = used
        self._digests = ()
        self.token = secrets.token_urlsafe(24)

    def confirm(self) -> None:
        """The client has said something after its resume, so it has the new token."""
        self._used = None

    def freeze(self) -> SessionImage:
        """From now on it says nothing more, until `thaw`: what it would say is in the image, or in nobody's sight."""
        self.frozen = True
        if self.link is not None:
            self.link.carry(None)
        return SessionImage(self.id, tuple(self._known_digests()), 0, self.outbox.image())

    def thaw(self) -> None:
        """The image was of no use."""
        self.frozen = False
        if self.link is not None:
            self.link.carry(self.outbox)

    def restore(self, image: SessionImage) -> None:
        """Goes on where the image ends; for one that nothing was said to. Raises ValueError for one that does not fit together."""
        self.id = image.id
        self._digests = image.token_digests
        self.outbox.restore(image.outbox)

    def _known_digests(self) -> Iterator[bytes]:
        yield from self._digests
        yield from (_digest(token) for token in (self.token, self._used) if token)

    def take_over(self, link: Link) -> None:
        """Another socket writes from now on; the old one, if any, is closed."""
        old, self.link = self.link, link
        if old is not None:
            old.cut(1000, "taken_over")
        link.carry(self.outbox)

    def give_up_link(self) -> None:
        """The session does not come about; its socket goes on without it."""
        if self.link is not None:
            self.link.carry(None)
            self.link = None

    def end(self, body: bytes, code: int, reason: str) -> None:
        """The last message; the socket closes after it."""
        if self.over:
            return
        self.outbox.put(body)
        self.over = True
        if self.link is not None:
            self.link.close(code, reason)
            self.link.wake()


def _digest(token: str) -> bytes:
    # A token is random and long: it takes no more than this to keep it from whoever reads a digest.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
