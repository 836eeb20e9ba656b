"""Three people at home, each with a browser of his own, and Tertulia's server in the internet."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Error as PlaywrightError

from tertulia.cli import certificate
from tests.e2e.browsers import (
    CHROMIUM_FLAGS,
    FIREFOX,
    Chromium,
    ChromiumPage,
    Firefox,
    FirefoxPage,
    SoundServer,
    chromium,
    find,
)
from tests.e2e.caller import PATIENCE, Caller, until
from tests.e2e.conftest import HERE as E2E
from tests.e2e.conftest import Server

from .box import PORT_RESTRICTED, Rules
from .internet import Family, Household, Internet, Line, Machine
from .world import World

NAMES = ("Ana", "Ben", "Cora")
PORT, UDP_PORT = 443, 3478
SERVER, SECOND_SERVER = "server", "second"
"""Places."""
HOME, GUEST, MOBILE = "home0", "guest0", "mobile0"
"""Networks of a machine: one's own; with Ana; a telephone's."""
NOBODY: frozenset[str] = frozenset()
AT_HOME: Mapping[str, str] = {}
NO_OPTIONS: Mapping[str, object] = {}
_ON_ONE_MACHINE = "--allow-loopback-in-peer-connection"


class Person:
    """Somebody with a machine, and browsers that are opened once: Chromium for all, Firefox for who is asked to use it."""

    def __init__(self, name: str, number: int, machine: Machine, home: Household, mobile: Household) -> None:
        self.name = name
        self.number = number
        self.machine = machine
        self.home = home
        self.mobile = mobile
        self.browser: Chromium
        self.firefox: Firefox | None = None


class Town:
    """Made once, for it takes seconds; each test says anew what the boxes are and opens pages of its own."""

    def __init__(self, folder: Path) -> None:
        self.world = World()
        self._internet = Internet(self.world)
        self._folder = folder
        self.callers: list[Caller] = []
        """Those of this test."""
        self._servers: list[Server] = []
        self._sound: SoundServer | None = None

    async def __aenter__(self) -> Town:
        async with AsyncExitStack() as self._stack:
            self._stack.push_async_callback(self._bury)
            await self._stack.enter_async_context(self.world)
            await self._stack.enter_async_context(self._internet)
            self.people = [await self._settle(name, number) for number, name in enumerate(NAMES, 1)]
            await self.people[0].home.lay_cable(self.people[1].machine, GUEST)
            self._lines = {place: await self._internet.host(place) for place in (SERVER, SECOND_SERVER)}
            addresses = [it for line in self._lines.values() for it in (line.ipv4, line.ipv6)]
            self._certificate = certificate.read_or_make(self._folder, addresses)
            await asyncio.gather(self.serve(SERVER), *(self._open_browser(person) for person in self.people))
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    def line(self, server: str) -> Line:
        return self._lines[server]

    async def invite(
        self,
        *boxes: Rules,
        family: Family = 4,
        server: str = SERVER,
        networks: Mapping[str, str] = AT_HOME,
        options: Mapping[str, object] = NO_OPTIONS,
        firefox: frozenset[str] = NOBODY,
    ) -> list[Caller]:
        """Ana, Ben and Cora, as many as boxes are given, each at home behind one, or on the network that is named; their pages are open,
        in Chromium or in Firefox, nobody has joined."""
        room = f"room-{uuid.uuid4().hex[:8]}"
        invited = self.people[: len(boxes)]
        for person, rules in zip(invited, boxes, strict=True):
            await person.home.obey(rules)
            await person.machine.up(networks.get(person.name, HOME), family)
        browsers = [await self._firefox(person) if person.name in firefox else person.browser for person in invited]
        url = f"{self.line(server).url(family)}/"
        pages = await asyncio.gather(*(_open(browser, url) for browser in browsers))
        self.callers = [
            Caller(page, person.name, person.number, room, options=dict(options))
            for page, person in zip(pages, invited, strict=True)
        ]
        return list(self.callers)

    async def call(
        self,
        *boxes: Rules,
        family: Family = 4,
        server: str = SERVER,
        options: Mapping[str, object] = NO_OPTIONS,
        firefox: frozenset[str] = NOBODY,
        patience: float = PATIENCE,
    ) -> list[Caller]:
        """As `invite`; they join one room and each sees all others."""
        callers = await self.invite(*boxes, family=family, server=server, options=options, firefox=firefox)
        for caller in callers:
            await caller.join()
        await see_each_other(*callers, patience=patience)
        return callers

    async def clear(self) -> None:
        await asyncio.gather(*(caller.page.close() for caller in self.callers))
        self.callers = []

    def server_lines(self) -> list[object]:
        return [line for server in self._servers for line in server.lines[-20:]]

    async def _bury(self) -> None:
        """Servers end with the world."""
        for server in self._servers:
            await server.stop()

    async def _settle(self, name: str, number: int) -> Person:
        place = name.lower()
        await self.world.add(place)
        machine = Machine(self.world, place)
        home = await self._internet.household(f"{place}-box")
        mobile = await self._internet.household(f"{place}-mobile")
        await home.lay_cable(machine, HOME)
        await mobile.lay_cable(machine, MOBILE)
        await mobile.obey(PORT_RESTRICTED)
        return Person(name, number, machine, home, mobile)

    async def serve(self, place: str, *arguments: str) -> None:
        """`tertulia serve` there, until the end."""
        data_dir = self._folder / place
        chain, key = map(str, self._certificate)
        server = Server(
            "--host", "::", "--open", "--data-dir", str(data_dir), "--tls-cert", chain, "--tls-key", key, "--web", str(E2E / "web"),
            *arguments, port=PORT, udp_port=UDP_PORT, inside=self.world.inside(place),
        )  # fmt: skip
        self._servers.append(await server.start())

    async def _open_browser(self, person: Person) -> None:
        program = self.world.wrapper(person.machine.place, chromium(), self._folder)
        flags = [flag for flag in CHROMIUM_FLAGS if flag != _ON_ONE_MACHINE]
        trusted = f"--ignore-certificate-errors-spki-list={_public_key_hash(self._certificate[0])}"
        person.browser = await self._stack.enter_async_context(Chromium(program, [*flags, trusted]))

    async def _firefox(self, person: Person) -> Firefox:
        if not person.firefox:
            place = person.machine.place
            if not self._sound:
                self._sound = await self._stack.enter_async_context(SoundServer())
            program = self.world.wrapper(place, find(*FIREFOX), self._folder)
            firefox = Firefox(self._sound.address, program, partial(self.world.reach, place))
            person.firefox = await self._stack.enter_async_context(firefox)
        return person.firefox


async def _open(browser: Chromium | Firefox, url: str) -> ChromiumPage | FirefoxPage:
    page = await browser.open("about:blank")
    faults: list[str] = []

    async def loaded() -> bool:
        # A browser that finds its network to be another, which takes it a second or two, gives up what it was loading.
        try:
            await (page.page if isinstance(page, ChromiumPage) else page).goto(url)
        except (PlaywrightError, RuntimeError) as error:
            faults.append(str(error))
            return False
        return bool(await page.evaluate("typeof person !== 'undefined'"))

    await until(loaded, lambda: f"{url} is loaded: {faults[-1:]} {getattr(page, 'errors', '')}")
    return page


async def see_each_other(*callers: Caller, patience: float = PATIENCE) -> None:
    """Each sees new pictures of each, read from what was decoded."""
    pairs = [(one, other) for one in callers for other in callers if one is not other]
    await asyncio.gather(*(one.sees(other, patience=patience) for one, other in pairs))


def _public_key_hash(file: Path) -> str:
    key = x509.load_pem_x509_certificate(file.read_bytes()).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()
