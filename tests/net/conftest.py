"""Sockets are handled by the loop of `serve` and by that of somebody else's server."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

Factory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Factory]:
    standard: dict[str, Factory] = {"asyncio": asyncio.new_event_loop}
    return {**standard, "uvloop": uvloop.new_event_loop} if item.path.stem == "test_gate" else standard
