"""At most one value in so many seconds: the newest."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tertulia.runtime.conflation import REMEMBERED, STEPS, Conflation

EVERY = 1.0


def run(steps: list[tuple[float, str]]) -> list[tuple[float, str, int]]:
    """Values 0, 1, 2… are offered at these times; what was passed on, and when. A timer goes off whenever one is due."""
    conflation: Conflation[tuple[str, int]] = Conflation(EVERY)
    passed: list[tuple[float, str, int]] = []

    def until(end: float) -> None:
        while (due := conflation.deadline) is not None and due <= end:
            passed.extend((due, *value) for value in conflation.take_due(due))

    now = 0.0
    for number, (wait, topic) in enumerate(steps):
        now += wait
        until(now)
        if conflation.offer(topic, (topic, number), now):
            passed.append((now, topic, number))
    until(now + 10 * EVERY)
    assert conflation.deadline is None
    return passed


def test_the_first_comes_at_once_and_then_the_newest() -> None:
    assert run([(0.0, "a"), (0.1, "a"), (0.1, "a"), (0.9, "a")]) == [(0.0, "a", 0), (1.0, "a", 2), (2.0, "a", 3)]


def test_topics_do_not_wait_for_each_other() -> None:
    assert run([(0.0, "a"), (0.5, "b"), (0.1, "a")]) == [(0.0, "a", 0), (0.5, "b", 1), (1.0, "a", 2)]


@given(st.lists(st.tuples(st.floats(0, 2), st.sampled_from("abc")), max_size=60))
def test_never_more_often_and_the_last_always(steps: list[tuple[float, str]]) -> None:
    passed = run(steps)
    for topic in "abc":
        times = [time for time, it, _ in passed if it == topic]
        assert all(later - earlier >= EVERY - 1e-9 for earlier, later in itertools.pairwise(times))
        numbers = [number for _, it, number in passed if it == topic]
        assert numbers == sorted(numbers)
        offered = [number for number, (_, it) in enumerate(steps) if it == topic]
        assert numbers[-1:] == offered[-1:]


def test_many_topics_cost_few_timers() -> None:
    conflation: Conflation[int] = Conflation(EVERY)
    for number in range(500):
        conflation.offer(str(number), number, number / 500)
        conflation.offer(str(number), -number, number / 500)
    wakes, now = 0, 1.0
    while (due := conflation.deadline) is not None:
        now = max(now, due)
        conflation.take_due(now)
        wakes += 1
    assert wakes <= 2 * STEPS


def test_what_does_not_matter_any_more_is_forgotten() -> None:
    conflation: Conflation[int] = Conflation(EVERY)
    for number in range(20 * REMEMBERED):
        assert conflation.offer(str(number), number, number / 100)
    assert len(conflation._next) <= 2 * REMEMBERED
