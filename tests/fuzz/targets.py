"""What is done with bytes from outside, and what must hold whatever they are: one function for each parser.

Each takes arbitrary bytes. What comes out of a parser is a value or an error that it documents; anything else is a crash, as is a value
that contradicts itself.
"""

import ipaddress
from collections.abc import Callable
from typing import Any, Final

import msgspec
from pycrdt import Text

from tertulia import ice_url
from tertulia.core.ids import ParticipantId
from tertulia.doctor import visit
from tertulia.doors.native import incoming
from tertulia.doors.native.payload import payload
from tertulia.doors.peerjs import messages
from tertulia.doors.signaling import words as signaling
from tertulia.doors.socketio import words as events
from tertulia.errors import Code, ProtocolError
from tertulia.media import stun
from tertulia.media.ice_fragment import fragment_of, is_current, parse_fragment, restarted
from tertulia.media.sdp import SessionDescription
from tertulia.media.sdp_parse import MAX_SECTIONS, parse
from tertulia.media.simulcast import MAX_ENCODINGS
from tertulia.net import Binary
from tertulia.runtime.awareness import Awareness
from tertulia.runtime.document import Document
from tertulia.runtime.seat import Data, Description, IceCandidate
from tertulia.socketio.engine import packet as engine_io
from tertulia.socketio.options import Limits
from tertulia.socketio.parser import Decoder
from tertulia.socketio.parser.encoder import encode
from tertulia.socketio.parser.packet import BadPacket, Packet
from tertulia.socketio.parser.packet import Kind as PacketKind
from tertulia.wire import native as wire
from tests.fuzz.inputs import SEPARATOR, text_of
from tests.fuzz.tokens import tokens
from tests.fuzz.whip import whip
from tests.media.offers import PWD, all_sending, negotiation, sample

SOMEBODY: Final = ParticipantId("somebody")


# --- media --------------------------------------------------------------------------------------------------------------------------------


def sdp(data: bytes) -> None:
    description = _parsed(data)
    if description is not None:
        assert len(description.sections) <= MAX_SECTIONS
        mids = [section.mid for section in description.sections if section.mid is not None]
        assert len(mids) == len(set(mids))


def offers(data: bytes) -> None:
    """One after another on one connection; every answer can be read, and has the offer's sections."""
    state = negotiation()
    for part in data.split(SEPARATOR)[:4]:
        offer = _parsed(part)
        if offer is None:
            continue
        try:
            plan = state.plan(offer, all_sending(offer))
        except ProtocolError:
            continue
        answer = parse(state.commit(plan, "ours", PWD), Code.BAD_ANSWER)
        assert [section.mid for section in answer.sections] == [section.mid for section in offer.sections]
        for ours, theirs in zip(answer.sections, offer.sections, strict=True):
            assert ours.kind == theirs.kind
            assert ours.refused or not theirs.refused
            received = [] if ours.simulcast is None else [stream[0] for stream in ours.simulcast.recv]
            assert {rid.removeprefix("~") for rid in received} == {rid.id for rid in ours.rids}
            assert {rid.id for rid in ours.rids} <= {rid.id for rid in theirs.rids if rid.direction == "send"}
            assert len(received) == len(ours.rids) <= MAX_ENCODINGS


def answers(data: bytes) -> None:
    """To an offer of ours."""
    state = negotiation()
    state.propose(("audio", "video"), "ours", PWD)
    for part in data.split(SEPARATOR)[:4]:
        answer = _parsed(part)
        if answer is None:
            continue
        try:
            plan = state.plan_reply(answer, all_sending(answer))
        except ProtocolError:
            continue
        assert len(plan.sections) == 2
        state.keep(plan)
        return


def _parsed(data: bytes) -> SessionDescription | None:
    try:
        return parse(text_of(data))
    except ProtocolError as error:
        assert error.code in (Code.BAD_OFFER, Code.TOO_MANY_SECTIONS), error.code
        return None


_OFFER: Final = sample("chromium_sendrecv")


def ice_fragment(data: bytes) -> None:
    text = text_of(data)
    fragment_of(text)
    try:
        credentials = parse_fragment(text)
    except ProtocolError as error:
        assert error.code is Code.MALFORMED
        return
    if credentials is not None:
        again = restarted(_OFFER, credentials)
        assert is_current(again, credentials)
        assert parse_fragment(fragment_of(again)) == credentials
        parse(again)


def ice_urls(data: bytes) -> None:
    try:
        url = ice_url.parse(text_of(data))
    except ValueError:
        return
    transport = url.transport if url.relays else None
    assert ice_url.parse(ice_url.write(url.scheme, url.host, url.port, transport)) == url


def candidates(data: bytes) -> None:
    """Where somebody else's server says that it receives media."""
    found = visit.candidates(text_of(data))
    assert len(found) <= visit.MAX_CANDIDATES
    for it in found:
        assert it.transport in ("udp", "tcp")
        assert str(ipaddress.ip_address(it.address)) == it.address
        assert 0 < it.port < 65536


def stun_answers(data: bytes) -> None:
    answer = stun.parse(data)
    if answer is None:
        return
    assert not answer.check_message_integrity(b"a password that nobody knows")
    try:
        host, port = stun.address_in(answer)
    except stun.Refused:
        return
    assert str(ipaddress.ip_address(host)) == host
    assert 0 <= port < 65536


# --- doors --------------------------------------------------------------------------------------------------------------------------------


def native(data: bytes) -> None:
    framed: Any
    try:
        framed, size = incoming.read(data)
    except incoming.Unreadable:
        pass
    else:
        assert size <= incoming.MESSAGE_BYTES
        assert wire.decode_frame(*wire.unpack(wire.pack(wire.encode(framed), framed.bytes))) == framed
    try:
        message, size = incoming.read(text_of(data))
    except incoming.Unreadable:
        return
    assert size <= incoming.MESSAGE_BYTES
    assert wire.decode(wire.encode(message)) == message
    if type(message) in incoming.COMMANDS:
        try:
            incoming.command(SOMEBODY, message)
            if isinstance(message, wire.Data):
                _data(message.topic, payload(message))
        except ProtocolError as error:
            assert error.code is Code.INVALID


def documents(data: bytes) -> None:
    """What somebody writes and shows in a document, after what somebody else has. Nothing of the other's is lost."""
    told: list[bytes] = []
    document = Document([], lambda update, _: told.append(update))
    with document.doc.transaction():
        text = document.doc.get("text", type=Text)
        text += "unharmed"
    for part in data.split(SEPARATOR * 4)[:8]:
        for act in (document.step_2, lambda message: document.write(SOMEBODY, message)):
            try:
                act(part)
            except ProtocolError as error:
                assert error.code is Code.INVALID
        try:
            document.awareness.show(SOMEBODY, part)
        except ProtocolError as error:
            assert error.code in (Code.INVALID, Code.TOO_LARGE)
    document.merge()
    again = Document([document.state], lambda *_: None)
    assert again.doc.get_state() == document.doc.get_state()
    Awareness().show(SOMEBODY, document.awareness.everything() or b"\0")


def _data(topic: str, it: Data) -> None:
    """Somebody's data, as pages at other doors get it: nothing in it passes for a word of the server's."""
    shown = signaling.write_data(topic, it)
    assert shown.get("type") == "data" or shown.get("type") not in list(signaling.RESERVED)
    said = events.write_data(topic, it)
    assert not events.is_signalling(said.event, said.args)


def signaling_words(data: bytes) -> None:
    try:
        word, _ = signaling.read(text_of(data))
    except ProtocolError:
        return
    if isinstance(word, signaling.Other):
        _data(word.topic, word.data)
    for message in _in_every_shape(word):
        again, _ = signaling.read(msgspec.json.encode(message).decode())
        assert type(again) is type(word)


def _in_every_shape(word: signaling.Word) -> list[signaling.Message]:
    match word:
        case signaling.ShapedDescription():
            description = Description(word.type, word.sdp)
            return [signaling.write_description(description, shape) for shape in signaling.DescriptionShape]
        case signaling.ShapedCandidate():
            candidate = IceCandidate(word.candidate, word.mid, word.index)
            return [signaling.write_candidate(candidate, shape) for shape in signaling.CandidateShape]
        case _:
            return []


def peerjs(data: bytes) -> None:
    try:
        said, to = messages.read(text_of(data))
    except ProtocolError:
        return
    if isinstance(said, messages.Relayed):
        assert to
        messages.media(said)
        again, recipient = messages.read(messages.relayed(said, "me", to).decode())
        assert (again, recipient) == (said, to)


def engine_io_packets(data: bytes) -> None:
    """A frame of a WebSocket, and the body of a POST."""
    for frame in (data, text_of(data)):
        try:
            engine_io.decode(frame)
        except engine_io.BadPacket:
            assert isinstance(frame, str)
    try:
        packets = engine_io.decode_payload(data)
    except engine_io.BadPacket:
        return
    assert 0 < len(packets) <= engine_io.PACKETS_IN_PAYLOAD
    frames = [
        Binary(packet.data) if isinstance(packet.data, bytes) else b"%d" % packet.type + packet.data.encode()
        for packet in packets
    ]
    assert engine_io.decode_payload(engine_io.encode_payload(frames)) == packets


def socket_io_packets(data: bytes) -> None:
    """The messages of one client, with their attachments; what was read is written, and read again."""
    for packet in _packets(data):
        if packet.kind in (PacketKind.EVENT, PacketKind.ACK):
            frames = encode(packet.kind, packet.namespace, packet.data, packet.id)
            assert _again(frames) == packet


def socket_io_events(data: bytes) -> None:
    """What a page says, as the door for Socket.IO understands it."""
    for packet in _packets(data):
        if packet.kind is not PacketKind.EVENT:
            continue
        name, *args = packet.data
        try:
            word, _ = events.read(name, tuple(args))
            said = events.data(word.said) if isinstance(word, events.Other) else None
        except ProtocolError:
            continue
        if said is not None:
            # As from another door: one that knows the event itself would pass it on as it came.
            _data(events.topic(name), Data(said.json, said.base64))


def _packets(data: bytes) -> list[Packet]:
    decoder = Decoder(Limits())
    packets = []
    try:
        for part in engine_io.decode_payload(data):
            packet = decoder.add(part.data, 0.0)
            if packet is not None:
                packets.append(packet)
    except (engine_io.BadPacket, BadPacket):
        pass
    return packets


def _again(frames: tuple[bytes, ...]) -> Packet | None:
    decoder = Decoder(Limits())
    packet = None
    for frame in frames:
        packet = decoder.add(bytes(frame) if isinstance(frame, Binary) else frame[1:].decode(), 0.0)
    return packet


TARGETS: Final[dict[str, Callable[[bytes], Any]]] = {
    "answers": answers,
    "candidates": candidates,
    "documents": documents,
    "engine_io": engine_io_packets,
    "ice_fragment": ice_fragment,
    "ice_urls": ice_urls,
    "native": native,
    "offers": offers,
    "peerjs": peerjs,
    "sdp": sdp,
    "signaling": signaling_words,
    "socket_io": socket_io_packets,
    "socket_io_events": socket_io_events,
    "stun_answers": stun_answers,
    "tokens": tokens,
    "whip": whip,
}
