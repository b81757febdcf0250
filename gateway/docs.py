"""The documents: `/openapi.json`, Swagger UI at `/docs`, and a page for each error code. All of it works offline."""

import logging
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from gateway.error_pages import HTML, STYLE, error_pages
from gateway.pages import Page, fixed_page, one_of

log = logging.getLogger(__name__)

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
  url: location.origin + "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""


def document_pages(document: Mapping[str, Any], meanings: Mapping[str, str]) -> dict[str, Page]:
    """The documents by path. `meanings` says what each error code means."""
    css, js = CONTENT_TYPES[".css"], CONTENT_TYPES[".js"]
    files = {"start.js": fixed_page(js, START), "errors.css": fixed_page(css, STYLE)} | _assets()
    return {
        "/openapi.json": fixed_page("application/json", orjson.dumps(document)),
        "/docs": fixed_page(HTML, INDEX.encode(), {"Content-Security-Policy": POLICY}),
        "/docs/{file}": one_of(files),
        **error_pages(meanings),
    }


def _assets() -> dict[str, Page]:
    """Swagger UI's files by name; none, and a warning, where they are not installed."""
    spec = find_spec(ASSETS_PACKAGE)
    if spec is None or spec.origin is None:
        log.warning("swagger ui is not installed: /docs stays empty", extra={"package": ASSETS_PACKAGE})
        return {}
    folder = Path(spec.origin).parent / ASSETS
    return {name: fixed_page(CONTENT_TYPES[Path(name).suffix], (folder / name).read_bytes()) for name in ASSET_NAMES}
