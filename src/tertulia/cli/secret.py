"""The secrets that a server makes for itself: one for tokens, one for TURN credentials."""

import os
import secrets
from pathlib import Path

from tertulia.config import Settings

NAME = "secret"
TURN = "turn-secret"


def known(settings: Settings) -> str | None:
    """The one that `serve` with these settings signs with; None: it was not given, and none was made yet."""
    return settings.secret.get_secret_value() if settings.secret else read(settings.data_dir)


def read(data_dir: Path, name: str = NAME) -> str | None:
    """None: there is none."""
    try:
        return (data_dir / name).read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None


def read_or_make(data_dir: Path, name: str = NAME) -> str:
    """The same one for as long as the data dir lives. Readable by its owner alone. Raises OSError."""
    made_before = read(data_dir, name)
    if made_before is not None:
        return made_before
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = secrets.token_urlsafe(32)
    # O_EXCL: of two servers that start at once, one makes it and the other reads it.
    try:
        handle = os.open(data_dir / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read(data_dir, name) or made
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(made + "\n")
    return made
