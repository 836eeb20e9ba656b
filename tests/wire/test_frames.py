"""Messages with bytes, as they are on the wire."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.wire import native

# web/sdk/src/wire/frames.test.ts has the same one.
FRAME = bytes.fromhex(
    "000000327b2274797065223a22646f63756d656e745f73796e63222c226964223a372c22646f63756d656e74223a226e6f746573227d0001ff"
)
MESSAGE = native.DocumentSync(id=7, document="notes", bytes=b"\x00\x01\xff")


def test_a_frame_is_the_length_of_the_text_the_text_and_the_bytes() -> None:
    assert native.pack(native.encode(MESSAGE), MESSAGE.bytes) == FRAME
    assert native.decode_frame(*native.unpack(FRAME)) == MESSAGE


@given(st.binary(), st.integers(1, 2**53))
def test_a_number_goes_into_the_text_and_the_bytes_stay(payload: bytes, seq: int) -> None:
    message = native.DocumentSynced(document="notes", bytes=payload)
    text, rest = native.unpack(native.number_frame(native.pack(native.encode(message), payload), seq))
    assert text == native.number(native.encode(message), seq)
    assert rest == payload


@pytest.mark.parametrize("frame", [b"", b"\0\0\0", b"\0\0\0\3{}", b"\xff\xff\xff\xff{}", b"\0\0\0\1"])
def test_what_is_shorter_than_it_says_is_no_frame(frame: bytes) -> None:
    with pytest.raises(ValueError):
        native.unpack(frame)


def test_bytes_come_in_a_frame_and_nothing_else_does() -> None:
    with pytest.raises(msgspec.ValidationError):
        native.decode(native.encode(MESSAGE))
    with pytest.raises(msgspec.ValidationError):
        native.decode_frame(native.encode(native.Leave(id=1)), b"")
    with pytest.raises(msgspec.ValidationError):
        native.decode_frame(b'{"type":"document_sync","id":7,"document":"notes","bytes":"AAEC"}', b"")
