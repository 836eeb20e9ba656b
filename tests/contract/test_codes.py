"""Every code of the reference is provoked by somebody."""

import re
from pathlib import Path

import pytest

from tertulia.errors import Code

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs" / "reference" / "native-protocol.md"

# What cannot be brought about from outside, or not in a test of seconds; and who does it.
ELSEWHERE = {
    Code.BAD_ANSWER: "tests/media",
    Code.IDENTITY_TAKEN: "tests/core/test_room.py",
    Code.INTERNAL: "tests/doors",
}


def codes_of_the_page() -> set[str]:
    text = PAGE.read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([a-z_]+)` \|", text[text.index("## Codes") :], re.MULTILINE))


def codes_of_the_tests(*paths: Path) -> set[str]:
    names = set()
    for path in paths:
        names |= set(re.findall(r"\bCode\.([A-Z_]+)\b", path.read_text(encoding="utf-8")))
    return {Code[name].value for name in names if name in Code.__members__}


def test_the_page_lists_every_code() -> None:
    assert codes_of_the_page() == {code.value for code in Code}


def test_every_code_is_provoked_here_or_elsewhere() -> None:
    scenarios = codes_of_the_tests(*(path for path in HERE.glob("test_*.py") if path != Path(__file__)))
    assert codes_of_the_page() - scenarios - {code.value for code in ELSEWHERE} == set()
    assert not scenarios & {code.value for code in ELSEWHERE}, "provoked here after all"


@pytest.mark.parametrize("code", ELSEWHERE)
def test_elsewhere_is_a_place(code: Code) -> None:
    place = ROOT / ELSEWHERE[code]
    files = [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    assert any(f"Code.{code.name}" in text or f'"{code.value}"' in text for text in texts)
