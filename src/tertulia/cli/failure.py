"""How a command ends that cannot do its work."""

from typing import NoReturn

import pydantic
import typer


def fail(message: str, code: int = 2) -> NoReturn:
    """One line for the person who called it, and this exit code."""
    typer.echo(f"tertulia: {message}", err=True)
    raise typer.Exit(code)


def describe(error: pydantic.ValidationError) -> str:
    """The first thing that is wrong with the settings, by its flag's name."""
    first = error.errors()[0]
    flag = "--" + str(first["loc"][0]).replace("_", "-") + ": " if first["loc"] else ""
    return flag + first["msg"].removeprefix("Value error, ")
