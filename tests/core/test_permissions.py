"""Each command by each role: the events it brings, or the code; and each right that a command takes, given and not given."""

from collections.abc import Callable

import pytest

from tertulia.core import commands as cmd
from tertulia.core.ids import ParticipantId, PublicationId
from tertulia.core.model import Kind, Layer, Policy, Preference, Right, Role, Source
from tertulia.core.permissions import as_asked, default_rights, effective_rights, kind_of, ordered, publish_right
from tertulia.errors import Code, TertuliaError
from tests.core.support import KIND, Stage, state

ME, OTHER, KNOCKER = ParticipantId("me"), ParticipantId("other"), ParticipantId("knocker")
CAMERA, MINE = PublicationId("other-camera"), PublicationId("mine")
NONE: tuple[str, ...] = ()

Outcome = tuple[str, ...] | Code


def published(source: Source, kind: Kind | None = None) -> cmd.Command:
    return cmd.Publish(ME, MINE, source, kind or KIND[source])


# The command; what it brings; the right it takes; who has it by role (v, s, m).
TABLE: list[tuple[cmd.Command, Outcome, Right, str]] = [
    *(
        (published(source), ("PublicationAdded", "SubscriptionAdded"), right, "sm")
        for source, right in [
            (Source.CAMERA, Right.PUBLISH_CAMERA),
            (Source.MICROPHONE, Right.PUBLISH_MICROPHONE),
            (Source.SCREEN, Right.PUBLISH_SCREEN),
            (Source.SCREEN_AUDIO, Right.PUBLISH_SCREEN),
        ]
    ),
    (published(Source.CAMERA, Kind.AUDIO), Code.INVALID, Right.PUBLISH_CAMERA, "sm"),
    (cmd.Subscribe(ME, CAMERA), NONE, Right.SUBSCRIBE, "vsm"),
    (cmd.Subscribe(ME, PublicationId("?")), Code.NO_SUCH_PUBLICATION, Right.SUBSCRIBE, "vsm"),
    (cmd.Prefer(ME, CAMERA, Preference(layer=Layer.LOW)), ("SubscriptionChanged",), Right.SUBSCRIBE, "vsm"),
    (cmd.Prefer(ME, CAMERA, Preference()), NONE, Right.SUBSCRIBE, "vsm"),
    (cmd.SendChat(ME, "1", "hi", None, 0), ("ChatSent",), Right.CHAT, "vsm"),
    (cmd.SendChat(ME, "1", "hi", OTHER, 0), ("ChatSent",), Right.CHAT, "vsm"),
    (cmd.SendChat(ME, "1", "hi", KNOCKER, 0), Code.NO_SUCH_PARTICIPANT, Right.CHAT, "vsm"),
    (cmd.React(ME, "👋"), ("Reacted",), Right.CHAT, "vsm"),
    (cmd.SendData(ME, "t", "x"), ("DataSent",), Right.DATA, "sm"),
    (cmd.SendData(ME, "t", "x", OTHER), ("DataSent",), Right.DATA, "sm"),
    (cmd.SendData(ME, "t", "x", ME), Code.INVALID, Right.DATA, "sm"),
    (cmd.SendData(ME, "t", "x", KNOCKER), Code.NO_SUCH_PARTICIPANT, Right.DATA, "sm"),
    (cmd.SendData(ME, "/t", "x"), Code.INVALID, Right.DATA, "sm"),
    (cmd.SetPresence(ME, b"1"), ("PresenceChanged",), Right.DATA, "sm"),
    (cmd.SetState(ME, "k", b"1"), ("StateChanged",), Right.DATA, "sm"),
    (cmd.SetState(ME, "k", b"1", 1), Code.CONFLICT, Right.DATA, "sm"),
    (cmd.DeleteState(ME, "k"), NONE, Right.DATA, "sm"),
    (cmd.SetHand(ME, OTHER, False), ("ParticipantUpdated",), Right.MODERATE, "m"),
    (cmd.SetHand(ME, OTHER, True), Code.NOT_ALLOWED, Right.MODERATE, "m"),
    (cmd.AskUnmute(ME, OTHER, Source.CAMERA), ("UnmuteAsked",), Right.MODERATE, "m"),
    (cmd.AskUnmute(ME, OTHER, Source.MICROPHONE), ("UnmuteAsked",), Right.MODERATE, "m"),
    (cmd.AskUnmute(ME, OTHER, Source.SCREEN), Code.INVALID, Right.MODERATE, "m"),
    (cmd.AskUnmute(ME, ME, Source.CAMERA), Code.INVALID, Right.MODERATE, "m"),
    (cmd.SetSpotlight(ME, OTHER), ("RoomUpdated",), Right.MODERATE, "m"),
    (cmd.SetSpotlight(ME, None), NONE, Right.MODERATE, "m"),
    (cmd.SetSpotlight(ME, KNOCKER), Code.NO_SUCH_PARTICIPANT, Right.MODERATE, "m"),
    (cmd.SetMuted(ME, CAMERA, True), ("PublicationUpdated", "PublicationForbidden"), Right.MODERATE, "m"),
    (cmd.SetMuted(ME, CAMERA, False), Code.NOT_ALLOWED, Right.MODERATE, "m"),
    (
        cmd.Admit(ME, KNOCKER),
        ("KnockEnded", "Admitted", "ParticipantJoined", "SubscriptionAdded"),
        Right.ADMIT,
        "m",
    ),
    (cmd.Admit(ME, OTHER), Code.NO_SUCH_PARTICIPANT, Right.ADMIT, "m"),
    (cmd.Invite(ME), NONE, Right.ADMIT, "m"),
    (cmd.Invite(ME, Role.VIEWER), NONE, Right.ADMIT, "m"),
    (cmd.Invite(ME, Role.MODERATOR), Code.INVALID, Right.ADMIT, "m"),
    (cmd.Deny(ME, KNOCKER), ("Denied", "KnockEnded"), Right.ADMIT, "m"),
    (cmd.Deny(ME, OTHER), Code.NO_SUCH_PARTICIPANT, Right.ADMIT, "m"),
    (
        cmd.Remove(ME, OTHER),
        ("SessionEnded", "SubscriptionRemoved", "PublicationRemoved", "ParticipantLeft"),
        Right.MODERATE,
        "m",
    ),
    (cmd.Remove(ME, KNOCKER), Code.NO_SUCH_PARTICIPANT, Right.MODERATE, "m"),
    (
        cmd.SetRole(ME, OTHER, Role.VIEWER),
        ("RightsChanged", "ParticipantUpdated", "SubscriptionRemoved", "PublicationRemoved"),
        Right.MODERATE,
        "m",
    ),
    (cmd.SetRole(ME, OTHER, Role.SPEAKER), NONE, Right.MODERATE, "m"),
    (
        cmd.SetRole(ME, OTHER, Role.MODERATOR),
        ("RightsChanged", "ParticipantUpdated", "KnockStarted"),
        Right.MODERATE,
        "m",
    ),
    (cmd.SetRole(ME, KNOCKER, Role.VIEWER), Code.NO_SUCH_PARTICIPANT, Right.MODERATE, "m"),
    (cmd.SetLocked(ME, True), ("RoomUpdated",), Right.MODERATE, "m"),
    (cmd.SetLocked(ME, False), NONE, Right.MODERATE, "m"),
    (cmd.SetWaitingRoom(ME, False), ("RoomUpdated",), Right.MODERATE, "m"),
    (cmd.SetWaitingRoom(ME, True), NONE, Right.MODERATE, "m"),
    (
        cmd.End(ME),
        ("SessionEnded",) * 3
        + ("SubscriptionRemoved", "PublicationRemoved", "ParticipantLeft", "ParticipantLeft", "RoomEnded"),
        Right.MODERATE,
        "m",
    ),
]


def a_room(role: Role, rights: frozenset[Right] | None = None) -> Stage:
    """Me; somebody else with a camera and a raised hand; somebody who knocks."""
    stage = Stage(policy=Policy.NEVER, waiting_room=True)
    stage.join(OTHER, bypass=True)
    stage.publish(OTHER)
    stage.do(cmd.SetHand(OTHER, OTHER, True))
    stage.do(cmd.Join(ME, "Me", role, rights, bypass=True))
    stage.do(cmd.Join(KNOCKER, "Knocker"))
    return stage


def check(stage: Stage, command: cmd.Command, outcome: Outcome) -> None:
    before = state(stage.room)
    if isinstance(outcome, Code):
        with pytest.raises(TertuliaError) as refused:
            stage.do(command)
        assert refused.value.code is outcome
        assert state(stage.room) == before
    else:
        assert tuple(type(event).__name__ for event in stage.do(command)) == outcome
        if not outcome:
            assert state(stage.room) == before


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("command", "outcome", "right", "who"), TABLE, ids=lambda value: str(value)[:60])
def test_by_role(command: cmd.Command, outcome: Outcome, right: Right, who: str, role: Role) -> None:
    check(a_room(role), command, outcome if role.value[0] in who else Code.NOT_ALLOWED)


@pytest.mark.parametrize(("command", "outcome", "right", "who"), TABLE, ids=lambda value: str(value)[:60])
def test_every_grant_but_the_right_one_is_not_enough(
    command: cmd.Command, outcome: Outcome, right: Right, who: str
) -> None:
    check(a_room(Role.SPEAKER, frozenset(Right) - {right}), command, Code.NOT_ALLOWED)


@pytest.mark.parametrize(
    ("command", "outcome", "right", "who"),
    [row for row in TABLE if row[2] not in (Right.MODERATE, Right.SUBSCRIBE)],
    ids=lambda value: str(value)[:60],
)
def test_the_one_grant_is_enough(command: cmd.Command, outcome: Outcome, right: Right, who: str) -> None:
    check(a_room(Role.VIEWER, frozenset({right, Right.SUBSCRIBE})), command, outcome)


@pytest.mark.parametrize(
    "command_of",
    [
        lambda actor: cmd.SetMuted(actor, CAMERA, True),
        lambda actor: cmd.Unpublish(actor, CAMERA),
        lambda actor: cmd.Admit(actor, KNOCKER),
        lambda actor: cmd.Deny(actor, KNOCKER),
        lambda actor: cmd.Remove(actor, OTHER),
        lambda actor: cmd.SetRole(actor, OTHER, Role.VIEWER),
        lambda actor: cmd.SetLocked(actor, True),
        lambda actor: cmd.SetWaitingRoom(actor, False),
        lambda actor: cmd.SendChat(actor, "1", "hi", None, 0),
        lambda actor: cmd.SendData(actor, "t", "x"),
        lambda actor: cmd.SetState(actor, "k", b"1"),
        lambda actor: cmd.SetHand(actor, OTHER, False),
        lambda actor: cmd.AskUnmute(actor, OTHER, Source.CAMERA),
        lambda actor: cmd.SetSpotlight(actor, OTHER),
        lambda actor: cmd.End(actor),
    ],
)
def test_the_server_may_everything_and_a_stranger_nothing(
    command_of: Callable[[ParticipantId | None], cmd.Command],
) -> None:
    check(a_room(Role.VIEWER), command_of(ParticipantId("stranger")), Code.NO_SUCH_PARTICIPANT)
    check(a_room(Role.VIEWER), command_of(KNOCKER), Code.NO_SUCH_PARTICIPANT)
    assert a_room(Role.VIEWER).do(command_of(None)) != []


def test_nobody_withdraws_what_is_somebody_elses() -> None:
    check(a_room(Role.MODERATOR), cmd.Unpublish(ME, CAMERA), Code.NOT_ALLOWED)


def test_moderate_follows_the_role_alone() -> None:
    assert Right.MODERATE not in effective_rights(Role.VIEWER, frozenset(Right))
    assert effective_rights(Role.MODERATOR, frozenset()) == {Right.MODERATE}
    for role in Role:
        assert effective_rights(role, None) == default_rights(role)
        assert (Right.MODERATE in default_rights(role)) == (role is Role.MODERATOR)
    assert default_rights(Role.VIEWER) < default_rights(Role.SPEAKER) < default_rights(Role.MODERATOR)


V, S, M = Role
FEW = frozenset({Right.CHAT, Right.PUBLISH_CAMERA, Right.ADMIT})


@pytest.mark.parametrize(
    ("granted", "grants", "asked", "role", "left"),
    [
        (S, None, None, S, None),
        (S, None, S, S, None),
        (S, None, M, S, None),
        (V, FEW, M, V, FEW),
        (S, FEW, S, S, FEW),
        (M, None, S, S, None),
        (M, FEW, S, S, FEW - {Right.ADMIT}),
        (M, FEW, V, V, frozenset({Right.CHAT})),
        (S, None, V, V, None),
        (S, frozenset(), V, V, frozenset()),
    ],
)
def test_asking_for_a_role_gives_less_and_never_more(
    granted: Role, grants: frozenset[Right] | None, asked: Role | None, role: Role, left: frozenset[Right] | None
) -> None:
    assert as_asked(granted, grants, asked) == (role, left)
    assert effective_rights(role, left) <= effective_rights(granted, grants) | default_rights(role)


def test_rights_are_listed_in_one_order() -> None:
    assert ordered(frozenset(reversed(list(Right)))) == tuple(Right)
    assert [publish_right(source) for source in Source].count(Right.PUBLISH_SCREEN) == 2
    assert {source: kind_of(source) for source in Source} == KIND
