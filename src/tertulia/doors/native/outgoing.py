"""Events become messages of `tertulia.v1`. One table: an event that is not in it is not shown on this wire."""

from collections.abc import Callable
from typing import Any

import msgspec

from tertulia.core import events as ev
from tertulia.core import model
from tertulia.core.model import Snapshot
from tertulia.core.state import StateEntry
from tertulia.doors.native.files import shared_file
from tertulia.doors.session import RETRYABLE
from tertulia.errors import Code, Conflict
from tertulia.media.port import Bound, ChunkCame, KeyFrameWanted, NeedSections, Wanted
from tertulia.net import Binary
from tertulia.runtime.seat import (
    AwarenessChanged,
    Data,
    DocumentClosed,
    DocumentSynced,
    Heard,
    MediaLost,
    Published,
    Rated,
    Receives,
    Shown,
)
from tertulia.wire import native as wire


def error(id: int | None, code: Code, message: str) -> bytes:
    return wire.encode(wire.Error(id=id, code=code.value, message=message, retryable=code in RETRYABLE))


def conflict(id: int, error: Conflict) -> bytes:
    """The answer to who wanted to change what is different by now."""
    present = state_entry(error.present) if isinstance(error.present, StateEntry) else None
    return wire.encode(wire.Error(id=id, code=error.code.value, message=error.message, retryable=False, state=present))


def bye(code: Code, message: str) -> bytes:
    return wire.encode(wire.Bye(code=code.value, message=message, retryable=code in RETRYABLE))


def publication(it: model.Publication) -> wire.Publication:
    return wire.Publication(it.id, it.source.value, it.kind.value, it.muted, it.width, it.height)


def participant(it: model.Participant, publications: tuple[model.Publication, ...] = ()) -> wire.Participant:
    return wire.Participant(
        id=it.id,
        name=it.name,
        role=it.role.value,
        connected=it.connected,
        metadata=it.metadata,
        hand=it.hand,
        publications=[publication(one) for one in publications],
    )


def room_state(it: model.RoomState) -> wire.RoomState:
    return wire.RoomState(it.name, it.locked, it.waiting_room, it.max_participants, it.spotlight, it.audience)


def topology(it: model.Topology) -> wire.Topology:
    peers = [wire.Peer(peer.participant, peer.polite) for peer in it.peers]
    return wire.Topology(it.mode.value, it.phase.value, it.epoch, peers)


def chat_message(it: model.ChatMessage) -> wire.ChatMessage:
    return wire.ChatMessage(
        id=it.id,
        sender=_sender(it.sender),
        name=it.name,
        text=it.text,
        to=it.to,
        time=it.time,
        number=it.number,
        change=it.change,
        edited=it.edited,
        deleted=it.deleted,
        reactions=[wire.MessageReaction(one.reaction, list(one.by)) for one in it.reactions],
    )


def read_marks(marks: tuple[tuple[str, int], ...]) -> list[wire.ReadMark]:
    return [wire.ReadMark(who, number) for who, number in marks]


def state_entry(it: StateEntry) -> wire.StateEntry:
    return wire.StateEntry(it.key, msgspec.Raw(it.value), it.version)


def joined(
    id: int, snapshot: Snapshot, session: wire.Session, ice_servers: wire.IceServerLists, limits: wire.Limits
) -> wire.Joined:
    """The reply to `join`."""
    return wire.Joined(
        id=id,
        session=session,
        room=room_state(snapshot.room),
        you=participant(snapshot.you, snapshot.publications_of(snapshot.you.id)),
        rights=[right.value for right in snapshot.rights],
        participants=[participant(other, snapshot.publications_of(other.id)) for other in snapshot.participants],
        knocking=[participant(other) for other in snapshot.knocking],
        messages=[chat_message(message) for message in snapshot.messages],
        chat=wire.ChatState(snapshot.cleared, read_marks(snapshot.read_marks)),
        presence=[wire.Presence(who, msgspec.Raw(state)) for who, state in snapshot.presence],
        state=[state_entry(it) for it in snapshot.state],
        topology=topology(snapshot.topology),
        ice_servers=ice_servers,
        limits=limits,
    )


def shared(event: Shown) -> bytes | None:
    """The frame, without its number, of an event that is the same for everybody; None where this wire does not show it."""
    make = _SHARED.get(type(event))
    message = None if make is None else make(event)
    return None if message is None else _frame(message)


def told(event: Shown) -> tuple[bytes | None, str | None]:
    """What `shared` and `key` say of it."""
    return shared(event), key(event)


def number(frame: bytes, seq: int) -> bytes:
    """Puts the session's message number into a frame."""
    return Binary(wire.number_frame(frame, seq)) if isinstance(frame, Binary) else wire.number(frame, seq)


def _frame(message: Any) -> bytes:
    text = wire.encode(message)
    return Binary(wire.pack(text, message.bytes)) if type(message) in wire.WITH_BYTES else text


def chunk(event: ChunkCame) -> bytes:
    """It stands outside the numbering."""
    it = event.chunk
    return _frame(
        wire.MediaChunkCame(publication=event.publication, codec=it.codec, key=it.key, time=it.time, bytes=it.bytes)
    )


def key(event: Shown) -> str | None:
    """What an event says in place of an older one with the same key; None: each of them matters."""
    match event:
        case Heard():
            return "speakers"
        case ev.DataSent(latest=True):
            return f"data {_sender(event.sender)} {event.topic}"
        case ev.TypingShown():
            return "typing private" if event.private else "typing"
        case Wanted():
            return f"encodings {event.publication}"
        case KeyFrameWanted():
            return f"key frame {event.publication}"
        case ev.PresenceChanged():
            return f"presence {event.participant}"
        case ev.StateChanged():
            return f"state {event.entry.key}"
        case ev.StateDeleted():
            return f"state {event.key}"
        case AwarenessChanged():
            return f"awareness {event.document} {event.owner}"
        case _:
            return None


def personal_topology(event: ev.TopologyChanged, who: str) -> bytes | None:
    for one, seen in event.topologies:
        if one == who:
            return wire.encode(wire.TopologyChanged(topology=topology(seen)))
    return None


def signalled(event: ev.Signalled) -> bytes | None:
    """Another person's offer, answer or candidate; None for what came by a door that speaks otherwise."""
    match event.payload:
        case wire.Offer() as it:
            return wire.encode(
                wire.PeerOffer(sender=event.sender, serial=it.serial, sdp=it.sdp, publications=it.publications)
            )
        case wire.Answer() as it:
            return wire.encode(
                wire.PeerAnswer(sender=event.sender, serial=it.serial, sdp=it.sdp, publications=it.publications)
            )
        case wire.Candidate() as it:
            return wire.encode(
                wire.PeerCandidate(
                    sender=event.sender,
                    candidate=it.candidate,
                    sdp_mid=it.sdp_mid,
                    sdp_m_line_index=it.sdp_m_line_index,
                    username_fragment=it.username_fragment,
                )
            )
        case _:
            return None


def _participant_updated(event: ev.ParticipantUpdated) -> wire.ParticipantUpdated:
    it = event.participant
    return wire.ParticipantUpdated(
        participant=it.id,
        name=it.name,
        role=it.role.value,
        connected=it.connected,
        metadata=it.metadata,
        hand=it.hand,
    )


def _chat(event: ev.ChatSent) -> wire.ChatReceived:
    return wire.ChatReceived(message=chat_message(event.message))


def _data(event: ev.DataSent) -> wire.DataReceived | None:
    return _received(event.sender, event.topic, event.payload) if isinstance(event.payload, Data) else None


def _received(sender: str | None, topic: str, data: Data) -> wire.DataReceived:
    encoding: wire.Encoding = "base64" if data.base64 else "json"
    return wire.DataReceived(sender=_sender(sender), topic=topic, data=msgspec.Raw(data.json), encoding=encoding)


def _presence(event: ev.PresenceChanged) -> wire.PresenceChanged:
    return wire.PresenceChanged(participant=event.participant, state=msgspec.Raw(event.state or b"null"))


def _sender(id: str | None) -> str:
    return wire.SERVER if id is None else id


_SHARED: dict[type, Callable[[Any], wire.Message | None]] = {
    ev.Waiting: lambda e: wire.Waiting(),
    ev.ParticipantJoined: lambda e: wire.ParticipantJoined(participant=participant(e.participant)),
    ev.ParticipantLeft: lambda e: wire.ParticipantLeft(participant=e.participant, reason=e.reason),
    ev.ParticipantUpdated: _participant_updated,
    ev.ParticipantListed: lambda e: wire.ParticipantJoined(participant=participant(e.participant)),
    ev.ParticipantUnlisted: lambda e: wire.ParticipantLeft(participant=e.participant, reason="unlisted"),
    ev.RightsChanged: lambda e: wire.RightsChanged(role=e.role.value, rights=[right.value for right in e.rights]),
    ev.KnockStarted: lambda e: wire.Knock(participant=participant(e.participant)),
    ev.KnockEnded: lambda e: wire.KnockEnded(participant=e.participant),
    ev.PublicationAdded: lambda e: wire.PublicationAdded(
        participant=e.publication.owner, publication=publication(e.publication)
    ),
    ev.PublicationRemoved: lambda e: wire.PublicationRemoved(participant=e.owner, publication=e.publication),
    ev.PublicationUpdated: lambda e: wire.PublicationUpdated(
        participant=e.publication.owner, publication=publication(e.publication), by=e.by
    ),
    ev.RoomUpdated: lambda e: wire.RoomUpdated(room=room_state(e.room)),
    ev.ChatSent: _chat,
    ev.ChatChanged: lambda e: wire.ChatChanged(message=chat_message(e.message)),
    ev.ChatCleared: lambda e: wire.ChatCleared(number=e.number),
    ev.TypingShown: lambda e: wire.TypingShown(participants=list(e.participants), private=e.private),
    ev.ReadMarksShown: lambda e: wire.ReadMarksShown(marks=read_marks(e.marks)),
    ev.FileAdded: lambda e: wire.FileAdded(file=shared_file(e.file)),
    ev.FileRemoved: lambda e: wire.FileRemoved(file=e.file.id),
    ev.DataSent: _data,
    ev.PresenceChanged: _presence,
    ev.StateChanged: lambda e: wire.StateChanged(entry=state_entry(e.entry), sender=_sender(e.by)),
    ev.StateDeleted: lambda e: wire.StateDeleted(key=e.key, version=e.version, sender=_sender(e.by)),
    Published: lambda e: _received(e.sender, e.topic, e.data),
    ev.Reacted: lambda e: wire.Reaction(participant=e.participant, reaction=e.reaction),
    ev.UnmuteAsked: lambda e: wire.UnmuteAsked(by=_sender(e.by), source=e.source.value),
    Bound: lambda e: wire.Bind(mid=e.mid, publication=e.publication),
    NeedSections: lambda e: wire.NeedSections(audio=e.audio, video=e.video),
    Wanted: lambda e: wire.Encodings(publication=e.publication, active=list(e.encodings)),
    KeyFrameWanted: lambda e: wire.KeyFrameWanted(publication=e.publication),
    MediaLost: lambda e: wire.MediaLost(reason=e.reason),
    Rated: lambda e: wire.QualityChanged(participants=[wire.PersonalQuality(*it) for it in e.people]),
    Receives: lambda e: wire.ReceptionChanged(
        tracks=[wire.TrackReception(it.publication, it.reason, it.width, it.height, it.score) for it in e.shows]
    ),
    DocumentSynced: lambda e: wire.DocumentSynced(document=e.document, bytes=e.message),
    AwarenessChanged: lambda e: wire.DocumentAwarenessChanged(document=e.document, bytes=e.update),
    DocumentClosed: lambda e: wire.DocumentClosed(
        document=e.document, code=e.code.value, message=e.message, retryable=e.code in RETRYABLE
    ),
    Heard: lambda e: wire.Speakers(speakers=[wire.Speaker(who, track, level) for who, track, level in e.speakers]),
}
