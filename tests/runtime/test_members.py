"""Whose connections they are, as media is told: by whom a message on a data channel comes, and whether he may send any."""

from tertulia.core import commands
from tertulia.core.ids import ParticipantId
from tertulia.core.model import Right, Role
from tertulia.media.port import ConnectionId
from tertulia.runtime.hub import Hub
from tertulia.runtime.seat import Done, Outcome

from .test_rooms import ANA, BEN, Seat, join, make_hub


async def join_silently(hub: Hub, who: ParticipantId) -> None:
    outcomes: list[Outcome] = []
    command = commands.Join(who, who, rights=frozenset({Right.SUBSCRIBE}))
    await hub.join("standup", command, Seat(who), lambda actor, outcome: outcomes.append(outcome))
    assert outcomes == [Done()]


async def test_media_knows_who_is_in_and_may_send_messages() -> None:
    hub, media = make_hub()
    await join(hub, ANA)
    await join_silently(hub, BEN)
    assert media.members == {ConnectionId(ANA): (ANA, True), ConnectionId(BEN): (BEN, False)}


async def test_a_right_that_changes_is_told_and_who_leaves_is_forgotten() -> None:
    hub, media = make_hub()
    await join(hub, ANA)
    await join_silently(hub, BEN)
    actor = hub.rooms["standup"]
    await actor.request(commands.SetRole(None, BEN, Role.SPEAKER))
    assert media.members[ConnectionId(BEN)] == (BEN, True)
    await actor.request(commands.Leave(BEN))
    assert ConnectionId(BEN) not in media.members
