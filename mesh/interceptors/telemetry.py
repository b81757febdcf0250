"""Outermost of all: takes over the request id, measures the call and writes its line once the code is final."""

import logging
import time
from typing import Any

import grpc
from prometheus_client import Histogram
from unified.api.v1 import options_pb2

from mesh.interceptors import Context, Handler, Method
from mesh.logs import request_id
from mesh.metadata import REQUEST_ID

log = logging.getLogger(__name__)

DURATION = Histogram("unified_grpc_server_duration_seconds", "Time to answer a gRPC call.", ["method", "code"])
CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def telemetry(method: Method, handler: Handler) -> Handler:
    """Measure and log each call with its method, code and duration."""
    name = method.path.lstrip("/")
    # The platform's processes ask each other every second: that would drown the calls of people.
    is_internal = method.descriptor.GetOptions().Extensions[options_pb2.access] == options_pb2.ACCESS_INTERNAL
    level = logging.DEBUG if is_internal else logging.INFO
    # Looked up once: to find a child by its labels costs more than to observe.
    usual = DURATION.labels(name, "OK")

    async def call(request: Any, context: Context) -> Any:
        request_id.set(_request_id(context))
        start, code = time.perf_counter(), "OK"
        try:
            return await handler(request, context)
        except BaseException as error:
            aborted = isinstance(error, grpc.aio.AbortError)
            code = CODES.get(_number(context.code()), "UNKNOWN") if aborted else "CANCELLED"
            raise
        finally:
            duration_s = time.perf_counter() - start
            (usual if code == "OK" else DURATION.labels(name, code)).observe(duration_s)
            log.log(level, "call", extra={"method": name, "code": code, "duration_ms": round(duration_s * 1000, 2)})

    return call


def _request_id(context: Context) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID and isinstance(value, str):
            return value
    return ""


def _number(code: Any) -> int:
    """grpc.aio answers the enum or its number, depending on who set it."""
    return int(code.value[0] if isinstance(code, grpc.StatusCode) else code or 0)
