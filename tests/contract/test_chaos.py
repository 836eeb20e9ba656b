"""Nothing is lost, said twice or out of order, whatever becomes of connections and of the server."""

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from .chaos import Count, Talk, chaos
from .door import Door
from .server import Server

TERM, KILL = signal.SIGTERM, signal.SIGKILL


def check(server: Server, counted: Counter[str], people: int, terms: int, kills: int) -> None:
    told = [line for line in server.lines if line.get("level") != "info" or line.get("thrown_away")]
    assert (counted["SIGTERM"], counted["SIGKILL"]) == (terms, kills)
    assert counted["Joined"] == people * kills, f"only a server that was killed has forgotten anybody: {told}"
    assert counted["Resumed"] >= people * terms
    assert counted["Talk"] >= people * (terms + kills)


@pytest.mark.timeout(180)
async def test_nothing_is_lost_or_said_twice_when_connections_break_and_the_server_ends(
    door: Door, fresh: Callable[..., Server], room: str, tmp_path: Path
) -> None:
    server = fresh("--data-dir", str(tmp_path), chat_retention=3600)
    activities = [Talk(), Count(forgotten=True)]
    counted = await chaos(door, server, room, people=10, ends=[TERM, KILL, TERM, KILL], activities=activities)
    check(server, counted, 10, 2, 2)


@pytest.mark.timeout(180)
async def test_what_people_share_goes_on_over_restarts(
    door: Door, fresh: Callable[..., Server], room: str, tmp_path: Path
) -> None:
    server = fresh("--data-dir", str(tmp_path), chat_retention=3600)
    activities = [Talk(), Count(forgotten=False)]
    counted = await chaos(door, server, room, people=5, ends=[TERM, TERM], activities=activities)
    check(server, counted, 5, 2, 0)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_nothing_is_lost_or_said_twice_when_that_happens_a_hundred_times(
    door: Door, fresh: Callable[..., Server], room: str, tmp_path: Path
) -> None:
    server = fresh("--data-dir", str(tmp_path), chat_retention=3600)
    activities = [Talk(), Count(forgotten=True)]
    counted = await chaos(door, server, room, people=10, ends=[TERM, KILL] * 50, activities=activities)
    print(dict(counted))
    check(server, counted, 10, 50, 50)
