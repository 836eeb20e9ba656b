"""The codes, the advice, and what is made of them."""

import re
from pathlib import Path

import msgspec
import pytest

from tertulia.doctor.finding import CHECKS, KINDS, Finding, State
from tertulia.doctor.report import Report, ReportJson

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "connectivity.md"
PACKAGE = Path(__file__).parents[2] / "src" / "tertulia" / "doctor"


@pytest.mark.parametrize("code", KINDS)
def test_what_is_wrong_has_advice_and_what_is_right_has_none(code: str) -> None:
    kind = KINDS[code]
    if kind.state in (State.WARN, State.FAIL):
        assert len(kind.advice) > 20
    elif kind.state is State.OK:
        assert not kind.advice
    assert not kind.advice.endswith(".") and not kind.advice[:1].isupper()


def test_every_check_has_a_good_end_or_says_why_not() -> None:
    for check in CHECKS:
        states = {kind.state for kind in KINDS.values() if kind.check == check}
        assert State.OK in states, check


def test_the_guide_names_every_check() -> None:
    part = GUIDE.read_text().partition("## Reading `tertulia doctor`")[2]
    named = set(re.findall(r"^\| `([a-z0-9_]+)`", part, re.MULTILINE))
    assert named == set(CHECKS)


def test_flags_that_advice_names_exist() -> None:
    flags = (PACKAGE.parent / "cli" / "flags.py").read_text() + (PACKAGE.parent / "cli" / "doctor.py").read_text()
    for flag in {flag for kind in KINDS.values() for flag in re.findall(r"--([a-z-]+)", kind.advice)}:
        assert re.search(
            rf'\b{flag.replace("-", "_")}\b|"--{flag}|{"".join(p.title() for p in flag.split("-"))}', flags
        ), flag


def report(*codes: str, on_server: bool = False) -> Report:
    return Report("https://meet.example", on_server, [Finding(code, "as seen") for code in codes])


@pytest.mark.parametrize(
    ("codes", "verdict", "exit_code"),
    [
        (["http_ok"], "ok", 0),
        (["http_ok", "stun_none"], "ok", 0),
        (["http_ok", "certificate_self_signed"], "warn", 0),
        (["http_ok", "certificate_self_signed", "stun_no_answer"], "fail", 1),
        (["http_unreachable"], "fail", 2),
        (["certificate_ok", "http_not_tertulia"], "fail", 2),
        (["certificate_no_tls"], "fail", 2),
    ],
)
def test_verdict_and_exit_code(codes: list[str], verdict: str, exit_code: int) -> None:
    assert (report(*codes).verdict, report(*codes).exit_code) == (verdict, exit_code)


def test_from_the_server_itself_nothing_is_promised_for_others() -> None:
    assert "does not prove" in report("http_ok", on_server=True).note
    assert "in another network, or open the page /doctor" in report("http_ok", on_server=True).note
    assert "https://meet.example/doctor" in report("http_ok").note
    assert "does not prove" not in report("http_ok").note
    assert report("http_unreachable", on_server=True).note == "Nothing else was tried."


def test_the_json_keeps_its_form() -> None:
    made = Report(
        "https://meet.example", True, [Finding("stun_no_answer", "nothing", "stun:a:1"), Finding("http_ok", "1 ms")]
    )
    body = made.to_json()
    decoded = msgspec.json.decode(body)
    assert list(decoded) == ["version", "url", "place", "verdict", "note", "checks"]
    assert decoded["version"] == 1
    assert decoded["place"] == "server"
    assert [list(check) for check in decoded["checks"]] == [
        ["check", "code", "state", "subject", "detail", "advice"]
    ] * 2
    assert decoded["checks"][1] == {
        "check": "stun",
        "code": "stun_no_answer",
        "state": "fail",
        "subject": "stun:a:1",
        "detail": "nothing",
        "advice": KINDS["stun_no_answer"].advice,
    }
    assert msgspec.json.decode(body, type=ReportJson).checks[0].code == "http_ok", "in the order of the checks"
