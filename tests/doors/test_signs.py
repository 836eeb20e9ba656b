"""Hands, reactions, the spotlight, and asking to unmute; and coming as less than one might."""

import pytest

from .harness import SECRET, Client, person, server


@pytest.mark.parametrize(
    ("reaction", "code"),
    [
        ("👏", None),
        ("👨‍👩‍👧‍👦", None),
        ("😀" * 16, None),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿🏴󠁧󠁢󠁳󠁣󠁴󠁿", None),
        ("", "malformed"),
        ("😀" * 17, "too_large"),
        ("a" * 10_000, "too_large"),
        (["👏"], "malformed"),
        (None, "malformed"),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_reactions_are_short(reaction: object, code: str | None) -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        assert (await ana.ask("react", reaction=reaction)).get("code") == code
        shown = [m for m in await ben.settle() if m["type"] == "reaction"]
        assert [(m["participant"], m["reaction"]) for m in shown] == ([] if code else [(ana.me, reaction)])


async def test_a_newcomer_sees_hands_spotlight_and_the_last_messages() -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        await ben.ask("hand", raised=True)
        await ana.ask("spotlight", participant=ben.me)
        await ana.ask("chat", text="for all")
        await ana.ask("chat", text="for Ben", to=ben.me)
        joined = await (await Client(app).open()).join(name="Cem")
        assert {who["name"]: who["hand"] for who in joined["participants"]} == {"Ana": 0, "Ben": 1}
        assert joined["room"]["spotlight"] == ben.me
        assert [(message["sender"], message["text"]) for message in joined["messages"]] == [(ana.me, "for all")]


@pytest.mark.parametrize("source", ["screen", "screen_audio", "moon"])
async def test_only_for_microphone_and_camera_is_asked(source: str) -> None:
    async with server() as (app, _):
        ana, ben = await person(app, "Ana"), await person(app, "Ben")
        refused = await ana.ask("ask_unmute", participant=ben.me, source=source)
        assert refused["code"] == ("malformed" if source == "moon" else "invalid")
        assert not [m for m in await ben.settle() if m["type"] == "unmute_asked"]


@pytest.mark.parametrize("role", ["viewer", "speaker", "moderator"])
async def test_a_role_is_asked_for_and_only_a_lesser_one_is_given(role: str) -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        token = app.token("standup", identity="ana", role="speaker")
        ana = await person(app, "Ana", token=token, role=role)
        assert ana.seen[0]["you"]["role"] == ("viewer" if role == "viewer" else "speaker")
        assert "moderate" not in ana.seen[0]["rights"]


async def test_a_viewer_of_an_open_room_is_not_its_moderator() -> None:
    async with server() as (app, _):
        viewer = await person(app, "Vi", role="viewer")
        assert viewer.seen[0]["you"]["role"] == "viewer"
        assert (await viewer.ask("publish", source="camera", kind="video"))["code"] == "not_allowed"
        assert (await viewer.ask("data", topic="t", data=1))["code"] == "not_allowed"
        ana = await person(app, "Ana")
        assert ana.seen[0]["you"]["role"] == "moderator"
        ana.send("leave")
        await ana.closed()
        updates = [m for m in await viewer.settle() if m["type"] in ("rights_changed", "participant_updated")]
        assert updates == []


async def test_a_guest_who_may_only_knock_opens_no_room() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        guest = await Client(app).open()
        assert (await guest.ask("join", room="standup", name="Guest"))["code"] == "token_required"
        assert app.rooms == ()
        ana = await person(app, "Ana", token=app.token("standup", role="moderator"))
        assert (await guest.closed()).code == 1000
        await ana.ask("waiting_room", enabled=True)
        guest = await Client(app).open()
        guest.send("join", room="standup", name="Guest")
        assert (await guest.receive())["type"] == "waiting"


async def test_an_invitation_can_be_for_viewers() -> None:
    async with server(open=False, secret=SECRET) as (app, _):
        host = await person(app, "Ana", token=app.token("standup", identity="ana", role="moderator"))
        invited = await host.ask("invite", role="viewer")
        joined = await (await Client(app).open()).join(name="Vi", token=invited["token"])
        assert joined["you"]["role"] == "viewer"
        assert (await host.ask("invite", role="moderator"))["code"] == "malformed"
