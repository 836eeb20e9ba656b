"""A person in a test call, and what he must see and hear."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .browsers import Page

PATIENCE = 45.0
"""Seconds that a test waits for anything; typical is one or two."""


T = TypeVar("T")


async def until(
    question: Callable[[], Awaitable[T | None]], what: Callable[[], str] | str, patience: float = PATIENCE
) -> T:
    """Asks again until the answer is true; fails with `what` otherwise."""
    deadline = time.monotonic() + patience
    while True:
        answer = await question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not within {patience:g} s: {what() if callable(what) else what}; last answer: {answer!r}"
            )
        await asyncio.sleep(0.05)


@dataclass
class Gaps:
    """What a switch of roads cost the eye: frame numbers that never came, and the longest time in seconds without a new picture.

    Time in which the sender painted late, because this machine was busy, is not counted: no road could have carried it.
    """

    missing: int
    longest: float
    shown: int


@dataclass
class Caller:
    """Someone with a picture and a pitch of his own."""

    page: Page
    name: str
    number: int
    room: str
    identity: str = ""
    fps: float = 10
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def pitch(self) -> float:
        return 300.0 + 130.0 * self.number

    async def call(self, method: str, **arguments: Any) -> Any:
        return await self.page.evaluate(f"person.{method}({json.dumps(arguments)})")

    async def join(self, fps: float = 10, **arguments: Any) -> Caller:
        self.fps = fps

        async def loaded() -> bool:
            return bool(await self.page.evaluate("typeof person !== 'undefined'"))

        await until(loaded, lambda: f"test page of {self.name}: {getattr(self.page, 'errors', '')}")
        self.identity = await self.call(
            "join",
            room=self.room,
            name=self.name,
            id=self.number,
            hz=self.pitch,
            options=self.options,
            fps=fps,
            **arguments,
        )
        return self

    async def clock(self) -> float:
        return float(await self.page.evaluate("person.now()"))

    async def sees(self, other: Caller, frames: int = 8, patience: float = PATIENCE) -> None:
        """Fails unless `frames` new pictures of the other one are shown from now on, and nothing but his."""
        since = await self.clock()

        async def enough() -> list[dict[str, Any]] | None:
            seen = await self.call("watch", name=other.name, since=since)
            good = {frame["n"] for frame in seen if frame.get("id") == other.number and not frame.get("bad")}
            return seen if len(good) >= frames else None

        seen = await until(enough, f"{self.name} sees {other.name} move", patience)
        wrong = [frame for frame in seen if frame.get("bad") or frame.get("id", other.number) != other.number]
        assert not wrong, f"{self.name} looks at {other.name} and sees {wrong[:3]}"

    async def sees_nothing_new_of(self, other: Caller, for_seconds: float = 1.5) -> None:
        """Fails when a picture arrives in a window that is long enough for fifteen of them."""
        since = await self.clock()

        async def over() -> bool:
            return await self.clock() >= since + for_seconds * 1000

        await until(over, "time passes")
        # Up to half a second of the window may show what was under way when it began.
        late = await self.call("watch", name=other.name, since=since + 500)
        assert not late, f"{self.name} still sees {other.name}: {late[:3]}"

    async def hears(self, other: Caller, patience: float = PATIENCE) -> None:
        async def pitch() -> dict[str, float] | None:
            heard = await self.call("hear", name=other.name)
            return heard if heard and abs(heard["hz"] - other.pitch) < 12 and heard["above"] > 25 else None

        await until(pitch, f"{self.name} hears {other.name} at {other.pitch:g} Hz", patience)

    async def plays_sound_of(self, other: Caller, patience: float = PATIENCE) -> None:
        """Fails unless an element that has the other's stream from the beginning plays on: `hears` listens past it, to the track."""

        async def played() -> float:
            return float((await self.call("hear", name=other.name) or {}).get("played", 0))

        before = await played()

        async def on() -> bool:
            return await played() > before + 0.5

        await until(on, f"{self.name} plays the sound of {other.name} past {before:g} s", patience)

    async def hears_nothing_of(self, other: Caller) -> None:
        async def silent() -> bool:
            heard = await self.call("hear", name=other.name)
            return heard is None or abs(heard["hz"] - other.pitch) > 12 or heard["above"] < 25

        await until(silent, f"{self.name} no longer hears {other.name}")

    async def meets(self, *others: Caller) -> None:
        """Sees and hears each of them, all at once."""
        await asyncio.gather(*(notices(other) for other in others for notices in (self.sees, self.hears)))

    async def gaps(self, other: Caller, since: float) -> Gaps:
        """How smoothly the other's picture went on since a time of this page's clock."""
        shown = await self.call("watch", name=other.name, since=since)
        black = [frame for frame in shown if frame.get("black")]
        assert not black, f"{self.name} saw black in place of {other.name}"
        good = [frame for frame in shown if frame.get("id") == other.number and not frame.get("bad")]
        numbers = [frame["n"] for frame in good]
        painted = {int(n): at for n, at in (await other.call("painting")).items()}
        longest = 0.0
        for before, after in itertools.pairwise(good):
            steps = after["n"] - before["n"]
            late = painted[after["n"]] - painted[before["n"]] - steps * 1000 / other.fps if steps > 0 else 0
            longest = max(longest, after["at"] - before["at"] - max(0, late))
        new = sorted(set(numbers))
        missing = (new[-1] - new[0] + 1) - len(new)
        return Gaps(missing, longest / 1000, len(new))

    async def roads(self) -> dict[str, Any]:
        return await self.call("roads")  # type: ignore[no-any-return]

    async def talks_directly(self) -> None:
        """Selected pairs of host candidates on a direct road that decodes, and no RTP by the server."""

        async def direct() -> bool:
            roads = await self.roads()
            ready = [
                road for road in roads["direct"].values() if road and road["state"] == "connected" and road["decoded"]
            ]
            return bool(ready) and all(road["remote"] for road in ready)

        await until(direct, f"{self.name} talks directly")

    async def talks_by_the_server(self, udp_port: int) -> None:
        """The only road is the server's, and its selected pair ends at the server's UDP port."""

        async def served() -> bool:
            roads = await self.roads()
            sfu = roads["sfu"]
            return (
                bool(sfu)
                and not roads["direct"]
                and sfu["decoded"] > 0
                and (sfu["remote"] or {}).get("port") == udp_port
            )

        await until(served, f"{self.name} talks by the server")
