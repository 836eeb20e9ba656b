"""What a file is, by its first bytes. Its name is never asked."""

import codecs
from collections.abc import Collection
from typing import Final

import filetype

HEAD: Final = 8192
"""Bytes of the beginning that are looked at."""
UNKNOWN: Final = "application/octet-stream"
_HTML: Final = (
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<body",
    b"<script",
    b"<iframe",
    b"<!--",
    b"<h1",
    b"<title",
    b"<style",
)
_CONTROLS: Final = frozenset(range(32)) - frozenset(b"\t\n\f\r\x1b")
_MARKED: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def kind_of(head: bytes) -> str:
    """The media type of something that begins so."""
    known = filetype.guess(head)
    if known is not None:
        return str(known.mime)
    if not _is_text(head):
        return UNKNOWN
    start = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if b"<svg" in start and start.startswith(b"<"):
        return "image/svg+xml"
    if start.startswith(_HTML):
        return "text/html"
    if start.startswith(b"<?xml"):
        return "application/xml"
    return "text/plain"


def is_active(kind: str) -> bool:
    """A browser that shows it runs what stands in it."""
    return kind in ("text/html", "application/pdf") or kind.endswith(("xml", "javascript"))


def matches(kind: str, patterns: Collection[str]) -> bool:
    """`patterns`: media types, or `image/*` for all of a kind."""
    return any(kind == it or (it.endswith("/*") and kind.startswith(it[:-1])) for it in patterns)


def _is_text(head: bytes) -> bool:
    if head.startswith(_MARKED):
        return True
    if not head or not _CONTROLS.isdisjoint(head):
        return False
    try:
        # The last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
