"""What a file is called: a text for people, whatever was sent."""

import unicodedata
from typing import Final

LONGEST: Final = 150
"""Characters, so that it fits where names of files have 255 bytes and most letters take one."""
LONGEST_BYTES: Final = 255
NAMELESS: Final = "file"
_UNSHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_ENDING: Final = 16
"""So long an ending is kept when a name is cut."""


def clean(name: str) -> str:
    """The last part of a path, without controls, halves of characters, and signs that turn the direction of what is read."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    text = "".join(character for character in last if unicodedata.category(character) not in _UNSHOWN)
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if not text.strip(". "):
        return NAMELESS
    return _short(text)


def _short(text: str) -> str:
    stem, dot, ending = text.rpartition(".")
    if not stem or len(ending) > _ENDING:
        stem, dot, ending = text, "", ""
    tail = dot + ending
    stem = stem[: LONGEST - len(tail)]
    while len((stem + tail).encode()) > LONGEST_BYTES and stem:
        stem = stem[:-1]
    return stem.rstrip() + tail or NAMELESS
