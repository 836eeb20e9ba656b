"""`tertulia token`: make a join token, or an administrator's."""

import tomllib
from pathlib import Path
from typing import Annotated

import pydantic
import typer

from tertulia import config
from tertulia.auth.tokens import TokenSigner
from tertulia.cli import secret as secrets
from tertulia.cli.failure import describe, fail


def token(
    room: Annotated[str | None, typer.Argument(help="Name of the room, or a pattern with *.")] = None,
    identity: Annotated[
        str | None, typer.Option(help="Who it is for; without it the server makes an identity.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name that others see; without it the person chooses.")] = None,
    role: Annotated[str, typer.Option(help="viewer, speaker or moderator.")] = "speaker",
    can: Annotated[
        list[str] | None, typer.Option(help="Only these grants, such as publish:camera. Repeatable.")
    ] = None,
    admin: Annotated[bool, typer.Option("--admin", help="For the API, and no room.")] = False,
    hours: Annotated[float, typer.Option(help="How long it is good for.", min=0.01)] = 24.0,
    secret: Annotated[
        str | None,
        typer.Option(help="The server's secret. Without it: from TERTULIA_SECRET, the file, or the data dir."),
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where the server keeps the secret that it made.")] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="The server's TOML file.")] = None,
) -> None:
    """Make a token and print it: to join a room, or with --admin for the API."""
    if (room is None) != admin:
        fail("name a room, or give --admin" if room is None else "--admin goes without a room")
    if admin and (identity or name or can or role != "speaker"):
        fail("--admin says all that such a token can say")
    try:
        settings = config.load(config=config_file, secret=secret, data_dir=data_dir)
        key = secrets.known(settings)
        if key is None:
            fail("no secret: give --secret, or the --data-dir of a server that made one")
        signer = TokenSigner(key)
        if room is None:
            typer.echo(signer.sign_admin(ttl=hours * 3600))
        else:
            typer.echo(
                signer.sign(room=room, identity=identity, name=name, role=role, can=can or None, ttl=hours * 3600)
            )
    except pydantic.ValidationError as error:
        fail(describe(error))
    except (ValueError, OSError, tomllib.TOMLDecodeError) as error:
        fail(str(error))
