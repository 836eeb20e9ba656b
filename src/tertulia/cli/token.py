"""`tertulia token`: make a join token, or an administrator's."""

from typing import Annotated

import typer

from tertulia.cli.failure import fail
from tertulia.cli.signing import ConfigFile, DataDir, Secret, signing


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
    secret: Secret = None,
    data_dir: DataDir = None,
    config_file: ConfigFile = None,
) -> None:
    """Make a token and print it: to join a room, or with --admin for the API."""
    if (room is None) != admin:
        fail("name a room, or give --admin" if room is None else "--admin goes without a room")
    if admin and (identity or name or can or role != "speaker"):
        fail("--admin says all that such a token can say")
    with signing(secret=secret, data_dir=data_dir, config_file=config_file) as signer:
        if room is None:
            typer.echo(signer.sign_admin(ttl=hours * 3600))
        else:
            typer.echo(
                signer.sign(room=room, identity=identity, name=name, role=role, can=can or None, ttl=hours * 3600)
            )
