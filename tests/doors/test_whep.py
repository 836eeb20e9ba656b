"""WHEP: a player is a viewer who receives one picture and one sound."""

from typing import Any

import pytest

from tertulia import Tertulia
from tertulia.media.port import PublicationKey
from tertulia.runtime.views import Participant
from tests.doors.harness import SECRET, Client, eventually, person, server
from tests.doors.whip import RECEIVES, RESTART, SENDS, Http, connection, http, problem, stage
from tests.media.offers import data, media, offer


async def publisher(app: Tertulia, name: str, **fields: Any) -> tuple[Client, str, str]:
    """Somebody with a camera and a microphone, and what they are called."""
    client = await person(app, name, room="studio", p2p=False, **fields)
    ids = []
    for source, kind in (("camera", "video"), ("microphone", "audio")):
        ids.append((await client.ask("publish", source=source, kind=kind))["publication"]["id"])
    return client, ids[0], ids[1]


async def player(client: Http, app: Tertulia, path: str = "/whep/studio", **headers: str) -> str:
    """Its identity in the room."""
    before = {who.id for who in people(app)}
    answer = await client.post(path, RECEIVES, **headers)
    assert answer.status_code == 201, answer.text
    (new,) = {who.id for who in people(app)} - before
    return str(new)


def people(app: Tertulia) -> tuple[Participant, ...]:
    room = app.room("studio")
    return () if room is None else room.participants


async def test_a_player_receives_what_the_director_picks() -> None:
    async with server() as (app, fake), http(app) as client:
        _, camera, microphone = await publisher(app, "Ana")
        who = await player(client, app)
        media_of = connection(app, "studio", who)
        await eventually(lambda: fake.subscriptions.get(media_of) == {camera: "video", microphone: "audio"})
        assert fake.named("answer")[-1][0] == media_of
        assert fake.named("answer")[-1][4] == {}


async def test_a_player_may_come_before_anybody_sends() -> None:
    async with server() as (app, fake), http(app) as client:
        who = await player(client, app)
        media_of = connection(app, "studio", who)
        fake.connect(media_of)
        assert fake.subscriptions.get(media_of, {}) == {}
        ana, camera, microphone = await publisher(app, "Ana")
        await eventually(lambda: fake.subscriptions.get(media_of) == {camera: "video", microphone: "audio"})
        ana.send("leave")
        await eventually(lambda: fake.subscriptions[media_of] == {})


async def test_who_speaks_is_heard_by_a_player() -> None:
    async with server() as (app, fake), http(app) as client:
        _, _, anas = await publisher(app, "Ana")
        _, camera, bens = await publisher(app, "Ben")
        media_of = connection(app, "studio", await player(client, app))
        await eventually(lambda: fake.subscriptions.get(media_of) == {camera: "video", bens: "audio"})
        fake.speak("studio", (PublicationKey(anas), 20))
        await eventually(lambda: fake.subscriptions[media_of] == {camera: "video", anas: "audio"})


async def test_one_persons_tracks_are_received_where_the_path_names_one() -> None:
    async with server() as (app, fake), http(app) as client:
        ana, camera, microphone = await publisher(app, "Ana")
        await publisher(app, "Ben")
        media_of = connection(app, "studio", await player(client, app, f"/whep/studio/{ana.me}"))
        await eventually(lambda: fake.subscriptions.get(media_of) == {camera: "video", microphone: "audio"})
        nobody = connection(app, "studio", await player(client, app, "/whep/studio/nobody"))
        assert fake.subscriptions.get(nobody, {}) == {}


async def test_what_whip_sends_whep_plays() -> None:
    async with server() as (app, fake), http(app) as client:
        await client.post("/whip/studio/obs", SENDS)
        tracks = set(fake.publications[connection(app, "studio", "obs")].values())
        media_of = connection(app, "studio", await player(client, app, "/whep/studio/obs"))
        await eventually(lambda: set(fake.subscriptions.get(media_of, {})) == tracks)


@pytest.mark.parametrize(
    ("sections", "received"),
    [
        ([media("audio", "0", "recvonly")], {"audio"}),
        ([media("video", "0", "recvonly")], {"video"}),
        ([media("audio", "0", "sendrecv"), media("video", "1", "sendrecv"), data()], {"audio", "video"}),
    ],
)
async def test_a_player_receives_only_what_it_has_a_section_for(sections: list[list[str]], received: set[str]) -> None:
    async with server() as (app, fake), http(app) as client:
        ana, _, _ = await publisher(app, "Ana")
        answer = await client.post("/whep/studio", offer(*sections))
        assert answer.status_code == 201
        (who,) = {who.id for who in people(app)} - {ana.me}
        media_of = connection(app, "studio", who)
        await eventually(lambda: set(fake.subscriptions.get(media_of, {}).values()) == received)


async def test_an_offer_that_receives_nothing_is_refused() -> None:
    async with stage() as (show, client):
        for sdp in (SENDS, offer(media("audio", "0", "inactive")), offer(data())):
            assert problem(await client.post("/whep/studio", sdp)) == (422, "invalid")
        assert show.hub.rooms == {}


async def test_a_player_is_a_viewer_and_never_moderates() -> None:
    async with server(open=False, secret=SECRET) as (app, _), http(app) as client:
        token = app.token("studio", role="moderator", name="Big screen")
        await player(client, app, token=token)
        (who,) = people(app)
        assert (who.name, who.role) == ("Big screen", "viewer")


async def test_a_player_in_an_open_room_does_not_become_its_moderator() -> None:
    async with server() as (app, _), http(app) as client:
        await player(client, app)
        ana = await person(app, "Ana", room="studio")
        assert {who.id: who.role for who in people(app)}[ana.me] == "moderator"


async def test_players_take_a_token_where_the_server_does() -> None:
    async with server(open=False, secret=SECRET) as (app, _), http(app) as client:
        answer = await client.post("/whep/studio", RECEIVES)
        assert problem(answer) == (401, "token_required")
        assert answer.headers["www-authenticate"] == "Bearer"
        mute = app.token("studio", can=["chat"])
        assert problem(await client.post("/whep/studio", RECEIVES, token=mute)) == (403, "not_allowed")
        viewer = app.token("studio", role="viewer")
        for _ in range(2):
            await player(client, app, token=viewer)
        assert len(people(app)) == 2, "a token without an identity is good for many players"


async def test_who_may_let_others_in_plays_in_a_locked_room() -> None:
    async with server(open=False, secret=SECRET) as (app, _), http(app) as client:
        ana, _, _ = await publisher(app, "Ana", token=app.token("studio", role="moderator"))
        await ana.ask("lock", locked=True)
        assert problem(await client.post("/whep/studio", RECEIVES, token=app.token("studio"))) == (403, "room_locked")
        await player(client, app, token=app.token("studio", role="moderator"))


async def test_the_path_names_a_person() -> None:
    async with stage() as (_, client):
        assert problem(await client.post("/whep/studio/not%20an%20identity", RECEIVES)) == (422, "invalid")


async def test_a_player_whose_media_is_lost_is_gone_at_once() -> None:
    async with stage() as (show, client):
        location = (await client.post("/whep/studio", RECEIVES)).headers["location"]
        (seat,) = show.door.sessions.values()
        show.media.connect(seat.connection)
        show.media.disconnect(seat.connection)
        await eventually(lambda: show.people() == [])
        assert problem(await client.patch(location, RESTART, if_match="*")) == (404, "session_gone")


async def test_a_player_restarts_ice_and_ends() -> None:
    async with stage() as (show, client):
        answer = await client.post("/whep/studio", RECEIVES)
        location = answer.headers["location"]
        assert location.startswith("/whep/studio/session/")
        restarted = await client.patch(location, RESTART, if_match="*")
        assert restarted.status_code == 200
        assert restarted.headers["etag"] != answer.headers["etag"]
        assert (await client.ask("DELETE", location)).status_code == 200
        assert show.people() == []
