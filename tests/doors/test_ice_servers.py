"""Every door that can tells of ICE servers: whom, what, and again before it ends."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tertulia.auth.admission import Admission
from tertulia.auth.ice_servers import IceServers
from tertulia.auth.tokens import TokenVerifier
from tertulia.auth.turn import TurnSecret
from tertulia.core.model import RoomSettings
from tertulia.doors.native import NativeDoor, Options
from tertulia.media.fake import FakeMedia
from tertulia.media.roads import Roads
from tertulia.net import Connections
from tertulia.runtime.broker import Broker
from tertulia.runtime.hub import Hub
from tests.auth.test_turn import password
from tests.doors.harness import SECRET, Client, server
from tests.doors.pages import Page
from tests.doors.whip import RECEIVES, http, stage

ROADS = Roads(("192.0.2.1:3478", "10.0.0.5:3478"), ("192.0.2.1:3000", "10.0.0.5:3000"))
TURN_SECRET = "a secret for credentials, long enough"
HOUR = 3600


class Clock:
    """Seconds since 1970, as the test has it."""

    def __init__(self) -> None:
        self.now = 1_794_000_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def native(clock: Clock, **settings: Any) -> AsyncIterator[NativeDoor]:
    """The door alone, with credentials for an hour."""
    hub = Hub(FakeMedia(), lambda name: RoomSettings(name, eldest_moderates=True))
    given = {"udp": ROADS.udp, "tcp": ROADS.tcp, "relay": TurnSecret(TURN_SECRET), "ttl": HOUR, "clock": clock}
    ice_servers = IceServers(**{**given, **settings})
    admission = Admission(TokenVerifier(), open=True)
    yield NativeDoor(hub, admission, Options(), Connections(10, 10), ice_servers, Broker())
    await hub.stop(1.0)


async def caller(door: NativeDoor, at: str = "192.0.2.1") -> Client:
    """Somebody whose socket arrived at this address of ours."""
    client = Client(door, headers={"host": f"{at}:3000"})
    client.scope["server"] = (at, 3000)
    return await client.open()


def expiry(lists: dict[str, Any]) -> int:
    """Of the credentials in both lists, which have to be the same and right."""
    (sfu,) = [it for it in lists["sfu"] if it["credential"] is not None]
    (direct,) = [it for it in lists["direct"] if it["credential"] is not None]
    assert (sfu["username"], sfu["credential"]) == (direct["username"], direct["credential"])
    assert sfu["credential"] == password(TURN_SECRET, sfu["username"])
    return int(sfu["username"].partition(":")[0])


# --- /ws --------------------------------------------------------------------------------------------------------------------------------


async def test_joined_has_servers_for_both_kinds_of_connection() -> None:
    clock = Clock()
    async with native(clock) as door:
        ana = await caller(door)
        lists = (await ana.join())["iceServers"]
        assert set(lists) == {"sfu", "direct"}
        assert [it["urls"] for it in lists["sfu"]] == [["turn:192.0.2.1:3000?transport=tcp"]]
        assert [it["urls"] for it in lists["direct"]] == [
            ["stun:192.0.2.1:3478"],
            ["turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.1:3000?transport=tcp"],
        ]
        assert expiry(lists) == clock.now + HOUR


async def test_who_has_come_in_cannot_be_told_from_a_username() -> None:
    async with server(open=False, secret=SECRET, roads=ROADS) as (app, _):
        ana = await Client(app).open()
        joined = await ana.join("standup", token=app.token("standup", identity="ana.maria", name="Ana Maria"))
        names = [it["username"] for it in joined["iceServers"]["direct"] if it["username"]]
        assert names
        assert all(re.fullmatch(r"[0-9]+:[0-9a-f]{12}", name) for name in names)


async def test_others_come_before_the_credentials_end_and_not_sooner() -> None:
    clock = Clock()
    async with native(clock) as door:
        ana = await caller(door)
        first = expiry((await ana.join())["iceServers"])
        clock.now += 0.75 * HOUR - 1
        assert await ana.settle() == []
        clock.now += 1
        ana.send_raw('{"type":"ping","ack":0,"time":1.0}')
        fresh = await ana.until("ice_servers")
        assert expiry(fresh["iceServers"]) == first + 0.75 * HOUR
        await ana.until("pong")
        assert await ana.settle() == []
        clock.now += 0.75 * HOUR
        ana.send_raw('{"type":"ping","ack":0,"time":2.0}')
        assert expiry((await ana.until("ice_servers"))["iceServers"]) == first + 1.5 * HOUR


async def test_nothing_is_renewed_where_nothing_ends() -> None:
    clock = Clock()
    async with native(clock, relay=None, external=["stun:stun.example"]) as door:
        ana = await caller(door)
        assert (await ana.join())["iceServers"]["sfu"] == [
            {"urls": ["stun:stun.example"], "username": None, "credential": None}
        ]
        clock.now += 1000 * HOUR
        assert await ana.settle() == []


async def test_who_comes_back_gets_others_for_the_way_by_which_he_came() -> None:
    clock = Clock()
    async with native(clock) as door:
        ana = await caller(door)
        first = expiry((await ana.join())["iceServers"])
        ana.drop()
        await ana.ended()
        clock.now += 20
        again = await caller(door, at="10.0.0.5")
        lists = (await again.resume(ana))["iceServers"]
        assert expiry(lists) == first + 20
        assert lists["sfu"][0]["urls"] == ["turn:10.0.0.5:3000?transport=tcp"]
        clock.now += 0.75 * HOUR
        again.send_raw('{"type":"ping","ack":1,"time":1.0}')
        fresh = (await again.until("ice_servers"))["iceServers"]
        assert fresh["sfu"][0]["urls"] == ["turn:10.0.0.5:3000?transport=tcp"]


async def test_who_has_waited_gets_credentials_that_begin_then() -> None:
    clock = Clock()
    async with native(clock) as door:
        ana = await caller(door)
        await ana.join()
        await ana.ask("waiting_room", enabled=True)
        ben = await caller(door)
        id = ben.send("join", room="standup", name="Ben")
        await ben.until("waiting")
        clock.now += HOUR
        assert await ben.settle() == []
        knock = await ana.until("knock")
        await ana.ask("admit", participant=knock["participant"]["id"])
        assert expiry((await ben.reply(id))["iceServers"]) == clock.now + HOUR


async def test_with_the_policy_never_both_lists_are_the_one_for_the_server() -> None:
    async with server(p2p="never", roads=ROADS) as (app, _):
        lists = (await (await Client(app).open()).join())["iceServers"]
        assert lists["sfu"] == lists["direct"]
        assert [it["urls"] for it in lists["sfu"]] == [["turn:192.0.2.1:3000?transport=tcp"]]


# --- /signaling -------------------------------------------------------------------------------------------------------------------------


async def test_a_page_that_asks_for_events_is_told() -> None:
    async with server(roads=ROADS, turn_secret=TURN_SECRET) as (app, _):
        ana = await Page(app, events=1).open()
        stun, turn = (await ana.receive())["iceServers"]
        assert stun == {"urls": ["stun:192.0.2.1:3478"]}
        assert turn["credential"] == password(TURN_SECRET, turn["username"])


# --- WHIP and WHEP ----------------------------------------------------------------------------------------------------------------------

LINK = re.compile(
    r'<(?P<url>[^>]+)>; rel="ice-server"; username="(?P<username>[^"]+)"; credential="(?P<credential>[^"]+)"; credential-type="password"'
)


async def test_links_in_the_answer_have_the_servers_for_the_way_to_us() -> None:
    async with server(roads=ROADS, turn_secret=TURN_SECRET) as (app, _), http(app) as client:
        for answer in (await client.post("/whip/studio/obs"), await client.post("/whep/studio", RECEIVES)):
            assert answer.status_code == 201
            (text,) = answer.headers.get_list("link")
            link = LINK.fullmatch(text)
            assert link is not None
            assert link["url"] == "turn:192.0.2.1:3000?transport=tcp"
            assert link["credential"] == password(TURN_SECRET, link["username"])


async def test_options_tell_strangers_no_credentials() -> None:
    settings = {"open": False, "secret": SECRET, "roads": ROADS, "ice_server": ["stun:stun.example"]}
    async with server(**settings) as (app, _), http(app) as client:
        stun = '<stun:stun.example>; rel="ice-server"'
        for path in ("/whip/studio", "/whip/studio/obs", "/whep/studio"):
            for token in (None, "nonsense", app.token("another"), app.token("studio", ttl=-60), app.admin_token()):
                headers = {} if token is None else {"authorization": f"Bearer {token}"}
                answer = await client.ask("OPTIONS", path, **headers)
                assert answer.status_code == 200
                assert answer.headers.get_list("link") == [stun]
            answer = await client.ask("OPTIONS", path, authorization=f"Bearer {app.token('studio')}")
            turn, other = answer.headers.get_list("link")
            assert LINK.fullmatch(turn)
            assert other == stun
            assert answer.headers["cache-control"] == "no-store"


async def test_a_preflight_tells_of_no_servers() -> None:
    async with server(roads=ROADS, allow_origin=["https://studio.example"]) as (app, _), http(app) as client:
        asks = {"origin": "https://studio.example", "access_control_request_method": "POST"}
        preflight = await client.ask("OPTIONS", "/whip/studio", **asks)
        assert preflight.status_code == 200
        assert "link" not in preflight.headers


async def test_the_door_alone_tells_of_what_it_was_given() -> None:
    async with stage(ice_servers=IceServers(external=["stun:stun.example"])) as (_, client):
        assert (await client.ask("OPTIONS", "/whip/studio")).headers["link"] == '<stun:stun.example>; rel="ice-server"'
