"""The codecs against python-socketio's, and against what nobody should send."""

import json
from typing import Any

import pytest
from engineio.payload import Payload
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import Packet as Oracle

from tertulia.net import Binary
from tertulia.socketio.engine import packet as engine
from tertulia.socketio.engine.packet import Type
from tertulia.socketio.options import Limits
from tertulia.socketio.parser import BadPacket, Decoder, Kind, Packet, encode

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
leaf = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), text
)


def values(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    # A key of this name would be taken for an attachment, by every implementation.
    keys = text.filter(lambda key: key != "_placeholder")
    return st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=8
    )


names = text.filter(
    lambda name: (
        name not in {"connect", "connect_error", "disconnect", "disconnecting"} | {"newListener", "removeListener"}
    )
)
namespaces = st.one_of(st.just("/"), st.from_regex(r"/[a-z0-9/_-]{0,20}", fullmatch=True))
ids = st.none() | st.integers(0, 2**49)


def count_bytes(value: Any) -> int:
    if isinstance(value, bytes):
        return 1
    if isinstance(value, dict):
        return sum(map(count_bytes, value.values()))
    return sum(map(count_bytes, value)) if isinstance(value, list) else 0


arguments = st.lists(values(leaf | st.binary(max_size=8)), max_size=4).filter(lambda it: count_bytes(it) <= 10)


def ours(frames: list[str | bytes]) -> Packet:
    """What our decoder makes of frames without Engine.IO's digit."""
    decoder = Decoder(Limits())
    got = None
    for frame in frames:
        assert got is None
        got = decoder.add(frame, 0.0)
    assert got is not None
    return got


def theirs(frames: tuple[bytes, ...]) -> Any:
    assert frames[0][:1] == b"4"
    packet = Oracle(encoded_packet=frames[0][1:].decode())
    for frame in frames[1:]:
        assert isinstance(frame, Binary)
        packet.add_attachment(bytes(frame))
    return packet


@given(names, namespaces, ids, arguments)
def test_python_socketio_reads_our_events(name: str, namespace: str, id: int | None, args: list[Any]) -> None:
    packet = theirs(encode(Kind.EVENT, namespace, [name, *args], id))
    assert packet.packet_type == (5 if count_bytes(args) else 2)
    assert (packet.namespace or "/", packet.id, packet.data) == (namespace, id, [name, *args])


@given(namespaces, st.integers(0, 2**49), arguments)
def test_python_socketio_reads_our_acknowledgements(namespace: str, id: int, args: list[Any]) -> None:
    packet = theirs(encode(Kind.ACK, namespace, args, id))
    assert packet.packet_type == (6 if count_bytes(args) else 3)
    assert (packet.namespace or "/", packet.id, packet.data) == (namespace, id, args)


@given(names, namespaces, ids, arguments)
def test_we_read_its_events(name: str, namespace: str, id: int | None, args: list[Any]) -> None:
    encoded = Oracle(2, data=[name, *args], namespace=namespace, id=id).encode()
    frames = encoded if isinstance(encoded, list) else [encoded]
    assert ours(frames) == Packet(Kind.EVENT, namespace, [name, *args], id)


@given(namespaces, st.integers(0, 2**49), arguments)
def test_we_read_its_acknowledgements(namespace: str, id: int, args: list[Any]) -> None:
    encoded = Oracle(3, data=args, namespace=namespace, id=id).encode()
    frames = encoded if isinstance(encoded, list) else [encoded]
    assert ours(frames) == Packet(Kind.ACK, namespace, args, id)


@given(namespaces, st.none() | st.dictionaries(text, leaf, max_size=3))
def test_we_read_its_connects_and_disconnects(namespace: str, auth: dict[str, Any] | None) -> None:
    assert ours([Oracle(0, data=auth, namespace=namespace).encode()]) == Packet(Kind.CONNECT, namespace, auth, None)
    assert ours([Oracle(1, namespace=namespace).encode()]) == Packet(Kind.DISCONNECT, namespace, None, None)


@given(st.lists(st.one_of(text.filter(lambda it: "\x1e" not in it), st.binary(max_size=20)), min_size=1, max_size=9))
def test_payloads_of_polling(messages: list[str | bytes]) -> None:
    body = engine.encode_payload(engine.message(it) for it in messages)
    # It makes objects of texts that look like JSON; those that do not, and bytes, it leaves as they are.
    for packet, said in zip(Payload(encoded_payload=body.decode()).packets, messages, strict=True):
        assert packet.packet_type == Type.MESSAGE
        assert packet.data == said or (isinstance(said, str) and not isinstance(packet.data, str))
    assert engine.decode_payload(body) == [(Type.MESSAGE, it) for it in messages]


@given(
    st.one_of(st.text(), st.from_regex(r"[0-9]\d{0,2}-?(/[a-z]*,)?\d*[\[{]?.*")),
    st.lists(st.binary(max_size=3), max_size=3),
)
def test_whatever_comes_is_a_packet_or_bad(said: str, attachments: list[bytes]) -> None:
    decoder = Decoder(Limits())
    try:
        got = decoder.add(said, 0.0)
        for attachment in attachments:
            got = decoder.add(attachment, 0.0)
    except BadPacket:
        return
    assert got is None or got.kind in (Kind.CONNECT, Kind.DISCONNECT, Kind.EVENT, Kind.ACK)


PLACE = '{"_placeholder":true,"num":%s}'


@pytest.mark.parametrize(
    "said",
    [
        "",
        "7",
        "abc",
        "2",
        "2{}",
        "2[]",
        "2[null]",
        '2["connect"]',
        '2["disconnecting"]',
        '2["newListener"]',
        '2["a",]',
        '2abc["a"]',
        '2-1["a"]',
        "2[1e999]",
        '2["a"]x',
        '2["a\ud800"]',
        '2["\\ud800]',
        "3[]",
        "31{}",
        "0[]",
        "0/a,1{}",
        "1{}",
        "1/a,{}",
        "4{}",
        "5",
        '5["a"]',
        '5-["a"]',
        '511-["a"]',
        '599999999999999999999-["a"]',
        '5-1-["a"]',
        "2" + "[" * 100_000,
        "2" + '["a",' + "[" * 100 + "]" * 100 + "]",
        "2" + '["a",' + '{"a":' * 100 + "1" + "}" * 100 + "]",
        '2["' + "a" * 257 + '"]',
        '2["' + "a" * 1_000_000 + '"]',
        "0/" + "a" * 1_000_000,
        '2/' + "a" * 1_000_000 + ',["a"]',
        '2["a","' + "a" * 4_000_000 + '"]',
    ],
    ids=lambda said: said[:12].encode("ascii", "replace").decode() or "nothing",
)  # fmt: skip
def test_bad_packets(said: str) -> None:
    with pytest.raises(BadPacket):
        Decoder(Limits()).add(said, 0.0)


@pytest.mark.parametrize("numbers", ["0,0", "0", "1,2", "-1,0", "0,1.0", '0,"1"', "0,true", "0,null", "0,1,1"])
def test_each_attachment_has_its_one_place(numbers: str) -> None:
    decoder = Decoder(Limits())
    decoder.add('52-["a",' + ",".join(PLACE % number for number in numbers.split(",")) + "]", 0.0)
    decoder.add(b"a", 0.0)
    with pytest.raises(BadPacket):
        decoder.add(b"b", 0.0)


def test_attachments_are_bounded_and_awaited() -> None:
    decoder = Decoder(Limits(packet_bytes=100, attachments_timeout=10))
    with pytest.raises(BadPacket):
        decoder.add(b"not announced", 0.0)
    decoder.add(f'51-["a",{PLACE % 0}]', 5.0)
    assert decoder.due == 15.0
    with pytest.raises(BadPacket):
        decoder.add("a text in between", 5.0)
    with pytest.raises(BadPacket):
        decoder.add(bytes(100), 5.0)


def test_none_announced_is_none_awaited() -> None:
    assert ours(['50-["a"]']) == Packet(Kind.EVENT, "/", ["a"], None)


def test_half_an_emoji_becomes_a_question_mark() -> None:
    assert ours([r'2["a","x\ud83d","\\ud83d"]']).data == ["a", "x?", "\\ud83d"]


def test_names_of_events_may_be_numbers() -> None:
    assert ours(["2[1,2]"]).data == ["1", 2]


class Odd:
    pass


@pytest.mark.parametrize(
    ("args", "error"),
    [([Odd()], TypeError), (["\ud800"], ValueError), ([[b""] * 11], ValueError), ([{None: 1}], TypeError)],
)
def test_what_cannot_be_sent(args: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        encode(Kind.EVENT, "/", ["a", *args])


def test_circles_cannot_be_sent() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="nested"):
        encode(Kind.EVENT, "/", ["a", circle])


def test_bytes_of_all_kinds_are_attachments() -> None:
    first, *rest = encode(Kind.EVENT, "/a", ["b", (bytearray(b"1"), {"c": memoryview(b"2")})], 7)
    assert first == b'452-/a,7["b",[{"_placeholder":true,"num":0},{"c":{"_placeholder":true,"num":1}}]]'
    assert rest == [b"1", b"2"]
    assert json.loads(first[first.index(b"[") :])[0] == "b"


@pytest.mark.parametrize("frame", ["", "7", "a", "b"])
def test_frames_that_are_none(frame: str) -> None:
    with pytest.raises(engine.BadPacket):
        engine.decode(frame)


@pytest.mark.parametrize("body", [b"", b"4a\x1e", b"b!!!", b"bAQ", b"4\xff", b"6\x1e" * 10_001])
def test_payloads_that_are_none(body: bytes) -> None:
    with pytest.raises(engine.BadPacket):
        engine.decode_payload(body)
