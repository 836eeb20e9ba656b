"""Limits of the machine, as they are and as they might be."""

import resource
import socket
from pathlib import Path

import psutil
import pytest

from tertulia.doctor import machine
from tertulia.doctor.site import Site


@pytest.mark.parametrize(
    ("receive", "send", "code"),
    [
        ("8388608", "4194304", "buffers_ok"),
        ("212992", "212992", "buffers_small"),
        ("8388608", "1", "buffers_small"),
        ("?", "1", "buffers_unknown"),
    ],
)
def test_socket_buffers(tmp_path: Path, receive: str, send: str, code: str) -> None:
    (tmp_path / "rmem_max").write_text(receive + "\n")
    (tmp_path / "wmem_max").write_text(send + "\n")
    assert machine.buffers(tmp_path).code == code


def test_a_system_without_such_settings(tmp_path: Path) -> None:
    assert machine.buffers(tmp_path).code == "buffers_unknown"


def test_what_the_engine_asks_for_is_what_is_judged() -> None:
    source = (Path(__file__).parents[2] / "crates" / "engine" / "src" / "socket.rs").read_text()
    assert f"RECEIVE_BUFFER: usize = {machine.RECEIVE_BUFFER >> 20} << 20" in source
    assert f"SEND_BUFFER: usize = {machine.SEND_BUFFER >> 20} << 20" in source


def test_open_files() -> None:
    this = psutil.Process()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1000, hard))
        finding = machine.files(this)
        assert finding.code == "files_low" and "of 1,000 open" in finding.detail
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        assert machine.files(this).code == "files_ok"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert machine.files(None).code == "files_unknown"


def test_segmentation_is_tried_and_not_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.gso().code in ("gso_ok", "gso_missing")
    monkeypatch.setattr(machine, "UDP_SEGMENT", 9999)
    assert machine.gso().code == "gso_missing"


def test_who_has_the_usual_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        usual = other.getsockname()[1]
        monkeypatch.setattr(machine, "DEFAULT_UDP_PORT", usual)
        assert machine.ports(usual).code == "ports_ok"
        assert machine.ports(usual + 100).code == "ports_ok", "named, and so no accident"
        moved = machine.ports(usual + 1)
        assert moved.code == "ports_moved" and f"{usual} belongs to" in moved.detail
    assert machine.ports(usual + 1).code == "ports_ok"
    assert machine.ports(None).code == "ports_unknown"


def test_the_server_is_found_by_its_port() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        site = Site.parse(f"http://127.0.0.1:{listener.getsockname()[1]}", within=1)
        codes = [finding.code for finding in machine.check(site, None)]
    assert codes[0] in ("files_ok", "files_low")
