"""Offers for tests: those of real clients, and small ones made to measure."""

import itertools
from pathlib import Path
from typing import Any

from tertulia.media.negotiation import Negotiation, Plan
from tertulia.media.port import PublicationKey
from tertulia.media.sdp import Section, SessionDescription
from tertulia.media.sdp_parse import parse

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.sdp"))
FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
OURS = "sha-256 " + ":".join(["0F"] * 32)
PWD = "p" * 22

OPUS = ("111 opus/48000/2",)
VP8 = ("96 VP8/90000", "97 rtx/90000")
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"


def sample(name: str) -> str:
    return (SAMPLES / f"{name}.sdp").read_bytes().decode()


def data(mid: str = "data") -> list[str]:
    return ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", f"a=mid:{mid}", "a=sctp-port:5000"]


def media(
    kind: str,
    mid: str,
    direction: str,
    *,
    maps: tuple[str, ...] | None = None,
    extra: tuple[str, ...] = (),
    port: int = 9,
) -> list[str]:
    """A section with Opus, or VP8 and its RTX, unless `maps` (values of rtpmap) say otherwise."""
    if maps is None:
        maps = OPUS if kind == "audio" else VP8
        extra = extra if kind == "audio" else ("a=fmtp:97 apt=96", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", *extra)
    payload_types = " ".join(item.split()[0] for item in maps)
    head = [f"m={kind} {port} UDP/TLS/RTP/SAVPF {payload_types}", f"a=mid:{mid}", f"a={direction}", "a=rtcp-mux"]
    return [*head, *(f"a=rtpmap:{item}" for item in maps), *extra]


def offer(
    *sections: list[str],
    ufrag: str = "abcd",
    pwd: str = PWD,
    fingerprint: str = FINGERPRINT,
    setup: str = "actpass",
    bundle: bool = True,
) -> str:
    mids = [line[6:] for section in sections for line in section if line.startswith("a=mid:")]
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    if bundle:
        head.append(f"a=group:BUNDLE {' '.join(mids)}")
    head += [f"a=ice-ufrag:{ufrag}"] if ufrag else []
    head += [f"a=ice-pwd:{pwd}"] if pwd else []
    head += [f"a=fingerprint:{fingerprint}"] if fingerprint else []
    head += [f"a=setup:{setup}"] if setup else []
    return "".join(f"{line}\r\n" for line in [*head, *(line for section in sections for line in section)])


def pool(audio: int = 1, video: int = 1, **options: Any) -> str:
    kinds = ["audio"] * audio + ["video"] * video
    return offer(data(), *(media(kind, f"{kind}{n}", "recvonly") for n, kind in enumerate(kinds)), **options)


def negotiation() -> Negotiation:
    """With ids counting from 1 and SSRCs from 1000."""
    ids, ssrcs = itertools.count(1), itertools.count(1000)
    return Negotiation(lambda: next(ids), ("1 1 udp 1 192.0.2.1 3478 typ host",), OURS, lambda: next(ssrcs))


def publications(**by_mid: str) -> dict[str, PublicationKey]:
    """`m0="cam"`: the mid without its first letter."""
    return {mid[1:]: PublicationKey(key) for mid, key in by_mid.items()}


def all_sending(description: SessionDescription) -> dict[str, PublicationKey]:
    return {
        section.mid: PublicationKey(f"pub-{section.mid}")
        for section in description.sections
        if section.mid and section.direction.sends and section.kind in ("audio", "video")
    }


def exchange(
    state: Negotiation, text: str, published: dict[str, PublicationKey] | None = None, *, ufrag: str = "ours"
) -> tuple[Plan, SessionDescription, str]:
    """Plans and commits an offer; gives the plan, the answer as read again, and its text."""
    plan = state.plan(parse(text), published or {})
    answer = state.commit(plan, ufrag, PWD)
    return plan, parse(answer), answer


def section(description: SessionDescription, mid: str) -> Section:
    return next(item for item in description.sections if item.mid == mid)
