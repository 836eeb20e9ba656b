"""`tertulia token`: make a join token."""

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
    room: Annotated[str, typer.Argument(help="Name of the room, or a pattern with *.")],
    identity: Annotated[
        str | None, typer.Option(help="Who it is for; without it the server makes an identity.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name that others see; without it the person chooses.")] = None,
    role: Annotated[str, typer.Option(help="viewer, speaker or moderator.")] = "speaker",
    can: Annotated[
        list[str] | None, typer.Option(help="Only these grants, such as publish:camera. Repeatable.")
    ] = None,
    hours: Annotated[float, typer.Option(help="How long it is good for.", min=0.01)] = 24.0,
    secret: Annotated[
        str | None,
        typer.Option(help="The server's secret. Without it: from TERTULIA_SECRET, the file, or the data dir."),
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where the server keeps the secret that it made.")] = None,
    config_file: Annotated[Path | None, typer.Option("--config", help="The server's TOML file.")] = None,
) -> None:
    """Make a join token and print it."""
    try:
        settings = config.load(config=config_file, secret=secret, data_dir=data_dir)
        key = settings.secret.get_secret_value() if settings.secret else secrets.read(settings.data_dir)
        if key is None:
            fail("no secret: give --secret, or the --data-dir of a server that made one")
        typer.echo(
            TokenSigner(key).sign(room=room, identity=identity, name=name, role=role, can=can or None, ttl=hours * 3600)
        )
    except pydantic.ValidationError as error:
        fail(describe(error))
    except (ValueError, OSError, tomllib.TOMLDecodeError) as error:
        fail(str(error))
