"""An app's own messages: passed on unread, and nobody's way to harm another."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.ids import ParticipantId
from tertulia.doors.native import incoming, outgoing
from tertulia.errors import Code, ProtocolError
from tertulia.net.depth import DEPTH
from tertulia.runtime import seat
from tertulia.wire import native as wire

from .harness import Client, person, server


def command(text: str) -> seat.Request | None:
    """What a `data` with this payload asks for."""
    message, _ = incoming.read(text)
    return incoming.command(ParticipantId("ana"), message)


def data_of(messages: list[dict[str, Any]]) -> list[Any]:
    return [message["data"] for message in messages if message["type"] == "data"]


@pytest.mark.parametrize(
    "payload",
    ["null", '"\\u738b王"', "-0.0", "1e999", "12345678901234567890123", '{"b":1,"a":{},"a":[1, 2]}', '"<\\/script>"'],
)
async def test_the_text_arrives_as_it_was_sent(payload: str) -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ben.settle()
        ana.send_raw(f'{{"type":"data","id":2,"topic":"t","data": {payload} }}')
        await ana.until("ok")
        text = (await ben._from_app.get())["text"]
        assert (
            text
            == f'{{"seq":{ben.last_seq + 1},"type":"data","from":"{ana.me}","topic":"t","data":{payload},"encoding":"json"}}'
        )


async def test_it_is_encoded_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    shared = outgoing.shared

    def counted(event: seat.Shown) -> bytes | None:
        made.append(event)
        return shared(event)

    async with server() as (app, _):
        people = [await person(app, name) for name in ("Ana", "Ben", "Cem", "Dua")]
        monkeypatch.setattr(outgoing, "shared", counted)
        await people[0].ask("data", topic="t", data={"x": 1})
        for receiver in people[1:]:
            assert (await receiver.until("data"))["data"] == {"x": 1}
        assert len([event for event in made if isinstance(event, ev.DataSent)]) == 1
        assert data_of(await people[0].settle()) == []


async def test_of_the_latest_only_the_newest_waits_for_a_slow_receiver() -> None:
    async with server(messages_per_second=1000) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ben.settle()
        ben.hold()
        for n in range(50):
            await ana.ask("data", topic="cursor", data=n, latest=True)
            await ana.ask("data", topic="line", data=f"line {n}")
        await ana.ask("data", topic="pointer", data="another topic", latest=True)
        ben.release()
        await ana.ask("chat", text="done")
        received = []
        while (message := await ben.receive())["type"] != "chat":
            received.append(message)
        cursor = [message["data"] for message in received if message["topic"] == "cursor"]
        assert cursor[-1] == 49 and len(cursor) <= 2, "what the socket has taken already comes too"
        assert [message["data"] for message in received if message["topic"] == "line"] == [
            f"line {n}" for n in range(50)
        ]
        assert received[-1]["data"] == "another topic"
        assert ben.seqs == list(range(1, len(ben.seqs) + 1))


async def test_nobodys_latest_takes_anothers_place() -> None:
    async with server() as (app, _):
        ana, ben, cem = [await person(app, name) for name in ("Ana", "Ben", "Cem")]
        await cem.settle()
        cem.hold()
        for n in range(3):
            await ana.ask("data", topic="t", data=f"ana {n}", latest=True)
            await ben.ask("data", topic="t", data=f"ben {n}", latest=True)
        cem.release()
        assert data_of(await cem.settle())[-2:] == ["ana 2", "ben 2"]


async def test_who_comes_back_has_missed_nothing_and_gets_nothing_twice() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ben.ask("chat", text="before")
        await ana.settle()
        ana.drop()
        await ana.ended()
        await ben.until("participant_updated")
        await ben.ask("chat", text="meanwhile")
        await ben.ask("react", reaction="👏")
        await ben.ask("hand", raised=True)
        await ben.ask("data", topic="t", data=1)
        back = await Client(app).open()
        await back.resume(ana)
        missed = await back.settle()
        assert [message["type"] for message in missed] == ["chat", "reaction", "participant_updated", "data"]
        assert missed[0]["message"]["text"] == "meanwhile"


HOSTILE = [
    ({"topic": "", "data": 1}, "malformed"),
    ({"topic": "a b", "data": 1}, "malformed"),
    ({"topic": "a\n", "data": 1}, "malformed"),
    ({"topic": "王", "data": 1}, "malformed"),
    ({"topic": "t" * 65, "data": 1}, "too_large"),
    ({"topic": "t"}, "malformed"),
    ({"topic": "t", "data": 1, "encoding": "zip"}, "malformed"),
    ({"topic": "t", "data": 1, "to": "nobody"}, "no_such_participant"),
    ({"topic": "t", "data": 1, "encoding": "base64"}, "invalid"),
    ({"topic": "t", "data": ["QUJD"], "encoding": "base64"}, "invalid"),
    ({"topic": "t", "data": "QUJ", "encoding": "base64"}, "invalid"),
    ({"topic": "t", "data": "QUJD=", "encoding": "base64"}, "invalid"),
    ({"topic": "t", "data": "QU=D", "encoding": "base64"}, "invalid"),
    ({"topic": "t", "data": "QU-_", "encoding": "base64"}, "invalid"),
    ({"topic": "t", "data": "QUJ\n", "encoding": "base64"}, "invalid"),
    ({"topic": "t", "data": "x" * 17_000}, "too_large"),
]


@pytest.mark.parametrize(("fields", "code"), HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_no_data_reaches_nobody(fields: dict[str, Any], code: str) -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        assert (await ana.ask("data", **fields))["code"] == code
        assert (await ana.ask("data", topic="t", data="still here"))["type"] == "ok"
        assert data_of(await ben.settle()) == ["still here"]


def nested(opening: str, levels: int, inside: str = "") -> str:
    closing = {"[": "]", '{"a":': "}"}[opening]
    return opening * levels + inside + closing * levels


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (nested("[", 64), None),
        (nested("[", 65), "invalid"),
        (nested('{"a":', 64, "1"), None),
        (nested('{"a":', 65, "1"), "invalid"),
        (nested("[", 500), "invalid"),
        ("[" * 8_000, "malformed"),
        ("[" + "[]," * 5_000 + "[]]", None),
        (json.dumps("[" * 8_000), None),
        (json.dumps(['\\"[' * 2_000, {"]": '"'}]), None),
        ('"\x01"', "malformed"),
        ("{'a':1}", "malformed"),
        ("NaN", "malformed"),
        ('"\\x"', "malformed"),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_depth_is_bounded_for_those_who_parse_it(payload: str, code: str | None) -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        ana.send_raw(f'{{"type":"data","id":2,"topic":"t","data":{payload}}}')
        reply = await ana.until(lambda message: message["type"] in ("ok", "error"))
        assert reply.get("code") == code
        assert len(data_of(await ben.settle())) == (code is None)


async def test_depth_beyond_the_parsers_own_harms_nobody() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        ana.send_raw(f'{{"type":"data","id":2,"topic":"t","data":{nested("[", 8_000)}}}')
        assert (await ana.until("error"))["code"] in ("malformed", "invalid")
        assert data_of(await ben.settle()) == []


trees = st.recursive(
    st.text() | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=30,
)


def depth(tree: Any) -> int:
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else None
    return 0 if children is None else 1 + max(map(depth, children), default=0)


@given(trees, st.integers(0, 80), st.sampled_from(["[", '{"a":']))
def test_levels_are_counted_as_a_parser_meets_them(tree: Any, levels: int, opening: str) -> None:
    inside = json.dumps(tree)
    total = levels + depth(tree)
    text = f'{{"type":"data","id":2,"topic":"t","data":{nested(opening, levels, inside)}}}'
    if total > DEPTH:
        with pytest.raises(ProtocolError) as refused:
            command(text)
        assert refused.value.code is Code.INVALID
    else:
        assert isinstance(command(text), cmd.SendData)


@given(st.text("AQ/+=\\n -") | st.binary(max_size=40).map(lambda data: base64.b64encode(data).decode()))
def test_base64_is_what_a_strict_decoder_takes(text: str) -> None:
    try:
        base64.b64decode(text.encode(), validate=True)
        good = len(text) % 4 == 0
    except ValueError:
        good = False
    message = json.dumps({"type": "data", "id": 2, "topic": "t", "data": text, "encoding": "base64"})
    try:
        sent = command(message)
    except ProtocolError as error:
        assert error.code is Code.INVALID and not good
    else:
        assert good and isinstance(sent, cmd.SendData)


def test_the_servers_own_data_and_what_another_door_cannot_say() -> None:
    sent = ev.DataSent((), None, "t", seat.Data(b"[1]"), None, False)
    body = outgoing.shared(sent)
    assert body is not None
    assert msgspec.json.decode(body, type=wire.DataReceived).sender == wire.SERVER
    assert outgoing.shared(ev.DataSent((), None, "t", object(), None, False)) is None
