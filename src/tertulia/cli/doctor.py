"""`tertulia doctor`: will people connect? Exit code 0: nothing failed; 1: something did; 2: there is no server to ask."""

import asyncio
import contextlib
import secrets as random
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import jwt
import pydantic
import typer
from rich.console import Console

from tertulia import config
from tertulia.auth.tokens import TokenSigner
from tertulia.cli import secret as secrets
from tertulia.cli.certificate import CERTIFICATE
from tertulia.cli.failure import describe, fail
from tertulia.cli.table import show

if TYPE_CHECKING:
    from tertulia.doctor import Report

TOKEN_LASTS = 120.0
"""Seconds: long enough for one examination."""


def doctor(
    url: Annotated[
        str,
        typer.Argument(help="Where the server is, with the prefix that it is mounted below.", envvar="TERTULIA_URL"),
    ] = "http://127.0.0.1:3000",
    token: Annotated[
        str | None,
        typer.Option(
            help="A join token. Without it, on the server's own machine, one is signed with the secret that `serve` would use."
        ),
    ] = None,
    room: Annotated[
        str | None, typer.Option(help="The room to visit for a moment. [default: the token's, or a new one]")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that each answer may take.", min=0.1, max=60)] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs; the codes are stable.")] = False,
    secret: Annotated[str | None, typer.Option(help="The server's secret; better given as TERTULIA_SECRET.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the server keeps the secret and the certificate that it made.")
    ] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="The server's TOML file.")] = None,
) -> None:
    """Try every road to a running server, from here, and say what to do where one is closed."""
    # Here and not above: the other commands need not wait for what it takes along.
    from tertulia.doctor import Options, examine

    try:
        settings = config.load(config=config_file, secret=secret, data_dir=data_dir)
        key = secrets.known(settings)
        options = Options(
            url=url,
            room=room or _room_of(token),
            token=token,
            make_token=None if key is None else _signs(TokenSigner(key)),
            timeout=timeout,
            trust=settings.data_dir / CERTIFICATE,
        )
        with _progress(sys.stderr.isatty() and not as_json) as tell:
            report = asyncio.run(examine(options, tell))
    except pydantic.ValidationError as error:
        fail(describe(error))
    except (ValueError, OSError, tomllib.TOMLDecodeError) as error:
        fail(str(error))
    if as_json:
        typer.echo(report.to_json())
    else:
        _show(report)
    raise typer.Exit(report.exit_code)


def _show(report: "Report") -> None:
    findings = report.in_order()
    rows: list[list[object]] = []
    for finding in findings:
        what = f"{finding.subject}: {finding.detail}" if finding.subject else finding.detail
        rows.append([finding.kind.check, finding.kind.state, what])
    show(["check", "result", "what was found"], rows, empty="")
    advice = dict.fromkeys((finding.code, finding.kind.advice) for finding in findings if finding.kind.advice)
    if advice:
        typer.echo("\nWhat to do:")
    for code, text in advice:
        typer.echo(f"  {code}: {text}")
    typer.echo(f"\n{report.note}")


@contextlib.contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[str], None]]:
    if not wanted:
        yield lambda text: None
        return
    with Console(stderr=True).status("Looking") as status:
        yield lambda text: status.update(f"Trying {text}")


def _signs(signer: TokenSigner) -> Callable[[str], str]:
    return lambda room: signer.sign(room=room, ttl=TOKEN_LASTS)


def _room_of(token: str | None) -> str:
    """The one that a token names, else one that nobody is in."""
    fresh = f"doctor-{random.token_hex(4)}"
    if token is None:
        return fresh
    try:
        named = jwt.decode(token, options={"verify_signature": False}).get("room")
    except jwt.InvalidTokenError:
        return fresh
    return named.replace("*", fresh) if isinstance(named, str) and named else fresh
