"""Socket.IO pages without a protocol of ours: who hears what, rooms, calls, and coming back."""

import json
from typing import Any

import pytest

from tertulia.doors.socketio import shapes, words
from tertulia.errors import Code, ProtocolError
from tests.socketio.fake import PollingClient, Request

from .harness import SECRET, Closed, eventually, person, server
from .pages import Page, running, sdp, the_room
from .socketio_page import SocketIoPage

CANDIDATE = {"candidate": "candidate:1 1 udp 1 10.0.0.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0}


async def two(app: Any, room: str = "den") -> tuple[SocketIoPage, SocketIoPage]:
    """Pages that have named their room in the handshake; what they are told of each other is read."""
    ana = await SocketIoPage(app, room=room, name="Ana").enter()
    ben = await SocketIoPage(app, auth={"room": room, "name": "Ben"}).enter()
    assert await ana.wait_for("user-connected") == [ben.sid]
    return ana, ben


def inside(app: Any, room: str) -> list[str]:
    found = app.room(room)
    return [] if found is None else [who.id for who in found.participants]


# --- what is passed on ----------------------------------------------------------------------------------------------------------------


async def test_an_event_that_is_not_ours_goes_unchanged_to_the_others_in_the_room() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        cora = await SocketIoPage(app, room="elsewhere").enter()
        ana.emit("chat message", "hello", {"n": [1, 2.5, None]}, True)
        assert await ben.hear("chat message") == ["hello", {"n": [1, 2.5, None]}, True]
        ana.emit("ready")
        assert await ben.hear("ready") == []
        for page in (ana, cora):
            await page.nothing()


async def test_bytes_stay_bytes_between_pages_and_are_base64_elsewhere() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        cora = await person(app, "Cora", "den")
        ana.emit_bytes("chunk", b"\x00\xff")
        await ben.wait_for("user-connected")
        assert await ben.hear("chunk") == [b"\x00\xff"]
        data = await cora.until("data")
        assert (data["topic"], data["data"], data["encoding"]) == ("chunk", "AP8=", "base64")
        cora.send("data", topic="chunk", data="AP8=", encoding="base64")
        assert await ben.hear("chunk") == [b"\x00\xff"]


async def test_people_of_other_doors_get_events_as_data_and_their_data_comes_as_events() -> None:
    async with server() as (app, _):
        ana = await SocketIoPage(app, room="den").enter()
        ben = await person(app, "Ben", "den")
        cora = await Page(app, room="den").open()
        await eventually(lambda: len(inside(app, "den")) == 3)
        for _ in range(2):
            await ana.wait_for("user-connected")
        ana.emit("chat message", {"text": "hello"})
        data = await ben.until("data")
        assert (data["topic"], data["data"], data["from"]) == ("chat-message", {"text": "hello"}, ana.sid)
        assert await cora.receive() == {"type": "chat-message", "data": {"text": "hello"}}
        ana.emit("move", 1, 2)
        assert (await ben.until("data"))["data"] == [1, 2]
        ben.send("data", topic="quote", data={"price": 7})
        assert await ana.hear("quote") == [{"price": 7}]
        cora.say(type="draw", x=1)
        assert await ana.wait_for("draw") == [{"type": "draw", "x": 1}]


async def test_to_names_one_by_socket_or_identity() -> None:
    async with server(secret=SECRET) as (app, _):
        ana, ben = await two(app)
        cora = await SocketIoPage(app, room="den", token=app.token("den", identity="cora")).enter()
        assert await ben.wait_for("user-connected") == ["cora"]
        ana.emit("poke", {"to": ben.sid})
        assert await ben.hear("poke") == [{"to": ben.sid}]
        for name in ("cora", cora.sid):
            ana.emit("poke", {"to": name})
            assert await cora.hear("poke") == [{"to": name}]
        await ben.nothing()
        ana.emit("poke", {"to": "den"})
        await ben.hear("poke")
        await cora.hear("poke")
        ana.emit("poke", {"to": "nobody"}, ack=7)
        error = await ana.wait_for("error")
        assert error[0]["code"] == "no_such_participant"
        assert (await ana.until("ack"))["args"][0]["error"]["code"] == "no_such_participant"


async def test_what_is_passed_on_is_acknowledged() -> None:
    async with server() as (app, _):
        ana, _ = await two(app)
        ana.emit("hello", ack=3)
        assert await ana.receive() == {"type": "ack", "id": 3, "args": []}


async def test_json_text_of_a_message_arrives_as_the_object() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.emit("message", json.dumps({"hello": [1]}))
        assert await ben.hear("message") == [{"hello": [1]}]
        ana.emit("message", {"hello": 2})
        assert await ben.hear("message") == [{"hello": 2}]
        for text in ("got user media", "42", '"x"', "{broken"):
            ana.emit("message", text)
            assert await ben.hear("message") == [text]
        ana.emit("message", "[" * 64 + "]" * 64)
        assert (await ana.hear("error"))[0]["code"] == "invalid"
        await ben.nothing()


@pytest.mark.parametrize("event", sorted(words.SERVERS_OWN))
async def test_nobody_speaks_for_the_server(event: str) -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.emit(event, "x")
        assert (await ana.hear("error"))[0]["code"] == "invalid"
        await ben.nothing()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("offer", {"type": "offer", "sdp": "v=0"}),
        ("message", {"type": "offer", "sdp": "v=0"}),
        ("message", {"event": "_ice_candidate", "data": {"candidate": CANDIDATE}}),
        ("ice-candidate", CANDIDATE),
        ("error", {"code": "removed", "message": ""}),
        ("user-connected", "mallory"),
        ("disconnect", None),
    ],
)
async def test_data_of_other_doors_cannot_pass_for_signalling(topic: str, payload: Any) -> None:
    async with server() as (app, _):
        ana = await SocketIoPage(app, room="den").enter()
        mallory = await person(app, "Mallory", "den")
        await ana.wait_for("user-connected")
        mallory.send("data", topic=topic, data=payload)
        assert await ana.hear("data") == [{"topic": topic, "data": payload}]


async def test_data_that_the_protocol_cannot_carry_harms_nobody() -> None:
    async with server() as (app, _):
        ana = await SocketIoPage(app, room="den").enter()
        ben = await person(app, "Ben", "den")
        await ana.wait_for("user-connected")
        deep: Any = 1
        for _ in range(64):
            deep = [deep]
        ben.send("data", topic="deep", data=deep)
        ben.send("data", topic="next", data=1)
        assert await ana.wait_for("next") == [1]


# --- where one is ---------------------------------------------------------------------------------------------------------------------


async def test_who_names_no_room_is_in_the_lobby() -> None:
    async with server() as (app, _):
        ana, ben = await SocketIoPage(app).enter(), await SocketIoPage(app).enter()
        ana.emit("hello")
        await ben.wait_for("hello")
        await eventually(lambda: sorted(inside(app, "lobby")) == sorted([ana.sid, ben.sid]))
        cora = await SocketIoPage(app).enter()
        await eventually(lambda: len(inside(app, "lobby")) == 3)
        assert cora.waiting() == 0


async def test_who_joins_a_room_first_was_never_in_the_lobby() -> None:
    async with server() as (app, _):
        ana = await SocketIoPage(app).enter()
        ana.emit("join", "den")
        assert await ana.hear("created") == ["den", ana.sid]
        assert app.room("lobby") is None
        ana.emit("hello", ack=1)
        await ana.until("ack")
        assert app.room("lobby") is None and inside(app, "den") == [ana.sid]


async def test_the_codelabs_room_server() -> None:
    async with server(max_room_size=2) as (app, _):
        ana, ben, cora = [await SocketIoPage(app).enter() for _ in range(3)]
        ana.emit("create or join", "foo")
        assert (await ana.hear("log"))[0][0] == "Message from server:"
        assert await ana.hear("log") == [["Message from server:", "Room foo now has 1 client(s)"]]
        assert await ana.hear("created") == ["foo", ana.sid]
        ben.emit("create or join", "foo")
        assert await ben.wait_for("joined") == ["foo", ben.sid]
        assert await ben.hear("ready") == ["foo"]
        assert await ana.hear("join") == ["foo", ben.sid]
        assert await ana.hear("ready") == ["foo"]
        assert await ana.hear("user-connected") == [ben.sid]
        cora.emit("create or join", "foo")
        assert await cora.wait_for("full") == ["foo"]
        await cora.nothing()
        ben.emit("message", "got user media")
        assert await ana.hear("message") == ["got user media"]
        ben.emit("bye", "foo")
        assert await ana.hear("bye") == ["foo", ben.sid]
        assert await ana.hear("user-disconnected") == [ben.sid]
        cora.emit("join", {"room": "foo", "name": "Cora"})
        assert await cora.hear("joined") == ["foo", cora.sid]
        assert [who.name for who in the_room(app, "foo").participants] == ["Guest", "Cora"]
        cora.emit("ipaddr")
        await cora.wait_for("ready")
        assert await cora.hear("ipaddr") == ["10.0.0.99"]


async def test_one_is_in_one_room_at_a_time() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ben.emit("join", "attic")
        assert await ben.hear("created") == ["attic", ben.sid]
        assert await ana.wait_for("user-disconnected") == [ben.sid]
        assert (inside(app, "den"), inside(app, "attic")) == ([ana.sid], [ben.sid])
        ben.emit("join", "attic")
        assert await ben.hear("created") == ["attic", ben.sid]
        ben.emit("leave")
        await eventually(lambda: inside(app, "attic") == [])
        ben.emit("hello")
        assert (await ben.hear("error"))[0]["code"] == "wrong_order"


async def test_who_may_not_enter_another_room_stays_where_he_is() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ana = await SocketIoPage(app, room="den", token=app.token("den")).enter()
        ana.emit("join", "attic")
        assert (await ana.hear("error"))[0]["code"] == "wrong_room"
        ana.emit("join", {"room": "attic", "token": app.token("attic")})
        assert await ana.hear("created") == ["attic", ana.sid]
        assert inside(app, "den") == []


@pytest.mark.parametrize("room", [None, 7, "", "a b", "a" * 65, {"room": []}, []])
async def test_a_join_without_a_room_is_refused(room: Any) -> None:
    async with server() as (app, _):
        ana = await SocketIoPage(app).enter()
        ana.emit("join", room)
        assert (await ana.hear("error"))[0]["code"] == "malformed"
        assert app.rooms == ()


@pytest.mark.parametrize("given", [{"room": "a b"}, {"room": "den", "name": "n" * 65}, {"room": ["x"]}, {"name": 7}])
async def test_a_handshake_that_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    async with server() as (app, _):
        page = await SocketIoPage(app, auth=given).open()
        refusal = await page.receive()
        assert refusal["type"] == "connect_error" and refusal["data"] == {"code": "malformed"}


async def test_other_namespaces_are_refused_in_plain_words() -> None:
    async with server() as (app, _):
        page = await SocketIoPage(app, namespace="/chat").open()
        refusal = await page.receive()
        assert refusal["type"] == "connect_error" and "only the main namespace" in refusal["message"]


async def test_who_may_not_be_in_the_lobby_is_told_and_let_go() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ana = await SocketIoPage(app).enter()
        ana.emit("hello")
        assert (await ana.hear("error"))[0]["code"] == "token_required"
        assert await ana.receive() == {"type": "disconnect"}
        await ana.closed()


async def test_a_page_that_waits_is_told_and_admitted() -> None:
    async with server() as (app, _):
        await person(app, "Ana", "den")
        await the_room(app, "den").set_waiting_room(True)
        ben = await SocketIoPage(app, room="den").enter()
        assert await ben.hear("waiting") == ["den"]
        ben.emit("hello")
        assert (await ben.hear("error"))[0]["code"] == "wrong_order"
        await the_room(app, "den").admit(ben.sid)
        assert await ben.hear("admitted") == ["den", ben.sid]
        ben.emit("hello", ack=1)
        await ben.until("ack")


# --- calls ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "args", "heard"),
    [
        ("offer", [{"type": "offer", "sdp": "v=0"}], None),
        ("offer", [{"sdp": {"type": "offer", "sdp": "v=0"}, "extra": 1}], None),
        ("offer", [{"offer": {"type": "offer", "sdp": "v=0"}, "room": "den"}], None),
        ("offer", [{"type": "offer", "sdp": "v=0"}, "den"], None),
        ("offer", ["v=0"], None),
        ("message", [json.dumps({"type": "offer", "sdp": "v=0"})], [{"type": "offer", "sdp": "v=0"}]),
        ("message", [{"type": "offer", "sdp": "v=0"}], None),
        ("message", [{"event": "_offer", "data": {"sdp": {"type": "offer", "sdp": "v=0"}}}], None),
        ("message", [{"sdp": {"type": "offer", "sdp": "v=0"}}], None),
    ],
)
async def test_two_pages_exchange_descriptions_as_they_wrote_them(
    event: str, args: list[Any], heard: list[Any] | None
) -> None:
    async with server() as (app, media):
        ana, ben = await two(app)
        ana.emit(event, *args)
        assert await ben.hear(event) == (args if heard is None else heard)
        ben.emit("answer", {"type": "answer", "sdp": "v=0"})
        assert await ana.hear("answer") == [{"type": "answer", "sdp": "v=0"}]
        assert media.named("answer") == []
        await ana.nothing()


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("candidate", [CANDIDATE]),
        ("ice-candidate", [{"candidate": CANDIDATE, "target": "den"}]),
        ("icecandidate", [CANDIDATE, "den"]),
        ("iceCandidate", [None]),
        ("candidate", [{"label": 0, "id": "0", "candidate": "candidate:1"}]),
        ("message", [{"type": "candidate", "label": 0, "id": "0", "candidate": "candidate:1"}]),
        ("message", [{"event": "_ice_candidate", "data": {"candidate": CANDIDATE}}]),
        ("message", [{"type": "candidate", **CANDIDATE}]),
        ("message", [{"type": "candidate", "candidate": CANDIDATE}]),
        ("message", [{"candidate": CANDIDATE}]),
    ],
)
async def test_candidates_keep_event_and_shape(event: str, args: list[Any]) -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.emit("offer", {"type": "offer", "sdp": "v=0"})
        await ben.hear("offer")
        ana.emit(event, *args)
        assert await ben.hear(event) == args


async def test_whom_it_is_for_comes_first_and_becomes_whom_it_is_from() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.emit("offer", ben.sid, {"type": "offer", "sdp": "v=0"})
        assert await ben.hear("offer") == [ana.sid, {"type": "offer", "sdp": "v=0"}]
        ben.emit("answer", ana.sid, {"type": "answer", "sdp": "v=0"})
        assert await ana.hear("answer") == [ben.sid, {"type": "answer", "sdp": "v=0"}]
        ana.emit("candidate", ben.sid, CANDIDATE)
        assert await ben.hear("candidate") == [ana.sid, CANDIDATE]


async def test_what_is_no_description_is_passed_on_like_any_event() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ana.emit("offer", {"price": 7})
        assert await ben.hear("offer") == [{"price": 7}]
        ana.emit("candidate", "Ada for president")
        assert await ben.hear("candidate") == ["Ada for president"]


async def test_an_offer_waits_for_the_next_who_comes() -> None:
    async with server() as (app, _):
        ana = await SocketIoPage(app, room="den").enter()
        offer = {"type": "offer", "sdp": "v=0"}
        ana.emit("message", json.dumps(offer))
        ana.emit("message", {"event": "_ice_candidate", "data": {"candidate": CANDIDATE}})
        await ana.nothing()
        ben = await SocketIoPage(app, room="den").enter()
        assert await ben.hear("message") == [offer]
        assert await ben.hear("message") == [{"event": "_ice_candidate", "data": {"candidate": CANDIDATE}}]


async def test_a_page_of_this_door_and_one_of_signaling_understand_each_other() -> None:
    async with server() as (app, _):
        ana = await SocketIoPage(app, room="den").enter()
        ben = await Page(app, room="den").open()
        await ana.wait_for("user-connected")
        ana.emit("offer", {"type": "offer", "sdp": "v=0 ana"})
        assert await ben.receive() == {"type": "offer", "sdp": "v=0 ana"}
        ben.say(type="answer", sdp="v=0 ben")
        assert await ana.hear("answer") == [{"type": "answer", "sdp": "v=0 ben"}]
        ben.say(type="candidate", label=0, id="0", candidate=CANDIDATE["candidate"])
        assert await ana.hear("candidate") == [CANDIDATE]
        ana.emit("candidate", CANDIDATE)
        assert (await ben.receive())["candidate"] == CANDIDATE["candidate"]


async def test_a_page_that_has_not_shown_its_form_gets_what_every_page_can_read() -> None:
    async with server() as (app, _):
        ana = await SocketIoPage(app, room="den").enter()
        ben = await Page(app, room="den").open()
        await ana.wait_for("user-connected")
        offer = {"type": "offer", "sdp": "v=0"}
        ben.say(**offer)
        assert await ana.hear("message") == [offer]
        assert await ana.hear("offer") == [offer]
        ben.say(type="candidate", label=0, id="0", candidate=CANDIDATE["candidate"])
        (message,) = await ana.hear("message")
        assert message["data"]["candidate"] == CANDIDATE
        assert (message["type"], message["label"], message["candidate"]) == ("candidate", 0, CANDIDATE["candidate"])
        assert await ana.hear("candidate") == [CANDIDATE]
        ana.emit("message", json.dumps({"type": "answer", "sdp": "v=0"}))
        await ben.receive()
        ben.say(type="candidate", label=0, id="0", candidate=CANDIDATE["candidate"])
        await ana.hear("message")
        await ana.nothing()


@pytest.mark.parametrize(
    ("event", "offer", "answer_event", "answer"),
    [
        ("message", json.dumps({"type": "offer", "sdp": sdp()}), "message", {"type": "answer", "sdp": "…"}),
        ("offer", {"type": "offer", "sdp": sdp()}, "answer", {"type": "answer", "sdp": "…"}),
        (
            "offer",
            {"sdp": {"type": "offer", "sdp": sdp()}},
            "answer",
            {"type": "answer", "sdp": {"type": "answer", "sdp": "…"}},
        ),
        (
            "message",
            {"event": "_offer", "data": {"sdp": {"type": "offer", "sdp": sdp()}}},
            "message",
            {"event": "_answer", "data": {"sdp": {"type": "answer", "sdp": "…"}}},
        ),
    ],
)
async def test_the_server_answers_in_the_pages_own_form(event: str, offer: Any, answer_event: str, answer: Any) -> None:
    async with server() as (app, media):
        ana = await SocketIoPage(app, room="den").enter()
        await person(app, "Ben", "den")
        await ana.wait_for("user-connected")
        ana.emit(event, offer)
        (heard,) = await ana.wait_for(answer_event)
        text = json.dumps(heard)
        found = shapes.message_description(heard) or ("answer", shapes.description("answer", heard))
        assert found[0] == "answer" and found[1]
        assert json.loads(text.replace(json.dumps(found[1][0])[1:-1], "…")) == answer
        assert len(media.named("answer")) == 1
        assert {str(it.source) for it in the_room(app, "den").publications} == {"camera", "microphone"}


# --- the end, and coming back ---------------------------------------------------------------------------------------------------------


async def test_a_page_that_is_left_goes_at_once() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        ben.close(1001)
        assert await ana.wait_for("user-disconnected") == [ben.sid]


async def test_who_loses_the_connection_comes_back_as_the_same_and_has_what_was_missed() -> None:
    async with server() as (app, _):
        ana, ben = await two(app)
        await ben.nothing()
        ben.drop()
        await ben.ended()
        await eventually(lambda: not connected_in(app, ben.sid))
        ana.emit("hello", "again")
        await ana.nothing()
        again = await SocketIoPage(
            app, auth={"pid": ben.pid, "offset": ben.offset} if ben.offset else {"pid": ben.pid}
        ).enter()
        assert again.sid == ben.sid
        assert await again.hear("hello") == ["again"]
        await eventually(lambda: connected_in(app, ben.sid))
        again.emit("back")
        assert await ana.wait_for("back") == []
        assert inside(app, "den") == [ana.sid, ben.sid]


def connected_in(app: Any, participant: str, room: str = "den") -> bool:
    who = the_room(app, room).participant(participant)
    assert who is not None
    return who.connected


async def test_who_does_not_come_back_in_time_is_gone() -> None:
    async with server(grace=0.1) as (app, _):
        ana, ben = await two(app)
        ben.drop()
        assert await ana.wait_for("user-disconnected") == [ben.sid]


async def test_who_is_removed_while_away_does_not_come_back() -> None:
    async with server() as (app, _):
        _, ben = await two(app)
        ben.drop()
        await eventually(lambda: not connected_in(app, ben.sid))
        await the_room(app, "den").remove(ben.sid)
        again = await SocketIoPage(app, auth={"pid": ben.pid}).enter()
        assert (await again.wait_for("error"))[0]["code"] == "removed"
        await again.closed()
        assert ben.sid not in inside(app, "den")


async def test_a_dropped_socket_can_come_back() -> None:
    async with server() as (app, _):
        _, ben = await two(app)
        assert running(app).drop_socket("den", ben.sid)
        await ben.closed()
        await eventually(lambda: not connected_in(app, ben.sid))
        assert not running(app).drop_socket("den", ben.sid)
        again = await SocketIoPage(app, auth={"pid": ben.pid}).enter()
        assert again.sid == ben.sid


async def test_a_client_that_goes_while_its_room_is_asked_leaves_nobody() -> None:
    async with server() as (app, _):

        @app.authorize
        async def slow(request: Any) -> None:
            page.close(1006)
            await page.ended()

        page = SocketIoPage(app, room="den")
        await page.open()
        await page.ended()
        await eventually(lambda: inside(app, "den") == [])
        assert running(app).connections.open == 0


# --- the server around it -------------------------------------------------------------------------------------------------------------


async def test_polling_alone_will_do() -> None:
    async with server() as (app, _):
        ana = await PollingClient(app).open()
        await ana.say('40{"room":"den"}')
        assert (await ana.hear())[0].startswith("40{")
        ben = await SocketIoPage(app, room="den").enter()
        assert any("user-connected" in packet for packet in await ana.hear())
        await ana.say('42["hello",1]')
        assert await ben.hear("hello") == [1]


async def test_the_bundle_is_served() -> None:
    async with server() as (app, _):
        request = Request(app, "GET", "", path="/socket.io/socket.io.js")
        request.body()
        answer = await request.answer()
        assert answer.status == 200 and b"Socket.IO" in answer.body[:200]


@pytest.mark.parametrize(("origin", "status"), [("http://testserver", 200), ("http://evil", 403), ("http://good", 200)])
async def test_foreign_pages_may_not_poll_unless_they_are_allowed(origin: str, status: int) -> None:
    async with server(allow_origin=["http://good"]) as (app, _):
        headers = {"origin": origin}
        request = Request(app, "GET", "EIO=4&transport=polling", headers=headers)
        request.body()
        answer = await request.answer()
        assert answer.status == status
        assert answer.headers.get("access-control-allow-origin") == ("http://good" if origin == "http://good" else None)
        post = Request(app, "POST", "EIO=4&transport=polling&sid=unknown", headers=headers)
        post.body(b"40")
        assert (await post.answer()).status == (403 if status == 403 else 400)


async def test_a_foreign_page_gets_no_socket() -> None:
    async with server() as (app, _):
        with pytest.raises(Closed):
            await SocketIoPage(app, headers={"origin": "http://evil"}).open()


async def test_who_is_in_no_room_is_told_that_the_server_stops() -> None:
    async with server() as (app, _):
        ana = await SocketIoPage(app).enter()
        await app.drain()
        assert (await ana.hear("error"))[0]["code"] == "server_stopping"
        assert (await ana.closed()).code == 1001


async def test_events_that_are_too_fast_are_refused_outside_a_room_too() -> None:
    async with server(messages_per_second=1) as (app, _):
        ana = await SocketIoPage(app, room="den").enter()
        ana.emit("leave")
        for _ in range(60):
            ana.emit("hello")
        codes = []
        with pytest.raises(Closed):
            while True:
                message = await ana.receive()
                if message.get("event") == "error":
                    codes.append(message["args"][0]["code"])
        assert codes[-1] == "too_many_messages"


def test_events_have_names_that_other_doors_can_carry() -> None:
    assert words.topic("chat message") == "chat-message"
    assert words.topic("größe") == "gr-e"
    assert words.topic("a" * 200) == "a" * 64
    assert words.topic("") == "message"


def test_surrogates_and_sizes_are_refused_clearly() -> None:
    with pytest.raises(ProtocolError) as refused:
        words.data(words.Said("x", ("\ud800",)))
    assert refused.value.code is Code.MALFORMED
    with pytest.raises(ProtocolError) as refused:
        words.data(words.Said("x", (b"a" * 200_000,)))
    assert refused.value.code is Code.TOO_LARGE
