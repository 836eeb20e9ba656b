"""What everybody in a room shares."""

import json

import pytest

from tertulia.core import commands as cmd
from tertulia.core import events as ev
from tertulia.core.model import Role
from tertulia.core.state import KEYS, STATE_BYTES, VALUE_BYTES, SharedState, StateEntry
from tertulia.errors import Code, Conflict, TertuliaError

from .support import A, B, C, Stage


def test_a_change_is_shown_to_all_and_to_whoever_comes_later() -> None:
    stage = Stage()
    stage.join(A, B)
    assert stage.do(cmd.SetState(A, "k", b"1")) == [ev.StateChanged((A, B), StateEntry("k", b"1", 1), A)]
    assert stage.do(cmd.SetState(None, "l", b"2")) == [ev.StateChanged((A, B), StateEntry("l", b"2", 2), None)]
    assert stage.do(cmd.DeleteState(B, "k")) == [ev.StateDeleted((A, B), "k", 3, B)]
    assert stage.do(cmd.DeleteState(B, "k")) == []
    stage.join(C)
    assert stage.room.snapshot(C).state == (StateEntry("l", b"2", 2),)


def test_it_stays_when_its_author_goes_and_goes_with_the_room() -> None:
    stage = Stage(empty_after=5.0)
    stage.join(A)
    stage.do(cmd.SetState(A, "k", b"1"))
    stage.do(cmd.Leave(A))
    stage.join(B)
    assert stage.room.snapshot(B).state == (StateEntry("k", b"1", 1),)


def test_compare_and_set() -> None:
    state = SharedState()
    assert state.set("k", b"1", 0).version == 1
    with pytest.raises(Conflict) as taken:
        state.set("k", b"2", 0)
    assert taken.value.present == StateEntry("k", b"1", 1)
    assert state.set("k", b"2", 1).version == 2
    for stale in (1, 3):
        with pytest.raises(Conflict):
            state.set("k", b"3", stale)
        with pytest.raises(Conflict):
            state.delete("k", stale)
    assert state.delete("k", 2)
    with pytest.raises(Conflict) as gone:
        state.set("k", b"3", 2)
    assert gone.value.present is None
    assert state.set("k", b"3", 0).version == 4, "a version is never given twice"


def test_a_refused_change_changes_nothing() -> None:
    state = SharedState()
    state.set("k", b"1")
    before = state.export()
    for key, value, expected in (("k", b"x" * (VALUE_BYTES + 1), None), ("k", b"2", 7)):
        with pytest.raises(TertuliaError):
            state.set(key, value, expected)
    assert state.export() == before


def test_keys_and_bytes_are_bounded() -> None:
    state = SharedState()
    for number in range(KEYS):
        state.set(f"{number}", b"1")
    with pytest.raises(TertuliaError, match="keys"):
        state.set("one more", b"1")
    state.set("0", b"2")
    state.delete("0")
    state.set("one more", b"1")
    full = SharedState()
    for number in range(STATE_BYTES // VALUE_BYTES - 1):
        full.set(f"{number}", b"x" * VALUE_BYTES)
    with pytest.raises(TertuliaError) as refused:
        full.set("last", b"x" * VALUE_BYTES)
    assert refused.value.code is Code.TOO_LARGE
    full.set("0", b"small")
    full.set("last", b"x" * (VALUE_BYTES - 100))


def test_an_image_is_plain_and_brings_all_of_it_back() -> None:
    state, again = SharedState(), SharedState()
    state.set("a", '"王"'.encode())
    state.set("b", b"[1]")
    state.delete("a")
    again.restore(json.loads(json.dumps(state.export())))
    assert again.entries == state.entries
    assert again.version == 3
    assert again.set("b", b"2", 2).version == 4
    again.delete("b")
    again.set("c", b"x" * VALUE_BYTES)


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"version": 1},
        {"version": 0, "entries": [["k", "1", 1]]},
        {"version": 1, "entries": [["k", "1"]]},
        {"version": 9, "entries": [["k", "x" * STATE_BYTES, 1]]},
        {"version": 5000, "entries": [[str(number), "1", number] for number in range(KEYS + 1)]},
        {"version": 1, "entries": [["k", None, 1]]},
    ],
)
def test_what_is_no_image_changes_nothing(image: dict[str, object]) -> None:
    state = SharedState()
    state.set("k", b"1")
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        state.restore(image)
    assert state.entries == (StateEntry("k", b"1", 1),)


def test_viewers_change_nothing() -> None:
    stage = Stage()
    stage.join(A)
    stage.join(B, role=Role.VIEWER)
    for command in (cmd.SetState(B, "k", b"1"), cmd.DeleteState(B, "k")):
        with pytest.raises(TertuliaError) as refused:
            stage.do(command)
        assert refused.value.code is Code.NOT_ALLOWED
