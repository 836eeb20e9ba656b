"""WHIP: an encoder is a person like any other, and every refusal has its status and its code."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tertulia.auth.authorize import Grant, JoinRequest
from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId
from tertulia.doors.whip import Options
from tertulia.doors.whip.problem import PROBLEMS
from tertulia.errors import Code, ProtocolError, Unavailable
from tertulia.media.port import ConnectionId
from tests.doors.harness import SECRET, eventually, person, server
from tests.doors.whip import (
    CANDIDATE,
    FRAGMENT,
    RECEIVES,
    RESTART,
    SENDS,
    SENDS_PICTURE,
    Stage,
    actor,
    connection,
    door,
    http,
    problem,
    stage,
)
from tests.media.offers import data, media, offer

SOON = 0.5
"""Seconds: as long as it takes for what should be there before it."""
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "whip-whep.md"


# --- publishing -------------------------------------------------------------------------------------------------------------------------


async def test_an_encoder_is_a_person_whose_tracks_others_receive() -> None:
    async with server() as (app, fake), http(app) as client:
        ana = await person(app, "Ana", room="studio", p2p=False)
        answer = await client.post("/whip/studio/obs")
        assert answer.status_code == 201
        assert answer.headers["content-type"] == "application/sdp"
        joined = await ana.until("participant_joined")
        assert (joined["participant"]["id"], joined["participant"]["name"]) == ("obs", "obs")
        added = [await ana.until("publication_added") for _ in range(2)]
        published = [it["publication"] for it in added]
        assert [it["participant"] for it in added] == ["obs", "obs"]
        assert [it["source"] for it in published] == ["microphone", "camera"]
        obs = connection(app, "studio", "obs")
        assert fake.publications[obs] == {"0": published[0]["id"], "1": published[1]["id"]}
        fake.connect(obs)
        assert {it["id"] for it in published} <= set(fake.subscriptions[connection(app, "studio", ana.me)])


async def test_the_answer_names_the_session_and_its_ice() -> None:
    async with (
        server(ice_server=["stun:stun.example.org", "stun:other.example.org:3479"]) as (app, _),
        http(app) as client,
    ):
        answer = await client.post("/whip/studio/obs")
        assert re.fullmatch(r"/whip/studio/session/[\w-]{32}", answer.headers["location"])
        assert re.fullmatch(r'"[\w-]{12}"', answer.headers["etag"])
        assert answer.headers["accept-patch"] == FRAGMENT
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers.get_list("link") == [
            '<stun:stun.example.org>; rel="ice-server"',
            '<stun:other.example.org:3479>; rel="ice-server"',
        ]
        other = await client.post("/whip/studio/another")
        assert other.headers["location"] != answer.headers["location"]
        assert other.headers["etag"] != answer.headers["etag"]


async def test_where_the_server_is_mounted_is_part_of_the_location() -> None:
    async with server() as (app, _):

        async def mounted(scope: dict[str, Any], receive: Any, send: Any) -> None:
            await app({**scope, "root_path": "/rt", "path": "/rt" + scope["path"]}, receive, send)

        async with http(mounted) as client:
            answer = await client.post("/whip/caf%C3%A9/obs")
            assert answer.headers["location"].startswith("/rt/whip/caf%C3%A9/session/")
            location = answer.headers["location"].removeprefix("/rt")
            assert (await client.ask("DELETE", location)).status_code == 200


async def test_without_an_identity_in_the_path_the_server_makes_one() -> None:
    async with server() as (app, _), http(app) as client:
        ana = await person(app, "Ana", room="studio")
        assert (await client.post("/whip/studio", SENDS_PICTURE)).status_code == 201
        joined = (await ana.until("participant_joined"))["participant"]
        assert joined["id"].startswith("p-")
        assert joined["name"] == "Encoder"


async def test_an_encoder_never_moderates_and_is_subscribed_to_nothing() -> None:
    async with server() as (app, fake), http(app) as client:
        await client.post("/whip/studio/obs")
        ana = await person(app, "Ana", room="studio")
        await ana.ask("publish", source="camera", kind="video")
        roles = {who.id: who.role for who in actor(app).room.participants}
        assert roles == {"obs": "speaker", ana.me: "moderator"}
        assert fake.subscriptions.get(connection(app, "studio", "obs"), {}) == {}


@pytest.mark.parametrize(
    ("sdp", "status", "code"),
    [
        ("", 400, "bad_offer"),
        ("v=0\r\nnonsense\r\n", 400, "bad_offer"),
        (b"v=0\xff", 400, "malformed"),
        (RECEIVES, 422, "invalid"),
        (offer(data()), 422, "invalid"),
        (offer(media("video", "0", "sendonly"), media("video", "1", "sendonly")), 422, "invalid"),
        (offer(media("audio", "0", "sendonly"), media("audio", "1", "sendrecv")), 422, "invalid"),
        ("v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 301, 422, "too_many_sections"),
        ("v=0\r\n" + "a=x\r\n" * 60_000, 413, "too_large"),
    ],
)
async def test_offers_that_do_not_fit_leave_nobody_in_the_room(sdp: Any, status: int, code: str) -> None:
    async with stage() as (show, client):
        assert problem(await client.post("/whip/studio/obs", sdp)) == (status, code)
        assert show.hub.rooms == {}
        assert show.door.connections.open == 0
        assert show.door.refused == {code: 1}


async def test_a_long_body_is_refused_whether_it_is_announced_or_not() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"a" * 10_000

    async with stage() as (_, client):
        assert problem(await client.post("/whip/studio", endless())) == (413, "too_large")
        assert problem(await client.post("/whip/studio", "", content_length="262145")) == (413, "too_large")


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    stalled = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"v=0\r\n"
        await stalled.wait()

    async with stage(Options(body_timeout=0.05)) as (show, client):
        assert problem(await client.post("/whip/studio", slow())) == (408, "join_timeout")
        assert show.door.connections.open == 0


async def test_what_media_refuses_is_told_and_the_encoder_is_out_again() -> None:
    async with stage() as (show, client):
        show.media.next_error = ProtocolError(Code.NO_COMMON_CODEC, "no section has a codec that the server forwards")
        assert problem(await client.post("/whip/studio/obs")) == (422, "no_common_codec")
        show.media.next_error = Unavailable(Code.MEDIA_UNAVAILABLE, "a worker was lost")
        answer = await client.post("/whip/studio/obs")
        assert problem(answer) == (503, "media_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        await eventually(lambda: show.people() == [] and show.door.connections.open == 0)


# --- what HTTP says ---------------------------------------------------------------------------------------------------------------------


async def test_other_types_than_sdp_are_not_taken() -> None:
    async with stage() as (_, client):
        answer = await client.post("/whip/studio", content_type="application/json")
        assert problem(answer) == (415, "unsupported_media_type")
        assert answer.headers["accept-post"] == "application/sdp"
        assert (await client.post("/whip/studio/b", content_type="Application/SDP; charset=utf-8")).status_code == 201


async def test_a_client_that_wants_no_sdp_is_told_so() -> None:
    async with stage() as (_, client):
        assert problem(await client.post("/whip/studio", accept="text/html, image/png")) == (406, "not_acceptable")
        for accept in ("application/sdp", "text/html;q=0.9, */*;q=0.1", "application/*"):
            assert (await client.post("/whip/studio", accept=accept)).status_code == 201


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_endpoints_know_only_post_and_options(method: str) -> None:
    async with stage() as (show, client):
        for path in ("/whip/studio", "/whip/studio/obs", "/whep/studio", "/whep/studio/ana"):
            answer = await client.ask(method, path)
            assert answer.status_code == 405
            assert set(answer.headers["allow"].split(", ")) == {"POST", "OPTIONS"}
            if method != "HEAD":
                assert problem(answer) == (405, "method_not_allowed")
        assert show.hub.rooms == {}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST"])
async def test_sessions_know_only_patch_delete_and_options(method: str) -> None:
    async with stage() as (_, client):
        location = (await client.post("/whip/studio/obs")).headers["location"]
        answer = await client.ask(method, location)
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) == {"PATCH", "DELETE", "OPTIONS"}


async def test_options_say_what_can_be_sent() -> None:
    async with stage() as (_, client):
        for path in ("/whip/studio", "/whip/studio/obs", "/whep/studio"):
            answer = await client.ask("OPTIONS", path)
            assert answer.status_code == 200
            assert answer.headers["accept-post"] == "application/sdp"
        location = (await client.post("/whip/studio/obs")).headers["location"]
        assert (await client.ask("OPTIONS", location)).headers["accept-patch"] == FRAGMENT


async def test_paths_that_lead_nowhere() -> None:
    async with stage() as (_, client):
        for path in ("/whip/", "/whip/a/b/c", "/whip/a/session/b/c"):
            assert problem(await client.post(path)) == (404, "not_found")
        for path in ("/whip/a%20b", "/whip/" + "r" * 65, "/whip/studio/not%20an%20identity", "/whip/studio/server"):
            assert problem(await client.post(path)) == (422, "invalid")


async def test_pages_of_an_allowed_origin_may_publish_and_others_may_not() -> None:
    async with server(allow_origin=["https://studio.example"]) as (app, _), http(app) as client:
        mine, foreign = {"origin": "https://studio.example"}, {"origin": "https://evil.example"}
        asks = {"access_control_request_method": "POST", "access_control_request_headers": "authorization,content-type"}
        preflight = await client.ask("OPTIONS", "/whip/studio", **mine, **asks)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://studio.example"
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert preflight.headers["accept-post"] == "application/sdp"
        answer = await client.post("/whip/studio/obs", **mine)
        assert answer.status_code == 201
        exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
        assert {"location", "etag", "link", "accept-patch"} <= exposed
        restart = {"access_control_request_method": "PATCH", "access_control_request_headers": "if-match, content-type"}
        preflight = await client.ask("OPTIONS", answer.headers["location"], **mine, **restart)
        assert preflight.status_code == 200
        refused = await client.post("/whip/studio/obs", accept="text/html", **mine)
        assert refused.headers["access-control-allow-origin"] == "https://studio.example", (
            "errors are read by pages too"
        )
        assert (await client.post("/whip/studio/b", **foreign)).status_code == 403
        assert (
            "access-control-allow-origin"
            not in (await client.ask("OPTIONS", "/whip/studio", **foreign, **asks)).headers
        )
        assert (await client.ask("DELETE", answer.headers["location"], **foreign)).status_code == 403


async def test_a_fault_of_ours_is_told_without_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(**_: Any) -> None:
        raise RuntimeError("a secret detail")

    async with stage() as (show, client):
        monkeypatch.setattr(show.door.admission, "admit", broken)
        answer = await client.post("/whip/studio")
        assert problem(answer) == (500, "internal")
        assert "secret" not in answer.text
        assert show.door.connections.open == 0


# --- tokens -----------------------------------------------------------------------------------------------------------------------------


async def test_a_token_names_the_encoder_and_says_what_it_may() -> None:
    async with server(open=False, secret=SECRET) as (app, _), http(app) as client:
        for headers in ({}, {"authorization": "Basic abc"}, {"authorization": "Bearer "}):
            answer = await client.post("/whip/studio", **headers)
            assert problem(answer) == (401, "token_required")
            assert answer.headers["www-authenticate"] == "Bearer"
        assert problem(await client.post("/whip/studio", token="nonsense")) == (401, "token_invalid")
        old = app.token("studio", ttl=-10)
        assert problem(await client.post("/whip/studio", token=old)) == (401, "token_expired")
        assert problem(await client.post("/whip/studio", token=app.token("other"))) == (403, "wrong_room")
        viewer = app.token("studio", role="viewer")
        assert problem(await client.post("/whip/studio", token=viewer)) == (403, "not_allowed")
        silent = app.token("studio", can=["publish:camera"])
        assert problem(await client.post("/whip/studio", token=silent)) == (403, "not_allowed")
        assert (await client.post("/whip/studio", SENDS_PICTURE, token=silent)).status_code == 201
        named = app.token("studio", identity="obs", name="Main camera")
        assert problem(await client.post("/whip/studio/cam2", token=named)) == (403, "not_allowed")
        assert (await client.post("/whip/studio/obs", token=named)).status_code == 201
        people = actor(app).room.participants
        assert ("obs", "Main camera") in [(who.id, who.name) for who in people]


async def test_whom_a_token_names_replaces_himself() -> None:
    async with server(open=False, secret=SECRET) as (app, fake), http(app) as client:
        token = app.token("studio", identity="obs")
        first = await client.post("/whip/studio", token=token)
        fake.connect(connection(app, "studio", "obs"))
        second = await client.post("/whip/studio", token=token)
        assert second.status_code == 201
        gone = await client.ask("DELETE", first.headers["location"], authorization=f"Bearer {token}")
        assert problem(gone) == (404, "session_gone")
        assert len(actor(app).room.participants) == 1


async def test_the_token_is_asked_again() -> None:
    async with server(open=False, secret=SECRET) as (app, _), http(app) as client:
        token = app.token("studio", identity="obs")
        location = (await client.post("/whip/studio", token=token)).headers["location"]
        for method in ("PATCH", "DELETE"):
            assert problem(await client.ask(method, location)) == (401, "token_required")
            other = f"Bearer {app.token('studio', identity='obs', name='x')}"
            assert problem(await client.ask(method, location, authorization=other)) == (403, "not_allowed")
        mine = f"Bearer {token}"
        assert (await client.patch(location, if_match="*", authorization=mine)).status_code == 200
        assert (await client.ask("DELETE", location, authorization=mine)).status_code == 200


async def test_the_apps_own_hook_is_asked() -> None:
    async with server() as (app, _), http(app) as client:
        asked: list[tuple[str, str]] = []

        @app.authorize
        async def decide(request: JoinRequest) -> Grant:
            asked.append((request.door, request.name))
            return Grant(role="viewer" if request.name == "spy" else "speaker")

        assert (await client.post("/whip/studio/obs")).status_code == 201
        assert problem(await client.post("/whip/studio/spy")) == (403, "not_allowed")
        assert asked == [("whip", "obs"), ("whip", "spy")]


# --- rooms ------------------------------------------------------------------------------------------------------------------------------


async def test_a_full_and_a_locked_room_are_closed_to_encoders_too() -> None:
    async with server(max_room_size=2) as (app, _), http(app) as client:
        ana = await person(app, "Ana", room="studio")
        await client.post("/whip/studio/obs")
        answer = await client.post("/whip/studio/another")
        assert problem(answer) == (503, "room_full")
        assert int(answer.headers["retry-after"]) > 0
        await actor(app).request(cmd.Remove(None, ParticipantId("obs")))
        await ana.ask("lock", locked=True)
        assert problem(await client.post("/whip/studio/another")) == (403, "room_locked")


async def test_where_people_are_let_in_one_by_one_an_encoder_takes_a_token_that_admits() -> None:
    async with server(open=False, secret=SECRET) as (app, _), http(app) as client:
        ana = await person(app, "Ana", room="studio", token=app.token("studio", role="moderator"))
        assert (await ana.ask("waiting_room", enabled=True))["type"] == "ok"
        assert problem(await client.post("/whip/studio", token=app.token("studio"))) == (403, "not_allowed")
        assert problem(await client.post("/whip/studio")) == (401, "token_required")
        await eventually(lambda: actor(app).room.waiting == ())
        can = ["publish:camera", "publish:microphone", "admit"]
        assert (await client.post("/whip/studio", token=app.token("studio", can=can))).status_code == 201


async def test_a_stopping_server_takes_nobody() -> None:
    async with server() as (app, _), http(app) as client:
        location = (await client.post("/whip/studio/obs")).headers["location"]
        whip = door(app)
        await app.drain()
        assert whip.sessions == {}
        assert whip.connections.open == 0
        answer = await client.post("/whip/studio/obs")
        assert problem(answer) == (503, "server_stopping")
        assert "retry-after" in answer.headers
        assert problem(await client.ask("DELETE", location)) == (404, "session_gone")


# --- the same encoder again -------------------------------------------------------------------------------------------------------------


async def test_an_encoder_that_has_crashed_gets_back_in_when_its_media_is_lost() -> None:
    async with stage() as (show, client):
        await client.post("/whip/studio/obs")
        show.media.connect(_connection(show, "obs"))
        await _settle(show)
        answer = await client.post("/whip/studio/obs")
        assert problem(answer) == (409, "identity_taken")
        assert int(answer.headers["retry-after"]) > 0
        show.media.disconnect(_connection(show, "obs"))
        await _settle(show)
        assert [who.connected for who in show.hub.rooms["studio"].room.participants] == [False]
        assert (await client.post("/whip/studio/obs")).status_code == 201
        assert show.people() == ["obs"]
        assert show.door.connections.open == len(show.door.sessions) == 1


async def test_an_encoder_whose_media_never_came_may_try_again_at_once() -> None:
    async with stage() as (show, client):
        first = await client.post("/whip/studio/obs")
        assert (await client.post("/whip/studio/obs")).status_code == 201
        assert problem(await client.ask("DELETE", first.headers["location"])) == (404, "session_gone")
        assert show.people() == ["obs"]


async def test_no_encoder_takes_the_place_of_a_person_whose_media_is_not_up() -> None:
    async with server() as (app, _), http(app) as client:
        ana = await person(app, "Ana", room="studio")
        assert problem(await client.post(f"/whip/studio/{ana.me}")) == (409, "identity_taken")
        assert (await ana.ask("react", reaction="👍"))["type"] == "ok"


# --- trickle and ICE restart ------------------------------------------------------------------------------------------------------------


async def test_candidates_are_taken_for_the_present_ice_session_only() -> None:
    async with stage() as (_, client):
        answer = await client.post("/whip/studio/obs")
        location, etag = answer.headers["location"], answer.headers["etag"]
        taken = await client.patch(location, CANDIDATE, if_match=etag)
        assert taken.status_code == 204
        assert taken.content == b""
        assert "etag" not in taken.headers
        only = "m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n"
        assert (await client.patch(location, only, if_match=f'"older", {etag}')).status_code == 204
        assert problem(await client.patch(location, CANDIDATE)) == (428, "precondition_required")
        assert problem(await client.patch(location, CANDIDATE, if_match='"older"')) == (412, "precondition_failed")


async def test_a_restart_of_ice_is_an_offer_with_new_credentials() -> None:
    async with stage() as (show, client):
        answer = await client.post("/whip/studio/obs")
        location, etag = answer.headers["location"], answer.headers["etag"]
        restarted = await client.patch(location, RESTART, if_match="*")
        assert restarted.status_code == 200
        assert restarted.headers["content-type"] == FRAGMENT
        assert restarted.headers["etag"] not in ("", etag)
        first, second = show.media.named("answer")
        assert (first[2], second[2]) == (1, 2)
        assert second[3] == SENDS.replace("abcd", "efgh").replace("p" * 22, "q" * 22)
        assert second[4] == first[4], "the publications stay where they are"
        assert problem(await client.patch(location, CANDIDATE, if_match=etag)) == (412, "precondition_failed")
        again = await client.patch(location, RESTART, if_match=restarted.headers["etag"])
        assert again.status_code == 204, "these are the present ones: candidates of the new ICE session"
        back = await client.patch(location, CANDIDATE, if_match="*")
        assert back.status_code == 200
        assert show.media.named("answer")[2][2:4] == (3, SENDS)


async def test_a_restart_that_fails_leaves_all_as_it_was() -> None:
    async with stage() as (show, client):
        answer = await client.post("/whip/studio/obs")
        location, etag = answer.headers["location"], answer.headers["etag"]
        show.media.next_error = Unavailable(Code.MEDIA_UNAVAILABLE, "the connection is gone")
        assert problem(await client.patch(location, RESTART, if_match="*")) == (503, "media_unavailable")
        assert (await client.patch(location, CANDIDATE, if_match=etag)).status_code == 204
        assert (await client.patch(location, RESTART, if_match="*")).status_code == 200


@pytest.mark.parametrize(
    "fragment",
    [
        "nonsense",
        "a=ice-ufrag:efgh\r\n",
        "a=ice-ufrag:efgh\r\na=ice-pwd:short\r\n",
        "a=ice-ufrag:e!gh\r\na=ice-pwd:" + "q" * 22,
        "a=ice-ufrag:efgh\r\na=ice-ufrag:ijkl\r\na=ice-pwd:" + "q" * 22,
        "a=ice-ufrag:efgh\x00\r\na=ice-pwd:" + "q" * 22,
        "a=x\r\n" * 2001,
        b"a=\xff",
    ],
)
async def test_fragments_that_are_none(fragment: Any) -> None:
    async with stage() as (show, client):
        location = (await client.post("/whip/studio/obs")).headers["location"]
        assert problem(await client.patch(location, fragment, if_match="*")) == (400, "malformed")
        assert len(show.media.named("answer")) == 1


async def test_a_patch_of_another_type_is_told_the_right_one() -> None:
    async with stage() as (_, client):
        location = (await client.post("/whip/studio/obs")).headers["location"]
        answer = await client.patch(location, content_type="application/sdp", if_match="*")
        assert problem(answer) == (415, "unsupported_media_type")
        assert answer.headers["accept-patch"] == FRAGMENT


# --- the end ----------------------------------------------------------------------------------------------------------------------------


async def test_a_deleted_session_is_gone_with_its_person() -> None:
    async with server() as (app, fake), http(app) as client:
        ana = await person(app, "Ana", room="studio")
        location = (await client.post("/whip/studio/obs")).headers["location"]
        media_of = connection(app, "studio", "obs")
        assert (await client.ask("DELETE", location, if_match='"anything"')).status_code == 200
        left = await ana.until("participant_left")
        assert (left["participant"], left["reason"]) == ("obs", "left")
        assert fake.named("close") == [(media_of,)]
        for method in ("DELETE", "PATCH"):
            assert problem(await client.ask(method, location)) == (404, "session_gone")
        assert door(app).connections.open == 0


async def test_a_session_is_found_in_its_own_room_only() -> None:
    async with stage() as (_, client):
        location = (await client.post("/whip/studio/obs")).headers["location"]
        for path in (location.replace("studio", "other"), location[:-1], "/whip/studio/session/obs"):
            assert problem(await client.ask("DELETE", path)) == (404, "session_gone")


async def test_media_that_does_not_connect_in_time_ends_the_session() -> None:
    async with stage(Options(connect_timeout=SOON)) as (show, client):
        location = (await client.post("/whip/studio/obs")).headers["location"]
        await eventually(lambda: show.people() == [])
        assert problem(await client.ask("DELETE", location)) == (404, "session_gone")
        assert show.door.connections.open == 0


async def test_media_that_was_up_and_is_lost_is_not_taken_for_media_that_never_came() -> None:
    async with stage(Options(connect_timeout=SOON)) as (show, client):
        await client.post("/whip/studio/obs")
        show.media.connect(_connection(show, "obs"))
        await _settle(show)
        show.media.disconnect(_connection(show, "obs"))
        await client.post("/whip/studio/late")
        await eventually(lambda: "late" not in show.people())
        assert show.people() == ["obs"]


async def test_media_that_has_connected_in_time_goes_on() -> None:
    async with stage(Options(connect_timeout=SOON)) as (show, client):
        await client.post("/whip/studio/obs")
        show.media.connect(_connection(show, "obs"))
        late = await client.post("/whip/studio/late")
        assert late.status_code == 201
        await eventually(lambda: "late" not in show.people())
        assert show.people() == ["obs"]


async def test_an_encoder_keeps_its_place_for_the_grace_time_when_its_media_is_lost() -> None:
    async with stage(grace=30.0) as (show, client):
        await client.post("/whip/studio/obs")
        show.media.connect(_connection(show, "obs"))
        await _settle(show)
        show.media.disconnect(_connection(show, "obs"))
        await _settle(show)
        show.ahead += 25
        await _settle(show)
        assert show.people() == ["obs"]
        show.ahead += 6
        await _settle(show)
        assert show.people() == []
        assert show.door.sessions == {}


async def test_an_encoder_that_says_goodbye_is_gone_at_once() -> None:
    async with stage() as (show, client):
        await client.post("/whip/studio/obs")
        show.media.connect(_connection(show, "obs"))
        await _settle(show)
        show.media.disconnect(_connection(show, "obs"), "dtls_closed")
        await eventually(lambda: show.people() == [])


async def test_an_encoder_whose_media_fails_before_it_was_up_is_gone_at_once() -> None:
    async with stage() as (show, client):
        await client.post("/whip/studio/obs")
        show.media.disconnect(_connection(show, "obs"), "dtls_failed")
        await eventually(lambda: show.people() == [])


async def test_who_is_removed_has_no_session_any_more() -> None:
    async with server() as (app, _), http(app) as client:
        ana = await person(app, "Ana", room="studio")
        location = (await client.post("/whip/studio/obs")).headers["location"]
        await ana.ask("remove", participant="obs")
        assert problem(await client.patch(location, if_match="*")) == (404, "session_gone")


async def test_an_encoder_that_may_publish_nothing_any_more_goes() -> None:
    async with server() as (app, _), http(app) as client:
        ana = await person(app, "Ana", room="studio")
        await client.post("/whip/studio/obs")
        await ana.ask("set_role", participant="obs", role="viewer")
        await eventually(lambda: door(app).sessions == {})


# --- bounds -----------------------------------------------------------------------------------------------------------------------------


async def test_sessions_are_bounded_in_number_and_by_address() -> None:
    async with stage(Options(max_sessions=3, max_sessions_per_address=2)) as (show, client):
        for name in ("a", "b"):
            assert (await client.post(f"/whip/studio/{name}")).status_code == 201
        assert problem(await client.post("/whip/studio/c")) == (503, "too_many_connections")
        async with http(show.app, address="10.0.0.2") as elsewhere:
            location = (await elsewhere.post("/whip/studio/c")).headers["location"]
            assert problem(await elsewhere.post("/whip/studio/d")) == (503, "too_many_connections")
            assert (await elsewhere.ask("DELETE", location)).status_code == 200
            assert (await elsewhere.post("/whip/studio/d")).status_code == 201


async def test_who_asks_too_often_is_told_to_slow_down_and_others_are_not() -> None:
    async with stage(Options(requests_per_second=1.0)) as (show, client):
        answers = [await client.ask("DELETE", "/whip/studio/session/guess") for _ in range(6)]
        assert {problem(answer) for answer in answers[:4]} == {(404, "session_gone")}
        assert problem(answers[-1]) == (429, "too_many_messages")
        assert answers[-1].headers["retry-after"] == "1"
        async with http(show.app, address="10.0.0.2") as elsewhere:
            assert problem(await elsewhere.ask("DELETE", "/whip/studio/session/guess")) == (404, "session_gone")


async def test_what_is_refused_is_counted_in_the_metrics() -> None:
    async with server() as (app, _), http(app) as client:
        await client.post("/whip/studio", RECEIVES)
        text = (await client.ask("GET", "/metrics")).text
        assert 'tertulia_messages_refused_total{code="invalid"} 1.0' in text


# --- the reference ----------------------------------------------------------------------------------------------------------------------


def test_the_reference_has_every_status_with_its_codes() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.*?) \|", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    documented = {code: int(status) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    ours = {code.value: PROBLEMS.status_of(code) for code in Code if PROBLEMS.status_of(code) != 500}
    of_http = {
        "not_found": 404, "method_not_allowed": 405, "not_acceptable": 406, "precondition_failed": 412,
        "unsupported_media_type": 415, "precondition_required": 428, "internal": 500,
    }  # fmt: skip
    assert documented == ours | of_http


# --- helpers ----------------------------------------------------------------------------------------------------------------------------


def _connection(show: Stage, who: str) -> ConnectionId:
    seat = show.hub.rooms["studio"].seat(ParticipantId(who))
    assert seat is not None
    return seat.connection


async def _settle(show: Stage) -> None:
    """What the room was told before is done."""
    await show.hub.rooms["studio"].request(cmd.Tick())
