"""Call requests: two sides joined by a wire that loses nothing."""

import pytest

from tertulia.core.ids import ParticipantId
from tertulia.doors.signaling.ringing import GRACE, Ended, Message, Phase, Ringing, ToPage, ToPerson
from tertulia.errors import Code, ProtocolError

ANA, BEN, CORA = map(ParticipantId, ("ana", "ben", "cora"))
RINGS = 30.0


class World:
    """Each person's machine, what the pages were told, and who was told that a call has ended."""

    def __init__(self) -> None:
        self.people = {who: Ringing(who, RINGS) for who in (ANA, BEN, CORA)}
        self.told: list[tuple[ParticipantId, str, str]] = []
        self.ended: list[ParticipantId] = []
        self.messages: list[Message] = []
        self.held: list[tuple[ParticipantId, ToPerson]] | None = None
        self.now = 0.0

    def say(self, who: ParticipantId, word: str, to: ParticipantId, **more: object) -> "World":
        self._carry_out(who, self.people[who].say(word, {"type": word, **more}, to, self.now))
        return self

    def wait(self, seconds: float) -> "World":
        self.now += seconds
        for who, machine in self.people.items():
            self._carry_out(who, machine.tick(self.now))
        return self

    def leave(self, who: ParticipantId) -> "World":
        for other, machine in self.people.items():
            if other != who:
                self._carry_out(other, machine.left(who))
        return self

    def release(self) -> None:
        """Delivers what was held back."""
        held, self.held = self.held or [], None
        for sender, output in held:
            self._deliver(sender, output)

    def phases(self) -> list[Phase]:
        return [machine.phase for machine in self.people.values()]

    def _carry_out(self, who: ParticipantId, outputs: list[ToPage | ToPerson | Ended]) -> None:
        for output in outputs:
            if isinstance(output, ToPage):
                self.told.append((who, output.message["type"], output.message["from"]))
                self.messages.append(output.message)
            elif isinstance(output, Ended):
                self.ended.append(who)
            elif self.held is not None:
                self.held.append((who, output))
            else:
                self._deliver(who, output)

    def _deliver(self, sender: ParticipantId, output: ToPerson) -> None:
        word = output.message["type"]
        self._carry_out(output.who, self.people[output.who].hear(word, output.message, sender, self.now))


IDLE, CALLING, RINGING, TALKING = Phase


def test_a_call_is_taken_and_ended_by_either() -> None:
    world = World().say(ANA, "call", BEN, about="tea")
    assert world.messages == [{"type": "call", "about": "tea", "from": ANA}]
    assert world.phases() == [CALLING, RINGING, IDLE]
    world.say(BEN, "accept", ANA)
    assert world.phases() == [TALKING, TALKING, IDLE]
    world.say(BEN, "hangup", ANA)
    assert world.told == [(BEN, "call", ANA), (ANA, "accept", BEN), (ANA, "hangup", BEN)]
    assert world.ended == [ANA, BEN] or world.ended == [BEN, ANA]
    assert world.phases() == [IDLE, IDLE, IDLE]


@pytest.mark.parametrize("word", ["reject", "busy"])
def test_a_call_is_turned_down(word: str) -> None:
    world = World().say(ANA, "call", BEN).say(BEN, word, ANA)
    assert world.told[-1] == (ANA, word, BEN)
    assert world.phases() == [IDLE, IDLE, IDLE]


def test_the_caller_may_think_better_of_it() -> None:
    world = World().say(ANA, "call", BEN).say(ANA, "hangup", BEN)
    assert world.told[-1] == (BEN, "hangup", ANA)
    assert world.phases() == [IDLE, IDLE, IDLE]


@pytest.mark.parametrize("accepted", [False, True])
def test_who_is_in_a_call_or_is_called_is_busy(accepted: bool) -> None:
    world = World().say(ANA, "call", BEN)
    if accepted:
        world.say(BEN, "accept", ANA)
    world.say(CORA, "call", BEN)
    assert world.told[-1] == (CORA, "busy", BEN)
    assert world.phases() == ([TALKING, TALKING, IDLE] if accepted else [CALLING, RINGING, IDLE])


def test_both_are_told_once_that_nobody_answered() -> None:
    world = World().say(ANA, "call", BEN).wait(RINGS)
    assert world.told[1:] == [(ANA, "timeout", BEN), (BEN, "timeout", ANA)]
    assert world.wait(100).told[3:] == []
    assert world.phases() == [IDLE, IDLE, IDLE]


def test_the_called_side_gives_up_by_itself_where_the_caller_keeps_no_time() -> None:
    world = World().say(ANA, "call", BEN)
    del world.people[ANA]
    world.people = {ANA: Ringing(ANA, 1000), **world.people}
    assert world.wait(RINGS).told[1:] == []
    world.wait(GRACE)
    assert world.told[1:] == [(BEN, "timeout", ANA)]


def test_of_two_who_call_each_other_at_once_one_gives_way() -> None:
    world = World()
    world.held = []
    world.say(ANA, "call", BEN).say(BEN, "call", ANA)
    world.release()
    assert world.told == [(BEN, "call", ANA)]
    world.say(BEN, "accept", ANA)
    assert world.phases() == [TALKING, TALKING, IDLE]


@pytest.mark.parametrize("accepted", [False, True])
def test_who_leaves_ends_the_call(accepted: bool) -> None:
    world = World().say(ANA, "call", BEN)
    if accepted:
        world.say(BEN, "accept", ANA)
    world.leave(ANA)
    assert world.told[-1] == (BEN, "hangup", ANA)
    assert world.messages[-1]["reason"] == "left"
    world.leave(CORA)
    assert len(world.told) == (3 if accepted else 2)


@pytest.mark.parametrize("word", ["accept", "reject", "busy", "timeout"])
def test_there_is_nothing_to_answer(word: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        World().say(ANA, word, BEN)
    assert refused.value.code is Code.WRONG_ORDER


def test_one_call_at_a_time() -> None:
    world = World().say(ANA, "call", BEN)
    with pytest.raises(ProtocolError):
        world.say(ANA, "call", CORA)
    with pytest.raises(ProtocolError):
        world.say(BEN, "accept", CORA)


@pytest.mark.parametrize("word", ["accept", "reject", "busy", "timeout", "hangup"])
def test_a_stranger_cannot_end_or_take_somebody_elses_call(word: str) -> None:
    world = World().say(ANA, "call", BEN)
    before = len(world.told)
    world._deliver(CORA, ToPerson(ANA, {"type": word}))
    assert world.phases() == [CALLING, RINGING, IDLE]
    assert len(world.told) == before


def test_a_call_that_did_not_arrive_is_over() -> None:
    world = World()
    world.held = []
    world.say(ANA, "call", BEN)
    world.people[ANA].failed(CORA)
    assert world.phases()[0] is CALLING
    world.people[ANA].failed(BEN)
    assert world.phases()[0] is IDLE
