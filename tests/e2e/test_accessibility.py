"""Every page, panel, menu and dialog by axe-core: the rules of WCAG 2.2 AA, in both themes and both languages."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.thorough import thorough

from .conftest import HERE
from .visits import SCREEN, Visit, join

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="session")]

AXE = (HERE.parent.parent / "node_modules" / "axe-core" / "axe.min.js").read_text()
RUN = """
async () => {
  const { violations } = await axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    resultTypes: ['violations'],
    rules: { 'target-size': { enabled: true } },
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`));
}
"""
BLOCKED = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); };"

WORDS = {
    "en": {
        "settings": "Settings", "general": "General", "allow": "How to allow it", "ready": "Ready to join?",
        "waiting": "Waiting to be let in",
        "left": "You left the room", "invited": "You need an invitation for this room", "more": "More", "statistics": "Statistics",
        "shortcuts": "Keyboard shortcuts", "invite": "Invite people", "leave": "Leave", "end": "End for everyone", "remove": "Remove…",
        "chat": "Chat", "people": "People", "share": "Share screen", "react": "Reactions", "hand": "Raise hand", "room": "Waiting room",
        "layout": "Layout", "speaker": "Speaker", "ended": "The stream has ended.", "off": "Turn camera off", "camera": "Choose camera",
        "microphone": "Choose microphone and speaker", "person": "More about Ana",
        "notes": "Notes", "field": "Shared notes", "board": "Whiteboard", "preview": "Picture dot.png", "delete": "Delete dot.png",
    },
    "zh": {
        "settings": "设置", "general": "通用", "allow": "如何允许", "ready": "准备好加入了吗？", "waiting": "正在等待准入",
        "left": "你已离开房间", "invited": "进入此房间需要邀请", "more": "更多", "statistics": "统计信息",
        "shortcuts": "键盘快捷键", "invite": "邀请他人", "leave": "离开", "end": "结束会议", "remove": "移出房间…",
        "chat": "聊天", "people": "成员", "share": "共享屏幕", "react": "表情回应", "hand": "举手", "room": "等候室",
        "layout": "布局", "speaker": "演讲者", "ended": "直播已结束。", "off": "关闭摄像头", "camera": "选择摄像头",
        "microphone": "选择麦克风和扬声器", "person": "Ana",
        "notes": "笔记", "field": "共享笔记", "board": "白板", "preview": "图片 dot.png", "delete": "删除 dot.png",
    },
}  # fmt: skip


@dataclass
class Auditor:
    """Looks at a page again and again, and says at the end what was wrong and where."""

    language: str
    theme: str
    found: list[str] = field(default_factory=list)
    looks: int = 0

    @property
    def browser(self) -> dict[str, Any]:
        locale = {"en": "en-GB", "zh": "zh-CN"}[self.language]
        return {"locale": locale, "color_scheme": self.theme, "reduced_motion": "reduce"}

    def word(self, key: str) -> str:
        return WORDS[self.language][key]

    async def look(self, page: Page, where: str) -> None:
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(AXE)
        # A tooltip that is on its way in or out is half transparent.
        await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished)).then(() => null)")
        self.found += [f"{where}: {problem}" for problem in await page.evaluate(RUN)]
        self.looks += 1
        assert await page.evaluate("document.documentElement.lang.slice(0, 2)") == self.language

    async def look_at_menu(self, page: Page, trigger: Locator, where: str) -> None:
        await trigger.click()
        await expect(page.get_by_role("menu").first).to_be_visible()
        await self.look(page, where)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("menu")).to_have_count(0)

    async def look_at_dialog(self, page: Page, where: str) -> None:
        """At the one that is open, and at each of its tabs; closes it."""
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_be_visible()
        await self.look(page, where)
        for tab in (await dialog.get_by_role("tab").all())[1:]:
            await tab.click()
            await self.look(page, f"{where}, {await tab.inner_text()}")
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)

    def verdict(self) -> None:
        assert not self.found, f"{len(self.found)} in {self.looks} looks:\n" + "\n".join(self.found)


@pytest.fixture(params=["en-light", thorough("zh-dark")])
def auditor(request: pytest.FixtureRequest) -> Auditor:
    language, theme = request.param.split("-")
    return Auditor(language, theme)


async def test_the_pages_around_a_call(visit: Visit, auditor: Auditor) -> None:
    word, look = auditor.word, auditor.look
    landing = await visit("/", **auditor.browser)
    await landing.get_by_role("main").wait_for()
    await look(landing, "landing")
    for trigger in await landing.locator("[aria-haspopup=menu]").all():
        await auditor.look_at_menu(landing, trigger, "landing, menu")
    await landing.locator("form input").fill("no spaces here")
    await landing.locator("form [type=submit]").click()
    await expect(landing.get_by_role("alert")).to_be_visible()
    await look(landing, "landing, bad name")

    asked = await visit(None, permissions=[], **auditor.browser)
    await expect(asked.get_by_role("heading", name=word("ready"))).to_be_visible()
    await look(asked, "pre-join, consent")

    blocked = await visit(None, BLOCKED, **auditor.browser)
    await blocked.get_by_role("button", name=word("allow")).first.click()
    await auditor.look_at_dialog(blocked, "pre-join, how to allow")
    await look(blocked, "pre-join, denied")

    page = await visit(None, **auditor.browser)
    await expect(page.locator("video")).to_be_visible()
    await look(page, "pre-join")
    await page.get_by_role("button", name=word("settings")).click()
    await auditor.look_at_dialog(page, "pre-join, settings")
    await page.get_by_role("button", name=word("off")).click()
    await look(page, "pre-join, camera off")
    await join(page, "Ana")
    await page.get_by_role("button", name=word("leave"), exact=True).click()
    await expect(page.get_by_role("heading", name=word("left"))).to_be_visible()
    await look(page, "ended")

    uninvited = await visit("/r/uninvited", **auditor.browser)
    await uninvited.locator("form input").fill("Mallory")
    await uninvited.locator("form [type=submit]").click()
    await expect(uninvited.get_by_role("heading", name=word("invited"))).to_be_visible()
    await look(uninvited, "ended, no invitation")
    auditor.verdict()


async def test_a_call_with_its_menus_panels_and_dialogs(visit: Visit, auditor: Auditor) -> None:
    word, look = auditor.word, auditor.look
    wide = {**auditor.browser, "viewport": {"width": 1280, "height": 800}}
    page = await visit(None, SCREEN, role="moderator", **wide)
    await join(page, "Mia")
    await look(page, "call, alone")
    button = page.get_by_role("toolbar").get_by_role("button", exact=True, name=word("more"))

    async def more(item: str) -> None:
        await button.click()
        await page.get_by_role("menuitem", name=word(item)).click()

    for item in ("statistics", "settings", "shortcuts", "invite"):
        await more(item)
        await auditor.look_at_dialog(page, item)
    for trigger in ("camera", "microphone", "more"):
        await auditor.look_at_menu(
            page, page.get_by_role("button", name=word(trigger), exact=True), f"menu of {trigger}"
        )
    await page.get_by_role("button", name=word("react")).click()
    await look(page, "reactions")
    await page.keyboard.press("Escape")

    ana = await visit(None, **auditor.browser)
    await join(ana, "Ana")
    await expect(page.locator("[data-tile]")).to_have_count(2)
    await look(page, "call, grid")
    await ana.get_by_role("button", name=word("hand")).click()
    await ana.get_by_role("button", name=word("chat"), exact=True).click()
    for line in ("Hello, see https://example.org/a", "👋"):
        await ana.locator("textarea").fill(line)
        await ana.keyboard.press("Enter")
    await page.get_by_role("button", name=word("chat")).click()
    await expect(page.get_by_role("log").get_by_role("link")).to_be_visible()
    await look(page, "chat")
    await page.get_by_role("button", name=word("people"), exact=True).click()
    await page.get_by_role("switch", name=word("room")).click()
    await expect(page.get_by_role("switch", name=word("room"))).to_be_checked()

    ben = await visit(None, **auditor.browser)
    await ben.locator("form input").fill("Ben")
    await ben.locator("form [type=submit]").click()
    await expect(ben.get_by_role("heading", name=word("waiting"))).to_be_visible()
    await look(ben, "waiting")
    await expect(page.get_by_text("Ben", exact=True).first).to_be_visible()
    await look(page, "people, with one who waits")

    menu = page.get_by_role("complementary").locator("[aria-haspopup=menu]").first
    await auditor.look_at_menu(page, menu, "menu of a person")
    await menu.click()
    await page.get_by_role("menuitem", name=word("remove")).click()
    await auditor.look_at_dialog(page, "remove")
    await page.keyboard.press("p")
    await page.locator("[data-tile]").first.hover()
    await auditor.look_at_menu(page, page.locator("[data-tile] [aria-haspopup=menu]").first, "menu of a tile")

    await button.click()
    await page.get_by_role("menuitem", name=word("layout")).click()
    await page.get_by_role("menuitemradio", name=word("speaker")).click()
    await look(page, "call, speaker")
    await page.get_by_role("button", name=word("share")).click()
    await expect(ana.locator("[data-tile$='/screen'] video")).to_be_visible()
    await look(page, "call, one's own screen")
    await look(ana, "call, presenter")
    await page.get_by_role("button", name=word("leave"), exact=True).click()
    await look(page, "menu of leave")
    await page.get_by_role("menuitem", name=word("end")).click()
    await auditor.look_at_dialog(page, "end")
    auditor.verdict()


async def test_a_call_on_a_phone(visit: Visit, auditor: Auditor) -> None:
    word, look = auditor.word, auditor.look
    phone = {**auditor.browser, "viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    page = await visit(None, role="moderator", **phone)
    await look(page, "phone, pre-join")
    await join(page, "Mia")
    await look(page, "phone, alone")
    await join(await visit(None, **auditor.browser), "Ana")
    await expect(page.locator("[data-tile]")).to_have_count(2)
    await look(page, "phone, call")
    await page.get_by_role("button", name=word("more"), exact=True).click()
    await look(page, "phone, more")
    await page.get_by_role("dialog").get_by_role("button", name=word("people"), exact=True).click()
    await look(page, "phone, people")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name=word("chat"), exact=True).click()
    await look(page, "phone, chat")
    auditor.verdict()


# A picture of one grey point.
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@pytest.mark.parametrize("size", [(1280, 800), thorough((360, 740))], ids=["wide", "phone"])
async def test_notes_files_and_the_whiteboard(visit: Visit, auditor: Auditor, size: tuple[int, int]) -> None:
    word, look = auditor.word, auditor.look
    options = {**auditor.browser, "viewport": {"width": size[0], "height": size[1]}}
    narrow = size[0] < 600
    page = await visit(None, role="moderator", **options, **({"has_touch": True, "is_mobile": True} if narrow else {}))
    await join(page, "Mia")
    ana = await visit(None, **auditor.browser)
    await join(ana, "Ana")
    toolbar = page.get_by_role("toolbar")

    async def open(name: str) -> None:
        inside = toolbar
        if narrow and name != "chat":
            await toolbar.get_by_role("button", name=word("more"), exact=True).click()
            inside = page.get_by_role("dialog")
        await inside.get_by_role("button", name=word(name), exact=True).click()

    await open("notes")
    await expect(page.get_by_role("textbox", name=word("field"))).to_be_visible(timeout=45_000)
    await look(page, "notes, empty")
    await ana.get_by_role("button", name=word("notes"), exact=True).click()
    hers = ana.get_by_role("textbox", name=word("field"))
    await hers.press_sequentially("What we do:")
    await hers.press("Shift+Control+ArrowLeft")
    await expect(page.locator("[data-caret=Ana] > *")).to_have_count(3)
    await look(page, "notes, with somebody else's caret")
    await page.get_by_role("complementary").get_by_role("textbox").press("Escape")

    await open("chat")
    panel = page.get_by_role("complementary")
    await panel.locator("input[type=file]").set_input_files(
        [
            FilePayload(name="dot.png", mimeType="image/png", buffer=DOT),
            FilePayload(name="list.txt", mimeType="text/plain", buffer=b"one\ntwo\n"),
        ]
    )
    await expect(panel.get_by_role("img", name=word("preview"))).to_be_visible()
    await expect(panel.get_by_text("list.txt").first).to_be_visible()
    await look(page, "files")
    await panel.get_by_role("button", name=word("delete")).click()
    await look(page, "files, one of them to be deleted")
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)

    await open("board")
    board = page.get_by_role("region", name=word("board"))
    await expect(board.locator("canvas.interactive")).to_be_visible(timeout=60_000)
    await look(page, "whiteboard")
    await board.get_by_test_id("toolbar-rectangle").click(force=True)
    await look(page, "whiteboard, with a tool")
    auditor.verdict()


async def test_the_viewers_page(visit: Visit, auditor: Auditor, room: str) -> None:
    word, look = auditor.word, auditor.look
    anchor = await visit(None, role="moderator", locale="en-GB")
    link = anchor.url
    viewer = await visit(f"/live/{room}#{link.partition('#')[2]}", permissions=[], **auditor.browser)
    await expect(viewer.get_by_role("status")).not_to_be_empty()
    await look(viewer, "viewer, waiting")
    await join(anchor, "Ana")
    await expect(viewer.get_by_text("Ana", exact=True)).to_be_visible()
    await look(viewer, "viewer, live")
    await anchor.get_by_role("button", name="Leave", exact=True).click()
    await anchor.get_by_role("menuitem", name="End for everyone").click()
    await anchor.get_by_role("dialog").get_by_role("button", name="End for everyone").click()
    await expect(viewer.get_by_role("status")).to_contain_text(word("ended"))
    await look(viewer, "viewer, ended")
    auditor.verdict()
