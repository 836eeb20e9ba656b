"""The PeerJS server protocol: ids, messages between clients, coming back, and what a refused client is told."""

from typing import Any

import httpx
import pytest

from tertulia import Grant
from tertulia.doors.peerjs.messages import MESSAGE_BYTES
from tertulia.errors import Code, ProtocolError

from .harness import SECRET, Client, eventually, person, server
from .pages import Page, connected, sdp, session, the_room

LOST = 1006


@pytest.fixture(autouse=True)
def old_sockets_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is refused an id waits for no more than that."""
    monkeypatch.setattr("tertulia.doors.peerjs.connection.RELOAD_WAITS", 0.02)


def client(
    app: Any, id: str, token: str = "own", *, path: str = "/peerjs/peerjs", key: str = "peerjs", **given: Any
) -> Page:
    return Page(app, path, id=id, token=token, key=key, version="1.5.5", **given)


async def peer(app: Any, id: str, token: str = "own", **given: Any) -> Page:
    """One that is open."""
    opened = await client(app, id, token, **given).open()
    assert await opened.receive() == {"type": "OPEN"}
    return opened


async def refusal(app: Any, *given: Any, **named: Any) -> tuple[str, str]:
    """The message's type and its code."""
    opened = await client(app, *given, **named).open()
    message = await opened.receive()
    await opened.closed()
    await opened.ended()
    return message["type"], message["payload"]["code"]


def offer(dst: str, *, type: str = "media", connection: str = "mc_1") -> dict[str, Any]:
    payload = {"sdp": {"type": "offer", "sdp": sdp()}, "type": type, "connectionId": connection, "metadata": {"a": [1]}}
    return {"type": "OFFER", "dst": dst, "payload": payload}


def http(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")


# --- ids ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/peerjs/id", "/peerjs/peerjs/id", "/peerjs/den/id"])
async def test_an_id_for_who_asks(path: str) -> None:
    async with server() as (app, _), http(app) as web:
        first, second = await web.get(path), await web.get(path)
        assert first.status_code == 200
        assert len(first.text) == 32 and first.text.isalnum()
        assert first.text != second.text
        assert first.headers["access-control-allow-origin"] == "*"


async def test_who_is_there_is_told_only_where_that_is_wanted() -> None:
    async with server() as (app, _), http(app) as web:
        await peer(app, "ana")
        assert (await web.get("/peerjs/peerjs/peers")).status_code == 401
    async with server(peerjs_peers=True) as (app, _), http(app) as web:
        await peer(app, "ana")
        await peer(app, "ben", key="den")
        await person(app, "Web", room="lobby")
        assert (await web.get("/peerjs/peerjs/peers")).json() == ["ana"]
        assert (await web.get("/peerjs/den/peers")).json() == ["ben"]
        assert (await web.get("/peerjs/nobody/peers")).json() == []


async def test_the_id_is_the_identity_and_the_key_the_room() -> None:
    async with server() as (app, _):
        await peer(app, "ana")
        await peer(app, "ben", key="den", path="/peerjs")
        assert [who.id for who in the_room(app).participants] == ["ana"]
        assert [who.id for who in the_room(app, "den").participants] == ["ben"]


# --- between clients ------------------------------------------------------------------------------------------------------------------


async def test_messages_reach_their_recipient_with_the_true_sender() -> None:
    async with server() as (app, media):
        ana, ben, cora = await peer(app, "ana"), await peer(app, "ben"), await peer(app, "cora")
        message = offer("ben")
        ana.say(**message, src="somebody else")
        assert await ben.receive() == {**message, "src": "ana"}
        for type, sender, recipient in [("ANSWER", ben, ana), ("CANDIDATE", ana, ben)]:
            payload = {"connectionId": "mc_1", "type": "media"}
            sender.say(type=type, dst="ana" if recipient is ana else "ben", payload=payload)
            assert (await recipient.receive())["type"] == type
        cora.say(**offer("ana", type="data", connection="dc_1"))
        assert (await ana.receive())["src"] == "cora"
        ana.say(type="HEARTBEAT")
        for one in (ana, ben, cora):
            await one.nothing()
        assert media.named("answer") == []


async def test_what_is_said_to_one_who_comes_in_time_is_kept() -> None:
    async with server() as (app, _):
        ana = await peer(app, "ana")
        ana.say(**offer("ben"))
        ana.say(type="CANDIDATE", dst="ben", payload={"n": 1})
        await ana.nothing()
        ben = await peer(app, "ben")
        assert (await ben.receive())["type"] == "OFFER"
        assert (await ben.receive())["payload"] == {"n": 1}
        await ana.nothing()


async def test_what_is_said_to_one_who_does_not_come_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.doors.peerjs.mailbox.WAITS", 0.02)
    async with server() as (app, _):
        ana = await peer(app, "ana")
        ana.say(**offer("ben"))
        ana.say(type="CANDIDATE", dst="ben", payload={"n": 1})
        assert await ana.receive() == {"type": "EXPIRE", "src": "ben", "payload": {"code": "no_such_participant"}}
        await ana.nothing()
        ben = await peer(app, "ben")
        await ben.nothing()


async def test_one_from_another_door_has_no_data_connections() -> None:
    async with server() as (app, _):
        ben = await person(app, "Ben", room="lobby")
        ana = await peer(app, "ana")
        ana.say(**offer(ben.me, type="data"))
        ana.say(type="CANDIDATE", dst=ben.me, payload={})
        assert await ana.receive() == {"type": "EXPIRE", "src": ben.me, "payload": {"code": "not_allowed"}}
        await ana.nothing()


async def test_calls_need_leave_to_go_past_the_server() -> None:
    async with server(p2p="never") as (app, _):
        ana, ben = await peer(app, "ana"), await peer(app, "ben")
        ana.say(**offer("ben"))
        assert (await ana.receive())["payload"]["code"] == "not_allowed"
        await ben.nothing()


async def test_rooms_are_apart() -> None:
    async with server() as (app, _):
        ana, ben = await peer(app, "ana"), await peer(app, "ben", key="den")
        ana.say(**offer("ben"))
        await ana.nothing()
        await ben.nothing()


# --- calls to people of other doors ---------------------------------------------------------------------------------------------------


async def test_each_call_is_answered_by_the_server_with_the_tracks_of_who_was_called() -> None:
    async with server() as (app, media):
        ben, cora = await person(app, "Ben", room="lobby"), await person(app, "Cora", room="lobby")
        bens = (await ben.ask("publish", source="camera", kind="video"))["publication"]["id"]
        await cora.ask("publish", source="camera", kind="video")
        ana = await peer(app, "ana")
        for callee, connection in ((ben, "mc_1"), (cora, "mc_2")):
            ana.say(**offer(callee.me, connection=connection))
            ana.say(type="CANDIDATE", dst=callee.me, payload={"connectionId": connection})
            answer = await ana.receive()
            assert (answer["type"], answer["src"], answer["dst"]) == ("ANSWER", callee.me, "ana")
            assert answer["payload"]["connectionId"] == connection
            assert answer["payload"]["sdp"]["type"] == "answer"
        (first, second) = [call[0] for call in media.named("answer")]
        assert first != second
        latest = (await ben.ask("publish", source="microphone", kind="audio"))["publication"]["id"]
        await eventually(lambda: set(media.subscriptions[first]) == {bens, latest})
        assert len(media.subscriptions[second]) == 1
        assert {track.source for track in the_room(app).publications if track.participant == "ana"} == {
            "camera",
            "microphone",
        }
        assert [len(call[4]) for call in media.named("answer")] == [2, 0], "what it sends is published once"


async def test_a_call_that_the_media_engine_lost_withdraws_what_was_sent_on_it() -> None:
    async with server() as (app, media):
        ben = await person(app, "Ben", room="lobby")
        await ben.ask("publish", source="camera", kind="video")
        ana = await peer(app, "ana")
        ana.say(**offer(ben.me))
        await ana.receive()
        connection = media.named("answer")[0][0]
        await eventually(lambda: media.subscriptions.get(connection))
        media.connect(connection)
        media.disconnect(connection)
        await eventually(lambda: media.named("close") == [(connection,)])
        assert [track.participant for track in the_room(app).publications] == [ben.me]
        ana.say(**offer(ben.me, connection="mc_2"))
        assert (await ana.receive())["type"] == "ANSWER"
        assert len(the_room(app).publications) == 3


async def test_who_was_called_goes_and_the_client_is_told_to_close_the_call() -> None:
    async with server() as (app, media):
        ben = await person(app, "Ben", room="lobby")
        ana = await peer(app, "ana")
        ana.say(**offer(ben.me))
        await ana.receive()
        ben.send("leave")
        assert await ana.receive() == {"type": "LEAVE", "src": ben.me}
        await eventually(lambda: the_room(app).publications == ())
        await eventually(lambda: (media.named("answer")[0][0],) in media.named("close"))


async def test_a_client_that_goes_takes_its_calls_with_it() -> None:
    async with server() as (app, media):
        ben = await person(app, "Ben", room="lobby")
        ana = await peer(app, "ana")
        ana.say(**offer(ben.me))
        await ana.receive()
        ana.leave()
        await ana.ended()
        await eventually(lambda: len(the_room(app).participants) == 1)
        assert the_room(app).publications == ()
        assert (media.named("answer")[0][0],) in media.named("close")


@pytest.mark.parametrize("refuses", ["the offer", "the media engine"])
async def test_an_offer_that_cannot_be_answered_expires(refuses: str) -> None:
    async with server() as (app, media):
        ben = await person(app, "Ben", room="lobby")
        ana = await peer(app, "ana")
        message = offer(ben.me)
        if refuses == "the offer":
            message["payload"]["sdp"]["sdp"] = "nonsense"
        else:
            media.next_error = ProtocolError(Code.NO_COMMON_CODEC, "no codec in common")
        ana.say(**message)
        expired = await ana.receive()
        assert (expired["type"], expired["src"]) == ("EXPIRE", ben.me)
        assert expired["payload"]["code"] in ("bad_offer", "no_common_codec")
        await ana.nothing()
        assert the_room(app).publications == ()


@pytest.mark.parametrize("first", ["the client", "who publishes"])
async def test_a_client_that_waits_is_called_by_each_who_publishes(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.doors.peerjs.server_calls.CALLED_AFTER", 0.0)
    async with server() as (app, media):
        ben, cora = await person(app, "Ben", room="lobby"), await person(app, "Cora", room="lobby")
        ana = await peer(app, "ana") if first == "the client" else None
        await ben.ask("publish", source="camera", kind="video")
        ana = ana or await peer(app, "ana")
        call = await ana.receive()
        assert (call["type"], call["src"], call["payload"]["type"]) == ("OFFER", ben.me, "media")
        assert call["payload"]["sdp"]["type"] == "offer"
        answer = {"sdp": {"type": "answer", "sdp": sdp()}, "type": "media"}
        ana.say(type="ANSWER", dst=ben.me, payload={**answer, "connectionId": "of another call"})
        ana.say(type="ANSWER", dst=ben.me, payload={**answer, "connectionId": call["payload"]["connectionId"]})
        await eventually(lambda: media.named("accept"))
        ((connection, _, publications),) = media.named("accept")
        await eventually(lambda: media.subscriptions.get(connection))
        assert set(publications) == {"0", "1"}
        await cora.ask("publish", source="microphone", kind="audio")
        assert (await ana.receive())["src"] == cora.me
        await ben.ask("publish", source="microphone", kind="audio")
        await ana.nothing()


async def test_a_client_that_calls_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.doors.peerjs.server_calls.CALLED_AFTER", 0.0)
    async with server() as (app, _):
        ana, ben = await peer(app, "ana"), await person(app, "Ben", room="lobby")
        cora = await person(app, "Cora", room="lobby")
        ana.say(**offer(ben.me))
        assert (await ana.receive())["type"] == "ANSWER"
        await cora.ask("publish", source="camera", kind="video")
        await ana.nothing()


async def test_so_many_calls_at_a_time() -> None:
    async with server(messages_per_second=1_000) as (app, _):
        others = [await person(app, f"P{number}", room="lobby") for number in range(17)]
        ana = await peer(app, "ana")
        for other in others:
            ana.say(**offer(other.me))
        types = [(await ana.receive())["type"] for _ in others]
        assert sorted(types) == ["ANSWER"] * 16 + ["EXPIRE"]


# --- coming back ----------------------------------------------------------------------------------------------------------------------


async def test_an_id_in_use_is_taken() -> None:
    async with server() as (app, _):
        ana = await peer(app, "ana", "hers")
        assert await refusal(app, "ana", "another") == ("ID-TAKEN", "identity_taken")
        await ana.nothing()


async def test_the_same_client_comes_back_and_gets_what_waited() -> None:
    async with server() as (app, _):
        ana, ben = await peer(app, "ana", "hers"), await peer(app, "ben")
        ana.leave(LOST)
        await ana.ended()
        await eventually(lambda: not connected(app, "ana"))
        ben.say(**offer("ana"))
        await ben.nothing()
        again = await peer(app, "ana", "hers", address="10.9.9.9")
        assert (await again.receive())["type"] == "OFFER"
        assert [who.id for who in the_room(app).participants] == ["ana", "ben"]
        assert connected(app, "ana")
        await ben.nothing()


async def test_a_socket_that_is_not_known_to_be_gone_gives_way_to_the_same_client() -> None:
    async with server() as (app, _):
        old = await peer(app, "ana", "hers")
        await peer(app, "ana", "hers")
        closed = await old.closed()
        assert (closed.code, closed.reason) == (1000, "taken_over")
        await old.ended()
        assert connected(app, "ana")


async def test_a_lost_clients_id_is_kept_from_strangers() -> None:
    async with server() as (app, _):
        ana = await peer(app, "ana", "hers")
        ana.leave(LOST)
        await ana.ended()
        await eventually(lambda: not connected(app, "ana"))
        assert await refusal(app, "ana", "another", address="10.9.9.9") == ("ID-TAKEN", "identity_taken")
        await peer(app, "ana", "hers")


async def test_a_page_that_was_loaded_anew_need_not_wait_for_the_loss_to_be_over() -> None:
    async with server() as (app, _):
        ben = await peer(app, "ben")
        ana = await peer(app, "ana", "hers")
        ana.leave(LOST)
        await ana.ended()
        await eventually(lambda: not connected(app, "ana"))
        ben.say(**offer("ana"))
        await ben.nothing()
        again = await peer(app, "ana", "another")
        await again.nothing()
        assert await ben.receive() == {"type": "LEAVE", "src": "ana"}, "its old connections are no more"


@pytest.mark.parametrize("code", [1001, LOST])
@pytest.mark.parametrize("asks_for_tokens", [False, True])
async def test_a_page_that_was_loaded_anew_may_be_heard_of_before_the_end_of_its_old_socket(
    code: int, asks_for_tokens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tertulia.doors.peerjs.connection.RELOAD_WAITS", 60.0)
    async with server(open=not asks_for_tokens, secret=SECRET) as (app, _):
        invitation = app.token("lobby")
        old = await peer(app, "ana", invitation if asks_for_tokens else "hers")
        new = await client(app, "ana", invitation if asks_for_tokens else "another").open()
        await new.nothing()
        old.leave(code)
        assert await new.receive() == {"type": "OPEN"}
        await old.ended()
        assert [who.id for who in the_room(app).participants] == ["ana"]
        assert connected(app, "ana")
        assert session(app, "ana").link is not None


async def test_nobody_from_elsewhere_waits_for_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.doors.peerjs.connection.RELOAD_WAITS", 60.0)
    async with server() as (app, _):
        await peer(app, "ana", "hers")
        assert await refusal(app, "ana", "another", address="10.9.9.9") == ("ID-TAKEN", "identity_taken")


@pytest.mark.parametrize("code", [1000, 1001, 1005])
async def test_who_takes_his_leave_frees_his_id_and_keeps_his_connections(code: int) -> None:
    async with server() as (app, _):
        ana, ben = await peer(app, "ana", "hers"), await peer(app, "ben")
        ana.leave(code)
        await ana.ended()
        await eventually(lambda: the_room(app).participant("ana") is None)
        await ben.nothing()
        await peer(app, "ana", "another", address="10.9.9.9")


async def test_what_waits_for_a_lost_client_is_bounded_and_it_comes_back_all_the_same() -> None:
    async with server(messages_per_second=10_000) as (app, _):
        ana, ben = await peer(app, "ana", "hers"), await peer(app, "ben")
        ana.leave(LOST)
        await ana.ended()
        await eventually(lambda: not connected(app, "ana"))
        for number in range(600):
            ben.say(type="CANDIDATE", dst="ana", payload={"n": number})
        await ben.nothing()
        await eventually(lambda: session(app, "ana").outbox.lost)
        again = await peer(app, "ana", "hers")
        ben.say(**offer("ana"))
        await again.until("OFFER")
        assert len(again.seen) < 100


async def test_leave_without_a_recipient_is_ones_own() -> None:
    async with server() as (app, _):
        ana = await peer(app, "ana")
        ana.say(type="LEAVE")
        await ana.closed()
        assert the_room(app).participants == ()


async def test_a_removed_clients_connections_are_ended() -> None:
    async with server() as (app, _):
        ana, ben = await peer(app, "ana"), await peer(app, "ben")
        await the_room(app).remove("ana", "enough")
        gone = await ana.receive()
        assert (gone["type"], gone["payload"]) == ("ERROR", {"msg": "enough", "code": "removed"})
        assert await ben.receive() == {"type": "LEAVE", "src": "ana"}


# --- tokens ---------------------------------------------------------------------------------------------------------------------------


async def test_a_server_that_is_not_open_takes_a_token() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        assert await refusal(app, "ana") == ("ERROR", "token_required")
        assert await refusal(app, "ana", app.token("other")) == ("ERROR", "wrong_room")
        assert await refusal(app, "ana", app.token("lobby", ttl=-60)) == ("ERROR", "token_expired")
        assert await refusal(app, "ana", "eyJ.eyJ.x") == ("ERROR", "token_invalid")
        assert await refusal(app, "ana", app.token("lobby", identity="ben")) == ("ERROR", "not_allowed")
        await peer(app, "ana", app.token("lobby"))


async def test_the_identity_of_a_token_replaces_itself_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.doors.peerjs.connection.RELOAD_WAITS", 60.0)
    async with server(open=False, secret=SECRET) as (app, _):
        first = await peer(app, "ana", app.token("lobby", identity="ana"))
        await peer(app, "ana", app.token("lobby", identity="ana", ttl=60))
        assert (await first.receive())["type"] == "ID-TAKEN"


async def test_a_token_that_many_have_takes_no_living_ones_place() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        token = app.token("lobby")
        ana = await peer(app, "ana", token)
        assert await refusal(app, "ana", token) == ("ID-TAKEN", "identity_taken")
        ana.leave(LOST)
        await ana.ended()
        await eventually(lambda: not connected(app, "ana"))
        await peer(app, "ana", token)


async def test_a_hook_cannot_give_another_id() -> None:
    async with server() as (app, _):

        @app.authorize
        async def always_ben(request: object) -> Grant:
            return Grant(identity="ben")

        assert await refusal(app, "ana") == ("ERROR", "not_allowed")


# --- bad input ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, ("ERROR", "malformed")),
        ({"id": "ana", "key": "peerjs"}, ("ERROR", "malformed")),
        ({"id": "", "key": "peerjs", "token": "own"}, ("ERROR", "malformed")),
        ({"id": "a b", "key": "peerjs", "token": "own"}, ("ERROR", "invalid")),
        ({"id": "a" * 65, "key": "peerjs", "token": "own"}, ("ERROR", "invalid")),
        ({"id": "ana", "key": "a b", "token": "own"}, ("INVALID-KEY", "invalid")),
        ({"id": "ana", "key": "*", "token": "own"}, ("INVALID-KEY", "invalid")),
    ],
)
async def test_a_query_that_cannot_be_meant_is_refused(query: dict[str, str], told: tuple[str, str]) -> None:
    async with server() as (app, _):
        opened = await Page(app, "/peerjs/peerjs", **query).open()
        message = await opened.receive()
        assert (message["type"], message["payload"]["code"]) == told
        await opened.closed()
        assert app.rooms == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed"),
        ('{"type":7}', "malformed"),
        ('{"type":"OFFER"}', "malformed"),
        ('{"type":"OFFER","dst":7}', "malformed"),
        ('{"type":"OPEN","dst":"ben"}', "unknown_type"),
        ('{"type":"ERROR","dst":"ben"}', "unknown_type"),
        ('{"type":"ID-TAKEN","dst":"ben"}', "unknown_type"),
        ('{"type":"OFFER","dst":"ben","payload":' + "[" * 65 + "]" * 65 + "}", "invalid"),
        ('{"type":"OFFER","dst":"ben","payload":"' + "a" * MESSAGE_BYTES + '"}', "too_large"),
        ("[" * 100_000, "malformed"),
    ],
)
async def test_bad_messages_are_answered_and_the_socket_stays_open(text: str, code: str) -> None:
    async with server() as (app, _):
        ana, ben = await peer(app, "ana"), await peer(app, "ben")
        ana.send_raw(text)
        error = await ana.receive()
        assert (error["type"], error["payload"]["code"]) == ("ERROR", code)
        ana.say(**offer("ben"))
        assert (await ben.receive())["type"] == "OFFER"


async def test_nothing_is_passed_on_for_one_who_is_not_let_in_yet() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        ben = await Client(app).open()
        await ben.join("lobby", "Ben", token=app.token("lobby", role="moderator"))
        await ben.ask("waiting_room", enabled=True)

        @app.authorize
        async def nobody_special(request: object) -> None:
            return None

        ana = await client(app, "ana").open()
        knock = await ben.until("knock")
        ana.say(**offer("ben"))
        assert (await ana.receive())["payload"]["code"] == "wrong_order"
        await ben.ask("admit", participant=knock["participant"]["id"])
        assert await ana.receive() == {"type": "OPEN"}


async def test_a_place_in_the_mailbox_is_not_without_end() -> None:
    async with server(messages_per_second=10_000) as (app, _):
        ana = await peer(app, "ana")
        for number in range(16):
            ana.say(**offer(f"nobody-{number}"))
        ana.say(**offer("one-more"))
        assert (await ana.receive())["src"] == "one-more"
