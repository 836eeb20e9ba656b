"""Writes a session description. What it says is decided elsewhere; the order of its lines is decided here."""

from collections.abc import Iterator

from tertulia.media.sdp import Direction, Section, SessionDescription, Simulcast


def write(description: SessionDescription) -> str:
    """The text, lines ended by CR LF (RFC 8866 section 5)."""
    return "".join(f"{line}\r\n" for line in _session(description))


def _session(description: SessionDescription) -> Iterator[str]:
    yield "v=0"
    yield f"o=- {description.session_id} {description.version} IN IP4 127.0.0.1"
    yield "s=-"
    yield "t=0 0"
    if description.ice_lite:
        yield "a=ice-lite"
    if description.bundle:
        yield f"a=group:BUNDLE {' '.join(description.bundle)}"
    yield "a=msid-semantic: WMS *"
    for section in description.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    formats = [str(codec.payload_type) for codec in section.codecs] or list(section.formats)
    yield f"m={section.kind} {section.port} {section.protocol} {' '.join(formats)}"
    yield "c=IN IP4 0.0.0.0"
    if section.mid is not None:
        yield f"a=mid:{section.mid}"
    if section.bundle_only:
        yield "a=bundle-only"
    yield from _transport(section)
    is_media = "RTP/" in section.protocol
    if is_media:
        yield f"a={section.direction}"
    if section.rtcp_mux:
        yield "a=rtcp-mux"
    if section.rtcp_rsize:
        yield "a=rtcp-rsize"
    yield from _codecs(section)
    if section.mixed:
        yield "a=extmap-allow-mixed"
    for extension in section.extensions:
        narrowed = "" if extension.direction is Direction.SENDRECV else f"/{extension.direction}"
        yield f"a=extmap:{extension.id}{narrowed} {extension.uri}"
    for rid in section.rids:
        yield " ".join(part for part in (f"a=rid:{rid.id}", rid.direction, rid.restrictions) if part)
    if section.simulcast is not None:
        yield f"a=simulcast:{' '.join(_simulcast(section.simulcast))}"
    yield from _streams(section)
    if section.sctp_port is not None:
        yield f"a=sctp-port:{section.sctp_port}"
    if section.max_message_size is not None:
        yield f"a=max-message-size:{section.max_message_size}"


def _transport(section: Section) -> Iterator[str]:
    transport = section.transport
    if transport.ufrag:
        yield f"a=ice-ufrag:{transport.ufrag}"
        yield f"a=ice-pwd:{transport.pwd}"
    if transport.fingerprint:
        yield f"a=fingerprint:{transport.fingerprint}"
    if transport.setup is not None:
        yield f"a=setup:{transport.setup}"
    if section.candidates:
        yield from (f"a=candidate:{candidate}" for candidate in section.candidates)
        yield "a=end-of-candidates"


def _codecs(section: Section) -> Iterator[str]:
    for codec in section.codecs:
        channels = "" if codec.channels is None else f"/{codec.channels}"
        yield f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}"
        if codec.parameters:
            yield f"a=fmtp:{codec.payload_type} {codec.parameters}"
        yield from (f"a=rtcp-fb:{codec.payload_type} {feedback}" for feedback in codec.feedback)


def _simulcast(simulcast: Simulcast) -> Iterator[str]:
    for direction, streams in (("send", simulcast.send), ("recv", simulcast.recv)):
        if streams:
            yield f"{direction} {';'.join(','.join(alternatives) for alternatives in streams)}"


def _streams(section: Section) -> Iterator[str]:
    if section.msid is not None:
        yield f"a=msid:{' '.join(part for part in section.msid if part)}"
    # Chromium takes the first SSRC that it reads as the primary one: groups first, then each SSRC in the order given.
    for group in section.ssrc_groups:
        yield " ".join([f"a=ssrc-group:{group.semantics}", *map(str, group.ssrcs)])
    for ssrc in section.ssrcs:
        yield f"a=ssrc:{ssrc} cname:{section.cname or '-'}"
