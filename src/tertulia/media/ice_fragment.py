"""ICE by itself, apart from a whole description: the `application/trickle-ice-sdpfrag` of WHIP and WHEP (RFC 8840 section 9, RFC 9725
section 4.3)."""

import re
from dataclasses import dataclass
from typing import Final, NoReturn

from tertulia.errors import Code, ProtocolError

MAX_LINES: Final = 2_000
_LINE = re.compile(r"[a-z]=[^\x00-\x08\x0a-\x1f\x7f]*")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")  # RFC 8839 section 5.4
_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_OFFERED = re.compile(r"^a=ice-(ufrag|pwd):([^\r\n]*)", re.MULTILINE)
_OF_SESSION: Final = ("a=ice-lite", "a=ice-options:", "a=group:BUNDLE")
_OF_SECTION: Final = ("a=mid:", "a=ice-ufrag:", "a=ice-pwd:", "a=candidate:", "a=end-of-candidates")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The name and the password of one side's ICE session."""

    ufrag: str
    pwd: str


def parse_fragment(text: str) -> Credentials | None:
    """Whose candidates a fragment brings; None: it does not say. Candidates themselves mean nothing to a server that is ICE-lite.

    Raises ProtocolError with malformed.
    """
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        _refuse(f"more than {MAX_LINES} lines")
    found: dict[str, set[str]] = {"ufrag": set(), "pwd": set()}
    for number, line in enumerate(lines, 1):
        if line and not _LINE.fullmatch(line):
            _refuse(f"line {number} is not of the form <letter>=<value>")
        for name, values in found.items():
            if line.startswith(f"a=ice-{name}:"):
                values.add(line.partition(":")[2])
    if not any(found.values()):
        return None
    if any(len(values) != 1 for values in found.values()):
        _refuse("one ice-ufrag and one ice-pwd are expected")
    ufrag, pwd = found["ufrag"].pop(), found["pwd"].pop()
    if not _UFRAG.fullmatch(ufrag) or not _PWD.fullmatch(pwd):
        _refuse("an ice-ufrag has 4 to 256 letters and digits, an ice-pwd 22 to 256")
    return Credentials(ufrag, pwd)


def is_current(offer: str, credentials: Credentials) -> bool:
    """Whether an offer was made with these."""
    offered = _OFFERED.findall(offer)
    return ("ufrag", credentials.ufrag) in offered and ("pwd", credentials.pwd) in offered


def restarted(offer: str, credentials: Credentials) -> str:
    """The same offer with other credentials: what a client would offer that restarts ICE and changes nothing else."""
    values = {"ufrag": credentials.ufrag, "pwd": credentials.pwd}
    return _OFFERED.sub(lambda match: f"a=ice-{match[1]}:{values[match[1]]}", offer)


def fragment_of(answer: str) -> str:
    """The ICE of an answer, as far as a client needs it that has restarted its own."""
    head, *sections = re.split(r"^(?=m=)", answer, flags=re.MULTILINE)
    kept = [line for line in head.splitlines() if line.startswith(_OF_SESSION)]
    for section in sections:
        first, *rest = section.splitlines()
        if "a=ice-ufrag:" in section:
            kept += [first, *(line for line in rest if line.startswith(_OF_SECTION))]
            break
    return "".join(f"{line}\r\n" for line in kept)


def _refuse(message: str) -> NoReturn:
    raise ProtocolError(Code.MALFORMED, f"not an SDP fragment: {message}")
