"""The API's description, OpenAPI 3.1."""

from typing import Any

import msgspec

from tertulia.doors.api import types

_ANSWERS = (types.Rooms, types.Room, types.IceServers, types.Failure)


def document(server: str) -> dict[str, Any]:
    """`server`: where the API is, relative to the host."""
    _, schemas = msgspec.json.schema_components(_ANSWERS, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tertulia",
            "version": "1",
            "description": "The rooms of a server. Closing a room ends it for everybody in it.",
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
                "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
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


_REFUSED = {
    "401": _json("No token, or none that is good: token_required, token_invalid, token_expired", types.Failure),
    "403": _json("A good token, but not an administrator's: not_allowed", types.Failure),
}
_NO_ROOM = {"404": _json("No room of this name is open: no_such_room", types.Failure)}
