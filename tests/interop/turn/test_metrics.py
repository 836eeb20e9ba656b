"""What /metrics tells of a relay at work, read as Prometheus reads it."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tertulia.media.counters import GAUGES, TOTALS

from . import relayed
from .conftest import Serve

pytestmark = [pytest.mark.interop]


async def test_every_figure_is_there_with_its_words(serve: Serve) -> None:
    server = await serve()
    async with AsyncExitStack() as stack:
        for road in ("udp", "tcp"):
            end = await (await relayed.connect(server, road)).allocate()
            stack.push_async_callback(end.close)
        await server.counted(relay_allocations=2, relay_allocations_opened=2, streams=1, streams_opened=1)
        families = {it.name: it for it in text_string_to_metric_families(await server.get("/metrics"))}
    for figures, kind in ((GAUGES, "gauge"), (TOTALS, "counter")):
        for name, words in figures.items():
            found = families[f"tertulia_{name}"]
            assert (found.type, found.documentation) == (kind, words)
    await server.counted(relay_allocations=0, streams=0)
