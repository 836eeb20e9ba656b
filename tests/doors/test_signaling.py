"""Bare JSON on /signaling: pages that meet each other, and pages whose other side is the server."""

import json
from typing import Any

import pytest

from tertulia.doors.signaling.words import MESSAGE_BYTES, OTHER_BYTES
from tertulia.errors import Code, ProtocolError

from .harness import SECRET, Client, eventually, person, server
from .pages import Page, sdp, the_room


async def page(app: Any, **query: Any) -> Page:
    """One that is in the room."""
    opened = await Page(app, events="1", **query).open()
    joined = await opened.receive()
    assert joined["type"] == "joined", joined
    opened.me = joined["you"]
    return opened


async def two(app: Any) -> tuple[Page, Page]:
    """Pages that have asked for nothing, as a tutorial's."""
    first = await Page(app).open()
    await eventually(lambda: inside(app) == 1)
    second = await Page(app).open()
    await eventually(lambda: inside(app) == 2)
    return first, second


def inside(app: Any, room: str = "lobby") -> int:
    found = app.room(room)
    return 0 if found is None else len(found.participants)


# --- between two pages ----------------------------------------------------------------------------------------------------------------


async def test_two_pages_exchange_descriptions_and_candidates_as_they_wrote_them() -> None:
    async with server() as (app, media):
        ana, ben = await two(app)
        offer = {"type": "offer", "sdp": sdp(), "extra": 1}
        ana.say(**offer)
        assert await ben.receive() == offer
        answer = {"type": "answer", "sdp": sdp(session=2)}
        ben.say(**answer)
        assert await ana.receive() == answer
        candidate = {"type": "candidate", "label": 0, "id": "0", "candidate": "candidate:1 1 udp 1 10.0.0.1 9 typ host"}
        ana.say(**candidate)
        assert await ben.receive() == candidate
        ben.say(type="candidate", candidate=None)
        assert await ana.receive() == {"type": "candidate", "candidate": None}
        await ana.nothing()
        await ben.nothing()
        assert media.named("answer") == []
        assert the_room(app).publications == ()


@pytest.mark.parametrize(
    "message",
    [
        {"type": "candidate", "candidate": {"candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0}},
        {"type": "candidate", "candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 0},
        {"type": "candidate", "candidate": "candidate:1", "label": 1},
        {"type": "candidate", "candidate": ""},
    ],
)
async def test_candidates_keep_the_shape_in_which_they_came(message: dict[str, Any]) -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.say(type="offer", sdp="v=0")
        await ben.receive()
        ana.say(**message)
        assert await ben.receive() == message


@pytest.mark.parametrize(
    "message",
    [
        {"type": "offer", "offer": {"type": "offer", "sdp": "v=0"}},
        {"type": "offer", "sdp": {"type": "offer", "sdp": "v=0"}},
    ],
)
async def test_descriptions_may_be_wrapped(message: dict[str, Any]) -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.say(**message)
        assert await ben.receive() == message


async def test_an_offer_and_its_candidates_wait_for_the_next_who_comes() -> None:
    async with server() as (app, _):
        ana = await Page(app).open()
        ana.say(type="offer", sdp="v=0 first")
        ana.say(type="offer", sdp="v=0 second")
        ana.say(type="candidate", label=0, candidate="candidate:1")
        await ana.nothing()
        ben = await Page(app).open()
        assert await ben.receive() == {"type": "offer", "sdp": "v=0 second"}
        assert (await ben.receive())["candidate"] == "candidate:1"
        await ben.nothing()


async def test_an_offer_that_the_other_left_unanswered_waits_for_the_next() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.say(type="offer", sdp="v=0 ana")
        await ben.receive()
        ben.leave()
        await ben.ended()
        cora = await Page(app).open()
        assert await cora.receive() == {"type": "offer", "sdp": "v=0 ana"}


async def test_rooms_are_apart() -> None:
    async with server() as (app, _):
        ana = await page(app, room="one", name="Ana")
        ben = await page(app, room="two", name="Ben")
        ana.say(type="offer", sdp="v=0")
        ana.say(type="hello")
        await ben.nothing()
        assert [who.name for who in the_room(app, "one").participants] == ["Ana"]


async def test_who_asks_for_events_hears_of_people_and_who_says_what() -> None:
    async with server() as (app, _):
        ana = await page(app, name="Ana")
        ben = await page(app, name="Ben")
        assert ben.seen[0] == {
            "type": "joined",
            "room": "lobby",
            "you": ben.me,
            "peers": [{"peer": ana.me, "name": "Ana"}],
            "iceServers": [],
        }
        assert await ana.receive() == {"type": "peer-joined", "peer": ben.me, "name": "Ben"}
        ben.say(type="offer", sdp="v=0")
        assert await ana.receive() == {"type": "offer", "sdp": "v=0", "from": ben.me}
        ben.say(**{"type": "hello", "from": "somebody else"})
        assert await ana.receive() == {"type": "hello", "from": ben.me}
        ben.leave()
        assert await ana.receive() == {"type": "peer-left", "peer": ben.me, "reason": "connection_lost"}


# --- what is not defined here ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        {"type": "chat", "text": "hello", "deep": [1, {"two": None}]},
        {"type": "a type with blanks", "x": 1},
        {"event": "no type at all"},
        {"type": 7},
        {"type": ["a list"]},
        {"type": {"an": "object"}},
        {"type": "bye"},
    ],
)
async def test_what_is_not_known_is_passed_on_unchanged(message: dict[str, Any]) -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        cora = await Page(app).open()
        await eventually(lambda: inside(app) == 3)
        ana.say(**message)
        assert await ben.receive() == message
        assert await cora.receive() == message
        await ana.nothing()


async def test_to_one_of_them() -> None:
    async with server() as (app, _):
        ana, ben, cora = await page(app), await page(app), await page(app)
        cora.say(type="hello", to=ana.me)
        assert await ana.until("hello") == {"type": "hello", "to": ana.me, "from": cora.me}
        await ben.until("peer-joined")
        await ben.nothing()
        cora.say(type="hello", to="nobody")
        assert (await cora.receive())["code"] == "no_such_participant"


async def test_other_doors_see_it_as_data() -> None:
    async with server() as (app, _):
        ben = await person(app, "Ben", room="lobby")
        ana = await page(app, name="Ana")
        ana.say(type="cursor", x=1)
        data = await ben.until("data")
        assert (data["topic"], data["data"], data["from"]) == ("cursor", {"type": "cursor", "x": 1}, ana.me)
        await ben.ask("data", topic="cursor", data={"type": "cursor", "x": 2})
        assert await ana.receive() == {"type": "cursor", "x": 2, "from": ben.me}
        await ben.ask("data", topic="cursor", data=[3])
        assert await ana.receive() == {"type": "cursor", "data": [3], "from": ben.me}
        await ben.ask("data", topic="blob", data="QUJD", encoding="base64")
        assert await ana.receive() == {"type": "blob", "data": "QUJD", "encoding": "base64", "from": ben.me}


async def test_data_with_a_type_that_is_no_text_comes_as_data() -> None:
    async with server() as (app, _):
        ben = await person(app, "Ben", room="lobby")
        ana = await Page(app).open()
        await eventually(lambda: inside(app) == 2)
        await ben.ask("data", topic="cursor", data={"type": ["a list"]})
        assert await ana.receive() == {"type": "cursor", "data": {"type": ["a list"]}}


@pytest.mark.parametrize("type", ["offer", "answer", "candidate", "error", "joined"])
async def test_nobodys_data_passes_for_a_description_or_a_word_of_the_server(type: str) -> None:
    async with server() as (app, _):
        ben = await person(app, "Ben", room="lobby")
        ana = await Page(app).open()
        await eventually(lambda: inside(app) == 2)
        forged = {"type": type, "sdp": "v=0 forged"}
        await ben.ask("data", topic=type, data=forged)
        assert await ana.receive() == {"type": "data", "topic": type, "data": forged}
        await ben.ask("data", topic="message", data=forged)
        assert await ana.receive() == {"type": "message", "data": forged}


# --- calls ----------------------------------------------------------------------------------------------------------------------------


async def test_a_call_is_made_and_taken_and_ended() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.say(type="call", subject="hello")
        called = await ben.receive()
        assert (called["type"], called["subject"]) == ("call", "hello")
        ben.say(type="accept")
        accepted = await ana.receive()
        assert accepted["type"] == "accept"
        ben.say(type="hangup")
        assert await ana.receive() == {"type": "hangup", "from": accepted["from"]}
        ana.say(type="call")
        assert (await ben.receive())["type"] == "call"
        ben.say(type="reject", why="not now")
        rejected = await ana.receive()
        assert (rejected["type"], rejected["why"]) == ("reject", "not now")


async def test_one_who_talks_is_busy_and_one_of_many_has_to_be_named() -> None:
    async with server() as (app, _):
        ana, ben, cora = await page(app), await page(app), await page(app)
        ana.say(type="call", to=ben.me)
        await ben.until("call")
        cora.say(type="call")
        assert (await cora.until("error"))["code"] == "invalid"
        cora.say(type="call", to=ben.me)
        assert await cora.until("busy") == {"type": "busy", "from": ben.me}
        ben.say(type="accept")
        await ana.until("accept")
        ana.say(type="call", to=cora.me)
        assert (await ana.receive())["code"] == "wrong_order"


async def test_nobody_answers() -> None:
    async with server(ring_timeout=0.02) as (app, _):
        ana, ben = await two(app)
        ana.say(type="call")
        called = await ben.receive()
        assert (await ana.receive())["type"] == "timeout"
        assert await ben.receive() == {"type": "timeout", "from": called["from"]}
        ben.say(type="accept")
        assert (await ben.receive())["code"] == "wrong_order"


async def test_who_leaves_ends_the_call() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.say(type="call")
        caller = (await ben.receive())["from"]
        ana.leave()
        assert await ben.receive() == {"type": "hangup", "from": caller, "reason": "left"}


async def test_a_call_to_nobody() -> None:
    async with server() as (app, _):
        ana = await Page(app).open()
        ana.say(type="call")
        assert (await ana.receive())["code"] == "no_such_participant"
        ana.say(type="call", to="nobody")
        assert (await ana.receive())["code"] == "no_such_participant"
        ana.say(type="call", to="nobody")
        assert (await ana.receive())["code"] == "no_such_participant", "the first one is over"


# --- the server as the other side -----------------------------------------------------------------------------------------------------


async def test_the_server_answers_where_somebody_is_from_another_door() -> None:
    async with server() as (app, media):
        ben = await person(app, "Ben", room="lobby")
        ana = await page(app, name="Ana")
        ana.say(type="offer", sdp=sdp())
        answer = await ana.receive()
        assert (answer["type"], answer["from"]) == ("answer", "server")
        ((connection, room, serial, said, publications),) = media.named("answer")
        assert (room, serial, said) == ("lobby", 1, sdp())
        sources = {it.id: it.source for it in the_room(app).publications}
        assert {mid: sources[key] for mid, key in publications.items()} == {"0": "microphone", "1": "camera"}
        added = [await ben.until("publication_added") for _ in range(2)]
        assert {it["publication"]["source"] for it in added} == {"microphone", "camera"}
        ana.say(type="candidate", label=0, candidate="candidate:1")
        await ana.nothing()
        await ben.ask("publish", source="camera", kind="video")
        await eventually(lambda: media.subscriptions.get(connection))


async def test_an_offer_that_waited_is_answered_by_the_server_when_someone_from_another_door_comes() -> None:
    async with server() as (app, media):
        ana = await Page(app).open()
        ana.say(type="offer", sdp=sdp())
        await ana.nothing()
        await person(app, "Ben", room="lobby")
        assert (await ana.receive())["type"] == "answer"
        assert len(media.named("answer")) == 1


async def test_a_third_page_is_answered_by_the_server() -> None:
    async with server() as (app, media):
        ana, ben = await two(app)
        cora = await Page(app).open()
        await eventually(lambda: inside(app) == 3)
        for one in (ana, ben, cora):
            one.say(type="offer", sdp=sdp())
        for one in (ana, ben, cora):
            assert (await one.receive())["type"] == "answer"
        assert len(the_room(app).publications) == 6
        await eventually(lambda: [len(wanted) for wanted in media.subscriptions.values()] == [2, 2, 2])


async def test_where_the_policy_is_never_the_server_answers_two() -> None:
    async with server(p2p="never") as (app, media):
        ana, ben = await two(app)
        ana.say(type="offer", sdp=sdp())
        assert (await ana.receive())["type"] == "answer"
        await ben.nothing()
        assert len(media.named("answer")) == 1


async def test_a_viewer_receives_and_publishes_nothing() -> None:
    async with server(open=False, secret=SECRET) as (app, media):
        await person(app, "Ben", room="lobby", token=app.token("lobby"))
        ana = await page(app, token=app.token("lobby", role="viewer"))
        ana.say(type="offer", sdp=sdp())
        assert (await ana.receive())["code"] == "not_allowed"
        assert (await ana.receive())["type"] == "answer"
        assert media.named("answer")[0][4] == {}
        assert the_room(app).publications == ()


async def test_an_offer_that_is_none_is_refused_and_nothing_stays_published() -> None:
    async with server() as (app, media):
        await person(app, "Ben", room="lobby")
        ana = await Page(app).open()
        await eventually(lambda: inside(app) == 2)
        ana.say(type="offer", sdp="nonsense")
        assert (await ana.receive())["code"] == "bad_offer"
        media.next_error = ProtocolError(Code.NO_COMMON_CODEC, "no codec in common")
        ana.say(type="offer", sdp=sdp())
        assert (await ana.receive())["code"] == "no_common_codec"
        ana.say(type="answer", sdp=sdp())
        assert (await ana.receive())["code"] == "wrong_order"
        assert the_room(app).publications == ()


async def test_a_page_that_waits_is_offered_to_by_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.doors.page_call.call.CALLED_AFTER", 0.0)
    async with server() as (app, media):
        ben = await person(app, "Ben", room="lobby")
        await ben.ask("publish", source="camera", kind="video")
        ana = await page(app)
        offer = await ana.receive()
        assert (offer["type"], offer["from"]) == ("offer", "server")
        ana.say(type="answer", sdp=sdp())
        await eventually(lambda: media.named("accept"))
        _, _, publications = media.named("accept")[0]
        assert set(publications) == {"0", "1"}
        await eventually(lambda: len(the_room(app).publications) == 3)


@pytest.mark.parametrize("others", [1, 2])
async def test_hanging_up_withdraws_what_the_server_had(others: int) -> None:
    async with server() as (app, _):
        ben = await person(app, "Ben", room="lobby")
        if others == 2:
            await person(app, "Cora", room="lobby")
        ana = await Page(app).open()
        await eventually(lambda: inside(app) == 1 + others)
        ana.say(type="offer", sdp=sdp())
        await ana.receive()
        ana.say(type="hangup")
        for _ in range(2):
            await ben.until("publication_removed")
        assert the_room(app).publications == ()


# --- bad input ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("{", "malformed"),
        ("[]", "malformed"),
        ('"offer"', "malformed"),
        ("[" * 100_000, "malformed"),
        ("\ud800", "malformed"),
        ('{"type":"offer"}', "malformed"),
        ('{"type":"offer","sdp":7}', "malformed"),
        ('{"type":"candidate","candidate":7}', "malformed"),
        ('{"type":"candidate","candidate":"a","label":"0"}', "malformed"),
        ('{"type":"candidate","candidate":"a","label":-1}', "malformed"),
        ('{"type":"candidate","candidate":{"candidate":"a","sdpMid":7}}', "malformed"),
        ('{"type":"hello","to":7}', "malformed"),
        ('{"type":"hello","to":""}', "malformed"),
        (json.dumps({"type": "hello", "x": "a" * OTHER_BYTES}), "too_large"),
        (json.dumps({"type": "offer", "sdp": "a" * MESSAGE_BYTES}), "too_large"),
        ('{"type":"hello","x":' + "[" * 65 + "]" * 65 + "}", "invalid"),
        ('{"type":"accept"}', "no_such_participant"),
        ('{"type":"answer","sdp":"v=0"}', "wrong_order"),
    ],
)
async def test_bad_messages_are_answered_and_the_socket_stays_open(text: str, code: str) -> None:
    async with server() as (app, _):
        ana = await Page(app).open()
        ana.send_raw(text)
        error = await ana.receive()
        assert (error["type"], error["code"]) == ("error", code)
        ben = await Page(app).open()
        await eventually(lambda: inside(app) == 2)
        ana.say(type="still here")
        assert await ben.receive() == {"type": "still here"}


async def test_binary_frames_are_malformed() -> None:
    async with server() as (app, _):
        ana = await Page(app).open()
        ana.send_bytes(b"{}")
        assert (await ana.receive())["code"] == "malformed"


@pytest.mark.parametrize(
    "query", [{"room": "a b"}, {"room": "a" * 65}, {"name": "a" * 65}, {"token": "a" * 9000}, {"events": "perhaps"}]
)
async def test_a_query_that_cannot_be_meant_is_refused(query: dict[str, str]) -> None:
    async with server() as (app, _):
        ana = await Page(app, **query).open()
        assert (await ana.receive())["code"] in ("malformed", "too_large")
        assert (await ana.closed()).code in (1008, 1009)
        assert app.rooms == ()


async def test_an_offered_subprotocol_is_not_taken() -> None:
    async with server() as (app, _):
        ana = Page(app)
        ana.scope["subprotocols"] = ["chat"]
        await ana.open()


async def test_who_waits_to_be_let_in_may_offer_already() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ben = await Client(app).open()
        await ben.join("lobby", "Ben", token=app.token("lobby", role="moderator"))
        await ben.ask("waiting_room", enabled=True)
        ana = await Page(app, name="Ana").open()
        assert await ana.receive() == {"type": "waiting"}
        ana.say(type="offer", sdp=sdp())
        ana.say(type="hello")
        assert (await ana.receive())["code"] == "wrong_order"
        knock = await ben.until("knock")
        await ben.ask("admit", participant=knock["participant"]["id"])
        assert (await ana.receive())["type"] == "answer"


async def test_a_page_that_goes_takes_its_tracks_with_it() -> None:
    async with server() as (app, media):
        ben = await person(app, "Ben", room="lobby")
        ana = await Page(app).open()
        await eventually(lambda: inside(app) == 2)
        ana.say(type="offer", sdp=sdp())
        await ana.receive()
        ana.drop()
        await ben.until("participant_left")
        await ana.ended()
        assert the_room(app).publications == ()
        assert len(media.named("close")) == 1


async def test_of_many_offers_at_once_the_last_is_answered() -> None:
    async with server() as (app, media):
        await person(app, "Ben", room="lobby")
        ana = await Page(app).open()
        await eventually(lambda: inside(app) == 2)
        for version in range(100):
            ana.say(type="offer", sdp=sdp(version=version))
        await eventually(lambda: media.named("answer") and media.named("answer")[-1][3] == sdp(version=99))
        serials = [call[2] for call in media.named("answer")]
        assert serials == list(range(1, len(serials) + 1))
        assert (await ana.receive())["type"] == "answer"
        assert len(the_room(app).publications) == 2
