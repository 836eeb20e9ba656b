"""Real browsers behind one small interface: open a page, call a function of its `person`, close it."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from playwright.async_api import Page as PlaywrightPage
from websockets.asyncio.client import ClientConnection, connect

HEADLESS_SHELL = "chromium-headless-shell"
"""Chromium without the windows around its pages: the same engine, for three quarters of the time. TERTULIA_CHROMIUM names others."""
CHROMIUM = (HEADLESS_SHELL, "chromium", "chromium-browser", "google-chrome")
FIREFOX = ("firefox-esr", "firefox")
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream", "--mute-audio",
    "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks", "--allow-loopback-in-peer-connection",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
]  # fmt: skip

# As a user's Firefox has them, but for fake devices, real host addresses (no mDNS resolver runs here) and nothing that phones home.
FIREFOX_PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.autoplay.block-webaudio": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-manager.url": "",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}


def find(*names: str) -> str:
    """The first of these programs that is installed; a missing browser is a failure, never a skipped test."""
    for name in names:
        if path := shutil.which(name):
            return path
    raise FileNotFoundError(f"none of {', '.join(names)} is installed: apt-get install {names[0]}")


def chromium() -> str:
    """The one that is tested with."""
    wanted = os.environ.get("TERTULIA_CHROMIUM")
    return find(*(wanted.split() if wanted else CHROMIUM))


class Page(Protocol):
    """A browser tab with the test page in it."""

    async def evaluate(self, expression: str) -> Any: ...
    async def reload(self) -> None: ...
    async def close(self) -> None: ...


class ChromiumPage:
    def __init__(self, context: BrowserContext, page: PlaywrightPage) -> None:
        self._context = context
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    async def evaluate(self, expression: str) -> Any:
        return await self.page.evaluate(f"async () => ({expression})")

    async def reload(self) -> None:
        await self.page.reload()

    async def close(self) -> None:
        await self._context.close()


class Chromium:
    """One headless Chromium; every page has a context (profile) of its own unless told to share one."""

    def __init__(self, program: Path | None = None, flags: Sequence[str] = CHROMIUM_FLAGS) -> None:
        """`program`: in place of the installed one."""
        self._program = program or chromium()
        # The shell has nothing that it could ask with whether a page may have the camera, and would refuse it.
        self._flags = [*flags, *(["--use-fake-ui-for-media-stream"] if chromium().endswith(HEADLESS_SHELL) else [])]
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def __aenter__(self) -> Chromium:
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(executable_path=self._program, args=self._flags)
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._browser and self._playwright
        await self._browser.close()
        await self._playwright.stop()

    async def open(self, url: str, **options: Any) -> ChromiumPage:
        assert self._browser
        options.setdefault("permissions", ["camera", "microphone"])
        context = await self._browser.new_context(ignore_https_errors=True, **options)
        page = ChromiumPage(context, await context.new_page())
        await page.page.goto(url)
        return page


class SoundServer:
    """PulseAudio with a sink that goes nowhere: without a sound server Firefox's AudioContext stays suspended for ever."""

    async def __aenter__(self) -> SoundServer:
        self._folder = Path(tempfile.mkdtemp(prefix="tertulia-sound-"))
        socket = self._folder / "native"
        self.address = f"unix:{socket}"
        self._process = await asyncio.create_subprocess_exec(
            find("pulseaudio"), "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--load=module-null-sink",
            f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder)},
        )  # fmt: skip
        for _ in range(200):
            if socket.exists():
                return self
            await asyncio.sleep(0.05)
        raise RuntimeError("PulseAudio did not start")

    async def __aexit__(self, *exc: object) -> None:
        self._process.terminate()
        await self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class FirefoxPage:
    def __init__(self, firefox: Firefox, context: str, url: str) -> None:
        self._firefox = firefox
        self._context = context
        self._url = url

    async def evaluate(self, expression: str) -> Any:
        result = await self._firefox.command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})) ?? 'null')()",
            target={"context": self._context},
            awaitPromise=True,
        )
        if result["type"] != "success":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    async def add_init_script(self, script: str) -> None:
        """Runs before the scripts of each page that is loaded from now on."""
        await self._firefox.command(
            "script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}", contexts=[self._context]
        )

    async def goto(self, url: str) -> None:
        await self._firefox.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def shows(self, role: str, name: str) -> dict[str, Any] | None:
        """The first element of this role and accessible name, if any."""
        found = await self._firefox.command(
            "browsingContext.locateNodes",
            context=self._context,
            locator={"type": "accessibility", "value": {"role": role, "name": name}},
        )
        return found["nodes"][0] if found["nodes"] else None

    async def click(self, role: str, name: str) -> None:
        """Fails where there is no such element."""
        node = await self.shows(role, name)
        assert node, f"no {role} {name}"
        origin = {"type": "element", "element": {"sharedId": node["sharedId"]}}
        steps = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        await self._perform({"type": "pointer", "id": "mouse", "actions": steps})

    async def type(self, text: str) -> None:
        keys = [{"type": what, "value": letter} for letter in text for what in ("keyDown", "keyUp")]
        await self._perform({"type": "key", "id": "keyboard", "actions": keys})

    async def _perform(self, source: dict[str, Any]) -> None:
        await self._firefox.command("input.performActions", context=self._context, actions=[source])

    async def reload(self) -> None:
        await self._firefox.command("browsingContext.reload", context=self._context, wait="complete")

    async def close(self) -> None:
        await self._firefox.command("browsingContext.close", context=self._context)


class Firefox:
    """Debian's Firefox over WebDriver BiDi: Playwright drives only its own build."""

    def __init__(
        self, sound: str, program: Path | None = None, reach: Callable[[int], Awaitable[socket.socket]] | None = None
    ) -> None:
        """`sound`: address of a PulseAudio server. `program`: in place of the installed one. `reach`: how to connect to a port of the
        machine that it runs on, where that is not this one."""
        self._sound = sound
        self._program = program
        self._reach = reach

    async def __aenter__(self) -> Firefox:
        self._profile = Path(tempfile.mkdtemp(prefix="tertulia-firefox-"))
        lines = [f'user_pref("{key}", {json.dumps(value)});\n' for key, value in FIREFOX_PREFERENCES.items()]
        (self._profile / "user.js").write_text("".join(lines))
        self._process = await asyncio.create_subprocess_exec(
            self._program or find(*FIREFOX), "--headless", "--no-remote", "--profile", str(self._profile), "--remote-debugging-port", "0",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "HOME": str(self._profile), "MOZ_DISABLE_CONTENT_SANDBOX": "1", "PULSE_SERVER": self._sound},
            start_new_session=True,
        )  # fmt: skip
        address = await asyncio.wait_for(self._listening(), 60)
        self._drain = asyncio.create_task(self._read_to_end())
        reached = await self._reach(int(address.rsplit(":", 1)[1])) if self._reach else None
        self._socket: ClientConnection = await connect(
            f"{address}/session", sock=reached, max_size=None, compression=None
        )
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())
        await self.command("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        return self

    async def _listening(self) -> str:
        assert self._process.stderr
        async for line in self._process.stderr:
            if b"WebDriver BiDi listening on" in line:
                return line.decode().rsplit(" ", 1)[1].strip()
        raise RuntimeError("Firefox ended before it listened")

    async def _read_to_end(self) -> None:
        assert self._process.stderr
        while await self._process.stderr.read(65536):
            pass

    async def _read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if (waiting := self._waiting.pop(message.get("id"), None)) and not waiting.done():
                waiting.set_result(message)

    async def __aexit__(self, *exc: object) -> None:
        try:
            await asyncio.wait_for(self.command("browser.close"), 30)
            await asyncio.wait_for(self._process.wait(), 30)
        except (TimeoutError, RuntimeError):
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        self._reader.cancel()
        self._drain.cancel()
        shutil.rmtree(self._profile, ignore_errors=True)

    async def command(self, method: str, **parameters: Any) -> Any:
        number = next(self._ids)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        answer = await asyncio.wait_for(future, 60)
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    async def open(self, url: str) -> FirefoxPage:
        user = (await self.command("browser.createUserContext"))["userContext"]
        context = (await self.command("browsingContext.create", type="tab", userContext=user))["context"]
        await self.command("browsingContext.navigate", context=context, url=url, wait="complete")
        return FirefoxPage(self, context, url)
