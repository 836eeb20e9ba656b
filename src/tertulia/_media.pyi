"""The media engine, compiled from `crates/python`. Only `tertulia.media` may import it.

Identifiers are integers chosen by the caller and unique for the life of the engine. All methods may be called from any thread and return
at once; work happens on the engine's own threads. Commands for one connection are carried out in the order of the calls.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypeAlias, TypedDict, final

__all__ = ["Engine", "classify"]

FirstBytes: TypeAlias = Literal["http", "turn", "ice", "tls", "tls_http", "more", "unknown"]
StreamKind: TypeAlias = Literal["turn", "ice", "tls"]

Reason: TypeAlias = Literal["best", "size", "bandwidth", "publisher", "hidden", "starved"]
"""Why a slot gets the encoding that it gets: there is no better one; its wish calls for no better one; the way to its viewer does not carry
a better one; its publisher sends no better one, or nothing yet; it is paused or nobody looks; the way does not carry even the least."""

EncodingStatistics: TypeAlias = tuple[
    int,  # packets that came
    int,  # octets of payload
    int,  # packets that never came, or came only resent
    int,  # packets that came only resent
    float,  # interarrival jitter in seconds (RFC 3550)
    int,  # bits of payload a second of late; 0 for sound
    float,  # frames a second of late; 0 for sound
    tuple[int, int] | None,  # width and height, where key frames tell
]
"""What one RTP stream of a source brought. Counts begin anew with another SSRC."""

SlotStatistics: TypeAlias = tuple[
    int,  # slot
    int,  # the source in it
    tuple[
        int | None, int | None, Reason | None
    ],  # number of the encoding it gets, of the one that its wish calls for, why
    int,  # packets sent
    int,  # octets of payload
    int,  # packets resent
    int,  # packets lost, by the receiver's last report
    float,  # jitter in seconds, by the receiver's last report
]
"""What one slot received, whatever was in it."""

ConnectionStatistics: TypeAlias = tuple[
    int,  # connection
    float,  # of when this is, in seconds on the engine's clock
    float | None,  # round trip in seconds, once known
    int | None,  # bits a second that the way to the client is held to carry; None where it receives no pictures
    list[tuple[int, list[EncodingStatistics]]],  # (source, its encodings)
    list[SlotStatistics],  # those in which something is
]

Event: TypeAlias = (
    tuple[Literal["connected"], int]  # connection: ICE and DTLS are up
    | tuple[
        Literal["disconnected"], int, str
    ]  # connection, reason: consent_expired | dtls_failed | dtls_closed | crashed; it is gone
    | tuple[Literal["source_started"], int]  # source: its first packet arrived
    | tuple[
        Literal["source_payload"], int, int
    ]  # source, payload type: it sends with one that is not its own; told once for each
    | tuple[
        Literal["layer"], int, int, int, int | None, int | None, Reason
    ]  # slot, source, number of the encoding (0 for the first), highest spatial and temporal layer (None: all that there are), why no more:
    # the slot gets them from now on; the first packet left
    | tuple[
        Literal["starved"], int, int
    ]  # slot, source: it gets nothing, for the way to its viewer does not carry even the least; a layer follows when it does
    | tuple[
        Literal["chunk"], int, int, bool, int, bytes
    ]  # slot, source, is it a key frame, time in microseconds, the encoded frame: what a slot of a connection without a transport gets next
    | tuple[Literal["key_frame_wanted"], int]  # source of such a connection: its next picture shall be a key frame
    | tuple[
        Literal["encodings"], int, int
    ]  # source, mask: which of its encodings viewers call for, bit 0 for the first; at first all count as told, and of sound nothing is
    | tuple[Literal["speakers"], int, list[tuple[int, int]]]  # room, [(source, level in -dBov)], loudest first
    | tuple[Literal["worker_lost"], int, list[int]]  # worker, the connections that went with it
    | tuple[
        Literal["http"], int, str, str
    ]  # descriptor (the reader's own), remote, local ("host:port"): TLS was ours, this is HTTP out of it, in the clear
    | tuple[Literal["log"], Literal["info", "warning", "error"], str]  # for the operator: level, message
)

class Encoding(TypedDict):
    """One RTP stream of a source. `rid`: its name (RFC 8851), needed where there are several and no `ssrc` is told; `ssrc`: None where the
    offer names none, it is found by MID and RID then, or of an only one by its payload type."""

    rid: str | None
    ssrc: int | None
    rtx_ssrc: int | None

class Relay(TypedDict):
    """TURN. Limits that are left out are those for browsers, see `Limits` in `crates/relay`."""

    realm: str
    secret: str
    allow_peers: NotRequired[Sequence[str]]
    """Networks ("10.0.0.0/8") to which it may send besides public addresses."""
    allocations: NotRequired[int]
    per_user: NotRequired[int]
    per_address: NotRequired[int]
    bytes_per_second: NotRequired[int]
    """Of an allocation, each way."""
    permissions: NotRequired[int]
    """IP addresses of an allocation."""
    channels: NotRequired[int]
    unauthenticated_per_second: NotRequired[int]
    """Answers to one address before it has proved who it is."""

def classify(first_bytes: bytes) -> FirstBytes:
    """What a TCP connection is that begins so. "tls_http": a ClientHello whose ALPN names HTTP; "more": these bytes do not tell yet."""

@final
class Engine:
    """UDP sockets, media threads and everything that forwards.

    `bind`: addresses as "host:port"; port 0 picks a free one; a wildcard keeps each datagram's local address.
    `workers`: media threads, at least 1. `room_share`: so many connections, and slots of theirs in which something is bound, has a room on
    one of them before it takes another one; None: a number that suits what packets cost.
    `local_only`: drop datagrams whose source is not an address of this machine.
    `gso`: send batches with UDP segmentation where the kernel has it. `relay`: None relays nothing; STUN is answered anyway.
    `own`: addresses that are ours besides those of the interfaces.
    `public`: addresses that clients are told in place of a local one of the family.
    `loudest`: where a room has more than twice as many voices, only so many are passed on at a time; 0: all; None: as the engine sees fit.
    `test_commands`: allow `crash`. Raises OSError when an address cannot be bound, ValueError for settings that make no sense.
    """

    def __new__(
        cls,
        *,
        bind: Sequence[str],
        workers: int = 1,
        room_share: int | None = None,
        local_only: bool = False,
        gso: bool = True,
        relay: Relay | None = None,
        own: Sequence[str] = ...,
        public: Sequence[str] = ...,
        loudest: int | None = None,
        test_commands: bool = False,
    ) -> Engine: ...
    def addresses(self) -> list[str]:
        """The bound addresses, ports filled in."""
    def fingerprint(self) -> str:
        """The process's DTLS certificate as an SDP fingerprint value, "sha-256 AB:CD:…"."""
    @staticmethod
    def ice_credentials() -> tuple[str, str]:
        """(ufrag, pwd) of ours for one connection that is opened later: an offer tells them before the peer is known."""
    def open(
        self,
        connection: int,
        *,
        room: int,
        ice_ufrag: str,
        ice_pwd: str,
        fingerprint: str,
        dtls_active: bool,
        local: tuple[str, str] | None = None,
    ) -> tuple[str, str]:
        """Makes an ICE-lite transport for the peer with these credentials; gives our (ufrag, pwd): `local`, which `ice_credentials` gave,
        else new ones. `dtls_active`: we start DTLS (the peer said setup:passive). Raises ValueError for a malformed fingerprint."""
    def open_chunked(self, connection: int, *, room: int) -> None:
        """Makes a connection without a transport, whose client sends and gets encoded frames (`chunk`, and the event of that name) of VP8
        and Opus. It is connected at once."""
    def chunk(self, source: int, *, key: bool, time: int, bytes: bytes, level: int | None = None) -> None:
        """One encoded frame of a source of such a connection. `time`: when it was captured, in microseconds, rising; `level`: of sound, an
        octet as in RFC 6464. Of a codec other than the two nothing comes of it."""
    def refresh_slot(self, slot: int) -> None:
        """Who gets frames in this slot has left some out: its publisher is asked for a key frame."""
    def restart_ice(self, connection: int, *, ice_ufrag: str, ice_pwd: str) -> tuple[str, str]:
        """New remote credentials; gives our new (ufrag, pwd). The old path serves until a new one is validated."""
    def member(self, connection: int, name: str, sends: bool) -> None:
        """Whose connection it is, for messages on its data channels, and whether he may send any; may be called again. Without it he hears
        none. Raises ValueError for a name of other than 1 to 255 bytes."""
    def close(self, connection: int) -> None: ...
    def add_source(
        self,
        connection: int,
        source: int,
        *,
        kind: Literal["audio", "video"],
        codec: str,
        mid: str,
        clock_rate: int,
        payload_type: int,
        rtx_payload_type: int | None,
        encodings: Sequence[Encoding],
        nack: bool,
        extensions: Mapping[str, int],
        red_payload_type: int | None = None,
    ) -> None:
        """A track that the connection sends. `codec`: opus, VP8, VP9, H264, AV1 or any other name (then forwarded without key-frame
        detection). `encodings`: one to three, the lowest first. `extensions`: header-extension ids by the names mid, transport_cc,
        audio_level, video_orientation, abs_send_time, rid, repaired_rid, dependency_descriptor. `red_payload_type`: of redundant audio
        (RFC 2198), which is taken apart when it comes. Raises ValueError for another number of encodings."""
    def remove_source(self, source: int) -> None: ...
    def enable_source(self, source: int, enabled: bool) -> None:
        """False: its packets are dropped on arrival (a moderator's mute, a revoked right)."""
    def favour_source(self, source: int, favoured: bool) -> None:
        """True: a sound that is heard however many speak in its room."""
    def request_key_frame(self, source: int) -> None: ...
    def add_slot(
        self,
        connection: int,
        slot: int,
        *,
        kind: Literal["audio", "video"],
        mid: str,
        ssrc: int,
        rtx_ssrc: int,
        transport_cc: bool,
        extensions: Mapping[str, int],
    ) -> None:
        """A section in which the connection receives, empty at first."""
    def remove_slot(self, slot: int) -> None: ...
    def bind(
        self,
        slot: int,
        source: int | None,
        *,
        payload_type: int = 0,
        rtx_payload_type: int | None = None,
        red_payload_type: int | None = None,
    ) -> None:
        """Puts a source into a slot (None empties it); the payload types are those that the receiver expects for the source's codec.
        `red_payload_type`: of redundant audio, by which packets come again to a receiver who loses some."""
    def pause_slot(self, slot: int, paused: bool) -> None: ...
    def wish(self, slot: int, *, priority: int, pixels: int, detail: bool = False) -> None:
        """What the tile calls for in which a video slot is shown, whatever is bound in it. `priority`: 0 to 255, more goes first. `pixels`:
        its size; 0 shows nothing and gets nothing, 2**32 - 1 (as at first) calls for the best there is. `detail`: where not everything
        fits, pictures go before pixels (W3C: `maintain-resolution`)."""
    def crash(self, connection: int | None, worker: int = 0) -> None:
        """Test only: panics inside a connection, or in a worker. Raises RuntimeError unless made with `test_commands`."""
    def adopt(self, fd: int, kind: StreamKind) -> None:
        """Takes over the descriptor of a connected, non-blocking TCP socket that `classify` found to be one of these, and of which nothing
        was read. It is the engine's from here on. Raises ValueError, and leaves the descriptor alone, for another kind."""
    def set_certificate(self, chain: bytes, key: bytes) -> None:
        """What TLS shows from now on: PEM, the server's own certificate first. Raises ValueError, which says what is wrong."""
    def event_fd(self) -> int:
        """Readable while events wait."""
    def poll_events(self) -> list[Event]: ...
    def counters(self) -> dict[str, int]:
        """Totals since the start, by stable names: rtp_in, rtp_out, rtx_out, rtcp_in, dropped_<reason>, …"""
    def connection_stats(self, connection: int) -> dict[str, int] | None:
        """Bytes, packets, losses and round trip of one connection, as of at most a second ago; None when unknown. `…_in`: what it sends,
        summed over its sources; `…_out`: what it receives, summed over its slots; `round_trip_us` is there once it is known, `estimate`
        (bits a second that the way to the client is held to carry) where it receives pictures, or not all of the sound."""
    def statistics(self) -> list[ConnectionStatistics]:
        """All connections in one go, as of at most a second ago, while there is traffic; a new one may be missing for as long."""
    def stop(self) -> None:
        """Ends the threads and closes the sockets. Safe to call twice."""
