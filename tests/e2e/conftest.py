"""One server for most tests, browsers that are started once, people that are closed after each test."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from .browsers import Chromium, Firefox, SoundServer
from .caller import Caller
from .meeting import Guest
from .stranger import Stranger
from .visits import SECRET, Visit

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
READY_WITHIN = 90.0

# Four times Playwright's own: beside other browsers a page is late.
expect.set_options(timeout=20_000)


class Server:
    """`tertulia serve` as a user starts it, on ports of its own."""

    def __init__(self, *arguments: str, port: int = 0, udp_port: int = 0, inside: Sequence[str] = ()) -> None:
        """`inside`: a command that runs the one after it somewhere else."""
        self._arguments = arguments
        self._inside = inside
        self._port = port
        self._udp_port = udp_port
        self.url = ""
        self.lines: list[dict[str, Any]] = []

    async def start(self) -> Server:
        self._process = await asyncio.create_subprocess_exec(
            *self._inside, sys.executable, "-m", "tertulia", "serve", "--port", str(self._port), "--udp-port", str(self._udp_port),
            "--log", "json", "--test-commands", *self._arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        ready = await asyncio.wait_for(self._wait_for_ready(), READY_WITHIN)
        self.url = ready["url"].rstrip("/")
        self._port = int(self.url.rsplit(":", 1)[1])
        self._udp_port = self.udp_port = int(ready["udp_port"])
        self._drain = asyncio.create_task(self._read())
        return self

    async def _wait_for_ready(self) -> dict[str, Any]:
        while entry := await self._line():
            if entry.get("event") == "ready":
                return entry
        raise RuntimeError(f"the server ended: {self.lines}")

    async def _line(self) -> dict[str, Any] | None:
        assert self._process.stdout
        text = await self._process.stdout.readline()
        if not text:
            return None
        try:
            entry = json.loads(text)
        except ValueError:
            entry = {"event": text.decode(errors="replace").rstrip()}
        self.lines.append(entry)
        return dict(entry)

    async def _read(self) -> None:
        while await self._line():
            pass

    def memory(self) -> int:
        """Resident, in bytes."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def freeze(self) -> None:
        """To its clients that is a network which carries nothing, neither media nor messages, until `thaw`."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process.returncode is None:
            self._process.send_signal(how)
        await asyncio.wait_for(self._process.wait(), 30)
        self._drain.cancel()

    async def get(self, path: str) -> str:
        def fetch() -> str:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return str(answer.read().decode())

        return await asyncio.to_thread(fetch)

    async def post(self, path: str) -> str:
        def fetch() -> str:
            request = urllib.request.Request(self.url + path, method="POST")
            with urllib.request.urlopen(request, timeout=10) as answer:
                return str(answer.read().decode())

        return await asyncio.to_thread(fetch)

    async def metric(self, name: str) -> float:
        """The sum of a metric's samples."""
        text = await self.get("/metrics")
        values = [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        assert values, f"no metric {name}"
        return sum(map(float, values))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    server = await Server("--web", str(HERE / "web")).start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sfu_server() -> AsyncIterator[Server]:
    """By it everybody talks, two people too."""
    server = await Server("--web", str(HERE / "web"), "--p2p", "never").start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Chromium]:
    async with Chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def firefox() -> AsyncIterator[Firefox]:
    async with SoundServer() as sound, Firefox(sound.address) as browser:
        yield browser


@pytest.fixture
def room() -> str:
    return f"room-{uuid.uuid4().hex[:8]}"


@pytest_asyncio.fixture(loop_scope="session")
async def people(
    request: pytest.FixtureRequest, server: Server, serve: Callable[..., Any], chromium: Chromium, room: str
) -> AsyncIterator[Callable[..., Any]]:
    """`await people("Ana", "Ben")` opens a page for each, not yet joined; `at` another server, in another `room`, another `browser`.

    Servers of the test's own (`serve`) end after the pages.
    """
    opened: list[Caller] = []

    async def invite(
        *names: str, browser: Any = chromium, at: Server = server, room: str = room, **options: Any
    ) -> list[Caller]:
        pages = await asyncio.gather(*(browser.open(f"{at.url}/") for _ in names))
        callers = [
            Caller(page, name, number, room, options=options)
            for number, (page, name) in enumerate(zip(pages, names, strict=True), len(opened) + 1)
        ]
        opened.extend(callers)
        return callers

    yield invite
    failed = getattr(request.node, "failed", False)
    if failed:
        for caller in opened:
            await describe(caller)
    await asyncio.gather(*(caller.page.close() for caller in opened))
    if failed:
        print("--- server", *server.lines[-40:], sep="\n")


async def describe(caller: Caller) -> None:
    print(f"--- {caller.name}", getattr(caller.page, "errors", ""))
    try:
        print(json.dumps(await caller.page.evaluate("person.state()"))[:2000])
        print(json.dumps(await caller.roads())[:2000])
    except Exception as error:
        print(f"(page gone: {error})")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app_server() -> AsyncIterator[Server]:
    """Serves the built app."""
    server = await Server().start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def guests(app_server: Server, chromium: Chromium, room: str) -> AsyncIterator[Callable[..., Any]]:
    """`await guests("Ana", "Ben")` opens the app for each, before joining; `at` another server, `fps` of the pictures."""
    invited: list[Guest] = []

    async def invite(*names: str, at: Server = app_server, fps: float = 10, **options: Any) -> list[Guest]:
        tabs = await asyncio.gather(*(chromium.open("about:blank", **options) for _ in names))
        newcomers = [
            Guest(tab, name, number)
            for number, (tab, name) in enumerate(zip(tabs, names, strict=True), len(invited) + 1)
        ]
        invited.extend(newcomers)

        async def come(guest: Guest) -> None:
            await guest.page.add_init_script(guest.script(fps=fps))
            await guest.page.goto(f"{at.url}/r/{room}")

        await asyncio.gather(*map(come, newcomers))
        return newcomers

    yield invite
    errors = [error for guest in invited for error in guest.tab.errors]
    await asyncio.gather(*(guest.tab.close() for guest in invited))
    assert not errors, errors


@pytest_asyncio.fixture(loop_scope="session")
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """`await serve("--p2p", "always")` starts a server of the test's own, which takes longer than to use one that is there."""
    started: list[Server] = []

    async def start(*arguments: str) -> Server:
        started.append(await Server("--web", str(HERE / "web"), *arguments).start())
        return started[-1]

    yield start
    for one in started:
        await one.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def strangers(chromium: Chromium) -> AsyncIterator[Callable[..., Any]]:
    """`await strangers(url, 1)` opens a page that knows nothing of us, with picture 1; with a `file` in place of what is there."""
    opened: list[Stranger] = []

    async def visit(url: str, number: int, file: Path | None = None) -> Stranger:
        opened.append(await Stranger.open(chromium, url, number, file=file))
        return opened[-1]

    yield visit
    for one in opened:
        await one.tab.close()


@pytest_asyncio.fixture(loop_scope="session")
async def example() -> AsyncIterator[Callable[..., Any]]:
    """`await example("peerjs-call")` serves the example with the command of its README."""
    started: list[Server] = []

    async def start(name: str, *arguments: str) -> Server:
        started.append(await Server("--web", str(EXAMPLES / name), *arguments).start())
        return started[-1]

    yield start
    for one in started:
        await one.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def program() -> AsyncIterator[Callable[..., Any]]:
    """`await program("quotes")` starts the example's own server, and gives its URL."""
    started: list[asyncio.subprocess.Process] = []
    reading: list[asyncio.Task[bytes]] = []

    async def start(name: str) -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLES / name / "server.py"), "--port", "0",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        started.append(process)
        assert process.stdout
        async with asyncio.timeout(READY_WITHIN):
            while line := (await process.stdout.readline()).decode():
                if found := re.search(r"running on (http://\S+)", line):
                    reading.append(asyncio.create_task(process.stdout.read()))
                    return found[1]
        raise RuntimeError(f"{name} ended")

    yield start
    for process in started:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)
    for task in reading:
        await task


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house() -> AsyncIterator[Server]:
    """A server that asks for tokens."""
    server = await Server("--secret", SECRET).start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(house: Server, chromium: Chromium, room: str) -> AsyncIterator[Visit]:
    """Opens pages of the built app in the house."""
    visit = Visit(house.url, chromium, room)
    yield visit
    await visit.end()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True  # type: ignore[attr-defined]
