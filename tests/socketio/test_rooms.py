"""Rooms against a plain model."""

from hypothesis import given
from hypothesis import strategies as st

from tertulia.socketio.rooms import Rooms

members = st.integers(0, 4)
names = st.sampled_from("abc")
sets = st.frozensets(names)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("join"), members, names),
        st.tuples(st.just("leave"), members, names),
        st.tuples(st.just("forget"), members, names),
    )
)


@given(steps, sets, sets)
def test_who_is_chosen(steps: list[tuple[str, int, str]], wanted: frozenset[str], excluded: frozenset[str]) -> None:
    rooms: Rooms[int] = Rooms()
    model: dict[int, set[str]] = {member: set() for member in range(5)}
    for step, member, room in steps:
        if step == "join":
            rooms.join(member, room)
            model[member].add(room)
        elif step == "leave":
            rooms.leave(member, room)
            model[member].discard(room)
        else:
            rooms.forget(member)
            model[member].clear()
    chosen = rooms.select(wanted, excluded, range(5))
    assert len(chosen) == len(set(chosen))
    assert set(chosen) == {
        member for member, inside in model.items() if (not wanted or inside & wanted) and not inside & excluded
    }
    for member, inside in model.items():
        assert rooms.of(member) == inside
        assert rooms.count(member) == len(inside)
    assert set(rooms._members) == {room for inside in model.values() for room in inside}, (
        "nothing is left of empty rooms"
    )
