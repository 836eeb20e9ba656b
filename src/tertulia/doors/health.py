"""Is it alive, is it ready, how is it doing."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tertulia.media import counters
from tertulia.media.port import Media, Reason
from tertulia.media.score import Word
from tertulia.net import LaneTotals
from tertulia.runtime.broker import Broker
from tertulia.runtime.hub import Hub


class Health:
    """/healthz, /readyz and /metrics of one server."""

    def __init__(
        self,
        hub: Hub,
        media: Media,
        connections: Callable[[], int],
        refused: Callable[[], Mapping[str, int]],
        workers: int,
        broker: Broker,
        lanes: LaneTotals,
    ) -> None:
        """`connections`: open WebSockets; `refused`: messages refused so far, by code; `workers`: media threads."""
        self._hub = hub
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Figures(hub, media, connections, refused, workers, broker, lanes))

    def routes(self) -> list[Route]:
        return [Route("/healthz", self._alive), Route("/readyz", self._ready), Route("/metrics", self._metrics)]

    async def _alive(self, request: Request) -> Response:
        return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})

    async def _ready(self, request: Request) -> Response:
        stopping = self._hub.stopping
        text, status = ("stopping\n", 503) if stopping else ("ready\n", 200)
        return PlainTextResponse(text, status_code=status, headers={"cache-control": "no-store"})

    async def _metrics(self, request: Request) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    """Reads the figures when they are asked for; nothing is counted twice."""

    def __init__(
        self,
        hub: Hub,
        media: Media,
        connections: Callable[[], int],
        refused: Callable[[], Mapping[str, int]],
        workers: int,
        broker: Broker,
        lanes: LaneTotals,
    ) -> None:
        self._hub = hub
        self._media = media
        self._connections = connections
        self._refused = refused
        self._workers = workers
        self._broker = broker
        self._lanes = lanes

    def collect(self) -> Iterator[Metric]:
        rooms = self._hub.rooms.values()
        yield GaugeMetricFamily("tertulia_rooms", "Rooms that are open", value=len(rooms))
        yield GaugeMetricFamily(
            "tertulia_participants", "People in rooms", value=sum(len(actor.room.participants) for actor in rooms)
        )
        yield GaugeMetricFamily(
            "tertulia_waiting", "People who wait to be admitted", value=sum(len(actor.room.waiting) for actor in rooms)
        )
        yield GaugeMetricFamily(
            "tertulia_publications",
            "Tracks that are published",
            value=sum(len(actor.room.publications) for actor in rooms),
        )
        yield from self._quality()
        yield GaugeMetricFamily("tertulia_websockets", "Open WebSockets", value=self._connections())
        yield GaugeMetricFamily("tertulia_workers", "Media threads", value=self._workers)
        yield from self._topics()
        yield CounterMetricFamily(
            "tertulia_chunks_left_out",
            "Encoded frames that somebody did not get, for his socket took them too slowly",
            value=self._lanes.left_out,
        )
        refused = CounterMetricFamily(
            "tertulia_messages_refused", "Messages answered with an error or dropped", labels=["code"]
        )
        for code, count in self._refused().items():
            refused.add_metric([code], count)
        yield refused
        totals = dict(self._media.counters())
        open_now = totals.pop("connections", 0)
        yield GaugeMetricFamily("tertulia_media_connections", "Connections to the SFU that are open", value=open_now)
        for name, text in counters.GAUGES.items():
            if name in totals:
                yield GaugeMetricFamily(f"tertulia_{name}", text, value=totals.pop(name))
        for name, count in totals.items():
            text = counters.TOTALS.get(name, "The media engine's total")
            yield CounterMetricFamily(f"tertulia_{name}", text, value=count)

    def _topics(self) -> Iterator[Metric]:
        broker = self._broker
        yield GaugeMetricFamily("tertulia_topic_subscriptions", "Subscriptions to topics", value=broker.subscriptions)
        for name, text, value in (
            ("tertulia_topic_values", "Values that were published on topics", broker.published),
            ("tertulia_topic_deliveries", "Times that a value was passed on to a subscriber", broker.delivered),
            ("tertulia_topic_replaced", "Values that gave way to newer ones, not taken in time", broker.replaced),
        ):
            yield CounterMetricFamily(name, text, value=value)

    def _quality(self) -> Iterator[Metric]:
        people, received = Counter[str](), Counter[str]()
        for actor in self._hub.rooms.values():
            people.update(it.word for it in actor.effects.gauge.qualities.values())
            for it in actor.effects.gauge.latest.values():
                received.update(one.reason for one in it.subscriptions if one.reason is not None)
        words = GaugeMetricFamily(
            "tertulia_connection_quality", "People, by how good their connection is", labels=["quality"]
        )
        for word in get_args(Word):
            words.add_metric([word], people[word])
        yield words
        reasons = GaugeMetricFamily(
            "tertulia_subscriptions", "Tracks that people receive, by why no better layer", labels=["reason"]
        )
        for reason in get_args(Reason):
            reasons.add_metric([reason], received[reason])
        yield reasons
