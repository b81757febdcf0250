"""The one place where exceptions become gRPC statuses; an unforeseen one is logged whole and answered "internal error"."""

import logging
from typing import Any

import grpc
from pymongo.errors import PyMongoError

from mesh import mongo
from mesh.errors import DETAILS_KEY, ServiceError, internal_error, to_status
from mesh.interceptors import Context, Handler, Method

log = logging.getLogger(__name__)


def errors(method: Method, handler: Handler) -> Handler:
    """Answer ServiceErrors with their status and details; let no other exception's text reach the wire."""

    async def call(request: Any, context: Context) -> Any:
        try:
            return await handler(request, context)
        except grpc.aio.AbortError:
            raise
        except ServiceError as error:
            failure = error
        except Exception as error:
            failure = _translated(error)
            if failure.info.http_status == 500:
                log.exception("call failed unexpectedly", extra={"method": method.path})
        details = ((DETAILS_KEY, to_status(failure).SerializeToString()),)
        return await context.abort(failure.info.grpc_code, failure.message, trailing_metadata=details)

    return call


def _translated(error: Exception) -> ServiceError:
    known = mongo.as_service_error(error) if isinstance(error, PyMongoError) else None
    return known or internal_error()
