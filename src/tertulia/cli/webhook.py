"""`tertulia webhook`: make the address by which another service publishes on a topic."""

from typing import Annotated

import typer

from tertulia.cli.signing import ConfigFile, DataDir, Secret, signing

PATH = "/api/v1/hooks"


def webhook(
    topic: Annotated[str, typer.Argument(help="The topic of the server, such as /ci/builds.")],
    url: Annotated[
        str, typer.Option(help="Where the service reaches the server, with its prefix.", envvar="TERTULIA_URL")
    ] = "http://127.0.0.1:3000",
    signed: Annotated[
        bool, typer.Option("--signed", help="For a service that signs: an address without a token, and the key.")
    ] = False,
    days: Annotated[float, typer.Option(help="How long the token is good for.", min=0.01)] = 365.0,
    secret: Secret = None,
    data_dir: DataDir = None,
    config_file: ConfigFile = None,
) -> None:
    """Print the address that another service may POST to, to publish on one topic; with --signed also the key, on a line of its own."""
    address = url.rstrip("/") + PATH + topic
    with signing(secret=secret, data_dir=data_dir, config_file=config_file) as signer:
        if signed:
            key = signer.hook_key(topic)
            typer.echo(f"{address}\n{key}")
        else:
            token = signer.sign_hook(topic, ttl=days * 24 * 3600)
            typer.echo(f"{address}?token={token}")
