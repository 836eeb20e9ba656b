"""What the server says to offers that it cannot use. No media flows here."""

import pytest

from tertulia.errors import Code

from .support import Invite, refused

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
AUDIO = "a=rtpmap:111 opus/48000/2"


def section(mid: int, kind: str = "audio", direction: str = "recvonly", rtpmap: str = AUDIO) -> str:
    payload = rtpmap.split(":")[1].split()[0]
    lines = (
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {payload}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        rtpmap,
    )
    return "".join(f"{line}\r\n" for line in lines)


def offer(*sections: str) -> str:
    mids = " ".join(str(n) for n in range(len(sections)))
    head = (
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mids}",
        "a=ice-ufrag:abcd",
        f"a=ice-pwd:{'p' * 22}",
        f"a=fingerprint:{FINGERPRINT}",
        "a=setup:actpass",
    )
    return "".join(f"{line}\r\n" for line in head) + "".join(sections)


async def test_an_offer_is_answered(invite: Invite) -> None:
    ana = await invite("Ana")
    answer = await ana.offer_to_server(1, offer(section(0), section(1)), {})
    assert "a=ice-lite" in answer
    assert answer.count("m=audio") == 2


@pytest.mark.parametrize("sdp", ["", "v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "\x00" * 1000, "v=0\r\n" * 10_000])
async def test_an_offer_that_is_none(invite: Invite, sdp: str) -> None:
    ana = await invite("Ana")
    with refused(Code.BAD_OFFER):
        await ana.offer_to_server(1, sdp, {})
    # There is no connection yet that could go on.
    with refused(Code.MEDIA_UNAVAILABLE):
        await ana.offer_to_server(2, offer(section(0)), {})
    await ana.offer_to_server(1, offer(section(0)), {})


async def test_an_offer_that_is_none_does_not_harm_the_connection(invite: Invite) -> None:
    ana = await invite("Ana")
    await ana.offer_to_server(1, offer(section(0)), {})
    with refused(Code.BAD_OFFER):
        await ana.offer_to_server(2, "v=0", {})
    await ana.offer_to_server(3, offer(section(0), section(1)), {})


async def test_serials_grow(invite: Invite) -> None:
    ana = await invite("Ana")
    await ana.offer_to_server(1, offer(section(0)), {})
    await ana.offer_to_server(3, offer(section(0), section(1)), {})
    for old in (3, 2):
        with refused(Code.STALE_OFFER):
            await ana.offer_to_server(old, offer(section(0), section(1)), {})
    # A new connection begins anew.
    await ana.offer_to_server(1, offer(section(0)), {})


async def test_no_codec_in_common(invite: Invite) -> None:
    ana = await invite("Ana")
    camera = await ana.publish("camera", "video")
    strange = section(0, "video", "sendonly", "a=rtpmap:100 H266/90000")
    with refused(Code.NO_COMMON_CODEC):
        await ana.offer_to_server(1, offer(strange), {"0": camera.id})


async def test_too_many_sections(invite: Invite) -> None:
    ana = await invite("Ana")
    with refused(Code.TOO_MANY_SECTIONS):
        await ana.offer_to_server(1, offer(*(section(n) for n in range(500))), {})


async def test_somebody_elses_publication(invite: Invite) -> None:
    ana, bo = await invite("Ana"), await invite("Bo")
    microphone = await ana.publish("microphone", "audio")
    with refused(Code.NO_SUCH_PUBLICATION):
        await bo.offer_to_server(1, offer(section(0, direction="sendonly")), {"0": microphone.id})


async def test_a_publication_of_the_other_kind(invite: Invite) -> None:
    ana = await invite("Ana")
    camera = await ana.publish("camera", "video")
    with refused(Code.INVALID):
        await ana.offer_to_server(1, offer(section(0, direction="sendonly")), {"0": camera.id})
