"""Leave to upload, and links: good for one thing, for a while."""

import pytest

from tertulia.auth.file_tickets import GRANT_LASTS, LINK_LASTS, PREFIX, FileTickets
from tertulia.auth.tokens import TokenSigner
from tertulia.core.ids import ParticipantId
from tertulia.errors import Code, NotAllowed

SECRET = "a secret for tests, of more than 32 bytes"
ANA = ParticipantId("ana")
NOW = 1_800_000_123.0


@pytest.fixture
def tickets() -> FileTickets:
    return FileTickets(SECRET)


def parts(link: str) -> tuple[str, str]:
    _, _, query = link.partition("?")
    expires, signature = (pair.partition("=")[2] for pair in query.split("&"))
    return expires, signature


def refusal(check: object) -> Code:
    with pytest.raises(NotAllowed) as caught:
        check()  # type: ignore[operator]
    return caught.value.code


def test_leave_names_who_was_given_it(tickets: FileTickets) -> None:
    grant = tickets.grant("standup", ANA)
    assert tickets.granted(grant.token, "standup") == ANA
    assert FileTickets(SECRET).granted(grant.token, "standup") == ANA, "also after a restart"


def test_leave_is_for_one_room_and_ends(tickets: FileTickets) -> None:
    token = tickets.grant("standup", ANA).token
    assert refusal(lambda: tickets.granted(token, "other")) is Code.WRONG_ROOM
    old = tickets.grant("standup", ANA, now=NOW - 10 * 365 * 24 * 3600).token
    assert refusal(lambda: tickets.granted(old, "standup")) is Code.TOKEN_EXPIRED
    assert GRANT_LASTS > LINK_LASTS


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-2], lambda t: PREFIX, lambda t: PREFIX + "a.b.c", lambda t: PREFIX + "x" * 5000]
)
def test_leave_that_was_not_given(tickets: FileTickets, spoil: object) -> None:
    token = spoil(tickets.grant("standup", ANA).token)  # type: ignore[operator]
    assert refusal(lambda: tickets.granted(token, "standup")) is Code.TOKEN_INVALID


def test_a_join_token_is_no_leave_and_leave_of_another_server_is_none(tickets: FileTickets) -> None:
    join = PREFIX + TokenSigner(SECRET).sign(room="standup", identity="ana")
    assert refusal(lambda: tickets.granted(join, "standup")) is Code.TOKEN_INVALID
    foreign = FileTickets(None).grant("standup", ANA).token
    assert refusal(lambda: tickets.granted(foreign, "standup")) is Code.TOKEN_INVALID


def test_a_link_opens_its_file_until_it_ends(tickets: FileTickets) -> None:
    link = tickets.link("standup", "f1", "a.txt", now=NOW)
    expires, signature = parts(link)
    tickets.check("standup", "f1", "file", expires, signature, now=NOW)
    assert LINK_LASTS <= int(expires) - NOW <= 2 * LINK_LASTS
    assert (
        refusal(lambda: tickets.check("standup", "f1", "file", expires, signature, now=float(expires)))
        is Code.TOKEN_EXPIRED
    )


def test_a_link_opens_nothing_else(tickets: FileTickets) -> None:
    expires, signature = parts(tickets.link("standup", "f1", "a.txt", now=NOW))
    later = str(int(expires) + 900)
    for room, file, kind, until in (
        ("other", "f1", "file", expires),
        ("standup", "f2", "file", expires),
        ("standup", "f1", "preview", expires),
        ("standup", "f1", "file", later),
        ("standup", "f1", "file", "-1"),
        ("standup", "f1", "file", "٣"),
        ("standup", "f1", "file", "9" * 400),
    ):
        code = refusal(lambda: tickets.check(room, file, kind, until, signature, now=NOW))  # type: ignore[arg-type]  # noqa: B023
        assert code is Code.TOKEN_INVALID
    assert refusal(lambda: tickets.check("standup", "f1", "file", "", "", now=NOW)) is Code.TOKEN_REQUIRED
    assert refusal(lambda: tickets.check("standup", "f1", "file", expires, "ä\ud800", now=NOW)) is Code.TOKEN_INVALID


def test_links_of_one_time_are_the_same_so_that_a_picture_is_loaded_once(tickets: FileTickets) -> None:
    begin = NOW - NOW % LINK_LASTS
    assert tickets.preview_link("r", "f1", now=begin) == tickets.preview_link("r", "f1", now=begin + LINK_LASTS - 1)
    assert tickets.preview_link("r", "f1", now=begin) != tickets.preview_link("r", "f1", now=begin + LINK_LASTS)


def test_a_name_in_a_link_is_one_part_of_its_path(tickets: FileTickets) -> None:
    path = tickets.link("ä b", "f1", "../../x?y#z", now=NOW).partition("?")[0]
    assert path == "files/%C3%A4%20b/f1/..%2F..%2Fx%3Fy%23z"
    assert tickets.link("..", "f1", "..", now=NOW).startswith("files/%2E%2E/f1/%2E%2E?")
