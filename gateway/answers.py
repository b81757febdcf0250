"""What a success becomes on HTTP: status, JSON, `ETag` and `Location`."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from aiohttp import web

from gateway.bindings import Binding
from gateway.templates import VARIABLE
from gateway.transcoding.encode import compile_encoder

ETAG = "etag"


def compile_answer(binding: Binding) -> Callable[[Any], web.Response]:
    """From the binding's response message to the HTTP answer."""
    status = binding.success_status
    if status == 204:
        return lambda _: web.Response(status=204)
    resource_of = _resource_getter(binding)
    encode = compile_encoder(binding.resource)
    has_etag = ETAG in binding.resource.fields_by_name
    location = binding.rest.location

    def answer(response: Any) -> web.Response:
        resource = resource_of(response)
        headers = {"Content-Type": "application/json"}
        if has_etag and resource.etag:
            headers["ETag"] = f'"{resource.etag}"'
        if location:
            headers["Location"] = VARIABLE.sub(lambda name: quote(getattr(resource, name[1]), safe=""), location)
        return web.Response(status=status, headers=headers, body=encode(resource))

    return answer


def _resource_getter(binding: Binding) -> Callable[[Any], Any]:
    name = binding.response_body
    return (lambda response: getattr(response, name)) if name else (lambda response: response)
