"""A server's API as commands use it."""

import http.client
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import msgspec

PATH = "/api/v1"
WITHIN = 10.0
"""Seconds that an answer may take."""


class Failed(Exception):
    """A sentence for the person who called the command."""

    no_such_room = False


class Api:
    """Asks one server."""

    def __init__(self, url: str, token: str | None, *, trust: Path) -> None:
        """`trust`: a certificate to trust besides those of the system, where the file is there. Raises ValueError for what is no URL."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"--url: {url!r} is not an address such as http://127.0.0.1:3000")
        self._base = url.rstrip("/")
        self._token = token
        context = ssl.create_default_context()
        if trust.is_file():
            context.load_verify_locations(trust)
        # No proxy: the server that is administered is asked itself. No redirect: it would take the token elsewhere.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect
        )

    def ask(self, method: str, *path: str) -> str:
        """The answer's body. Raises Failed."""
        where = "/".join([path[0], *(urllib.parse.quote(part, safe="") for part in path[1:])])
        headers = {"accept": "application/json"}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self._base + PATH + where, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=WITHIN) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            raise self._refused(error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Failed(f"{self._base} does not answer: {reason}") from None

    def _refused(self, error: urllib.error.HTTPError) -> Failed:
        with error:
            try:
                problem = msgspec.json.decode(error.read())["error"]
                failed = Failed(f"{problem['message']} ({problem['code']})")
                failed.no_such_room = problem["code"] == "no_such_room"
            except (msgspec.DecodeError, KeyError, TypeError):
                failed = Failed(f"{self._base} answered {error.code} {error.reason}: is Tertulia there?")
        return failed


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None
