"""The documents: `/openapi.json`, Swagger UI at `/docs`, and a page for each error code. All of it works offline."""

import hashlib
import html
import logging
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from unified.error.v1.reason_pb2 import REASON_ROUTE_NOT_FOUND

from gateway.errors import RestError
from gateway.pages import Page
from mesh.error_codes import RULES, ErrorRule

log = logging.getLogger(__name__)

RULES_BY_CODE = {rule.code: rule for rule in RULES.values()}
# A package of a framework that is not installed: its files are used, its code is never imported.
ASSETS_PACKAGE = "drf_spectacular_sidecar"
ASSETS = Path("static", ASSETS_PACKAGE, "swagger-ui-dist")
ASSET_NAMES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
CONTENT_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".png": "image/png"}
# Swagger UI sets styles on its elements, and shows pictures from data URLs.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
INDEX = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Unified API</title>
  <link rel="icon" href="/docs/favicon-32x32.png">
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
"""
START = b"""SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""


ERROR = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{code}</title></head>
<body>
  <h1>{code}</h1>
  <p>{title}. {meaning}</p>
  <p>HTTP status {http_status}, gRPC status {grpc_status}, reason {name}.</p>
  <p><a href="/docs">The API</a></p>
</body>
</html>
"""
HTML = "text/html; charset=utf-8"


def document_pages(document: Mapping[str, Any], meanings: Mapping[str, str]) -> dict[str, Page]:
    """The documents by path. `meanings` says what each error code means."""
    files = {"start.js": _fixed(CONTENT_TYPES[".js"], START)} | _assets()
    errors = {code: _fixed(HTML, _error_html(rule, meanings[code])) for code, rule in RULES_BY_CODE.items()}
    return {
        "/openapi.json": _fixed("application/json", orjson.dumps(document)),
        "/docs": _fixed(HTML, INDEX.encode(), {"Content-Security-Policy": POLICY}),
        "/docs/{file}": _one_of(files),
        "/docs/errors/{code}": _one_of(errors),
    }


def _fixed(content_type: str, body: bytes, headers: Mapping[str, str] | None = None) -> Page:
    """A page that always answers the same."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"Content-Type": content_type, "Cache-Control": "no-cache", "ETag": etag, **(headers or {})}

    async def page(_: Sequence[str]) -> web.Response:
        return web.Response(headers=headers, body=body)

    return page


def _one_of(pages: Mapping[str, Page]) -> Page:
    """The page that the last segment of the path names."""

    async def page(path: Sequence[str]) -> web.Response:
        if path[-1] not in pages:
            raise RestError(REASON_ROUTE_NOT_FOUND, "there is no such document")
        return await pages[path[-1]](path)

    return page


def _assets() -> dict[str, Page]:
    """Swagger UI's files by name; none, and a warning, where they are not installed."""
    spec = find_spec(ASSETS_PACKAGE)
    if spec is None or spec.origin is None:
        log.warning("swagger ui is not installed: /docs stays empty", extra={"package": ASSETS_PACKAGE})
        return {}
    folder = Path(spec.origin).parent / ASSETS
    return {name: _fixed(CONTENT_TYPES[Path(name).suffix], (folder / name).read_bytes()) for name in ASSET_NAMES}


def _error_html(rule: ErrorRule, meaning: str) -> bytes:
    facts = {
        "code": rule.code,
        "title": rule.title,
        "meaning": meaning,
        "http_status": str(rule.http_status),
        "grpc_status": rule.grpc_code.name,
        "name": rule.name,
    }
    return ERROR.format_map({name: html.escape(fact) for name, fact in facts.items()}).encode()
