"""A tutorial as a script: its commands and files in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATH = re.compile(r"^(?:#|<!--|//) (\S+)(?: -->)?\n")
_END = "END_OF_FILE"


@dataclass(frozen=True)
class Tutorial:
    """What a page tells its reader to type and to write."""

    commands: tuple[str, ...]
    files: tuple[str, ...]
    script: str
    """All of it for bash; the last command takes the shell's place."""

    @classmethod
    def read(cls, page: Path) -> Tutorial:
        """A block of commands has lines that begin with `$ `; a file's block begins with a comment that names it."""
        commands: list[str] = []
        files: list[str] = []
        steps: list[str] = []
        for language, text in _FENCE.findall(page.read_text(encoding="utf-8")):
            if language == "console":
                typed = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
                commands += typed
                steps += typed
            elif found := _PATH.match(text):
                files.append(found[1])
                # HTML has to begin with its doctype, so the comment that names it stays out.
                content = text[found.end() :] if language == "html" else text
                steps.append(f"mkdir -p $(dirname {found[1]})\ncat > {found[1]} <<'{_END}'\n{content}{_END}")
        steps[-1] = f"exec {steps[-1]}"
        return cls(tuple(commands), tuple(files), "\n".join(["set -euo pipefail", *steps, ""]))
