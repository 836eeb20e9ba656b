"""The room as this client knows it."""

from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from tertulia.client.data import readable
from tertulia.wire import native

KEPT_MESSAGES = 100
"""As the server does; see `joined`."""


class Participant(native.Participant, frozen=True, kw_only=True):
    """A person as this client knows him."""

    connection_quality: native.ConnectionQuality | None = None
    """excellent, good, poor, or lost: his signalling is. None: it is not known, for he talks directly, or nothing goes or comes yet.
    `native.QualityChanged` tells when it changes."""
    connection_score: float | None = None
    """1 (bad) to 5 (excellent), as it was when the word changed."""


class Room:
    """A snapshot, kept true by applying every event in order. Read only."""

    def __init__(self, joined: native.Joined) -> None:
        self.state = joined.room
        self.you = _person(joined.you)
        """With your own publications."""
        self.rights = frozenset(joined.rights)
        self.participants = {person.id: _person(person) for person in joined.participants}
        """The others, by identity."""
        self.knocking = {person.id: person for person in joined.knocking}
        """Who waits to be admitted; only for those who may admit."""
        self.messages = joined.messages
        """The last messages to everybody, oldest first, at most 100."""
        self.cleared = joined.chat.cleared
        """All that was said up to this number was deleted at once."""
        self.read = {mark.participant: mark.number for mark in joined.chat.read}
        """How far people have read: the number of a message, by identity."""
        self.typing: list[str] = []
        """Who writes something to everybody now."""
        self.typing_privately: list[str] = []
        """Who writes something to you alone now."""
        self.presence: dict[str, Any] = {it.participant: readable(it.state) for it in joined.presence}
        """What people say of themselves, by identity."""
        self.shared = {entry.key: entry for entry in joined.state}
        """What everybody in the room shares, by key."""
        self.topology = joined.topology
        self.ice_servers = joined.ice_servers
        """`sfu` for the connection to the server, `direct` for those with people. Others come before the credentials end."""
        self.limits = joined.limits
        self.speakers: list[native.Speaker] = []
        """Who speaks now, loudest first."""
        self.bindings: dict[str, str] = {}
        """Publication by mid of the receiving sections of the connection to the server."""
        self.wanted_sections = (0, 0)
        """How many receiving sections for audio and for video the server asked for."""

    def publication(self, key: str) -> native.Publication | None:
        """Anybody's, by its id."""
        for person in (self.you, *self.participants.values()):
            for publication in person.publications:
                if publication.id == key:
                    return publication
        return None

    def apply(self, message: native.Message) -> None:
        """What `message` says is so from now on. Applying a message twice does no harm."""
        match message:
            case native.ParticipantJoined(participant=person):
                self.participants[person.id] = _person(person)
            case native.ParticipantLeft(participant=identity):
                self.participants.pop(identity, None)
                self.read.pop(identity, None)
                self.presence.pop(identity, None)
            case native.PresenceChanged(participant=identity, state=state):
                self._set_presence(identity, state)
            case native.StateChanged(entry=entry):
                self.shared[entry.key] = entry
            case native.StateDeleted(key=key):
                self.shared.pop(key, None)
            case native.ParticipantUpdated(participant=identity):
                self._update(message)
            case native.RightsChanged(role=role, rights=rights):
                self.you = replace(self.you, role=role)
                self.rights = frozenset(rights)
            case native.Knock(participant=person):
                self.knocking[person.id] = person
            case native.KnockEnded(participant=identity):
                self.knocking.pop(identity, None)
            case native.Published(publication=publication):
                self._put(self.you.id, publication)
            case native.PublicationAdded(participant=owner, publication=publication):
                self._put(owner, publication)
            case native.PublicationUpdated(participant=owner, publication=publication):
                self._put(owner, publication)
            case native.PublicationRemoved(participant=owner, publication=key):
                self._take(owner, key)
            case native.RoomUpdated(room=state):
                self.state = state
            case native.ChatReceived(message=native.ChatMessage(to=None) as said):
                if all(said.id != it.id for it in self.messages):
                    self.messages = [*self.messages, said][-KEPT_MESSAGES:]
            case native.ChatChanged(message=after):
                self.messages = [after if it.id == after.id else it for it in self.messages]
            case native.ChatCleared(number=number):
                self.cleared = number
                self.messages = [it for it in self.messages if it.number > number]
            case native.TypingShown(participants=people, private=private):
                others = [who for who in people if who != self.you.id]
                if private:
                    self.typing_privately = others
                else:
                    self.typing = others
            case native.ReadMarksShown(marks=marks):
                self.read.update((mark.participant, mark.number) for mark in marks)
            case native.TopologyChanged(topology=topology):
                self.topology = topology
            case native.Bind(mid=mid, publication=None):
                self.bindings.pop(mid, None)
            case native.Bind(mid=mid, publication=str() as key):
                self.bindings[mid] = key
            case native.NeedSections(audio=audio, video=video):
                self.wanted_sections = (audio, video)
            case native.MediaLost():
                self.bindings.clear()
            case native.Speakers(speakers=speakers):
                self.speakers = speakers
            case native.QualityChanged(participants=people):
                for one in people:
                    self._rate(one)
            case native.IceServers(ice_servers=servers):
                self.ice_servers = servers
            case native.Resumed(ice_servers=servers):
                self.ice_servers = servers
            case _:
                pass

    def _set_presence(self, identity: str, state: msgspec.Raw) -> None:
        value = readable(state)
        if value is None:
            self.presence.pop(identity, None)
        else:
            self.presence[identity] = value

    def _rate(self, it: native.PersonalQuality) -> None:
        # Told of oneself while one was away: who reads it is back.
        if it.participant == self.you.id and it.quality == "lost":
            return
        if person := self._person(it.participant):
            self._set(replace(person, connection_quality=it.quality, connection_score=it.score))

    def _update(self, message: native.ParticipantUpdated) -> None:
        if person := self._person(message.participant):
            self._set(
                replace(
                    person,
                    name=message.name,
                    role=message.role,
                    connected=message.connected,
                    metadata=message.metadata,
                    hand=message.hand,
                )
            )

    def _put(self, owner: str, publication: native.Publication) -> None:
        if person := self._person(owner):
            others = [known for known in person.publications if known.id != publication.id]
            self._set(replace(person, publications=[*others, publication]))

    def _take(self, owner: str, key: str) -> None:
        if person := self._person(owner):
            self._set(replace(person, publications=[known for known in person.publications if known.id != key]))

    def _person(self, identity: str) -> Participant | None:
        return self.you if identity == self.you.id else self.participants.get(identity)

    def _set(self, person: Participant) -> None:
        if person.id == self.you.id:
            self.you = person
        else:
            self.participants[person.id] = person


def _person(it: native.Participant) -> Participant:
    return Participant(**asdict(it))
