"""Puts the OpenAPI document together."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from gateway.bindings import Binding
from gateway.openapi.headers import header_components
from gateway.openapi.operations import operation, tag_of
from gateway.openapi.pages import SCHEMAS as PAGE_SCHEMAS
from gateway.openapi.pages import TAGS, page_paths
from gateway.openapi.problems import Problems
from gateway.openapi.schemas import Schema, Schemas
from gateway.transcoding.requests import RequestReader

API_VERSION = "1.0.0"
DESCRIPTION = """Tasks, and notifications of what happens to them.

Register, log in, and send the token as `Authorization: Bearer`. Field names are lowerCamelCase, times are RFC 3339 in UTC.
On input `null` unsets a field, and an unknown field or parameter is refused. PUT and PATCH are the same: they change the
fields that the body holds (those are what the descriptions call `update_mask`), and `null` clears one. A write whose
parameters lack `If-Match` refuses one (400), so that nobody relies on it. Failures are problem documents of RFC 9457, whose
`code` is stable. `X-Request-Id` is on every answer, and taken from the request where it is a sane token. What answers GET
answers HEAD; the answers to OPTIONS, and to a method that a path has not (405), name in `Allow`
those that it has."""


def build_document(bindings: Iterable[Binding], comments: Mapping[str, str]) -> dict[str, Any]:
    """The whole document. Paths stand in the order of the contracts."""
    schemas, problems = Schemas(comments), Problems(comments)
    paths: dict[str, Schema] = {}
    tags: dict[str, str] = {}
    uses: Counter[str] = Counter()
    for binding in bindings:
        uses[binding.name] += 1
        number = uses[binding.name]
        operation_id = str(binding.method.name) + (f"{number}" if number > 1 else "")
        item = paths.setdefault(_camel_path(binding), {})
        item[binding.verb.lower()] = operation(binding, schemas, problems, comments, operation_id)
        tags[tag_of(binding)] = comments.get(binding.method.containing_service.full_name, "")
    paths |= page_paths(problems)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Unified",
            "version": API_VERSION,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "externalDocs": {"description": "What each error code means", "url": "/docs/errors"},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in (tags | TAGS).items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted((schemas.components | PAGE_SCHEMAS | problems.schemas).items())),
            "responses": dict(sorted(problems.responses.items())),
            "headers": header_components(),
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _camel_path(binding: Binding) -> str:
    """The path with its variables named as parameters are."""
    names = {".".join(parameter.path): parameter.name for parameter in RequestReader(binding).path}
    return re.sub(r"\{([^=}]+)(?:=[^}]+)?\}", lambda variable: f"{{{names[variable[1]]}}}", binding.template.text)
