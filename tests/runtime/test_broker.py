"""Topics that go through all rooms of a server."""

import asyncio
import gc

import pytest

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, TertuliaError
from tertulia.runtime import broker as broker_module
from tertulia.runtime.broker import SUBSCRIPTIONS, Broker
from tertulia.runtime.listener import TopicMessage, listen
from tertulia.runtime.payload import encoded
from tertulia.runtime.seat import Data, Notice, Published
from tertulia.topic_rule import NO_GRANTS, TopicGrants, TopicRule

ONE = Data(b"1")


class Somebody:
    """A session that notes what it gets; `slow` ones have not taken the value before."""

    def __init__(self, name: str, grants: TopicGrants = NO_GRANTS, *, slow: bool = False) -> None:
        self.participant = ParticipantId(name)
        self.grants = grants
        self.values: list[tuple[str, bytes]] = []
        self.pushed: list[tuple[str, bytes]] = []
        self.slow = slow

    def pass_on(self, notice: Notice) -> int:
        assert isinstance(notice.event, Published)
        self.values.append((notice.event.topic, notice.event.data.json))
        return int(self.slow)

    def push(self, notice: Notice) -> None:
        assert isinstance(notice.event, Published)
        self.pushed.append((notice.event.topic, notice.event.data.json))


class Stage:
    def __init__(self, *rules: TopicRule) -> None:
        self.now = 100.0
        self.broker = Broker(rules, clock=lambda: self.now)

    def enter(self, name: str, grants: TopicGrants = NO_GRANTS, *, slow: bool = False) -> Somebody:
        somebody = Somebody(name, grants, slow=slow)
        self.broker.enter(somebody)
        return somebody


def code_of(error: pytest.ExceptionInfo[TertuliaError]) -> Code:
    return error.value.code


def test_who_subscribes_hears_it_and_nobody_else() -> None:
    stage = Stage(TopicRule("/quotes/*"))
    ana, ben, cem, dua = map(stage.enter, ("ana", "ben", "cem", "dua"))
    stage.broker.subscribe(ana, "/quotes/A")
    stage.broker.subscribe(ben, "/quotes/*")
    stage.broker.subscribe(cem, "/quotes/B")
    assert stage.broker.publish("/quotes/A", ONE) == 2
    assert ana.values == ben.values == [("/quotes/A", b"1")]
    assert cem.values == dua.values == []
    stage.broker.unsubscribe(ana, "/quotes/A")
    stage.broker.unsubscribe(ana, "/quotes/A")
    stage.broker.leave(ben)
    assert stage.broker.publish("/quotes/A", ONE) == 0
    assert stage.broker.subscriptions == 1


def test_a_branch_is_what_lies_beneath_it() -> None:
    stage = Stage(TopicRule("/*"))
    ana = stage.enter("ana")
    stage.broker.subscribe(ana, "/quotes/*")
    for topic, heard in (("/quotes/A", 1), ("/quotes/us/A", 1), ("/quotes", 0), ("/quotesX/A", 0), ("/other", 0)):
        assert stage.broker.publish(topic, ONE) == heard, topic


def test_a_topic_and_its_branch_are_heard_once() -> None:
    stage = Stage(TopicRule("/*"))
    ana = stage.enter("ana")
    for pattern in ("/a/b/c", "/a/b/*", "/a/*", "/*"):
        stage.broker.subscribe(ana, pattern)
    assert stage.broker.publish("/a/b/c", ONE) == 1
    assert stage.broker.publish("/a/x", ONE) == 1
    assert len(ana.values) == 2


def test_nobody_hears_himself_and_all_his_other_sessions_do() -> None:
    stage = Stage(TopicRule("/map/*", publish="everyone"))
    phone, desk = stage.enter("ana"), stage.enter("ana")
    for session in (phone, desk):
        stage.broker.subscribe(session, "/map/*")
    assert stage.broker.publish("/map/ana", ONE, phone) == 1
    assert (phone.values, desk.values) == ([], [("/map/ana", b"1")])


def test_what_nobody_declared_is_refused() -> None:
    stage = Stage(TopicRule("/quotes/*"))
    ana = stage.enter("ana")
    for pattern in ("/other", "/quotes", "/*"):
        with pytest.raises(TertuliaError) as refused:
            stage.broker.subscribe(ana, pattern)
        assert code_of(refused) is Code.NOT_ALLOWED
    for topic in ("/quotes/A", "/other"):
        with pytest.raises(TertuliaError) as refused:
            stage.broker.publish(topic, ONE, ana)
        assert code_of(refused) is Code.NOT_ALLOWED
    for topic in ("quotes", "/", "//", "/a//b", "/a/", "/a/*", "/ü", "/" + "x" * 64):
        with pytest.raises(TertuliaError) as refused:
            stage.broker.publish(topic, ONE)
        assert code_of(refused) is Code.INVALID, topic
    for pattern in ("quotes/*", "/*/a", "/a*", "/a/**", "*", ""):
        with pytest.raises(TertuliaError) as refused:
            stage.broker.subscribe(ana, pattern)
        assert code_of(refused) is Code.INVALID, pattern


def test_a_token_grants_what_is_not_for_everyone() -> None:
    stage = Stage(TopicRule("/staff/*", subscribe="token", publish="token"))
    ana, ben = stage.enter("ana", TopicGrants(("/staff/*", "/undeclared"), ("/staff/1",))), stage.enter("ben")
    for pattern in ("/staff/*", "/staff/1", "/undeclared"):
        stage.broker.subscribe(ana, pattern)
        with pytest.raises(TertuliaError):
            stage.broker.subscribe(ben, pattern)
    stage.broker.publish("/staff/1", ONE, ana)
    for who, topic in ((ana, "/staff/2"), (ben, "/staff/1")):
        with pytest.raises(TertuliaError) as refused:
            stage.broker.publish(topic, ONE, who)
        assert code_of(refused) is Code.NOT_ALLOWED
    assert stage.broker.publish("/undeclared", ONE) == 1


def test_a_branch_for_everyone_does_not_open_what_lies_in_it() -> None:
    stage = Stage(TopicRule("/a/*", retain=True), TopicRule("/a/secret/*", subscribe="token", retain=True))
    ana = stage.enter("ana")
    spy, friend = stage.enter("spy"), stage.enter("friend", TopicGrants(("/a/secret/*",)))
    for who in (spy, friend):
        stage.broker.subscribe(who, "/a/*")
    assert stage.broker.publish("/a/secret/x", ONE) == 1
    assert (spy.values, friend.values) == ([], [("/a/secret/x", b"1")])
    stage.broker.subscribe(ana, "/a/*", last=True)
    assert ana.values == []
    with pytest.raises(TertuliaError):
        stage.broker.subscribe(ana, "/a/secret/x", last=True)


def test_of_several_rules_the_one_that_says_most_counts() -> None:
    stage = Stage(TopicRule("/*"), TopicRule("/map/*", publish="everyone"), TopicRule("/map/fixed"))
    ana = stage.enter("ana")
    stage.broker.publish("/map/x", ONE, ana)
    for topic in ("/map/fixed", "/x"):
        with pytest.raises(TertuliaError):
            stage.broker.publish(topic, ONE, ana)
    with pytest.raises(ValueError, match="already"):
        stage.broker.declare(TopicRule("/map/*"))


def test_the_value_that_there_is_comes_first_where_it_is_retained() -> None:
    stage = Stage(TopicRule("/quotes/*", retain=True), TopicRule("/news/*"))
    for topic, json in (("/quotes/A", b"1"), ("/quotes/B", b"2"), ("/quotes/A", b"3"), ("/news/A", b"4")):
        stage.broker.publish(topic, Data(json))
    ana, ben = stage.enter("ana"), stage.enter("ben")
    stage.broker.subscribe(ana, "/quotes/*", last=True)
    assert sorted(ana.values) == [("/quotes/A", b"3"), ("/quotes/B", b"2")]
    stage.broker.subscribe(ben, "/quotes/A", last=True)
    stage.broker.subscribe(ben, "/news/A", last=True)
    stage.broker.subscribe(ben, "/quotes/B")
    assert ben.values == [("/quotes/A", b"3")]
    last = stage.broker.last("/quotes/A")
    assert last is not None and last.data == Data(b"3")
    assert stage.broker.last("/news/A") is None
    assert stage.broker.last("/elsewhere") is None


def test_what_is_retained_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "RETAINED_TOPICS", 3)
    monkeypatch.setattr(broker_module, "RETAINED_BYTES", 100)
    stage = Stage(TopicRule("/map/*", publish="everyone", retain=True), TopicRule("/quotes", retain=True))
    ana = stage.enter("ana")
    stage.broker.publish("/quotes", ONE)
    for number in range(5):
        stage.broker.publish(f"/map/{number}", Data(b"1" * 30), ana)
    assert [number for number in range(5) if stage.broker.last(f"/map/{number}")] == [2, 3, 4]
    stage.broker.publish("/map/4", Data(b"1" * 80), ana)
    assert [number for number in range(5) if stage.broker.last(f"/map/{number}")] == [4]
    assert stage.broker.last("/quotes"), "what people publish costs nobody else's topic anything"


async def test_each_at_his_own_pace() -> None:
    broker = Broker([TopicRule("/q/*")])
    desk, phone = Somebody("desk"), Somebody("phone")
    for who, every in ((desk, 0.0), (phone, 0.1)):
        broker.enter(who)
        broker.subscribe(who, "/q/*", every=every)
    for number in range(100):
        for topic in ("/q/a", "/q/b"):
            broker.publish(topic, Data(b"%d" % number))
        await asyncio.sleep(0.005)
    assert len(desk.values) == 200
    async with asyncio.timeout(30):
        while ("/q/a", b"99") not in phone.values or ("/q/b", b"99") not in phone.values:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert len(phone.values) < 40
    broker.publish("/q/a", ONE)
    broker.stop()
    before = len(phone.values)
    await asyncio.sleep(0.15)
    assert len(phone.values) == before, "who is gone hears nothing more"


def test_one_publisher_has_his_rate_and_costs_others_nothing_of_theirs() -> None:
    stage = Stage(TopicRule("/map/*", publish="everyone", rate=5.0))
    ana, ben = stage.enter("ana"), stage.enter("ben")
    sent = 0
    with pytest.raises(TertuliaError) as refused:
        while sent < 1000:
            stage.broker.publish("/map/1", ONE, ana)
            sent += 1
    assert code_of(refused) is Code.TOO_MANY_MESSAGES
    assert refused.value.retryable
    assert sent == 20
    stage.broker.publish("/map/1", ONE, ben)
    stage.now += 1.0
    stage.broker.publish("/map/1", ONE, ana)
    for _ in range(1000):
        stage.broker.publish("/map/1", ONE)


def test_subscriptions_are_bounded() -> None:
    stage = Stage(TopicRule("/q/*"))
    ana, ben = stage.enter("ana"), stage.enter("ben")
    for number in range(SUBSCRIPTIONS):
        stage.broker.subscribe(ana, f"/q/{number}")
    with pytest.raises(TertuliaError) as refused:
        stage.broker.subscribe(ana, "/q/one-more")
    assert code_of(refused) is Code.TOO_MANY_SUBSCRIPTIONS
    stage.broker.subscribe(ana, "/q/0", every=1.0)
    stage.broker.subscribe(ben, "/q/one-more")
    assert stage.broker.subscriptions == SUBSCRIPTIONS + 1


def test_to_one_person_means_all_of_his_sessions() -> None:
    stage = Stage(TopicRule("/alerts", publish="everyone"))
    phone, desk, ben = stage.enter("ana"), stage.enter("ana"), stage.enter("ben")
    assert stage.broker.send(ParticipantId("ana"), "/alerts", ONE) == 2
    assert phone.pushed == desk.pushed == [("/alerts", b"1")]
    assert ben.pushed == []
    assert stage.broker.send(ParticipantId("ana"), "/alerts", ONE, phone) == 1
    for gone in (phone, desk):
        stage.broker.leave(gone)
    with pytest.raises(TertuliaError) as refused:
        stage.broker.send(ParticipantId("ana"), "/alerts", ONE)
    assert code_of(refused) is Code.NO_SUCH_PARTICIPANT
    with pytest.raises(TertuliaError) as refused:
        stage.broker.send(ParticipantId("ben"), "/other", ONE, ben)
    assert code_of(refused) is Code.NOT_ALLOWED


def test_who_has_gone_can_ask_for_nothing_more() -> None:
    stage = Stage(TopicRule("/q", publish="everyone"))
    ana = stage.enter("ana")
    stage.broker.leave(ana)
    stage.broker.leave(ana)
    for ask in (
        lambda: stage.broker.subscribe(ana, "/q"), lambda: stage.broker.unsubscribe(ana, "/q"),
        lambda: stage.broker.publish("/q", ONE, ana),
    ):  # fmt: skip
        with pytest.raises(TertuliaError) as refused:
            ask()
        assert code_of(refused) is Code.NO_SUCH_PARTICIPANT


def test_it_counts() -> None:
    stage = Stage(TopicRule("/q"))
    for who in (stage.enter("ana"), stage.enter("ben", slow=True)):
        stage.broker.subscribe(who, "/q")
    for _ in range(3):
        stage.broker.publish("/q", ONE)
    assert (stage.broker.published, stage.broker.delivered, stage.broker.replaced) == (3, 6, 3)


async def test_python_code_hears_topics_and_forgets_them() -> None:
    broker = Broker([TopicRule("/q/*", retain=True)])
    broker.publish("/q/a", encoded({"x": 1}))
    stream = listen(broker, "/*", every=0.0, last=True)
    broker.publish("/q/b", encoded(b"\x00"))
    assert await anext(stream) == TopicMessage("/q/a", None, {"x": 1})
    assert await anext(stream) == TopicMessage("/q/b", None, b"\x00")
    for number in range(1500):
        broker.publish("/q/c", encoded(number))
    assert stream.missed == broker.replaced == 500
    with pytest.raises(TertuliaError):
        listen(broker, "no topic", every=0.0, last=False)
    del stream
    gc.collect()
    await asyncio.sleep(0)
    assert broker.subscriptions == 0
