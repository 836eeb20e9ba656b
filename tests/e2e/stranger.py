"""A page that was not written for Tertulia, with a picture and a tone of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .browsers import Chromium, Firefox, Page
from .caller import PATIENCE, until

if TYPE_CHECKING:
    from .conftest import Server

WEB = Path(__file__).parent / "web"
FPS = 10


class Stranger:
    """Judged by what its video elements show."""

    def __init__(self, tab: Page, number: int) -> None:
        self.tab = tab
        self.number = number

    @classmethod
    async def open(
        cls, chromium: Chromium, url: str, number: int, *scripts: Path, file: Path | None = None
    ) -> Stranger:
        """`scripts`: loaded before the page's own. `file`: what is at the URL, whatever its server has there."""
        tab = await chromium.open("about:blank")
        if file is not None:
            await tab.page.route(url, lambda route: route.fulfill(path=file))
        stranger = cls(tab, number)
        await tab.page.add_init_script(stranger._script())
        for script in scripts:
            await tab.page.add_init_script(path=script)
        await tab.page.goto(url)
        return stranger

    @classmethod
    async def open_in_firefox(cls, firefox: Firefox, url: str, number: int) -> Stranger:
        tab = await firefox.open("about:blank")
        stranger = cls(tab, number)
        await tab.add_init_script(stranger._script())
        await tab.goto(url)
        return stranger

    @property
    def errors(self) -> list[str]:
        """What went wrong in the page; that it has no icon does not count."""
        return [error for error in getattr(self.tab, "errors", []) if "Failed to load resource" not in error]

    @property
    def pitch(self) -> float:
        return 300.0 + 130.0 * self.number

    def _script(self) -> str:
        setup = json.dumps({"id": self.number, "hz": self.pitch, "fps": FPS})
        modules = "\n".join((WEB / name).read_text() for name in ("picture.js", "eyes.js"))
        plain = re.sub(r"^export |^import .*$", "", modules, flags=re.MULTILINE)
        return f"(() => {{ const SETUP = {setup};\n{plain} }})();"

    async def evaluate(self, expression: str) -> Any:
        return await self.tab.evaluate(expression)

    async def sees(self, number: int, selector: str = "#remote", frames: int = 6, patience: float = PATIENCE) -> None:
        """Fails unless so many different pictures with this identity are shown, one after the other."""
        seen: set[int] = set()
        last: list[Any] = []

        async def enough() -> bool:
            frame = await self.evaluate(f"eyes.look({json.dumps(selector)})")
            last[:] = [frame]
            if frame and frame.get("id") == number and not frame.get("bad"):
                seen.add(frame["n"])
            return len(seen) >= frames

        await until(enough, lambda: f"{self.number} sees {number} move; last look: {last}; {self.errors}", patience)

    async def hears(self, pitch: float, selector: str = "#remote") -> None:
        async def heard() -> bool:
            now = await self.evaluate(f"eyes.hear({json.dumps(selector)})")
            return bool(now) and abs(now["hz"] - pitch) < 12 and now["above"] > 25

        await until(heard, f"{self.number} hears {pitch:g} Hz")


async def present(server: Server, room: str, count: int) -> None:
    """Waits until so many are in the room."""

    async def there() -> bool:
        rooms = json.loads(await server.get("/_test/rooms"))
        return room in rooms and len(rooms[room]["participants"]) == count

    await until(there, f"{count} people in the room")
