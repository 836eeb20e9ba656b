"""Takes the pictures of the documentation: `.venv/bin/python scripts/screenshots.py` writes docs/images/*.png.

The people are drawn: a canvas stands in for each camera.
"""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.e2e.browsers import CHROMIUM_FLAGS, find  # noqa: E402
from tests.e2e.conftest import Server  # noqa: E402

IMAGES = ROOT / "docs" / "images"
PEOPLE = [("Ana Gómez", 172, 22), ("Ben Okafor", 28, 262), ("Cora Lindqvist", 330, 48), ("Dan Hashimoto", 210, 8)]

CAMERA = """
navigator.mediaDevices.getUserMedia = async ({ audio }) => {
  if (audio) return new AudioContext().createMediaStreamDestination().stream;
  const canvas = Object.assign(document.createElement('canvas'), { width: 960, height: 600 });
  const g = canvas.getContext('2d');
  const round = (x, y, w, h, r, fill) => { g.fillStyle = fill; g.beginPath(); g.roundRect(x, y, w, h, r); g.fill(); };
  let t = 0;
  const draw = () => {
    t += 0.05;
    const sky = g.createLinearGradient(0, 0, 960, 600);
    sky.addColorStop(0, 'hsl(%(room)d 45%% 78%%)');
    sky.addColorStop(1, 'hsl(%(room)d 40%% 52%%)');
    g.fillStyle = sky;
    g.fillRect(0, 0, 960, 600);
    round(640, 60, 250, 190, 12, 'hsl(%(room)d 50%% 90%%)');
    round(655, 75, 220, 160, 6, 'hsl(205 60%% 80%%)');
    round(70, 110, 170, 20, 4, 'hsl(%(room)d 30%% 40%%)');
    for (let i = 0; i < 6; i += 1) round(80 + i * 25, 50 + (i %% 3) * 8, 18, 60 - (i %% 3) * 8, 3, `hsl(${i * 55} 45%% 55%%)`);
    const x = 480 + Math.sin(t) * 6;
    round(x - 220, 430, 440, 300, 150, 'hsl(%(shirt)d 50%% 42%%)');
    round(x - 45, 350, 90, 130, 40, 'hsl(26 45%% 62%%)');
    g.fillStyle = 'hsl(26 50%% 68%%)';
    g.beginPath(); g.ellipse(x, 270, 105, 132, 0, 0, 7); g.fill();
    g.fillStyle = 'hsl(%(shirt)d 25%% 22%%)';
    g.beginPath(); g.ellipse(x, 195, 118, 85, 0, Math.PI, 0); g.fill();
    g.fillStyle = '#33261e';
    for (const side of [-1, 1]) { g.beginPath(); g.ellipse(x + side * 42, 268, 9, 11, 0, 0, 7); g.fill(); }
    g.strokeStyle = '#7d3b32';
    g.lineWidth = 7;
    g.lineCap = 'round';
    g.beginPath(); g.arc(x, 305, 38, 0.3, Math.PI - 0.3); g.stroke();
  };
  draw();
  setInterval(draw, 66);
  return canvas.captureStream(15);
};
"""


async def visit(browser: Browser, url: str, person: int, size: tuple[int, int], theme: str = "light") -> Page:
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if theme == "dark" else "light"
    )
    page = await context.new_page()
    _, room, shirt = PEOPLE[person]
    await page.add_init_script(CAMERA % {"room": room, "shirt": shirt})
    await page.goto(url)
    return page


async def enter(page: Page, person: int) -> None:
    await page.get_by_label("Your name").fill(PEOPLE[person][0])
    await page.get_by_role("button", name="Join", exact=True).click()
    await page.get_by_role("toolbar").wait_for()


async def take() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    server = await Server().start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find("chromium"), args=CHROMIUM_FLAGS)
        landing = await visit(browser, server.url, 0, (1280, 760))
        await landing.screenshot(path=IMAGES / "landing.png")
        room = f"{server.url}/r/tea-time"
        pages = [await visit(browser, room, 0, (1280, 760))]
        await pages[0].get_by_label("Your name").fill(PEOPLE[0][0])
        await pages[0].locator("video").wait_for()
        await pages[0].wait_for_timeout(500)
        await pages[0].screenshot(path=IMAGES / "prejoin.png")
        await enter(pages[0], 0)
        for person in range(1, len(PEOPLE)):
            size = (390, 780) if person == 1 else (640, 480)
            pages.append(await visit(browser, room, person, size, "dark"))
            if person == 1:
                await pages[1].locator("video").wait_for()
                await pages[1].screenshot(path=IMAGES / "prejoin-phone-dark.png")
            await enter(pages[person], person)
            if person == 1:
                await pages[0].locator("video").nth(1).wait_for()
        await pages[0].locator("video").nth(3).wait_for()
        await pages[0].wait_for_timeout(3000)
        await pages[0].screenshot(path=IMAGES / "call.png")
        await pages[1].screenshot(path=IMAGES / "call-phone.png")
        await browser.close()
    await server.stop()


if __name__ == "__main__":
    asyncio.run(take())
