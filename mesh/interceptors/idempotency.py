"""Takes the idempotency key from the metadata of methods whose contract accepts one, and gives the key one effect."""

from typing import Any

from google.protobuf.message_factory import GetMessageClass
from unified.api.v1 import options_pb2
from unified.error.v1 import reason_pb2

from mesh.errors import FieldError, ServiceError
from mesh.idempotency import Attempt, IdempotencyStore
from mesh.identity import current_caller
from mesh.interceptors import Context, Handler, Interceptor, Method
from mesh.metadata import IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED, VALID_IDEMPOTENCY_KEY


def idempotency(store: IdempotencyStore | None) -> Interceptor:
    """Repeat the stored answer of a key that was used, marked by the trailing metadata `idempotency-replayed`."""

    def intercept(method: Method, handler: Handler) -> Handler:
        options = method.descriptor.GetOptions()
        if not options.Extensions[options_pb2.accepts_idempotency_key]:
            return handler
        if store is None:
            raise ValueError(f"{method.path} accepts idempotency keys, which this server does not keep")
        if options.Extensions[options_pb2.access] != options_pb2.ACCESS_USER:
            raise ValueError(f"{method.path} accepts idempotency keys, which need a caller to belong to")
        answer_class = GetMessageClass(method.descriptor.output_type)

        async def call(request: Any, context: Context) -> Any:
            key = _key(context)
            if key is None:
                return await handler(request, context)
            caller_id, content = current_caller().user_id, request.SerializeToString(deterministic=True)

            async def work() -> bytes:
                answer = await handler(request, context)
                return bytes(answer.SerializeToString())

            answer, replayed = await store.once(Attempt(caller_id, method.path, key, content), work)
            if replayed:
                context.set_trailing_metadata(((IDEMPOTENCY_REPLAYED, "true"),))
            return answer_class.FromString(answer)

        return call

    return intercept


def _key(context: Context) -> str | None:
    keys = [str(value) for name, value in context.invocation_metadata() or () if name == IDEMPOTENCY_KEY]
    if not keys:
        return None
    if len(keys) > 1 or not VALID_IDEMPOTENCY_KEY.fullmatch(keys[0]):
        problem = FieldError(IDEMPOTENCY_KEY, "must be sent once, with 1 to 255 visible ASCII characters")
        raise ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the idempotency key is not valid", fields=[problem])
    return keys[0]
