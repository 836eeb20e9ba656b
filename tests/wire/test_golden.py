"""schema/golden holds one example of every native message, as it is on the wire but folded. TypeScript reads the same files."""

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from tertulia.wire import native

GOLDEN = Path(__file__).parents[2] / "schema" / "golden"
UNIONS: dict[str, Any] = {"client": native.CLIENT_MESSAGES, "server": native.SERVER_MESSAGES}


def on_the_wire(message: Any) -> bytes:
    """As the server or a client would send it."""
    seq = getattr(message, "seq", 0)
    if not seq:
        return native.encode(message)
    return native.number(native.encode(msgspec.structs.replace(message, seq=0)), seq)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_example_survives_decoding_and_encoding(path: Path) -> None:
    direction, tag = path.stem.split(".")
    text = path.read_text(encoding="utf-8")
    message = msgspec.json.decode(text, type=UNIONS[direction])
    assert message.__struct_config__.tag == tag
    assert msgspec.json.format(on_the_wire(message), indent=2).decode() + "\n" == text


@pytest.mark.parametrize("direction", UNIONS)
def test_every_message_has_an_example(direction: str) -> None:
    wanted = {f"{direction}.{struct.__struct_config__.tag}.json" for struct in get_args(UNIONS[direction])}
    assert {path.name for path in GOLDEN.glob(f"{direction}.*.json")} == wanted
