"""Frames written at once: what they are on the wire, and when they are not written."""

import asyncio

import pytest
from websockets.frames import Frame, Opcode

from tertulia.cli.writer import Writer
from tertulia.net import Binary


class Pipe(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.got = b""
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.got += data

    def is_closing(self) -> bool:
        return self.closing


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


@pytest.fixture
def writer(pipe: Pipe) -> Writer:
    writer = Writer(pipe)
    writer.begin(None)
    return writer


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_are_those_of_the_library(pipe: Pipe, writer: Writer, size: int) -> None:
    assert writer.write(b"a" * size) and writer.write(Binary(b"\xff" * size))
    expected = Frame(Opcode.TEXT, b"a" * size), Frame(Opcode.BINARY, b"\xff" * size)
    assert pipe.got == b"".join(frame.serialize(mask=False) for frame in expected)


def test_nothing_is_written_before_the_handshake(pipe: Pipe) -> None:
    writer = Writer(pipe)
    assert not writer.write(b"early")
    writer.resume()
    assert not writer.write(b"early")
    assert not pipe.got


def test_nothing_is_written_while_the_transport_has_enough(pipe: Pipe, writer: Writer) -> None:
    writer.pause()
    assert not writer.write(b"waits")
    writer.resume()
    assert writer.write(b"goes")
    assert pipe.got.endswith(b"goes")


def test_nothing_is_written_after_the_end(pipe: Pipe, writer: Writer) -> None:
    writer.pause()
    writer.end()
    writer.resume()
    assert not writer.write(b"late")
    assert not pipe.got


def test_nothing_is_written_to_a_socket_that_closes(pipe: Pipe, writer: Writer) -> None:
    pipe.closing = True
    assert not writer.write(b"late"), "its descriptor may be another's already"
    assert not pipe.got
