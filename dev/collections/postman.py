"""A Postman collection (its format 2.1), which also runs from top to bottom, in Postman or in newman.

Its scripts hold each answer to the documented status, and keep in variables what later requests need.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import orjson

from dev.collections.examples import SETTINGS, TOKEN, variable
from dev.collections.requests import Parameter, Request, text_of

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
DESCRIPTION = """Every request of the API, written from its contract by `make proto`; changes by hand do not last.

Set `baseUrl`, and send the requests from the top, one by one or all at once: each keeps what later ones need (the token, ids) in
variables of the collection. Register makes an e-mail address of its own each time; to be somebody else, set `email` and
`password` and log in. Streams do not end by themselves: they are skipped unless `streams` is set to anything."""
NEW_ADDRESS = 'pm.collectionVariables.set("email", pm.variables.replaceIn("ada.{{$guid}}@example.com"));'
SKIP = 'if (!pm.variables.get("streams")) pm.execution.skipRequest();'
EXPECT = 'pm.test("answers {status}", () => pm.response.to.have.status({status}));'
KEEP = 'pm.collectionVariables.set("{name}", pm.response.json().{place});'
KEEP_FIRST = """const tries = pm.variables.get("tries") ?? 0;
if (pm.response.json().{list}.length > 0) {{
    {keep}
}} else if (tries < 20) {{
    // What has just happened may be told a moment later.
    pm.variables.set("tries", tries + 1);
    setTimeout(() => {{}}, 500);
    pm.execution.setNextRequest(pm.info.requestId);
}}"""


def postman_collection(requests: list[Request], title: str) -> str:
    """The collection as text."""
    kept = {name: "" for request in requests for name in request.keeps}
    folders = groupby(requests, lambda request: request.folder)
    collection = {
        "info": {"name": title, "description": DESCRIPTION, "schema": SCHEMA},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": variable(TOKEN), "type": "string"}]},
        "variable": [{"key": name, "value": value} for name, value in (SETTINGS | kept | {"streams": ""}).items()],
        "item": [{"name": folder, "item": [_item(request) for request in members]} for folder, members in folders],
    }
    return orjson.dumps(collection, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _item(request: Request) -> dict[str, Any]:
    scripts = {"prerequest": list(_before(request)), "test": list(_after(request))}
    return {
        "name": request.title,
        "event": [
            {"listen": when, "script": {"type": "text/javascript", "exec": lines}} for when, lines in scripts.items() if lines
        ],
        "request": _request(request),
    }


def _request(request: Request) -> dict[str, Any]:
    headers = [_parameter(each) for each in request.headers]
    result = {
        "method": request.verb,
        "header": headers,
        "url": _url(request),
        "description": request.description,
    }
    if request.content_type:
        result["header"] = [{"key": "Content-Type", "value": request.content_type}, *headers]
        language = "text" if isinstance(request.body, str) else "json"
        result["body"] = {"mode": "raw", "raw": text_of(request.body), "options": {"raw": {"language": language}}}
    return result if request.needs_token else result | {"auth": {"type": "noauth"}}


def _url(request: Request) -> dict[str, Any]:
    path = request.path.replace("{", ":").replace("}", "")
    return {
        "raw": variable("baseUrl") + path,
        "host": [variable("baseUrl")],
        "path": path.split("/")[1:],
        "variable": [{"key": name, "value": value} for name, value in request.path_values.items()],
        "query": [_parameter(each) for each in request.query],
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    """What need not be sent is there to be switched on."""
    sent = {"key": parameter.name, "value": parameter.value, "description": parameter.description}
    return sent if parameter.required else sent | {"disabled": True}


def _before(request: Request) -> Iterator[str]:
    if request.makes_account:
        yield NEW_ADDRESS
    if request.is_stream:
        yield SKIP


def _after(request: Request) -> Iterator[str]:
    yield EXPECT.format(status=request.status)
    for name, place in request.keeps.items():
        keep = KEEP.format(name=name, place=place)
        listed, is_listed, _ = place.partition("[0]")
        yield from (KEEP_FIRST.format(list=listed, keep=keep) if is_listed else keep).split("\n")
