"""Writes what other languages know about the native protocol from its one definition, `tertulia.wire.native`:

    schema/tertulia.v1.schema.json     the messages as JSON Schema
    web/sdk/src/wire/generated.ts      the same as TypeScript types
    web/sdk/src/wire/golden.generated.ts   schema/golden/*.json again, where the TypeScript compiler holds it against those types

With `--check` nothing is written: it compares and says what to do.
"""

import argparse
import difflib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec

from tertulia.errors import Code
from tertulia.wire import native

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "schema" / "tertulia.v1.schema.json"
TYPESCRIPT = ROOT / "web" / "sdk" / "src" / "wire" / "generated.ts"
GOLDEN = ROOT / "schema" / "golden"
GOLDEN_TYPESCRIPT = TYPESCRIPT.with_name("golden.generated.ts")
JSON2TS = ROOT / "node_modules" / ".bin" / "json2ts"
FIX = "make schema"
WITH_BYTES = "x-with-bytes"
"""In the schema, of a message that comes in a binary frame."""
DIRECTIONS = {"ClientMessage": native.CLIENT_MESSAGES, "ServerMessage": native.SERVER_MESSAGES}


def schema() -> dict[str, Any]:
    """The JSON Schema of all messages: `oneOf` both directions, every struct under `$defs`."""
    unions, components = msgspec.json.schema_components(DIRECTIONS.values(), ref_template="#/$defs/{name}")
    definitions = dict(zip(DIRECTIONS, (one_of(union) for union in unions), strict=True))
    structs = {name: named(name, body) for name, body in sorted(components.items())}
    if clash := definitions.keys() & structs.keys():
        raise SystemExit(f"a struct may not be named {', '.join(clash)}: the union of a direction is")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Message",
        "description": f"Messages of {native.SUBPROTOCOL}. Written by schema/generate.py; don't edit.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in definitions],
        "$defs": definitions | structs,
    }


def one_of(union: dict[str, Any]) -> dict[str, Any]:
    """msgspec says `anyOf` and adds OpenAPI's discriminator; the tags exclude each other, and `type` is enough to tell them."""
    return {"oneOf": union["anyOf"]}


def named(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """One component, in the form that json2ts and validators both read well."""
    properties = body.get("properties", {})
    if "type" in properties and "enum" in properties["type"]:
        (tag,) = properties["type"]["enum"]
        properties = properties | {"type": {"const": tag}}
    if properties.get("bytes", {}).get("contentEncoding"):
        # The text has no such field: it is what follows it in the frame.
        properties = {key: value for key, value in properties.items() if key != "bytes"}
        body = body | {WITH_BYTES: True}
    return body | {"title": name, "properties": properties}


def typescript(document: dict[str, Any]) -> str:
    """TypeScript types of the document, and the error codes, which travel as plain strings and so are no part of it."""
    if not JSON2TS.exists():
        raise SystemExit("json-schema-to-typescript is missing: npm ci")
    command = [str(JSON2TS), "--additionalProperties", "false", "--unreachableDefinitions", "--no-bannerComment"]
    types = subprocess.run(command, input=json.dumps(for_json2ts(document)), capture_output=True, text=True, check=True)
    codes = "\n".join(f"  | '{code}'" for code in Code)
    tags = {
        name: "\n".join(f"  '{tag}'," for tag in sorted(message.__struct_config__.tag for message in get_args(union)))
        for name, union in DIRECTIONS.items()
    }
    return (
        f"// {document['description']}\n\n"
        f"export const SUBPROTOCOL = '{native.SUBPROTOCOL}';\n\n"
        f"/** Every code that an `error` or a `bye` can carry. */\nexport type ErrorCode =\n{codes};\n\n"
        f"/** Types of the messages that a client sends. */\n"
        f"export const CLIENT_MESSAGE_TYPES = [\n{tags['ClientMessage']}\n] as const;\n\n"
        f"/** Types of the messages that a server sends. */\n"
        f"export const SERVER_MESSAGE_TYPES = [\n{tags['ServerMessage']}\n] as const;\n\n"
        f"{types.stdout}"
    )


def for_json2ts(node: Any) -> Any:
    """The same document without what TypeScript cannot say or json2ts would spell out: bounds of lists and numbers, and the titles
    of properties (each would become a type of its own)."""
    if isinstance(node, list):
        return [for_json2ts(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get(WITH_BYTES):
        properties = node["properties"] | {"bytes": {"tsType": "Uint8Array"}}
        node = node | {"properties": properties, "required": [*node["required"], "bytes"]}
    dropped = {"minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "pattern", "default", WITH_BYTES}
    return {key: for_json2ts(value) for key, value in node.items() if key not in dropped}


def golden_typescript(document: dict[str, Any]) -> str:
    """JSON modules lose their literal types when TypeScript imports them, so the examples stand in a source file too."""
    parts = [
        f"// {document['description']}\n\nimport type {{ {', '.join(DIRECTIONS)} }} from './generated.ts';\n\n"
        "/** The text of a message: where it has bytes they follow it in the frame. */\n"
        "type Text<M> = M extends { bytes: Uint8Array } ? Omit<M, 'bytes'> : M;\n"
    ]
    for union, prefix in zip(DIRECTIONS, ("client", "server"), strict=True):
        files = sorted(GOLDEN.glob(f"{prefix}.*.json"))
        entries = "".join(f"  '{file.name}': {file.read_text(encoding='utf-8').strip()},\n" for file in files)
        parts.append(f"export const {prefix}Messages = {{\n{entries}}} satisfies Record<string, Text<{union}>>;\n")
    return "\n".join(parts)


def outputs() -> dict[Path, str]:
    document = schema()
    return {
        SCHEMA: json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        TYPESCRIPT: typescript(document),
        GOLDEN_TYPESCRIPT: golden_typescript(document),
    }


def check() -> int:
    """The number of files that differ from what would be written."""
    stale = 0
    for path, wanted in outputs().items():
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        if present == wanted:
            continue
        stale += 1
        name = str(path.relative_to(ROOT))
        lines = difflib.unified_diff(present.splitlines(), wanted.splitlines(), name, "generated", lineterm="", n=1)
        print("\n".join(list(lines)[:40]))
        print(f"{name} is not what tertulia.wire.native says. To mend it: {FIX}")
    return stale


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 where a file is stale")
    if parser.parse_args().check:
        return 1 if check() else 0
    for path, text in outputs().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
