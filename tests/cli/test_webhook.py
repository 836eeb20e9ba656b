"""`tertulia webhook` makes addresses that a server takes."""

import urllib.error
import urllib.request
from pathlib import Path

import jwt
import pytest

from tertulia.auth import webhook_signature

from .test_rooms import SECRET, tertulia
from .test_serve import serve


async def test_the_address_works_on_a_server_with_this_secret(tmp_path: Path) -> None:
    async with serve(tmp_path, "--secret", SECRET) as server:
        code, out, err = await tertulia("webhook", "/ci/builds", "--url", server.url + "/", "--secret", SECRET)
        assert (code, err) == (0, "") and out.startswith(f"{server.url}/api/v1/hooks/ci/builds?token=")
        assert _post(out.strip()) == 204
        assert _post(out.strip().replace("builds", "deploys")) == 403


async def test_for_a_service_that_signs(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    code, out, _ = await tertulia("webhook", "/ci/builds", "--signed", "--data-dir", str(tmp_path))
    assert (code, out.splitlines()) == (
        0,
        ["http://127.0.0.1:3000/api/v1/hooks/ci/builds", webhook_signature.key_of(SECRET, "/ci/builds")],
    )


async def test_it_lasts_as_long_as_is_said() -> None:
    code, out, _ = await tertulia("webhook", "/q", "--days", "0.5", "--secret", SECRET)
    payload = jwt.decode(out.strip().partition("token=")[2], SECRET, algorithms=["HS256"])
    assert (code, payload["exp"] - payload["iat"], payload["hook"]) == (0, 43_200, "/q")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["/ci/*", "--secret", SECRET], "no topic"), (["/ci"], "no secret"), (["/ci", "--secret", "short"], "secret")],
)
async def test_what_cannot_be_made(arguments: list[str], says: str, tmp_path: Path) -> None:
    code, out, err = await tertulia("webhook", *arguments, "--data-dir", str(tmp_path))
    assert (code, out) == (2, "") and says in err and "Traceback" not in err


def _post(url: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, b"1", method="POST"), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
