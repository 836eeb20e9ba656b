"""What people show in a document: each his own, and nobody else's."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Decoder, write_message, write_var_uint

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, ProtocolError
from tertulia.runtime.awareness import CLIENTS, STATE_BYTES, Awareness

ANA, BEN = ParticipantId("ana"), ParticipantId("ben")


def update(*entries: tuple[int, int, object]) -> bytes:
    parts = [write_var_uint(len(entries))]
    for client, clock, state in entries:
        text = state if isinstance(state, bytes) else json.dumps(state, ensure_ascii=False).encode()
        parts += [write_var_uint(client), write_var_uint(clock), write_message(text)]
    return b"".join(parts)


def read(data: bytes | None) -> list[tuple[int, int, object]]:
    assert data is not None
    decoder = Decoder(data)
    return [
        (decoder.read_var_uint(), decoder.read_var_uint(), json.loads(decoder.read_message() or b""))
        for _ in range(decoder.read_var_uint())
    ]


def test_a_newer_state_takes_the_place_of_an_older_one() -> None:
    awareness = Awareness()
    assert read(awareness.show(ANA, update((1, 5, {"x": "王"})))) == [(1, 5, {"x": "王"})]
    assert awareness.show(ANA, update((1, 5, {"x": 2}))) is None
    assert awareness.show(ANA, update((1, 4, {"x": 3}))) is None
    assert read(awareness.show(ANA, update((1, 6, {"x": 4})))) == [(1, 6, {"x": 4})]
    assert read(awareness.everything()) == [(1, 6, {"x": 4})]


def test_nobody_shows_or_hides_what_is_anothers() -> None:
    awareness = Awareness()
    awareness.show(ANA, update((1, 1, {"name": "Ana"})))
    assert awareness.show(BEN, update((1, 9, {"name": "not Ana"}))) is None
    assert awareness.show(BEN, update((1, 9, None), (2, 1, {}))) is not None
    assert read(awareness.everything()) == [(1, 1, {"name": "Ana"}), (2, 1, {})]


def test_who_goes_takes_his_states_along() -> None:
    awareness = Awareness()
    awareness.show(ANA, update((1, 3, {}), (2, 7, {})))
    awareness.show(BEN, update((3, 1, {})))
    assert read(awareness.forget(ANA)) == [(1, 4, None), (2, 8, None)]
    assert awareness.forget(ANA) is None
    assert read(awareness.everything()) == [(3, 1, {})]


def test_what_is_told_of_somebody_is_all_of_his() -> None:
    """Of what waits for a slow reader the newest alone is sent."""
    awareness = Awareness()
    awareness.show(ANA, update((1, 1, {"a": 1})))
    awareness.show(ANA, update((1, 2, None)))
    assert read(awareness.show(ANA, update((2, 1, {"b": 1})))) == [(1, 2, None), (2, 1, {"b": 1})]


def test_who_opens_it_again_and_again_has_a_few_clients_only() -> None:
    awareness = Awareness()
    for client in range(1, 50):
        awareness.show(ANA, update((client, 1, {})))
    assert [client for client, _, _ in read(awareness.everything())] == [46, 47, 48, 49]


HOSTILE = [
    (b"", Code.INVALID),
    (b"\x01", Code.INVALID),
    (b"\x01\x01\x01", Code.INVALID),
    (b"\x01\x01\x01\x05{}", Code.INVALID),
    (update((1, 1, {})) + b"\x00", Code.INVALID),
    (update((1, 1, b"{")), Code.INVALID),
    (update((1, 1, b'"text"')), Code.INVALID),
    (update((1, 1, b'{"a":"\xff"}')), Code.INVALID),
    (update((1, 1, b'{"a":' + b"[" * 100 + b"]" * 100 + b"}")), Code.INVALID),
    (update((1, 1, {"a": "x" * STATE_BYTES})), Code.TOO_LARGE),
    (update(*[(client, 1, {}) for client in range(CLIENTS + 1)]), Code.TOO_LARGE),
    (update((2**60, 1, {})), Code.INVALID),
    (update((1, 2**60, {})), Code.INVALID),
    (b"\xff" * 16_000, Code.INVALID),
]


@pytest.mark.parametrize(("data", "code"), HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_update_changes_nothing(data: bytes, code: Code) -> None:
    awareness = Awareness()
    awareness.show(BEN, update((7, 1, {})))
    with pytest.raises(ProtocolError) as caught:
        awareness.show(ANA, data)
    assert caught.value.code is code
    assert read(awareness.everything()) == [(7, 1, {})]


@given(st.binary(max_size=200))
def test_whatever_comes_is_refused_or_shown(data: bytes) -> None:
    awareness = Awareness()
    try:
        shown = awareness.show(ANA, data)
    except ProtocolError as error:
        assert error.code in (Code.INVALID, Code.TOO_LARGE)
    else:
        assert shown is None or len(read(shown)) <= CLIENTS
