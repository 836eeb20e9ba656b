"""All that was found, as a person and as a program read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from tertulia.doctor.finding import CHECKS, Finding, State

Verdict = Literal["ok", "warn", "fail"]

_CANNOT_BE_ASKED: Final = ("http_unreachable", "http_not_tertulia", "certificate_no_tls")


class CheckJson(msgspec.Struct, frozen=True):
    check: str
    code: str
    state: State
    subject: str
    detail: str
    advice: str


class ReportJson(msgspec.Struct, frozen=True):
    """What `--json` prints. Names and codes are stable; more may come."""

    version: int
    url: str
    place: Literal["server", "elsewhere"]
    verdict: Verdict
    note: str
    checks: list[CheckJson]


@dataclass(frozen=True, slots=True)
class Report:
    url: str
    on_server: bool
    """The URL is one of this machine's own."""
    findings: Sequence[Finding]

    @property
    def verdict(self) -> Verdict:
        states = {finding.kind.state for finding in self.findings}
        return "fail" if State.FAIL in states else "warn" if State.WARN in states else "ok"

    @property
    def exit_code(self) -> int:
        """0, also with warnings; 1: something failed; 2: there is no server to ask."""
        if any(finding.code in _CANNOT_BE_ASKED for finding in self.findings):
            return 2
        return 1 if self.verdict == "fail" else 0

    @property
    def note(self) -> str:
        """How far this reaches: nothing is known of a road that was not tried."""
        if self.exit_code == 2:
            return "Nothing else was tried."
        if self.on_server:
            return (
                "This was tried on the server itself, past every firewall: it does not prove that anybody else gets in. "
                "Run tertulia doctor with the URL that people use on a machine in another network, "
                "or open the page /doctor of that URL in a browser there."
            )
        return (
            "This holds for the network that it was tried from. A stricter one may let less through: "
            f"whoever has trouble opens {self.url}/doctor in their own browser."
        )

    def in_order(self) -> list[Finding]:
        return sorted(self.findings, key=lambda finding: CHECKS.index(finding.kind.check))

    def to_json(self) -> bytes:
        checks = [
            CheckJson(
                finding.kind.check,
                finding.code,
                finding.kind.state,
                finding.subject,
                finding.detail,
                finding.kind.advice,
            )
            for finding in self.in_order()
        ]
        place: Literal["server", "elsewhere"] = "server" if self.on_server else "elsewhere"
        return msgspec.json.encode(ReportJson(1, self.url, place, self.verdict, self.note, checks))
