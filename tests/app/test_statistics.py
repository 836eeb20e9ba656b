"""How media does: in Python, over HTTP, and for the people themselves."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec

from tertulia import Participant, Quality, QualityChanged, Room, Tertulia
from tertulia.doors.api import types
from tertulia.media.fake import FakeMedia
from tertulia.media.port import ConnectionStatistics, EncodingStatistics, Layer, PublicationKey, Received, Sent
from tertulia.runtime.statistics import Statistics
from tests.app.test_api import client
from tests.doors.harness import SECRET, Client, eventually, person, server

LOW, HIGH = Layer("h", 320, 180, 30.0), Layer("f", 640, 360, 30.0)
ANA_DOES, BEN_DOES = Quality(4.3, "excellent"), Quality(4.4, "excellent")


class Call:
    """Ana sends a camera to Ben, by the server."""

    def __init__(self, app: Tertulia, media: FakeMedia, ana: Client, ben: Client, camera: str) -> None:
        self.app, self.media, self.ana, self.ben, self.camera = app, media, ana, ben, camera
        (first, *_), (second, *_) = media.named("answer")
        self.connections = first, second

    @classmethod
    async def begin(cls, app: Tertulia, media: FakeMedia) -> "Call":
        ana = await person(app, "Ana", token=app.token("*", identity="ana", role="moderator"))
        ben = await person(app, "Ben", token=app.token("*", identity="ben"))
        published = await ana.ask("publish", source="camera", kind="video")
        for it in (ana, ben):
            await it.ask("offer", to="server", serial=1, sdp="v=0", publications={})
        return cls(app, media, ana, ben, published["publication"]["id"])

    async def measure(self, **changes: Any) -> None:
        camera = PublicationKey(self.camera)
        sent = Sent(camera, (EncodingStatistics(HIGH, 800_000, 396, 4, 3, 0.01),))
        received = Received(camera, HIGH, HIGH, "best", 790_000, 400, 0, 2, 0.01)._replace(**changes)
        self.media.measured = [
            ConnectionStatistics(self.connections[0], 4.0, 0.02, None, (sent,), ()),
            ConnectionStatistics(self.connections[1], 4.0, 0.03, 900_000, (), (received,)),
        ]
        assert self.app._running is not None
        await Statistics(self.app._running.hub, self.media, self.app._feed.rated).measure()


def calls() -> AbstractAsyncContextManager[tuple[Tertulia, FakeMedia]]:
    return server(open=False, secret=SECRET, p2p="never")


async def test_people_are_told_what_they_get_and_whose_connection_is_weak() -> None:
    async with calls() as (app, media):
        call = await Call.begin(app, media)
        await call.measure()
        assert (await call.ben.until("reception"))["tracks"] == [
            {"publication": call.camera, "reason": "best", "width": 640, "height": 360, "score": 4.5}
        ]
        told = (await call.ben.until("quality"))["participants"]
        assert told == [
            {"participant": "ana", "quality": "excellent", "score": 4.3},
            {"participant": "ben", "quality": "excellent", "score": 4.4},
        ]
        await call.measure()
        assert [it["type"] for it in await call.ben.settle()] == [], "nothing is different"
        await call.measure(layer=LOW, reason="bandwidth", lost=60)
        (track,) = (await call.ben.until("reception"))["tracks"]
        assert (track["reason"], track["width"]) == ("bandwidth", 320)
        poor = [{"participant": "ben", "quality": "poor", "score": 2.9}]
        assert (await call.ben.until("quality"))["participants"] == poor
        told = [it["participants"] for it in await call.ana.settle() if it["type"] == "quality"]
        assert told[1:] == [poor]


async def test_who_comes_later_is_told_how_everybody_does() -> None:
    async with calls() as (app, media):
        call = await Call.begin(app, media)
        await call.measure()
        cleo = await person(app, "Cleo", token=app.token("*"))
        assert [it["participant"] for it in (await cleo.until("quality"))["participants"]] == ["ana", "ben"]


async def test_a_report_counts_where_one_is_subscribed_and_nowhere_else() -> None:
    async with calls() as (app, media):
        call = await Call.begin(app, media)
        report = {"freezes": 2, "frozen": 0.25, "concealed": 0, "frameRate": 12, "width": 640, "height": 360}
        for who in (call.ana, call.ben):
            received = [{"publication": it, **report} for it in (call.camera, "no such thing")]
            assert (await who.ask("report", received=received))["type"] == "ok"
        await call.measure()
        room = app.room("standup")
        assert room is not None
        _, ben = room.statistics
        assert ben.subscriptions[0].reception is not None and ben.subscriptions[0].reception.freezes == 2
        assert ben.subscriptions[0].score is not None and ben.subscriptions[0].score < 2
        assert ben.quality is not None and ben.quality.word == "excellent", "it may be the publisher's fault"
        assert app._running is not None
        gauge = app._running.hub.rooms["standup"].effects.gauge
        assert [key for key in gauge._reports] == [("ben", call.camera)]


async def test_a_report_is_bounded() -> None:
    async with calls() as (app, media):
        call = await Call.begin(app, media)
        good = {"publication": "x", "freezes": 0, "frozen": 0, "concealed": 0, "frameRate": 0, "width": 0, "height": 0}
        for bad in ({"frozen": 1.5}, {"concealed": -0.1}, {"freezes": -1}, {"frameRate": 1e9}, {"width": 99_999}):
            assert (await call.ben.ask("report", received=[good | bad]))["code"] == "malformed"
        assert (await call.ben.ask("report", received=[good] * 101))["code"] == "too_large"


async def test_handlers_and_iterations_hear_of_it() -> None:
    async with calls() as (app, media):
        heard: list[tuple[str, str, Quality | None]] = []
        words: list[str | None] = []

        @app.on("quality")
        async def note(room: Room, who: Participant, quality: Quality | None) -> None:
            heard.append((room.name, who.id, quality))
            words.append(who.connection_quality)

        stream = app.events("quality")
        call = await Call.begin(app, media)
        await call.measure()
        await eventually(lambda: len(heard) == 2)
        assert heard == [("standup", "ana", ANA_DOES), ("standup", "ben", BEN_DOES)]
        room = app.room("standup")
        assert room is not None
        assert [(who.connection_quality, who.connection_score) for who in room.participants] == [
            ("excellent", 4.3),
            ("excellent", 4.4),
        ]
        first: QualityChanged = await anext(stream)
        assert (first.participant.name, first.quality) == ("Ana", heard[0][2])
        call.connections = ("gone", "gone too")
        await call.measure()
        await eventually(lambda: len(heard) == 4)
        assert heard[2:] == [("standup", "ana", None), ("standup", "ben", None)]
        assert words == ["excellent", "excellent", None, None]
        assert [who.connection_quality for who in room.participants] == [None, None]


async def test_one_whose_signalling_is_lost_is_lost() -> None:
    async with calls() as (app, media):
        call = await Call.begin(app, media)
        await call.measure()
        call.ben.drop()
        await call.ana.until(lambda it: it["type"] == "participant_updated" and not it["connected"])
        await call.measure()
        lost = {"participant": "ben", "quality": "lost", "score": 1}
        await call.ana.until(lambda it: it["type"] == "quality" and it["participants"] == [lost])


async def test_over_http() -> None:
    async with calls() as (app, media), client(app, app.admin_token()) as api:
        call = await Call.begin(app, media)
        await call.measure(layer=LOW, reason="bandwidth", lost=8)
        answer = await api.get("/rooms/standup/statistics")
        ana, ben = msgspec.json.decode(answer.content, type=types.Statistics, strict=True).participants
        assert (ana.participant, ana.round_trip_time, ana.available_bitrate) == ("ana", 0.02, None)
        (sent,) = ana.publications
        assert (sent.packets_received, sent.packets_lost, sent.packets_repaired, sent.bitrate) == (396, 4, 3, 800_000)
        assert (sent.encodings[0].rid, sent.encodings[0].frame_height) == ("f", 360)
        (got,) = ben.subscriptions
        assert (got.publication, got.reason, got.rid, got.frame_width) == (call.camera, "bandwidth", "h", 320)
        assert (got.packets_lost, got.packets_resent, got.reception) == (8, 2, None)
        assert ben.available_bitrate == 900_000
        room = (await api.get("/rooms/standup")).json()
        assert [who["connectionQuality"] for who in room["participants"]] == ["excellent", "good"]
        assert [who["connectionScore"] for who in room["participants"]] == [4.3, 3.4]
        assert ana.quality == types.Quality("excellent", 4.3)
        assert (await api.get("/rooms/none/statistics")).status_code == 404


async def test_the_figures_are_in_the_metrics() -> None:
    async with calls() as (app, media), client(app) as http:
        call = await Call.begin(app, media)
        await call.measure(layer=LOW, reason="bandwidth")
        text = (await http.get("http://127.0.0.1:3000/metrics")).text
        assert 'tertulia_connection_quality{quality="excellent"} 1.0' in text
        assert 'tertulia_connection_quality{quality="good"} 1.0' in text
        assert 'tertulia_subscriptions{reason="bandwidth"} 1.0' in text
        assert 'tertulia_subscriptions{reason="starved"} 0.0' in text
