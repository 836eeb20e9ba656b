"""`tertulia doctor` against a server that was started by hand, and against what is none."""

import json
from pathlib import Path
from typing import Any

from tests.cli.test_rooms import SECRET, tertulia
from tests.cli.test_serve import run, serve
from tests.doctor.house import House
from tests.media.stun_server import StunServer


async def doctor(*arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
    code, out, err = await tertulia("doctor", "--json", "--timeout", "3", *arguments, **environment)
    assert err == ""
    return code, json.loads(out)


def codes(answer: dict[str, Any]) -> set[str]:
    return {check["code"] for check in answer["checks"]}


async def test_a_server_on_this_machine(tmp_path: Path) -> None:
    async with serve(tmp_path) as server:
        code, answer = await doctor(server.url, "--data-dir", str(tmp_path))
    assert {"http_ok", "certificate_local", "clock_ok", "websocket_ok", "media_udp_ok"} <= codes(answer)
    assert {"addresses_local", "files_ok", "gso_ok"} <= codes(answer)
    assert (answer["place"], answer["url"]) == ("server", server.url)
    assert "does not prove" in answer["note"]
    assert code == (1 if answer["verdict"] == "fail" else 0)


async def test_every_road_of_a_server_on_this_machine(tmp_path: Path) -> None:
    async with serve(tmp_path, "--tls", "self-signed") as server:
        code, answer = await doctor(server.url, "--data-dir", str(tmp_path))
    roads = {"stun_ok", "media_udp_ok", "media_tcp_ok", "turn_udp_ok", "turn_tcp_ok", "turn_tls_certificate", "mtu_ok"}
    assert roads <= codes(answer), answer["checks"]
    assert (answer["verdict"], code) == ("warn", 0)


async def test_the_log_says_what_each_address_is(tmp_path: Path) -> None:
    async with serve(tmp_path, "--host", "0.0.0.0", "--open", "--public-ip", "198.51.100.7") as server:
        told = [line for line in server.lines if line["event"] == "media address"]
        assert (told[0]["address"].rpartition(":")[0], told[0]["by"]) == ("198.51.100.7", "--public-ip")
        nobody = not any(line["kind"] == "public" for line in told)
        assert any(line["event"].startswith("only private addresses") for line in server.lines) is nobody


async def test_an_address_that_was_found_goes_first(tmp_path: Path) -> None:
    async with StunServer("9.9.9.9").serving() as stun:
        whom = f"stun:127.0.0.1:{stun.port}"
        async with serve(tmp_path, "--host", "0.0.0.0", "--open", "--public-ip", whom) as server:
            told = [line for line in server.lines if line["event"] == "media address"]
            ready = server.lines[-1]
    assert told[0]["address"].startswith("9.9.9.9:")
    assert (told[0]["kind"], told[0]["by"]) == ("public", whom)
    assert ready["media"] == [line["address"] for line in told]
    assert not any(line["event"].startswith("only private addresses") for line in server.lines)


async def test_a_server_for_the_network(tmp_path: Path) -> None:
    async with serve(tmp_path, "--host", "0.0.0.0", "--open") as server:
        _, answer = await doctor(f"http://127.0.0.1:{server.url.rsplit(':', 1)[1]}", "--data-dir", str(tmp_path))
    assert "media_udp_ok" in codes(answer)
    assert codes(answer) & {"addresses_private_only", "addresses_public"}


async def test_a_guarded_server_is_examined_with_the_secret_that_lies_beside_it(tmp_path: Path) -> None:
    async with serve(tmp_path, "--host", "0.0.0.0", "--tls", "self-signed") as server:
        url = f"https://127.0.0.1:{server.url.rsplit(':', 1)[1]}"
        _, answer = await doctor(url, "--data-dir", str(tmp_path))
        assert {"certificate_self_signed", "websocket_ok", "media_udp_ok"} <= codes(answer)
        assert codes(answer) & {"ice_servers_ok", "ice_servers_no_turn"}
        _, answer = await doctor(url, "--data-dir", str(tmp_path / "none"), "--token", "a-token")
        assert {"certificate_self_signed", "ice_servers_token_withheld", "media_udp_not_asked"} <= codes(answer)


async def test_tokens(tmp_path: Path) -> None:
    async with serve(tmp_path / "server", TERTULIA_SECRET=SECRET) as server:
        here = [server.url, "--data-dir", str(tmp_path / "none")]
        _, answer = await doctor(*here)
        assert {"ice_servers_token_required", "media_udp_not_asked", "turn_udp_not_asked", "stun_not_asked"} <= codes(
            answer
        )
        assert "websocket_ok" in codes(answer)
        code, answer = await doctor(*here, "--token", "nonsense")
        assert "ice_servers_token_refused" in codes(answer) and code == 1
        _, token, _ = await tertulia("token", "standup", "--secret", SECRET)
        _, answer = await doctor(*here, "--token", token.strip())
        assert "media_udp_ok" in codes(answer)


async def test_where_there_is_no_server(tmp_path: Path) -> None:
    code, answer = await doctor("http://127.0.0.1:1")
    assert (code, codes(answer)) == (2, {"certificate_local", "http_unreachable"})
    async with House({}).serving() as port:
        code, answer = await doctor(f"http://127.0.0.1:{port}")
    assert (code, answer["note"]) == (2, "Nothing else was tried.")
    for url in ("localhost:3000", "ftp://a"):
        code, out, err = await tertulia("doctor", url)
        assert (code, out) == (2, "") and "is not an address" in err


async def test_a_house_without_websockets_or_ice_servers() -> None:
    async with House().serving() as port:
        code, answer = await doctor(f"http://127.0.0.1:{port}")
    assert {"http_ok", "websocket_refused", "ice_servers_missing", "media_udp_not_asked", "mtu_not_tried"} <= codes(
        answer
    )
    assert code == 1


async def test_for_eyes(tmp_path: Path) -> None:
    async with House(ahead=4000).serving() as port:
        code, out, err = await tertulia("doctor", f"http://127.0.0.1:{port}", "--data-dir", str(tmp_path))
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert any(line.startswith("clock\tfail\t") for line in lines)
    assert any(line.startswith("  clock_wrong: let both machines take the time") for line in lines)
    assert lines[-1].startswith("This was tried on the server itself")


def test_a_server_does_not_start_without_the_address_that_was_asked_for(tmp_path: Path) -> None:
    there = ["--port", "0", "--udp-port", "0", "--data-dir", str(tmp_path)]
    ended = run("serve", *there, "--public-ip", "stun:127.0.0.1:1")
    assert ended.returncode == 2
    assert "--public-ip: stun:127.0.0.1:1: no answer" in ended.stderr.splitlines()[-1]
