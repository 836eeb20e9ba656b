"""The API's description, OpenAPI 3.1."""

from typing import Any

import msgspec

from tertulia.doors.api import types

_ANSWERS = (
    types.Rooms, types.Room, types.Statistics, types.ChatPage, types.Files, types.State, types.Reached, types.TopicValue, types.IceServers,
    types.Failure,
)  # fmt: skip


def document(server: str) -> dict[str, Any]:
    """`server`: where the API is, relative to the host."""
    _, schemas = msgspec.json.schema_components(_ANSWERS, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tertulia",
            "version": "1",
            "description": "The rooms of a server, and what was said in them. Closing a room ends it for everybody in it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": {
            "/rooms": {
                "get": {
                    "operationId": "listRooms",
                    "summary": "All rooms that are open",
                    "responses": {"200": _json("The rooms", types.Rooms), **_REFUSED},
                }
            },
            "/rooms/{name}": {
                "parameters": [_NAME],
                "get": {
                    "operationId": "getRoom",
                    "summary": "One room: who is in it, what they send",
                    "responses": {"200": _json("The room", types.Room), **_REFUSED, **_NO_ROOM},
                },
                "delete": {
                    "operationId": "closeRoom",
                    "summary": "End a room for everybody",
                    "responses": {"204": {"description": "It has ended"}, **_REFUSED, **_NO_ROOM},
                },
            },
            "/rooms/{name}/statistics": {
                "parameters": [_NAME],
                "get": {
                    "operationId": "getStatistics",
                    "summary": "How the media of a room did in the last few seconds",
                    "responses": {"200": _json("What was measured", types.Statistics), **_REFUSED, **_NO_ROOM},
                },
            },
            "/rooms/{name}/chat": {
                "parameters": [_NAME],
                "get": {
                    "operationId": "getChat",
                    "summary": "What was said in a room, open or not: a page, or all of it to download",
                    "parameters": [
                        _query("before", "Messages with lower numbers, the nearest", {"type": "integer", "minimum": 0}),
                        _query("after", "Messages with higher numbers, the nearest", {"type": "integer", "minimum": 0}),
                        _query(
                            "changed",
                            "Messages whose last change has a higher number; not for downloads",
                            {"type": "integer", "minimum": 0},
                        ),
                        _query(
                            "words", "Only those that have all of these in them", {"type": "string", "maxLength": 200}
                        ),
                        _query(
                            "limit",
                            "Messages of a page",
                            {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
                        ),
                        _query(
                            "format",
                            "A page of JSON; or all, one JSON object or one row in each line",
                            {"enum": ["json", "ndjson", "csv"], "default": "json"},
                        ),
                    ],
                    "responses": {
                        "200": {
                            "description": "A page, or the download",
                            "content": {
                                "application/json": {"schema": {"$ref": "#/components/schemas/ChatPage"}},
                                "application/x-ndjson": {"schema": {"type": "string"}},
                                "text/csv": {"schema": {"type": "string"}},
                            },
                        },
                        **_REFUSED,
                        **_CHAT_FAILED,
                    },
                },
                "delete": {
                    "operationId": "clearChat",
                    "summary": "Delete all that was said in a room so far",
                    "responses": {"204": {"description": "It is deleted"}, **_REFUSED, **_CHAT_FAILED},
                },
            },
            "/rooms/{name}/chat/{message}": {
                "parameters": [_NAME, {**_NAME, "name": "message"}],
                "delete": {
                    "operationId": "deleteChatMessage",
                    "summary": "Delete one message; a mark of it is left",
                    "responses": {
                        "204": {"description": "It is deleted"},
                        "404": _json("No message of this id: no_such_message", types.Failure),
                        **_REFUSED,
                        **_CHAT_FAILED,
                    },
                },
            },
            "/rooms/{name}/state": {
                "parameters": [_NAME],
                "get": {
                    "operationId": "listState",
                    "summary": "The keys that everybody in a room shares",
                    "responses": {"200": _json("All keys", types.State), **_REFUSED, **_NO_ROOM},
                },
            },
            "/rooms/{name}/state/{key}": {
                "parameters": [_NAME, _KEY],
                "get": {
                    "operationId": "getState",
                    "summary": "The value of a key, as it is; its version is the entity tag",
                    "parameters": [_header("If-None-Match", "Nothing, where it is still this version")],
                    "responses": {
                        "200": _value("The value"),
                        "304": {"description": "It is still this version"},
                        **_REFUSED,
                        **_NO_KEY,
                    },
                },
                "put": {
                    "operationId": "setState",
                    "summary": "Set a key for everybody in the room",
                    "parameters": [_IF_MATCH, _header("If-None-Match", "*: only where there is no such key")],
                    "requestBody": _BODY,
                    "responses": {"204": {"description": "It is set; ETag is its version"}, **_CHANGES, **_NO_ROOM},
                },
                "delete": {
                    "operationId": "deleteState",
                    "summary": "Delete a key for everybody in the room",
                    "parameters": [_IF_MATCH],
                    "responses": {"204": {"description": "There is no such key now"}, **_CHANGES, **_NO_ROOM},
                },
            },
            "/topics/{topic}": {
                "parameters": [_TOPIC],
                "post": {
                    "operationId": "publish",
                    "summary": "Publish a value: JSON, or bytes as application/octet-stream",
                    "parameters": [
                        {
                            "name": "to",
                            "in": "query",
                            "description": "To all sessions of this identity alone, whether they subscribe or not",
                            "schema": {"type": "string"},
                        }
                    ],
                    "requestBody": _BODY,
                    "responses": {
                        "200": _json("It is on its way", types.Reached),
                        "404": _json("Nobody of this identity is here: no_such_participant", types.Failure),
                        **{status: it for status, it in _CHANGES.items() if status != "412"},
                    },
                },
                "get": {
                    "operationId": "getTopic",
                    "summary": "The last value of a topic whose values are retained",
                    "responses": {
                        "200": _json("The value", types.TopicValue),
                        "404": _json("There is none: no_such_value", types.Failure),
                        **_REFUSED,
                    },
                },
            },
            "/hooks/{topic}": {
                "parameters": [_TOPIC],
                "post": {
                    "operationId": "takeWebhook",
                    "summary": "Publish what another service says, as that service says it: with a token of this topic, or signed",
                    "security": [{"hookToken": []}, {"hookSignature": []}, {"standardWebhooks": []}],
                    "requestBody": _BODY,
                    "responses": {
                        "204": {"description": "It is on its way"},
                        "400": _json("No JSON, too deep, or no topic: malformed, invalid", types.Failure),
                        "401": _json(
                            "No token of this topic, or no signature by its key: "
                            "token_required, token_invalid, token_expired, signature_invalid",
                            types.Failure,
                        ),
                        "403": _json("A good token, but not of this topic: not_allowed", types.Failure),
                        "413": _json("Too large: too_large", types.Failure),
                        "429": _json("Too many on this topic, or from this address: too_many_messages", types.Failure),
                    },
                },
            },
            "/rooms/{name}/files": {
                "parameters": [_NAME],
                "get": {
                    "operationId": "listFiles",
                    "summary": "Files that were shared in a room, also in one that nobody is in now",
                    "parameters": [
                        {"name": "before", "in": "query", "schema": {"type": "integer", "minimum": 1}},
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100}},
                    ],
                    "responses": {
                        "200": _json("The files", types.Files),
                        "400": _json("Something is no number: invalid", types.Failure),
                        **_REFUSED,
                        **_NOT_NOW,
                    },
                },
            },
            "/rooms/{name}/files/{id}": {
                "parameters": [_NAME, {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "delete": {
                    "operationId": "deleteFile",
                    "summary": "Delete a file",
                    "responses": {
                        "204": {"description": "It is deleted"},
                        **_REFUSED,
                        "404": _json("No such file: no_such_file", types.Failure),
                        **_NOT_NOW,
                    },
                },
            },
            "/ice-servers": {
                "get": {
                    "operationId": "getIceServers",
                    "summary": "STUN and TURN servers, with credentials of one's own, for whoever may enter a room",
                    "security": [{"joinToken": []}, {}],
                    "parameters": [{"name": "room", "in": "query", "required": True, "schema": {"type": "string"}}],
                    "responses": {
                        "200": _json("The servers", types.IceServers),
                        "400": _json("No room is named: invalid", types.Failure),
                        "401": _json("As when joining: token_required, token_invalid, token_expired", types.Failure),
                        "403": _json("As when joining: wrong_room, denied, not_allowed", types.Failure),
                        "429": _json("Too many from this address: too_many_messages", types.Failure),
                    },
                }
            },
            "/openapi.json": {
                "get": {
                    "operationId": "getDescription",
                    "summary": "This document",
                    "security": [],
                    "responses": {
                        "200": {
                            "description": "OpenAPI 3.1",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        }
                    },
                }
            },
        },
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": 'Signed with the server\'s secret, `can: ["admin"]` and no room: `tertulia token --admin`.',
                },
                "hookToken": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "token",
                    "description": "Of one topic: `tertulia webhook /ci/builds`. As a bearer token, too.",
                },
                "hookSignature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Hub-Signature-256",
                    "description": "`sha256=` and the HMAC of the body, in hexadecimal digits, by the key of the topic.",
                },
                "standardWebhooks": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Webhook-Signature",
                    "description": "As Standard Webhooks has it, with `Webhook-Id` and `Webhook-Timestamp`.",
                },
                "joinToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A join token for the room; none where the server is open, or its own hook decides.",
                },
            },
        },
    }


def _json(description: str, answer: type) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{answer.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}


_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
_REFUSED = {
    "401": _json("No token, or none that is good: token_required, token_invalid, token_expired", types.Failure),
    "403": _json("A good token, but not an administrator's: not_allowed", types.Failure),
}
_NO_ROOM = {"404": _json("No room of this name is open: no_such_room", types.Failure)}
_CHAT_FAILED = {
    "400": _json("No such name, or no such query: invalid", types.Failure),
    "503": _json("The server's database failed: store_failed", types.Failure),
}
_NO_KEY = {"404": _json("No such room, or no such key: no_such_room, no_such_key", types.Failure)}
_CHANGES = {
    "400": _json("No JSON, too deep, or no key, topic or version: malformed, invalid", types.Failure),
    "412": _json("It is another version: conflict", types.Failure),
    "413": _json("Too large: too_large", types.Failure),
    **_REFUSED,
}


def _value(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": {}}}}


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


_BODY = {"required": True, "content": {"application/json": {"schema": {}}}}
_IF_MATCH = _header("If-Match", 'Only where the key has this version, such as "7"')
_KEY = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
_TOPIC = {
    "name": "topic",
    "in": "path",
    "required": True,
    "description": "Without the slash in front: quotes/AAPL",
    "schema": {"type": "string"},
}
_NOT_NOW = {"503": _json("The place where files are kept fails: store_failed", types.Failure)}
