"""The routes that no contract states, in the document: health, public keys, and the document itself. None of them is counted."""

from collections.abc import Mapping

from unified.error.v1.reason_pb2 import (
    REASON_INTERNAL,
    REASON_INVALID_ARGUMENT,
    REASON_ROUTE_NOT_FOUND,
    REASON_UNAVAILABLE,
    Reason,
)

from gateway.bodies import JSON
from gateway.health import DEGRADED, OK, UNAVAILABLE
from gateway.openapi.headers import REQUEST_ID, headers
from gateway.openapi.parameters import IF_NONE_MATCH
from gateway.openapi.problems import Problems
from gateway.openapi.schemas import Schema
from gateway.openapi.successes import not_modified
from mesh.error_codes import RULES

HEALTH_TAG, DOCUMENTS_TAG = "Health", "Documents"
TAGS = {
    HEALTH_TAG: "How the platform and its parts are. Everybody may ask, as often as they like.",
    DOCUMENTS_TAG: "What clients need to know of the platform.",
}
_STATUS: Schema = {"type": "string", "enum": [OK, DEGRADED, UNAVAILABLE]}


def _object(description: str, properties: Mapping[str, Schema], **more: Schema) -> Schema:
    return {"type": "object", "description": description, "properties": properties, "required": list(properties), **more}


def _each(name: str) -> Schema:
    return {"type": "object", "additionalProperties": {"$ref": f"#/components/schemas/{name}"}}


_TEXT: Schema = {"type": "string"}
_KEY = _object("A public key, as RFC 7517 has it.", {"kty": _TEXT, "kid": _TEXT}, additionalProperties=_TEXT)
SCHEMAS: dict[str, Schema] = {
    "PartHealth": _object(
        "How something is that a process works with, and figures of it.",
        {"status": _STATUS},
        additionalProperties={"type": "number"},
    ),
    "ProcessHealth": _object("How a process is.", {"status": _STATUS, "parts": _each("PartHealth")}),
    "PlatformHealth": _object(
        "How the platform is: degraded when something is not as it should be, unavailable when no request can be served.",
        {"status": _STATUS, "parts": _each("ProcessHealth")},
    ),
    "Live": _object("That it is so.", {"status": {"type": "string", "const": OK}}),
    "ServiceHealth": _object("How a service is.", {"service": _TEXT, "status": {"type": "string", "enum": [OK, DEGRADED]}}),
    "PublicKeys": _object("Keys, as RFC 7517 has them.", {"keys": {"type": "array", "items": _KEY}}),
    "Document": {"type": "object", "description": "A document of OpenAPI 3.1."},
}
_PARTS = {"mongodb": {"status": OK}, "outbox": {"status": OK, "pending": 0.0, "oldestSeconds": 0.0}}
_EXAMPLES: Mapping[str, Schema] = {
    "PlatformHealth": {"status": OK, "parts": {"task_svc": {"status": OK, "parts": _PARTS}}},
    "Live": {"status": OK},
    "ServiceHealth": {"service": "task_svc", "status": OK},
    "PublicKeys": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "1"}]},
    "Document": {"openapi": "3.1.0"},
}


def page_paths(problems: Problems) -> dict[str, Schema]:
    """The path items by path."""

    def page(tag: str, operation_id: str, summary: str, schema: str, *reasons: Reason.ValueType) -> Schema:
        rules = [RULES[reason] for reason in (REASON_INVALID_ARGUMENT, REASON_INTERNAL, *reasons)]
        return {
            "get": {
                "operationId": operation_id,
                "tags": [tag],
                "summary": summary,
                "responses": {"200": _answer("Well.", schema), **problems.refer(rules)},
                "security": [],
            }
        }

    whole = page(HEALTH_TAG, "PlatformHealth", "How the platform and each of its parts is", "PlatformHealth")
    whole["get"]["responses"]["503"] = _answer("No request can be served.", "PlatformHealth")
    document = page(DOCUMENTS_TAG, "Document", "This document", "Document")
    document["get"]["parameters"] = [IF_NONE_MATCH]
    document["get"]["responses"]["200"]["headers"] = headers([REQUEST_ID, "ETag"], ["Content-Encoding"])
    document["get"]["responses"]["304"] = not_modified([REQUEST_ID])
    away = REASON_UNAVAILABLE
    return {
        "/health": whole,
        "/health/live": page(HEALTH_TAG, "Live", "Whether the gateway runs", "Live"),
        "/health/ready": page(HEALTH_TAG, "Ready", "Whether the gateway takes requests", "Live", away),
        "/api/tasks/home": page(HEALTH_TAG, "TaskServiceHealth", "Whether the task service is up", "ServiceHealth", away),
        "/home/notifications/health": page(
            HEALTH_TAG, "NotificationServiceHealth", "Whether the notification service is up", "ServiceHealth", away
        ),
        "/.well-known/jwks.json": page(
            DOCUMENTS_TAG, "PublicKeys", "The public keys of access tokens", "PublicKeys", REASON_ROUTE_NOT_FOUND
        ),
        "/openapi.json": document,
    }


def _answer(description: str, schema: str) -> Schema:
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": _EXAMPLES[schema]}}
    return {"description": description, "headers": headers([REQUEST_ID], ["Content-Encoding"]), "content": content}
