"""Who writes when: at once while the peer reads, by the link's own task when it does not."""

import asyncio
from collections.abc import Callable

import pytest

from tertulia.net import Binary, Link, Outbox, link
from tertulia.net.outbox import WAITING_MESSAGES


class Pipe:
    """A socket to a peer that reads, until `hold`."""

    def __init__(self, *, direct: bool = True) -> None:
        """`direct`: the server can write at once."""
        self.got: list[bytes] = []
        self.left: tuple[int, str] | None = None
        self.aborted = False
        self.broken = False
        self._direct = direct
        self._readable = asyncio.Event()
        self._readable.set()

    def hold(self) -> None:
        self._readable.clear()

    def release(self) -> None:
        self._readable.set()

    def write_now(self, frame: bytes) -> bool:
        if not self._direct or self.broken or self.left is not None or not self._readable.is_set():
            return False
        self.got.append(frame)
        return True

    async def write(self, frame: bytes) -> None:
        await self._readable.wait()
        if self.broken:
            raise ConnectionResetError
        self.got.append(frame)

    async def close(self, code: int, reason: str) -> None:
        await self._readable.wait()
        self.left = (code, reason)

    def abort(self) -> None:
        self.aborted = True


def nothing(link: Link) -> None:
    """For links that do not break."""


def numbered(body: bytes, number: int) -> bytes:
    return b"%d:%s" % (number, body)


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - any condition, of objects that announce nothing
            await asyncio.sleep(0)


async def test_a_peer_that_reads_has_a_message_when_the_call_returns() -> None:
    pipe = Pipe()
    link, outbox = Link(pipe, nothing), Outbox(numbered)
    tasks = len(asyncio.all_tasks())
    link.carry(outbox)
    link.say(b"hello")
    outbox.put(b"one")
    link.wake()
    assert pipe.got == [b"hello", b"1:one"]
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == tasks, "and takes no task"


@pytest.mark.parametrize("direct", [True, False])
async def test_nothing_overtakes_what_waits(direct: bool) -> None:
    pipe = Pipe(direct=direct)
    link = Link(pipe, nothing)
    link.say(b"0")
    pipe.hold()
    for n in range(1, 5):
        link.say(b"%d" % n)
    pipe.release()
    # The socket could take it at once; but its turn comes after the others.
    link.say(b"5")
    await eventually(lambda: len(pipe.got) == 6)
    assert pipe.got == [b"%d" % n for n in range(6)]
    link.say(b"6")
    await eventually(lambda: pipe.got[-1] == b"6")


async def test_what_goes_past_the_source_waits_for_what_waits() -> None:
    pipe = Pipe()
    link = Link(pipe, nothing)
    assert link.write_now(b"1")
    pipe.hold()
    assert not link.write_now(b"not written")
    link.say(b"2")
    pipe.release()
    assert not link.write_now(b"nor this"), "though the socket would take it"
    await eventually(lambda: link.write_now(b"3"))
    assert pipe.got == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    "end", [Link.stop, lambda link: link.close(1000, "left"), lambda link: link.cut(1013, "too_slow")]
)
async def test_nothing_goes_past_a_link_that_ends(end: Callable[[Link], None]) -> None:
    pipe = Pipe()
    link = Link(pipe, nothing)
    end(link)
    assert not link.write_now(b"too late")
    await link.finished()
    assert not link.write_now(b"later still")
    assert pipe.got == []


async def test_after_a_block_messages_are_written_at_once_again() -> None:
    pipe = Pipe()
    link = Link(pipe, nothing)
    pipe.hold()
    link.say(b"late")
    pipe.release()
    await eventually(lambda: pipe.got == [b"late"])
    link.say(b"prompt")
    assert pipe.got == [b"late", b"prompt"]


@pytest.mark.parametrize("direct", [True, False])
async def test_what_waits_is_replaced_by_what_is_newer(direct: bool) -> None:
    pipe = Pipe(direct=direct)
    link, outbox = Link(pipe, nothing), Outbox(numbered)
    link.carry(outbox)
    pipe.hold()
    for level in range(100):
        outbox.put(b"%d" % level, key="level")
        link.wake()
    pipe.release()
    await eventually(lambda: pipe.got and pipe.got[-1].endswith(b":99"))
    assert len(pipe.got) <= 2, "one that was on its way, and the last"
    assert [frame.split(b":")[0] for frame in pipe.got] == [b"1", b"2"][: len(pipe.got)], "numbers without a gap"


async def test_direct_messages_go_before_numbered_ones() -> None:
    pipe = Pipe()
    link, outbox = Link(pipe, nothing), Outbox(numbered)
    link.carry(outbox)
    pipe.hold()
    link.say(b"first")
    outbox.put(b"numbered")
    link.wake()
    link.say(b"direct")
    pipe.release()
    await eventually(lambda: len(pipe.got) == 3)
    assert pipe.got == [b"first", b"direct", b"1:numbered"]


async def test_binary_frames_stay_what_they_are() -> None:
    pipe = Pipe()
    link = Link(pipe, nothing)
    link.say(Binary(b"\x00\xff"))
    link.say(b"text")
    assert [isinstance(frame, Binary) for frame in pipe.got] == [True, False]


async def test_who_does_not_read_is_let_go_after_so_many_messages() -> None:
    pipe = Pipe()
    link = Link(pipe, nothing)
    pipe.hold()
    for n in range(WAITING_MESSAGES + 1):
        link.say(b"%d" % n)
    let_go = [link.closing]
    link.say(b"one too many")
    let_go.append(link.closing)
    assert let_go == [False, True]
    pipe.release()
    await link.finished()
    assert pipe.left == (1013, "too_slow")
    assert pipe.got == [b"0"], "only what was being written already"


@pytest.mark.parametrize("direct", [True, False])
async def test_closing_writes_what_waits_first(direct: bool) -> None:
    pipe = Pipe(direct=direct)
    link, outbox = Link(pipe, nothing), Outbox(numbered)
    link.carry(outbox)
    pipe.hold()
    link.say(b"goodbye")
    outbox.put(b"last")
    link.close(1000, "left")
    link.say(b"too late")
    pipe.release()
    await link.finished()
    assert pipe.got == [b"goodbye", b"1:last"]
    assert pipe.left == (1000, "left")
    assert link.closed


async def test_last_words_that_nobody_takes_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "LAST_WORDS", 0.01)
    pipe = Pipe()
    it = Link(pipe, nothing)
    pipe.hold()
    it.say(b"never read")
    it.close(1000, "left")
    async with asyncio.timeout(30):
        await it.finished()
    assert pipe.aborted
    assert pipe.left is None


@pytest.mark.parametrize("direct", [True, False])
async def test_a_broken_socket_is_told_later_and_once(direct: bool) -> None:
    pipe = Pipe(direct=direct)
    told: list[Link] = []
    link = Link(pipe, told.append)
    pipe.broken = True
    link.say(b"into the void")
    link.say(b"and again")
    link.wake()
    assert told == [], "not in the turn of whoever speaks"
    await link.finished()
    assert told == [link]
    assert pipe.aborted
    link.say(b"nobody listens")
    link.close(1000, "left")
    link.stop()
    await asyncio.sleep(0)
    assert told == [link]
    assert pipe.got == []


@pytest.mark.parametrize("blocked", [True, False])
async def test_a_stopped_link_writes_nothing_more(blocked: bool) -> None:
    pipe = Pipe()
    link = Link(pipe, nothing)
    if blocked:
        pipe.hold()
        link.say(b"waits")
    link.stop()
    assert link.closed
    pipe.release()
    link.say(b"nothing")
    async with asyncio.timeout(30):
        await link.finished()
    await asyncio.sleep(0)
    assert pipe.got == []
    assert pipe.left is None
