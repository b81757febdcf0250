"""A page for each error code, where the `type` of a problem leads, and an index of them; made of the catalogue's comments."""

import html
import re
from collections.abc import Iterable, Mapping

from gateway.pages import Page, fixed_page, one_of
from mesh.error_codes import RULES, ErrorRule

HTML = "text/html; charset=utf-8"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
STYLE = b""":root { color-scheme: light dark; }
body { margin: 3rem auto; max-width: 46rem; padding: 0 1.5rem; font: 16px/1.5 "Open Sans", system-ui, sans-serif; }
h1 { font-size: 1.8rem; }
code { font-family: ui-monospace, Consolas, monospace; font-size: .9em; }
table { border-collapse: collapse; }
td, th { padding: .35rem 1.5rem .35rem 0; border-bottom: 1px solid #8884; text-align: left; vertical-align: top; }
a { color: #4990e2; }
"""
FRAME = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title}</title>
  <link rel="icon" href="/docs/favicon-32x32.png">
  <link rel="stylesheet" href="/docs/errors.css">
</head>
<body>
{body}
</body>
</html>
"""
INDEX = """<h1>Error codes</h1>
<p>The <code>code</code> of a problem document, and what it means. Codes are never renamed or reused.</p>
<p><a href="/docs">The API</a></p>
<table>
<tr><th>Status</th><th>Code</th><th>Title</th></tr>
{rows}
</table>"""
ROW = '<tr><td>{status}</td><td><a href="/docs/errors/{code}"><code>{code}</code></a></td><td>{title}</td></tr>'
PAGE = """<h1>{code}</h1>
<p><strong>{title}.</strong> {meaning}</p>
<table>
<tr><th>HTTP status</th><td>{status}</td></tr>
<tr><th>gRPC status</th><td><code>{grpc_status}</code>, with reason <code>{name}</code></td></tr>
</table>
<p><a href="/docs/errors">All error codes</a> · <a href="/docs">The API</a></p>"""


def error_pages(meanings: Mapping[str, str]) -> dict[str, Page]:
    """The pages by path. `meanings` says what each code means."""
    rules = sorted(RULES.values(), key=lambda rule: (rule.http_status, rule.code))
    pages = {rule.code: _page(rule.code, PAGE.format_map(_facts(rule, meanings[rule.code]))) for rule in rules}
    return {"/docs/errors": _page("Error codes", _index(rules)), "/docs/errors/{code}": one_of(pages)}


def _index(rules: Iterable[ErrorRule]) -> str:
    return INDEX.format(rows="\n".join(ROW.format_map(_facts(rule, "")) for rule in rules))


def _facts(rule: ErrorRule, meaning: str) -> dict[str, str]:
    """What the templates show, ready for HTML."""
    facts = {
        "code": rule.code,
        "title": rule.title,
        "status": str(rule.http_status),
        "grpc_status": rule.grpc_code.name,
        "name": rule.name,
        "meaning": meaning,
    }
    return {name: re.sub("`([^`]*)`", r"<code>\1</code>", html.escape(fact)) for name, fact in facts.items()}


def _page(title: str, body: str) -> Page:
    return fixed_page(HTML, FRAME.format(title=title, body=body).encode(), {"Content-Security-Policy": POLICY})
