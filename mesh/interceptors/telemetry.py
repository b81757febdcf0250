"""Outermost of all: takes over the ids of request and trace, measures the call and writes its line once the code is final."""

import logging
import time
from typing import Any

import grpc
from prometheus_client import Histogram
from unified.api.v1 import options_pb2

from mesh.interceptors import Context, Handler, Interceptor, Method
from mesh.logs import ROUTINE, request_id
from mesh.metadata import REQUEST_ID, TRACEPARENT
from mesh.tracing import OFF, Tracer, sane, traceparent

log = logging.getLogger(__name__)

DURATION = Histogram("unified_grpc_server_duration_seconds", "Time to answer a gRPC call.", ["method", "code"])
CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def telemetry(tracer: Tracer) -> Interceptor:
    """Measure, log and trace each call with its method, code and duration."""

    def intercept(method: Method, handler: Handler) -> Handler:
        name = method.path.lstrip("/")
        # The platform's processes ask each other every second: that would drown the calls of people.
        is_internal = method.descriptor.GetOptions().Extensions[options_pb2.access] == options_pb2.ACCESS_INTERNAL
        level, spans = (logging.DEBUG, OFF) if is_internal else (logging.INFO, tracer)
        # Looked up once: to find a child by its labels costs more than to observe.
        usual = DURATION.labels(name, "OK")

        async def call(request: Any, context: Context) -> Any:
            _take_over_ids(context)
            start, code = time.perf_counter(), "OK"
            with spans.span(name, "server", request_id=request_id.get()) as span:
                try:
                    return await handler(request, context)
                except BaseException as error:
                    aborted = isinstance(error, grpc.aio.AbortError)
                    code = CODES.get(_number(context.code()), "UNKNOWN") if aborted else "CANCELLED"
                    raise
                finally:
                    duration_s = time.perf_counter() - start
                    span.note("rpc.response.status_code", code)
                    (usual if code == "OK" else DURATION.labels(name, code)).observe(duration_s)
                    told = {"method": name, "code": code, "duration_ms": round(duration_s * 1000, 2), ROUTINE: code == "OK"}
                    log.log(level, "call", extra=told)

        return call

    return intercept


def _take_over_ids(context: Context) -> None:
    sent = dict(context.invocation_metadata() or ())
    of_request, of_trace = sent.get(REQUEST_ID, ""), sent.get(TRACEPARENT, "")
    request_id.set(of_request if isinstance(of_request, str) else "")
    traceparent.set(sane(of_trace) if isinstance(of_trace, str) else "")


def _number(code: Any) -> int:
    """grpc.aio answers the enum or its number, depending on who set it."""
    return int(code.value[0] if isinstance(code, grpc.StatusCode) else code or 0)
