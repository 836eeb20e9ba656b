"""The reference's table of codes and ours are one."""

import re
from pathlib import Path

from tertulia.doors.session import RETRYABLE, close_code
from tertulia.errors import Code

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "native-protocol.md"


def test_every_code_is_documented_with_whether_to_try_again() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (yes|no) \|$", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {code: again == "yes" for code, again in rows} == {code.value: code in RETRYABLE for code in Code}


def test_close_codes_are_those_of_the_reference() -> None:
    assert {close_code(code) for code in Code} == {1000, 1008, 1009, 1013}
    assert close_code(Code.REMOVED) == close_code(Code.LEFT) == 1000
    assert close_code(Code.MALFORMED) == 1008
    assert close_code(Code.TOO_LARGE) == 1009
    assert close_code(Code.SERVER_STOPPING) == 1013
