"""What events do to what is known of the room."""

import msgspec

from tertulia.client import Room
from tertulia.wire import native

from .scripted import joined


def room() -> Room:
    return Room(msgspec.convert(joined(), native.Joined))


def person(identity: str) -> native.Participant:
    return native.Participant(
        id=identity, name=identity.title(), role="speaker", connected=True, metadata="", hand=0, publications=[]
    )


def said(id: str, to: str | None = None) -> native.ChatMessage:
    return native.ChatMessage(id=id, sender="bo", name="Bo", text="hi", to=to, time=0.0, number=1)


def track(key: str, muted: bool = False) -> native.Publication:
    return native.Publication(id=key, source="camera", kind="video", muted=muted, width=0, height=0)


def test_people_come_change_and_go() -> None:
    state = room()
    state.apply(native.ParticipantJoined(participant=person("bo")))
    state.apply(
        native.ParticipantUpdated(participant="bo", name="Bo!", role="viewer", connected=False, metadata="{}", hand=3)
    )
    bo = state.participants["bo"]
    assert (bo.name, bo.role, bo.connected, bo.metadata, bo.hand) == ("Bo!", "viewer", False, "{}", 3)
    state.apply(
        native.ParticipantUpdated(participant="ana", name="Ana", role="speaker", connected=True, metadata="", hand=4)
    )
    assert state.you.hand == 4
    state.apply(native.ParticipantLeft(participant="bo", reason="left"))
    assert state.participants == {}


def test_publications_of_others_and_ones_own() -> None:
    state = room()
    state.apply(native.ParticipantJoined(participant=person("bo")))
    state.apply(native.PublicationAdded(participant="bo", publication=track("p1")))
    state.apply(native.Published(id=2, publication=track("p2")))
    state.apply(native.PublicationUpdated(participant="ana", publication=track("p2", muted=True), by="bo"))
    assert state.publication("p1") == track("p1")
    assert state.you.publications == [track("p2", muted=True)]
    state.apply(native.PublicationRemoved(participant="ana", publication="p2"))
    state.apply(native.PublicationRemoved(participant="bo", publication="p1"))
    assert state.publication("p1") is state.publication("p2") is None


def test_the_last_messages_to_everybody_are_kept() -> None:
    state = room()
    for number in range(102):
        to = "ana" if number == 50 else None
        state.apply(native.ChatReceived(message=said(str(number), to)))
    assert [message.id for message in state.messages] == [str(number) for number in range(1, 102) if number != 50]


def test_every_event_twice_is_like_once() -> None:
    events: list[native.Message] = [
        native.ParticipantJoined(participant=person("bo")),
        native.PublicationAdded(participant="bo", publication=track("p1")),
        native.Knock(participant=person("cy")),
        native.ChatReceived(message=said("1")),
        native.Bind(mid="0", publication="p1"),
        native.RightsChanged(role="moderator", rights=["moderate"]),
    ]
    once, twice = room(), room()
    for event in events:
        once.apply(event)
        twice.apply(event)
        twice.apply(event)
    assert vars(once) == vars(twice)


def test_what_is_told_of_unknown_people_is_let_be() -> None:
    state, before = room(), vars(room())
    state.apply(native.PublicationAdded(participant="nobody", publication=track("p1")))
    state.apply(native.ParticipantLeft(participant="nobody", reason=""))
    state.apply(native.KnockEnded(participant="nobody"))
    state.apply(native.Bind(mid="7", publication=None))
    assert vars(state) == before


def test_the_latest_ice_servers_count() -> None:
    def lists(username: str) -> native.IceServerLists:
        server = native.IceServer(["turn:192.0.2.1:3000?transport=tcp"], username, "secret")
        return native.IceServerLists(sfu=[server], direct=[])

    state = room()
    state.apply(native.IceServers(ice_servers=lists("1:a")))
    assert state.ice_servers == lists("1:a")
    session = native.Session(id="s", token="t", grace=30.0, heartbeat=15.0)
    state.apply(native.Resumed(session=session, ack=0, ice_servers=lists("2:b")))
    assert state.ice_servers == lists("2:b")


def test_how_good_somebodys_connection_is_stands_with_the_person() -> None:
    state = room()
    state.apply(native.ParticipantJoined(participant=person("bo")))
    assert [who.connection_quality for who in (state.you, state.participants["bo"])] == [None, None]
    told = [
        native.PersonalQuality(participant="bo", quality="poor", score=2.1),
        native.PersonalQuality(participant="ana", quality="good", score=3.9),
        native.PersonalQuality(participant="gone", quality="good", score=3.9),
    ]
    state.apply(native.QualityChanged(participants=told))
    you = state.you
    assert (you.connection_quality, you.connection_score) == ("good", 3.9)
    state.apply(
        native.ParticipantUpdated(participant="bo", name="Bo", role="viewer", connected=True, metadata="", hand=0)
    )
    bo = state.participants["bo"]
    assert (bo.role, bo.connection_quality, bo.connection_score) == ("viewer", "poor", 2.1)
    state.apply(
        native.QualityChanged(participants=[native.PersonalQuality(participant="bo", quality=None, score=None)])
    )
    state.apply(
        native.QualityChanged(participants=[native.PersonalQuality(participant="ana", quality="lost", score=1.0)])
    )
    assert state.you == you, "who reads it is not lost"
    assert state.participants["bo"].connection_quality is None
    assert "gone" not in state.participants
