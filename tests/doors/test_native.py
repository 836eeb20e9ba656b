"""Getting in, being there, and what everybody is told, over the native protocol."""

import pytest

from tertulia.media.port import Preference, PublicationKey
from tertulia.runtime.importance import OTHERS, PINNED, SCREEN, SPEAKER

from .harness import Client, eventually, person, server


async def test_the_first_person_gets_a_snapshot() -> None:
    async with server() as (app, _):
        client = await Client(app).open()
        joined = await client.join("standup", "Ana")
        assert joined["seq"] == 1
        assert joined["you"]["name"] == "Ana"
        assert joined["you"]["role"] == "moderator", "the first one in an open room moderates"
        assert joined["participants"] == []
        assert joined["topology"]["peers"] == []
        assert joined["limits"]["messagesPerSecond"] == 50


async def test_a_newcomer_sees_who_is_there_and_the_others_are_told() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        published = await ana.ask("publish", source="camera", kind="video", width=640, height=360)
        ben = await Client(app).open()
        joined = await ben.join("standup", "Ben")
        assert [(p["name"], p["publications"]) for p in joined["participants"]] == [("Ana", [published["publication"]])]
        assert (await ana.until("participant_joined"))["participant"]["name"] == "Ben"


async def test_numbers_have_no_gap_and_replies_are_counted() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        for n in range(20):
            ana.send("chat", text=f"a{n}")
            ben.send("chat", text=f"b{n}")
        orders = []
        for client in (ana, ben):
            orders.append([(await client.until("chat"))["message"]["text"] for _ in range(40)])
            await client.settle()
            assert client.seqs == list(range(1, len(client.seqs) + 1))
        assert orders[0] == orders[1], "everybody sees one order"


async def test_chat_to_one_person_reaches_nobody_else() -> None:
    async with server() as (app, _):
        ana, ben, cem = [await person(app, name) for name in ("Ana", "Ben", "Cem")]
        ana.send("chat", text="psst", to=ben.me)
        assert (await ben.until("chat"))["message"]["text"] == "psst"
        assert not [m for m in await cem.settle() if m["type"] == "chat"]


async def test_media_follows_offers_and_topology() -> None:
    async with server(p2p="never") as (app, media):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        track = (await ana.ask("publish", source="microphone", kind="audio"))["publication"]["id"]
        answered = await ana.ask("offer", to="server", serial=1, sdp="v=0", publications={"0": track})
        assert answered["type"] == "answered" and answered["serial"] == 1 and answered["sdp"].startswith("v=0 fake")
        subscribed = [(connection, key) for connection, key, _ in media.named("subscribe")]
        assert subscribed == [(ben.session["id"], track)]
        media.bind(ben.session["id"], "3", PublicationKey(track))
        assert await ben.until("bind") == {"seq": ben.last_seq, "type": "bind", "mid": "3", "publication": track}
        assert (await ana.ask("offer", to="server", serial=1, sdp="v=0", publications={"0": "else"}))["code"] == (
            "no_such_publication"
        )
        media.speak("standup", (PublicationKey(track), 30))
        assert (await ben.until("speakers"))["speakers"] == [{"participant": ana.me, "publication": track, "level": 30}]


async def test_how_a_video_is_shown_reaches_media_with_its_importance() -> None:
    async with server(p2p="never") as (app, media):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        camera, microphone, screen = [
            (await ana.ask("publish", source=source, kind=kind))["publication"]["id"]
            for source, kind in (("camera", "video"), ("microphone", "audio"), ("screen", "video"))
        ]
        to_ben = ben.session["id"]
        assert media.named("prefer") == [(to_ben, screen, Preference(priority=SCREEN, detail=True))]
        tile = {"publication": camera, "width": 320, "height": 180, "layer": "medium"}
        await ben.ask("prefer", **tile)
        assert media.named("prefer")[-1] == (to_ben, camera, Preference(True, 320, 180, "medium", OTHERS))
        media.speak("standup", (PublicationKey(microphone), 30))
        assert media.named("prefer")[-1] == (to_ben, camera, Preference(True, 320, 180, "medium", SPEAKER))
        told = len(media.named("prefer"))
        media.speak("standup")
        media.speak("standup", (PublicationKey(microphone), 20))
        assert len(media.named("prefer")) == told, "who falls silent stays the last who spoke"
        await ben.ask("prefer", **tile, pinned=True)
        assert media.named("prefer")[-1] == (to_ben, camera, Preference(True, 320, 180, "medium", PINNED))


async def test_another_speaker_takes_the_first_one_s_importance() -> None:
    async with server(p2p="never") as (app, media):
        people = [await person(app, name) for name in ("Ana", "Ben", "Cem")]
        cameras, voices = [], []
        for one in people:
            cameras.append((await one.ask("publish", source="camera", kind="video"))["publication"]["id"])
            voices.append((await one.ask("publish", source="microphone", kind="audio"))["publication"]["id"])
        media.speak("standup", (PublicationKey(voices[0]), 30))
        before = len(media.named("prefer"))
        media.speak("standup", (PublicationKey(voices[1]), 20), (PublicationKey(voices[0]), 30))
        told = {(camera, preference.priority) for _, camera, preference in media.named("prefer")[before:]}
        assert told == {(cameras[0], OTHERS), (cameras[1], SPEAKER)}
        assert len(media.named("prefer")) == before + 4, "each to the two others"


async def test_a_publisher_alone_is_told_which_encodings_are_watched() -> None:
    async with server(p2p="never") as (app, media):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        camera = (await ana.ask("publish", source="camera", kind="video"))["publication"]["id"]
        media.want(ana.session["id"], PublicationKey(camera), "q", "h")
        told = await ana.until("encodings")
        assert told == {"seq": ana.last_seq, "type": "encodings", "publication": camera, "active": ["q", "h"]}
        assert not [message for message in await ben.settle() if message["type"] == "encodings"]


async def test_two_talk_directly_and_a_third_moves_them_to_the_server() -> None:
    async with server() as (app, media):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        topology = (await ana.until("topology"))["topology"]
        assert (topology["mode"], topology["phase"]) == ("direct", "commit")
        track = (await ana.ask("publish", source="camera", kind="video"))["publication"]["id"]
        assert media.named("subscribe") == [], "nothing by the server while two talk directly"
        await ana.ask("offer", to=ben.me, serial=1, sdp="v=0 direct", publications={"0": track})
        offer = await ben.until("offer")
        assert (offer["from"], offer["sdp"]) == (ana.me, "v=0 direct")
        await person(app, "Cem")
        topology = (await ben.until("topology"))["topology"]
        assert (topology["mode"], topology["phase"]) == ("sfu", "prepare")
        assert {key for _, key, _ in media.named("subscribe")} == {track}
        assert len(media.named("subscribe")) == 2


async def test_candidates_are_capped_until_the_next_description() -> None:
    async with server(messages_per_second=1000) as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")

        async def send(count: int) -> set[str]:
            replies = [
                await ana.ask("candidate", to=ben.me, candidate="candidate:1 1 udp 1 192.0.2.9 9 typ host")
                for _ in range(count)
            ]
            return {reply.get("code", "ok") for reply in replies}

        assert await send(100) == {"ok"}
        assert await send(2) == {"invalid"}
        assert (await ana.ask("candidate", to="server", candidate=""))["type"] == "ok"
        await ana.ask("offer", to=ben.me, serial=1, sdp="v=0", publications={})
        assert await send(1) == {"ok"}


async def test_nobody_passes_a_section_off_as_anothers() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        track = (await ana.ask("publish", source="camera", kind="video"))["publication"]["id"]
        for to in ("server", ana.me):
            reply = await ben.ask("offer", to=to, serial=1, sdp="v=0", publications={"0": track})
            assert reply["code"] == "no_such_publication"


async def test_leave_is_answered_by_bye_and_media_ends() -> None:
    async with server() as (app, media):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        ana.send("leave")
        assert (await ana.until("bye"))["code"] == "left"
        assert (await ana.closed()).code == 1000
        assert (await ben.until("participant_left"))["participant"] == ana.me
        assert media.named("close") == [(ana.session["id"],)]


async def test_a_removed_person_loses_every_road_at_once() -> None:
    async with server() as (app, media):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        assert (await ben.ask("remove", participant=ana.me))["code"] == "not_allowed"
        assert (await ana.ask("remove", participant=ben.me, reason="noise"))["type"] == "ok"
        assert media.named("close") == [(ben.session["id"],)]
        bye = await ben.until("bye")
        assert (bye["code"], bye["message"]) == ("removed", "noise")
        again = await Client(app).open()
        again.send_raw(ben.resume_text())
        assert (await again.receive())["code"] == "session_gone"


async def test_a_moderators_mute_is_enforced() -> None:
    async with server() as (app, media):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        track = (await ben.ask("publish", source="microphone", kind="audio"))["publication"]["id"]
        await ana.ask("mute", publication=track, muted=True)
        assert (await ben.until("publication_updated"))["by"] == ana.me
        assert media.forbidden == {PublicationKey(track)}


async def test_waiting_room_admit_and_deny() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        await ana.ask("waiting_room", enabled=True)
        for verdict in ("admit", "deny"):
            ben = await Client(app).open()
            id = ben.send("join", room="standup", name="Ben")
            assert (await ben.receive()) == {"seq": 1, "type": "waiting"}
            assert (await ben.ask("chat", text="let me in"))["code"] == "wrong_order"
            knock = await ana.until("knock")
            await ana.ask(verdict, participant=knock["participant"]["id"])
            reply = await ben.reply(id)
            if verdict == "admit":
                assert reply["type"] == "joined"
            else:
                assert (reply["type"], reply["code"]) == ("error", "denied")
                assert (await ben.until("bye"))["code"] == "denied"


async def test_a_room_that_ended_can_be_begun_anew() -> None:
    async with server() as (app, _):
        ana = await person(app, "Ana")
        ana.send("end")
        assert (await ana.until("bye"))["code"] == "room_ended"
        ben = await person(app, "Ben")
        assert ben.me


async def test_media_lost_is_told_and_the_room_is_told() -> None:
    async with server(p2p="never") as (app, media):
        ana = await person(app, "Ana")
        await ana.ask("offer", to="server", serial=1, sdp="v=0", publications={})
        connection = next(iter(media.serials))
        media.connect(connection)
        running = app._running
        assert running is not None
        room = running.hub.rooms["standup"].room
        await eventually(lambda: room.participants[0].media)
        media.disconnect(connection, "worker_lost")
        assert (await ana.until("media_lost"))["reason"] == "worker_lost"
        await eventually(lambda: not room.participants[0].media)


@pytest.mark.parametrize("limit", [{"max_rooms": 1}, {"max_room_size": 1}])
async def test_limits_of_rooms(limit: dict[str, int]) -> None:
    async with server(**limit) as (app, _):
        await person(app, "Ana")
        ben = await Client(app).open()
        room = "other" if "max_rooms" in limit else "standup"
        error = await ben.ask("join", room=room, name="Ben")
        assert error["code"] == ("too_many_rooms" if "max_rooms" in limit else "room_full")
        assert error["retryable"]
        assert (await ben.until("bye"))["code"] == error["code"]
        assert (await ben.closed()).code == 1013


async def test_who_is_heard_before_he_is_known_as_unmuted_speaks_all_the_same() -> None:
    async with server() as (app, media):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        track = (await ben.ask("publish", source="microphone", kind="audio", muted=True))["publication"]["id"]
        media.speak("standup", (PublicationKey(track), 30))
        assert (await ana.until("speakers"))["speakers"] == []
        await ben.ask("mute", publication=track, muted=False)
        assert [it["publication"] for it in (await ana.until("speakers"))["speakers"]] == [track]
        await ben.ask("mute", publication=track, muted=True)
        assert (await ana.until("speakers"))["speakers"] == []
