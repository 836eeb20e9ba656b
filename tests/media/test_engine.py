import pytest
from structlog.testing import capture_logs

from tertulia.errors import Code, ProtocolError, TertuliaError, Unavailable
from tertulia.media.port import (
    Bound,
    Connected,
    ConnectionId,
    Disconnected,
    Kind,
    Media,
    NeedSections,
    Preference,
    PublicationKey,
    Speakers,
    Wanted,
)
from tertulia.media.sdp_parse import parse
from tertulia.media.wishes import BEST
from tests.media.offers import all_sending, data, media, offer, pool, publications, sample
from tests.media.stage import Stage

ANA, BOB, EVA = ConnectionId("ana"), ConnectionId("bob"), ConnectionId("eva")
CAM, MIC, CAM2 = PublicationKey("cam"), PublicationKey("mic"), PublicationKey("cam2")
SECTIONS = (data(), media("audio", "0", "sendonly"), media("video", "1", "sendonly"))
SENDS = offer(*SECTIONS)
BOTH = publications(m0="mic", m1="cam")
QUIET = offer(data(), media("audio", "0", "inactive"), media("video", "1", "inactive"))


async def test_it_keeps_the_port(stage: Stage) -> None:
    port: Media = stage.media
    assert port.counters() == {"rtp_in": 7, "workers_lost": 0}


async def test_the_first_offer_opens_a_transport_then_its_sources_and_slots(stage: Stage) -> None:
    text = sample("chromium_pool")
    answer = stage.answer(ANA, 1, text, all_sending(parse(text)))
    names = [name for name, _ in stage.engine.calls]
    assert names == ["open", *["add_source"] * 2, *["add_slot"] * 7]
    number, keywords = stage.engine.named("open")[0]
    assert keywords["ice_ufrag"] == "AOUd" and keywords["dtls_active"] is False
    assert keywords["fingerprint"].startswith("sha-256 44:0E")
    assert f"a=ice-ufrag:ufrag{number}\r\n" in answer
    assert " 192.0.2.1 3478 typ host" in answer and " 2001:db8::1 3478 typ host" in answer
    _, _, source = stage.engine.named("add_source")[1]
    assert (source["codec"], source["payload_type"], source["rtx_payload_type"]) == ("VP8", 96, 97)
    assert source["extensions"] == {"mid": 4, "transport_cc": 3, "video_orientation": 13}


async def test_the_answer_is_out_before_bound_is_heard(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.media.subscribe(BOB, CAM, "video")
    order: list[object] = []
    stage.media.listen(order.append)
    order.append(stage.answer(BOB, 1, pool())[:3])
    await stage.events()
    assert order == ["v=0", Bound(BOB, "video1", CAM)]


async def test_a_subscription_waits_for_source_and_slot_in_either_order(stage: Stage) -> None:
    stage.media.subscribe(BOB, CAM, "video")
    assert await stage.events() == []
    stage.answer(BOB, 1, pool())
    assert await stage.events() == []
    stage.engine.take()
    stage.answer(ANA, 1, SENDS, BOTH)
    assert await stage.events() == [Bound(BOB, "video1", CAM)]
    _, source, _ = stage.engine.named("add_source")[1]
    assert [bind.source for bind in stage.engine.named("bind")] == [source]


async def test_sound_and_picture_of_a_person_meet_in_one_stream(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    other_sound = PublicationKey("mic2")
    two = offer(data(), media("audio", "0", "sendonly"), media("video", "1", "sendonly"))
    stage.answer(EVA, 1, two, {"0": other_sound, "1": CAM2})
    pairs = [item.msid[0] for item in parse(stage.answer(BOB, 1, pool(audio=3, video=4))).sections if item.msid]
    streams = dict(zip(["audio0", "audio1", "audio2", "video3", "video4", "video5", "video6"], pairs, strict=True))
    wishes: list[tuple[PublicationKey, Kind]] = [
        (CAM2, "video"),
        (MIC, "audio"),
        (CAM, "video"),
        (other_sound, "audio"),
    ]
    for publication, kind in wishes:
        stage.media.subscribe(BOB, publication, kind)
    mids = {bound.publication: bound.mid for bound in await stage.events() if isinstance(bound, Bound)}
    assert streams[mids[CAM]] == streams[mids[MIC]] != streams[mids[CAM2]] == streams[mids[other_sound]]


async def test_payload_types_are_the_receiver_s(stage: Stage) -> None:
    stage.answer(ANA, 1, sample("chromium_pool"), {"1": CAM})
    stage.answer(BOB, 1, sample("firefox_pool"))
    stage.media.subscribe(BOB, CAM, "video")
    bind = stage.engine.named("bind")[0]
    assert (bind.payload_type, bind.rtx_payload_type) == (120, 124)


async def test_an_exhausted_pool_asks_once_for_twice_as_many(stage: Stage) -> None:
    cameras = [PublicationKey(f"c{n}") for n in range(4)]
    text = offer(*(media("video", str(n), "sendonly") for n in range(4)))
    stage.answer(ANA, 1, text, {str(n): key for n, key in enumerate(cameras)})
    stage.answer(BOB, 1, pool(audio=1, video=1))
    for camera in cameras:
        stage.media.subscribe(BOB, camera, "video")
    assert await stage.events() == [Bound(BOB, "video1", cameras[0]), NeedSections(BOB, 1, 2)]
    stage.answer(BOB, 2, pool(audio=1, video=1))
    assert await stage.events() == [NeedSections(BOB, 1, 4)], (
        "still too few, and three wait: asked again after an offer"
    )
    grown = offer(
        *[data(), media("audio", "audio0", "recvonly")], *(media("video", f"video{n}", "recvonly") for n in range(1, 5))
    )
    stage.answer(BOB, 3, grown)
    assert [type(event) for event in await stage.events()] == [Bound] * 3


async def test_a_connection_with_a_data_channel_only_is_asked_for_a_first_pool(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, offer(data()))
    stage.media.subscribe(BOB, CAM, "video")
    stage.media.subscribe(BOB, MIC, "audio")
    assert await stage.events() == [NeedSections(BOB, 0, 4)]
    stage.answer(BOB, 2, pool(audio=0, video=4))
    heard = await stage.events()
    assert heard == [Bound(BOB, "video0", CAM), NeedSections(BOB, 3, 4)]


async def test_a_freed_section_goes_to_who_waits(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(EVA, 1, offer(media("video", "0", "sendonly")), {"0": CAM2})
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    stage.media.subscribe(BOB, CAM2, "video")
    await stage.events()
    stage.media.unsubscribe(BOB, CAM)
    assert await stage.events() == [Bound(BOB, "video1", None), Bound(BOB, "video1", CAM2)]


async def test_what_a_client_cannot_decode_is_logged_once_and_asks_for_nothing(stage: Stage) -> None:
    stage.answer(ANA, 1, sample("ffmpeg_whip"), {"1": CAM})
    stage.answer(BOB, 1, sample("firefox_pool"))
    with capture_logs() as logs:
        stage.media.subscribe(BOB, CAM, "video")
        stage.media.subscribe(BOB, MIC, "audio")
    assert [entry["event"] for entry in logs] == ["subscription cannot be met"]
    assert await stage.events() == []


async def test_a_publication_of_another_kind_than_its_section_is_never_bound(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "audio")
    assert await stage.events() == []


async def test_withdraw_unbinds_everywhere_and_forgets(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    await stage.events()
    stage.engine.take()
    stage.media.withdraw(CAM)
    assert [name for name, _ in stage.engine.take()] == ["bind", "remove_source"]
    assert await stage.events() == [Bound(BOB, "video1", None)]
    stage.answer(ANA, 2, QUIET)
    assert len(stage.engine.named("remove_source")) == 1, "the microphone's; the camera's is gone already"
    stage.answer(ANA, 3, SENDS, BOTH)
    assert await stage.events() == [], "the old subscription is forgotten"


async def test_a_source_that_stops_leaves_its_subscribers_waiting(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    await stage.events()
    stage.answer(ANA, 2, QUIET)
    assert await stage.events() == [Bound(BOB, "video1", None)]
    stage.answer(ANA, 3, SENDS, BOTH)
    assert await stage.events() == [Bound(BOB, "video1", CAM)]


async def test_a_publisher_s_new_connection_goes_on_in_the_same_sections_unheard(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    await stage.events()
    stage.engine.take()
    stage.answer(ANA, 1, SENDS, BOTH)
    source = stage.engine.named("add_source")[1][1]
    assert [bind.source for bind in stage.engine.named("bind")] == [source]
    assert await stage.events() == []


async def test_hidden_video_is_paused_before_it_is_bound_and_shown_again(stage: Stage) -> None:
    stage.media.subscribe(BOB, CAM, "video")
    stage.media.prefer(BOB, CAM, Preference(visible=False))
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    assert [name for name, _ in stage.engine.calls][-2:] == ["pause_slot", "bind"]
    stage.media.prefer(BOB, CAM, Preference(visible=False, width=10))
    stage.media.prefer(BOB, CAM, Preference(width=10))
    assert [paused for _, paused in stage.engine.named("pause_slot")] == [True, False]


async def test_a_tile_s_size_and_importance_are_told_before_it_is_bound_and_when_they_change(stage: Stage) -> None:
    stage.media.subscribe(BOB, CAM, "video")
    stage.media.prefer(BOB, CAM, Preference(width=320, height=180))
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    slot = stage.engine.named("bind")[0].slot
    assert [name for name, _ in stage.engine.calls][-2:] == ["wish", "bind"]
    stage.media.prefer(BOB, CAM, Preference(width=320, height=180))
    stage.media.prefer(BOB, CAM, Preference(width=320, height=180, priority=2))
    stage.media.prefer(BOB, CAM, Preference())
    assert stage.engine.named("wish") == [
        (slot, 0, 57_600, False),
        (slot, 2, 57_600, False),
        (slot, 0, BEST, False),
    ]


async def test_a_slot_is_told_anew_what_another_publication_in_it_is_to_get(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    assert stage.engine.named("wish") == [], "the best is what it gets anyway"
    stage.media.prefer(BOB, CAM, Preference(layer="low"))
    stage.media.unsubscribe(BOB, CAM)
    stage.media.subscribe(BOB, CAM, "video")
    assert [pixels for _, _, pixels, _ in stage.engine.named("wish")] == [1, BEST]


async def test_sound_has_no_wishes(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, MIC, "audio")
    stage.media.prefer(BOB, MIC, Preference(width=320, height=180))
    assert stage.engine.named("wish") == []


async def test_who_sends_simulcast_hears_which_encodings_anybody_watches(stage: Stage) -> None:
    stage.answer(ANA, 1, sample("chromium_simulcast"), {"0": CAM})
    _, source, _ = stage.engine.named("add_source")[0]
    stage.engine.happen(("encodings", source, 0b011), ("encodings", source, 0), ("encodings", 999, 0b111))
    assert await stage.events() == [Wanted(ANA, CAM, ("q", "h")), Wanted(ANA, CAM, ())]


async def test_who_sends_one_encoding_is_not_told_that_nobody_watches(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    camera = stage.engine.named("add_source")[1][1]
    stage.engine.happen(("encodings", camera, 0))
    assert await stage.events() == []


async def test_a_hidden_audio_tile_still_sounds(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, MIC, "audio")
    stage.media.prefer(BOB, MIC, Preference(visible=False))
    assert stage.engine.named("pause_slot") == []


async def test_forbid_holds_for_the_source_there_is_and_for_the_next(stage: Stage) -> None:
    stage.media.forbid(MIC, True)
    stage.answer(ANA, 1, SENDS, BOTH)
    source = stage.engine.named("add_source")[0][1]
    stage.media.forbid(MIC, True)
    stage.media.forbid(MIC, False)
    assert stage.engine.named("enable_source") == [(source, False), (source, True)]


async def test_serials(stage: Stage) -> None:
    def code(serial: int) -> Code:
        with pytest.raises(TertuliaError) as caught:
            stage.answer(ANA, serial, offer(data()))
        return caught.value.code

    assert code(0) is Code.BAD_OFFER
    assert code(2) is Code.MEDIA_UNAVAILABLE
    stage.answer(ANA, 1, offer(data()))
    stage.answer(ANA, 5, offer(data()))
    assert code(5) is Code.STALE_OFFER
    assert code(4) is Code.STALE_OFFER


async def test_serial_one_closes_the_older_connection_and_its_events(stage: Stage) -> None:
    stage.answer(ANA, 1, offer(data()))
    old = stage.number(ANA)
    stage.answer(ANA, 1, offer(data()))
    assert stage.engine.named("close") == [old]
    stage.engine.happen(("disconnected", old, "dtls_closed"), ("connected", stage.number(ANA)))
    assert await stage.events() == [Connected(ANA)]


@pytest.mark.parametrize("text", ["nonsense", offer(data(), fingerprint=""), offer()])
async def test_a_refused_offer_leaves_the_connection_as_it_was(stage: Stage, text: str) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.engine.take()
    for serial in (1, 2):
        with pytest.raises(ProtocolError):
            stage.answer(ANA, serial, text)
    assert stage.engine.take() == []
    stage.answer(ANA, 2, SENDS, BOTH)


async def test_an_engine_that_cannot_open_is_unavailable_and_the_old_connection_stays(stage: Stage) -> None:
    stage.answer(ANA, 1, offer(data()))
    old = stage.number(ANA)
    stage.engine.fails.add("open")
    with pytest.raises(Unavailable) as caught:
        stage.answer(ANA, 1, offer(data()))
    assert caught.value.code is Code.MEDIA_UNAVAILABLE
    stage.engine.fails.clear()
    stage.answer(ANA, 2, offer(data()))
    assert stage.number(ANA) == old and old not in stage.engine.named("close")


async def test_an_engine_that_fails_midway_loses_the_connection_aloud(stage: Stage) -> None:
    stage.answer(ANA, 1, offer(data()))
    stage.engine.fails.add("add_slot")
    with pytest.raises(Unavailable):
        stage.answer(ANA, 2, pool())
    assert await stage.events() == [Disconnected(ANA, "internal")]


async def test_new_credentials_restart_ice(stage: Stage) -> None:
    stage.answer(ANA, 1, offer(data()))
    stage.answer(ANA, 2, offer(data()))
    assert stage.engine.named("restart_ice") == []
    answer = stage.answer(ANA, 3, offer(data(), ufrag="efgh"))
    number = stage.number(ANA)
    assert stage.engine.named("restart_ice") == [(number, {"ice_ufrag": "efgh", "ice_pwd": "p" * 22})]
    assert f"a=ice-ufrag:again{number}\r\n" in answer


async def test_pictures_begin_anew_in_another_network(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    stage.media.subscribe(BOB, MIC, "audio")
    (camera,) = [number for _, number, told in stage.engine.named("add_source") if told["codec"] == "VP8"]
    stage.answer(ANA, 2, SENDS, BOTH)
    assert stage.engine.named("request_key_frame") == []
    stage.answer(ANA, 3, offer(*SECTIONS, ufrag="efgh"), BOTH)
    assert stage.engine.named("request_key_frame") == [camera], "what she sends"
    stage.answer(BOB, 2, pool(ufrag="efgh"))
    assert stage.engine.named("request_key_frame") == [camera, camera], "what he is shown"
    stage.media.prefer(BOB, CAM, Preference(visible=False))
    stage.answer(BOB, 3, pool(ufrag="ijkl"))
    assert len(stage.engine.named("request_key_frame")) == 2, "nobody looks at it"


async def test_a_lost_connection_frees_its_slots_and_keeps_its_subscriptions(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    await stage.events()
    stage.engine.happen(("disconnected", stage.number(BOB), "consent_expired"))
    assert await stage.events() == [Disconnected(BOB, "consent_expired")]
    with pytest.raises(Unavailable):
        stage.answer(BOB, 2, pool())
    stage.answer(BOB, 1, pool())
    assert await stage.events() == [Bound(BOB, "video1", CAM)]


async def test_a_lost_publisher_is_unbound_and_bound_again_when_back(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    await stage.events()
    stage.engine.happen(("disconnected", stage.number(ANA), "dtls_closed"))
    assert await stage.events() == [Bound(BOB, "video1", None), Disconnected(ANA, "dtls_closed")]
    stage.answer(ANA, 1, SENDS, BOTH)
    assert await stage.events() == [Bound(BOB, "video1", CAM)]


async def test_a_lost_worker_takes_its_connections(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.engine.happen(("worker_lost", 0, [stage.number(ANA), stage.number(BOB), 999]))
    assert await stage.events() == [Disconnected(ANA, "worker_lost"), Disconnected(BOB, "worker_lost")]


async def test_close_forgets_and_is_silent(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    number = stage.number(BOB)
    stage.media.close(BOB)
    stage.engine.happen(("disconnected", number, "dtls_closed"))
    assert await stage.events() == []
    stage.answer(BOB, 1, pool())
    assert await stage.events() == []
    stage.media.close(ConnectionId("nobody"))


async def test_closing_a_publisher_unbinds_its_viewers(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    stage.answer(BOB, 1, pool())
    stage.media.subscribe(BOB, CAM, "video")
    await stage.events()
    stage.engine.take()
    stage.media.close(ANA)
    assert [bind.source for bind in stage.engine.named("bind")] == [None]
    assert await stage.events() == [Bound(BOB, "video1", None)]


async def test_speakers_are_told_by_room_and_publication(stage: Stage) -> None:
    stage.answer(ANA, 1, SENDS, BOTH)
    room = stage.engine.named("open")[0][1]["room"]
    source = stage.engine.named("add_source")[0][1]
    stage.engine.happen(("speakers", room, [(source, 20), (999, 30)]), ("speakers", 12345, []))
    assert await stage.events() == [Speakers("room", ((MIC, 20),))]
    stage.media.close(ANA)
    stage.answer(ANA, 1, SENDS, BOTH)
    assert stage.engine.named("open")[1][1]["room"] != room, "a room that was empty gets another number"


async def test_the_engine_s_log_lines_are_logged(stage: Stage) -> None:
    with capture_logs() as logs:
        stage.engine.happen(("log", "warning", "odd"), ("source_started", 1), ("layer", 1, 2, 0, None, 1, "best"))
        await stage.events()
    assert [(entry["log_level"], entry["message"]) for entry in logs] == [("warning", "odd")]


async def test_stop_ends_the_engine(stage: Stage) -> None:
    stage.media.stop()
    assert stage.engine.stopped
