"""Names are text, types are content."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.store.files.kinds import is_active, kind_of, matches
from tertulia.store.files.names import LONGEST, LONGEST_BYTES, clean


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\a.doc", "a.doc"),
        ("..", "file"),
        ("", "file"),
        (" . . ", "file"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("half\ud800.txt", "half.txt"),
        ("e\u0301t\u00e9 世界.png", "été 世界.png"),
        ("a  b\tc.txt", "a bc.txt"),
        (".bashrc", ".bashrc"),
    ],
)
def test_a_name_is_what_can_be_shown(sent: str, shown: str) -> None:
    assert clean(sent) == shown


def test_a_long_name_keeps_its_ending() -> None:
    assert clean("x" * 300 + ".tar.gz") == "x" * (LONGEST - 3) + ".gz"
    assert clean("世" * 300 + ".png").endswith("世.png")
    assert clean("a." + "b" * 300) == ("a." + "b" * 300)[:LONGEST]


@given(st.text(max_size=400))
def test_no_name_is_a_path_or_too_long(sent: str) -> None:
    name = clean(sent)
    assert 1 <= len(name) <= LONGEST and len(name.encode()) <= LONGEST_BYTES
    assert Path(name).name == name and name not in (".", "..")
    assert not any(unicodedata.category(it) in ("Cc", "Cf", "Cs") for it in name)
    assert clean(name) == name


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"GIF89a<script>alert(1)</script>", "image/gif"),
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"\xef\xbb\xbf  \n<HTML>", "text/html"),
        (b"<script>alert(1)</script>", "text/html"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">', "image/svg+xml"),
        (b"<svg onload=alert(1)>", "image/svg+xml"),
        (b'<?xml version="1.0"?><a/>', "application/xml"),
        ("Grüß Gott".encode(), "text/plain"),
        ("Grüß".encode()[:3], "text/plain"),
        (b"\xff\xfeh\x00i\x00", "text/plain"),
        (b"", "application/octet-stream"),
        (bytes(100), "application/octet-stream"),
        (b"\xff" * 100, "application/octet-stream"),
    ],
)
def test_a_type_is_what_the_content_says(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind


def test_which_types_run_what_stands_in_them() -> None:
    active = [
        "text/html",
        "image/svg+xml",
        "application/xml",
        "application/xhtml+xml",
        "text/javascript",
        "application/pdf",
    ]
    assert all(map(is_active, active))
    assert not any(map(is_active, ["text/plain", "image/png", "application/zip", "video/mp4"]))


def test_patterns_name_one_type_or_all_of_a_kind() -> None:
    assert matches("image/png", ["image/*"]) and matches("image/png", ["text/html", "image/png"])
    assert not matches("image/png", ["image/jpeg", "application/*", "imag/*"])
