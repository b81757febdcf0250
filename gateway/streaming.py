"""One binding served as a stream of server-sent events: a unary method that is called whenever there may be news."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from gateway import sse
from gateway.bindings import Binding
from gateway.bodies import refuse_body
from gateway.buckets import Charges
from gateway.connections import EdgeRequest
from gateway.delivery import Delivery, Timing
from gateway.news import News
from gateway.stream_shape import ID, TYPE, StreamShape, shape_of
from gateway.streams import Streams
from gateway.tally import Tally
from gateway.timeouts import asked_timeout_s
from gateway.transcoding.encode import compile_encoder
from gateway.transcoding.input_errors import wrong_fields
from gateway.transcoding.requests import PAGE_TOKEN, RequestReader
from gateway.wakeups import Wakeups
from mesh.calls import ServiceCalls
from mesh.errors import ServiceError
from mesh.identity import Caller
from mesh.logs import request_id

LAST_EVENT_ID = "Last-Event-ID"
# The last one: nginx would wait until a buffer is full.
HEADERS = {"Content-Type": sse.CONTENT_TYPE, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class StreamEndpoint:
    """Answers the requests of one binding that is a stream."""

    needs_caller = True

    def __init__(
        self,
        binding: Binding,
        service: ServiceCalls,
        charges: Charges,
        streams: Streams,
        wakeups: Wakeups,
        timing: Timing,
        *,
        timeout_s: float,
        body_timeout_s: float,
    ) -> None:
        self.name, self._descriptor, self._request_class = binding.name, binding.method, binding.request_class
        self._timing, self._timeout_s, self._body_timeout_s = timing, timeout_s, body_timeout_s
        self._service, self._streams, self._wakeups = service, streams, wakeups
        self.in_flight, self.charges = streams.in_flight, charges
        self._shape = shape_of(binding)
        self._reader = RequestReader(binding)
        self._to_text = _compile_text(self._shape)
        self._method = service.channel.unary_unary(
            binding.rpc,
            request_serializer=binding.request_class.SerializeToString,
            response_deserializer=binding.response_class.FromString,
        )

    async def __call__(
        self, request: EdgeRequest, path: Sequence[str], caller: Caller | None, tally: Tally
    ) -> web.StreamResponse:
        """Returns when the stream is over. Before the first byte a failure is an answer, afterwards it ends the stream."""
        assert caller is not None  # noqa: S101  (shape_of refuses streams that need none)
        start, asked_s = time.monotonic(), asked_timeout_s(request)
        tally.hurried = asked_s < self._timeout_s
        await refuse_body(request, timeout_s=self._body_timeout_s, asked_s=asked_s)
        message = self._reader.read(path, request.rel_url.raw_query_string, None, None)
        await tally.spend(self.charges.then, self.charges.spenders(message, caller))
        response = web.StreamResponse(headers=HEADERS)
        if request.method != "HEAD":
            await self._stream(request, response, caller, begin_by=start + asked_s)
        return response

    async def _stream(self, request: EdgeRequest, response: web.StreamResponse, caller: Caller, *, begin_by: float) -> None:
        async def ask(after: str, page_token: str) -> Any:
            """Before the first byte the client's patience counts, which ends at `begin_by`."""
            timeout_s = self._timeout_s if response.prepared else min(self._timeout_s, begin_by - time.monotonic())
            return await self._ask(caller.token, after, page_token, timeout_s)

        last_event_id = _last_event_id(request)
        with (
            self._streams.opened(caller.user_id) as stream,
            self._wakeups.listening(self._descriptor, caller.user_id, stream.wake),
            request.watched(stream.lose, self._timing.stall_s),
        ):
            news = News(ask, self._shape.events)
            try:
                first = await news.begin(last_event_id)
            except ServiceError as error:
                raise _placed(error) from error
            delivery = Delivery(response, stream, news, self._to_text, self._timing, expires_at=caller.expires_at)
            try:
                await response.prepare(request)
                await delivery.run(last_event_id or news.position, first)
            except (ConnectionError, TimeoutError):
                # Gone, or as good as gone: what it has missed it asks for when it comes back.
                request.cut_off()

    async def _ask(self, token: str, after: str, page_token: str, timeout_s: float) -> Any:
        message = self._request_class(**{self._shape.after: after, PAGE_TOKEN: page_token})
        metadata = [("x-request-id", request_id.get()), ("authorization", f"Bearer {token}")]
        hurried = timeout_s < self._timeout_s
        # Who waits for a turn has less time left for the call.
        late = hurried or self._streams.must_wait
        deadline = time.monotonic() + timeout_s
        async with self._streams.turn(timeout_s, hurried=hurried):
            left_s = deadline - time.monotonic()
            response, _ = await self._service.call(
                self._method, message, metadata, timeout_s=left_s, repeatable=True, hurried=late
            )
        return response


def _last_event_id(request: web.BaseRequest) -> str:
    """Empty when it was not sent. Raises InvalidRequestError for what no id has, and no call could carry."""
    sent = request.headers.get(LAST_EVENT_ID, "")
    if not sent.isascii():
        raise wrong_fields([{"parameter": LAST_EVENT_ID, "message": "must be the id of an event"}])
    return sent


def _compile_text(shape: StreamShape) -> Callable[[Any], bytes]:
    """From an event to its text."""
    encode = compile_encoder(shape.event)
    return lambda event: sse.event(getattr(event, ID), getattr(event, TYPE), encode(event))


def _placed(error: ServiceError) -> ServiceError:
    """The same failure; the only field that the client filled is the header."""
    errors = [{"parameter": LAST_EVENT_ID, "message": each.message} for each in error.fields]
    return wrong_fields(errors) if errors else error
