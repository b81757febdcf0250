"""Puts the OpenAPI document together."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.bindings import Binding
from gateway.openapi.operations import HEADERS, operation, tag_of
from gateway.openapi.problems import problem_component, problem_schema
from gateway.openapi.schemas import Schema, Schemas
from gateway.transcoding.requests import RequestReader

API_VERSION = "1.0.0"
DESCRIPTION = """Tasks, and notifications of what happens to them.

Register, log in, and send the token as `Authorization: Bearer`. Field names are lowerCamelCase, times are RFC 3339 in UTC.
On input `null` unsets a field, and an unknown field or parameter is refused. PUT and PATCH are the same: they change the
fields that the body holds (those are what the descriptions call `update_mask`), and `null` clears one. Failures are problem
documents of RFC 9457, whose `code` is stable. `X-Request-Id` is on every answer, and taken from the request where it is a
sane token."""
_HEALTH: Mapping[str, tuple[str, str]] = {
    "/health": ("PlatformHealth", "How the platform and each of its parts is; 503 when no request can be served"),
    "/health/live": ("Live", "Whether the gateway runs"),
    "/health/ready": ("Ready", "Whether the gateway takes requests"),
    "/api/tasks/home": ("TaskServiceHealth", "Whether the task service is up"),
    "/home/notifications/health": ("NotificationServiceHealth", "Whether the notification service is up"),
}


def build_document(bindings: Iterable[Binding], comments: Mapping[str, str]) -> dict[str, Any]:
    """The whole document. Paths stand in the order of the contracts."""
    schemas = Schemas(comments)
    paths: dict[str, Schema] = {}
    tags: dict[str, str] = {}
    uses: Counter[str] = Counter()
    for binding in bindings:
        uses[binding.name] += 1
        number = uses[binding.name]
        operation_id = str(binding.method.name) + (f"{number}" if number > 1 else "")
        item = paths.setdefault(_camel_path(binding), {})
        item[binding.verb.lower()] = operation(binding, schemas, comments, operation_id)
        tags[tag_of(binding)] = comments.get(binding.method.containing_service.full_name, "")
    paths |= {path: {"get": _health(*entry)} for path, entry in _HEALTH.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Unified", "version": API_VERSION, "description": DESCRIPTION, "license": {"name": "MIT"}},
        "externalDocs": {"description": "What each error code means", "url": "/docs/errors"},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in tags.items()] + [{"name": "Health"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())) | {"Problem": problem_schema(comments)},
            "responses": {"Problem": problem_component()},
            "headers": dict(HEADERS),
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _camel_path(binding: Binding) -> str:
    """The path with its variables named as parameters are."""
    names = {".".join(parameter.path): parameter.name for parameter in RequestReader(binding).path}
    return re.sub(r"\{([^=}]+)(?:=[^}]+)?\}", lambda variable: f"{{{names[variable[1]]}}}", binding.template.text)


def _health(operation_id: str, summary: str) -> Schema:
    content = {"application/json": {"schema": {"type": "object", "properties": {"status": {"type": "string"}}}}}
    return {
        "operationId": operation_id,
        "tags": ["Health"],
        "summary": summary,
        "responses": {"200": {"description": "Well.", "content": content}, "503": {"description": "Not available."}},
        "security": [],
    }
