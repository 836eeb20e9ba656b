"""Topics of the server, whose names begin with a slash: who subscribes hears them, in whatever room."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, NotAllowed, ProtocolError, Unavailable, UserError
from tertulia.net import Allowance, Rate
from tertulia.runtime.conflation import Conflation
from tertulia.runtime.seat import Data, Notice, Published
from tertulia.topic_rule import RATE, TopicGrants, TopicRule, is_pattern, is_topic

SUBSCRIPTIONS: Final = 1000
"""That one subscriber may have."""
RETAINED_TOPICS: Final = 10_000
RETAINED_BYTES: Final = 16 << 20
"""What is kept for one rule; above it the value that is oldest is forgotten."""


class Subscriber(Protocol):
    """Somebody's session. All calls return at once."""

    participant: ParticipantId

    @property
    def grants(self) -> TopicGrants:
        """What he may do besides what is declared for everyone."""

    def pass_on(self, notice: Notice) -> int:
        """A `Published` value of a topic. What still waits of that topic it replaces. How many values were given up for it."""

    def push(self, notice: Notice) -> None:
        """A `Published` value that is for him alone: it comes, and in order."""


class Broker:
    """Lives in one event loop at a time; what was declared and retained stays while the server does not run."""

    def __init__(self, rules: Iterable[TopicRule] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._declared: dict[str, _Declared] = {}
        self._groups: dict[str, dict[Subscriber, _Subscription]] = {}
        """Subscriptions by pattern."""
        self._desks: dict[Subscriber, _Desk] = {}
        self._people: dict[ParticipantId, dict[Subscriber, None]] = {}
        self.published = 0
        """Values that were taken."""
        self.delivered = 0
        """Times that a value was passed on to a subscriber."""
        self.replaced = 0
        """Times that a value gave way to a newer one, because a subscriber had not taken it yet."""
        for rule in rules:
            self.declare(rule)

    # --- who is here ---

    def declare(self, rule: TopicRule) -> None:
        """From now on. Raises ValueError where the same pattern is declared already."""
        if rule.pattern in self._declared:
            raise ValueError(f"{rule.pattern} is declared already")
        self._declared[rule.pattern] = _Declared(rule)

    def enter(self, subscriber: Subscriber) -> None:
        """He is in a room; what is sent to his identity reaches him."""
        if subscriber not in self._desks:
            self._desks[subscriber] = _Desk()
            self._people.setdefault(subscriber.participant, {})[subscriber] = None

    def leave(self, subscriber: Subscriber) -> None:
        """He is gone; nobody of the kind: nothing happens."""
        desk = self._desks.get(subscriber)
        if desk is None:
            return
        for pattern in list(desk.subscriptions):
            self.unsubscribe(subscriber, pattern)
        del self._desks[subscriber]
        sessions = self._people[subscriber.participant]
        del sessions[subscriber]
        if not sessions:
            del self._people[subscriber.participant]

    def stop(self) -> None:
        """All are gone; the event loop may end."""
        for subscriber in list(self._desks):
            self.leave(subscriber)

    @property
    def subscriptions(self) -> int:
        return sum(map(len, self._groups.values()))

    # --- what they hear ---

    def subscribe(self, subscriber: Subscriber, pattern: str, *, every: float = 0.0, last: bool = False) -> None:
        """A topic, or a branch of them; the same again replaces the one before. `every`: at most one value of a topic in so many seconds.
        `last`: the values that are retained come first.

        Raises ProtocolError (invalid, no_such_participant: he is not here), NotAllowed, UserError (too_many_subscriptions).
        """
        if not is_pattern(pattern):
            raise ProtocolError(Code.INVALID, "a topic of the server is like /quotes/AAPL or /quotes/*")
        declared = self._declared_for(pattern)
        if not _everyone_may_hear(declared) and not subscriber.grants.may_subscribe(pattern):
            raise NotAllowed("nobody declared that you may subscribe to this topic")
        desk = self._desk(subscriber)
        if pattern not in desk.subscriptions and len(desk.subscriptions) >= SUBSCRIPTIONS:
            raise UserError(Code.TOO_MANY_SUBSCRIPTIONS, f"at most {SUBSCRIPTIONS} subscriptions")
        self.unsubscribe(subscriber, pattern)
        subscription = _Subscription(Conflation(every) if every > 0 else None)
        desk.subscriptions[pattern] = subscription
        self._groups.setdefault(pattern, {})[subscriber] = subscription
        if last:
            for topic, notice, open_to_all in self._retained_of(pattern):
                if open_to_all or subscriber.grants.may_subscribe(topic):
                    self._deliver(subscriber, subscription, topic, notice)

    def subscribed(self, subscriber: Subscriber) -> tuple[tuple[str, float], ...]:
        """His patterns, and `every` of each; nobody of the kind: none."""
        desk = self._desks.get(subscriber)
        return () if desk is None else tuple((pattern, it.every) for pattern, it in desk.subscriptions.items())

    def unsubscribe(self, subscriber: Subscriber, pattern: str) -> None:
        """There was no such subscription: nothing happens. Raises ProtocolError (no_such_participant)."""
        subscription = self._desk(subscriber).subscriptions.pop(pattern, None)
        if subscription is None:
            return
        subscription.close()
        group = self._groups[pattern]
        del group[subscriber]
        if not group:
            del self._groups[pattern]

    def last(self, topic: str) -> Published | None:
        """The value that is retained; None: there is none."""
        declared = self._declared_for(topic)
        notice = None if declared is None else declared.values.get(topic)
        return None if notice is None else _published(notice)

    # --- what is said ---

    def rate(self, topic: str) -> float:
        """Values a second that one publisher may send on this topic."""
        declared = self._declared_for(topic)
        return RATE if declared is None else declared.rule.rate

    def publish(self, topic: str, data: Data, publisher: Subscriber | None = None) -> int:
        """To all who subscribe, but for the publisher himself; None: the server. To how many sessions it was passed on, or will be.

        Raises ProtocolError (invalid), NotAllowed, Unavailable (too_many_messages).
        """
        declared = self._may_publish(topic, publisher)
        notice = Notice(Published(topic, None if publisher is None else publisher.participant, data))
        if declared is not None and declared.rule.retain:
            declared.retain(topic, notice, len(data.json))
        self.published += 1
        groups = [group for pattern in _patterns(topic) if (group := self._groups.get(pattern))]
        open_to_all = _everyone_may_hear(declared)
        done: set[Subscriber] = {publisher} if publisher is not None else set()
        reached = 0
        for group in groups:
            for subscriber, subscription in group.items():
                if subscriber in done or not (open_to_all or subscriber.grants.may_subscribe(topic)):
                    continue
                reached += 1
                self._deliver(subscriber, subscription, topic, notice)
            if len(groups) > 1:
                # Who has subscribed to a topic and to its branch hears it once, as he said of the topic.
                done.update(group)
        return reached

    def send(self, to: ParticipantId, topic: str, data: Data, publisher: Subscriber | None = None) -> int:
        """To all sessions of one identity, in whatever rooms, subscribed or not, but for the publisher's own. How many those are.

        Raises as `publish` does, and ProtocolError (no_such_participant).
        """
        self._may_publish(topic, publisher)
        sessions = [it for it in self._people.get(to, ()) if it is not publisher]
        if not sessions:
            raise ProtocolError(Code.NO_SUCH_PARTICIPANT, "nobody with this identity is here")
        self.published += 1
        notice = Notice(Published(topic, None if publisher is None else publisher.participant, data))
        for subscriber in sessions:
            subscriber.push(notice)
        self.delivered += len(sessions)
        return len(sessions)

    # --- inside ---

    def _desk(self, subscriber: Subscriber) -> "_Desk":
        desk = self._desks.get(subscriber)
        if desk is None:
            raise ProtocolError(Code.NO_SUCH_PARTICIPANT, "you are not in a room")
        return desk

    def _may_publish(self, topic: str, publisher: Subscriber | None) -> "_Declared | None":
        if not is_topic(topic):
            raise ProtocolError(Code.INVALID, "a topic of the server is like /quotes/AAPL")
        declared = self._declared_for(topic)
        if publisher is None:
            return declared
        everyone = declared is not None and declared.rule.publish == "everyone"
        if not everyone and not publisher.grants.may_publish(topic):
            raise NotAllowed("nobody declared that you may publish on this topic")
        per_second = RATE if declared is None else declared.rule.rate
        rate = self._desk(publisher).rate("" if declared is None else declared.rule.pattern, per_second, self._clock())
        if rate.spend(self._clock()) is not Allowance.PASS:
            raise Unavailable(Code.TOO_MANY_MESSAGES, f"at most {per_second:g} values a second on this topic")
        return declared

    def _deliver(self, subscriber: Subscriber, subscription: "_Subscription", topic: str, notice: Notice) -> None:
        conflation = subscription.conflation
        if conflation is None or conflation.offer(topic, notice, self._clock()):
            self.delivered += 1
            self.replaced += subscriber.pass_on(notice)
        elif subscription.timer is None:
            self._set_timer(subscriber, subscription, conflation)

    def _set_timer(self, subscriber: Subscriber, subscription: "_Subscription", conflation: Conflation[Notice]) -> None:
        deadline = conflation.deadline
        if deadline is not None:
            delay = max(0.0, deadline - self._clock())
            loop = asyncio.get_running_loop()
            subscription.timer = loop.call_later(delay, self._deliver_due, subscriber, subscription, conflation)

    def _deliver_due(
        self, subscriber: Subscriber, subscription: "_Subscription", conflation: Conflation[Notice]
    ) -> None:
        subscription.timer = None
        for notice in conflation.take_due(self._clock()):
            self.delivered += 1
            self.replaced += subscriber.pass_on(notice)
        self._set_timer(subscriber, subscription, conflation)

    def _declared_for(self, pattern: str) -> "_Declared | None":
        """The rule that says most of it."""
        for it in _patterns(pattern):
            if (declared := self._declared.get(it)) is not None:
                return declared
        return None

    def _retained_of(self, pattern: str) -> Iterator[tuple[str, Notice, bool]]:
        """Topic, value, and whether everyone may hear it."""
        if not pattern.endswith("/*"):
            declared = self._declared_for(pattern)
            if declared is not None and (notice := declared.values.get(pattern)) is not None:
                yield pattern, notice, _everyone_may_hear(declared)
            return
        for declared in self._declared.values():
            for topic, notice in declared.values.items():
                if topic.startswith(pattern[:-1]):
                    yield topic, notice, _everyone_may_hear(declared)


@dataclass(slots=True)
class _Declared:
    rule: TopicRule
    values: OrderedDict[str, Notice] = field(default_factory=OrderedDict)
    """Those that are retained, the oldest first."""
    bytes: int = 0

    def retain(self, topic: str, notice: Notice, size: int) -> None:
        older = self.values.pop(topic, None)
        if older is not None:
            self.bytes -= len(_published(older).data.json)
        self.values[topic] = notice
        self.bytes += size
        while len(self.values) > RETAINED_TOPICS or self.bytes > RETAINED_BYTES:
            _, oldest = self.values.popitem(last=False)
            self.bytes -= len(_published(oldest).data.json)


@dataclass(slots=True)
class _Subscription:
    conflation: Conflation[Notice] | None
    """None: each value at once."""
    timer: asyncio.TimerHandle | None = None

    @property
    def every(self) -> float:
        return 0.0 if self.conflation is None else self.conflation.every

    def close(self) -> None:
        if self.timer is not None:
            self.timer.cancel()


@dataclass(slots=True)
class _Desk:
    """What a subscriber has here."""

    subscriptions: dict[str, _Subscription] = field(default_factory=dict)
    rates: dict[str, Rate] = field(default_factory=dict)
    """Of what he publishes, by the pattern of the rule."""

    def rate(self, pattern: str, per_second: float, now: float) -> Rate:
        if pattern not in self.rates:
            self.rates[pattern] = Rate(per_second, now)
        return self.rates[pattern]


def _everyone_may_hear(declared: _Declared | None) -> bool:
    return declared is not None and declared.rule.subscribe == "everyone"


def _patterns(topic: str) -> Iterator[str]:
    """Itself, and the branches in which it is, the nearest first."""
    yield topic
    path = topic.removesuffix("/*")
    while path:
        path = path[: path.rindex("/")]
        yield path + "/*"


def _published(notice: Notice) -> Published:
    assert isinstance(notice.event, Published)
    return notice.event
