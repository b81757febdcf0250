"""One REST binding at work: the HTTP request in, one gRPC call with a deadline, the HTTP answer out."""

import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from google.protobuf.message import Message
from unified.error.v1.reason_pb2 import REASON_INVALID_ARGUMENT

from gateway.answers import compile_answer
from gateway.bindings import Binding
from gateway.bodies import BodyReader, refuse_body
from gateway.body_room import BodyRoom
from gateway.buckets import Charges
from gateway.connections import EdgeRequest
from gateway.downloads import send_file
from gateway.errors import RestError
from gateway.etags import if_match, refuse_if_match
from gateway.idempotency import idempotency_key, mark_replayed
from gateway.in_flight import InFlight
from gateway.tally import Tally
from gateway.timeouts import asked_timeout_s
from gateway.transcoding.input_errors import wrong_fields
from gateway.transcoding.places import compile_places
from gateway.transcoding.requests import RequestReader
from mesh.calls import Metadata, ServiceCalls
from mesh.errors import ServiceError
from mesh.identity import Caller
from mesh.logs import request_id
from mesh.metadata import IDEMPOTENCY_KEY


class Endpoint:
    """Answers the requests of one binding. `in_flight` has the places of its service."""

    def __init__(
        self,
        binding: Binding,
        service: ServiceCalls,
        in_flight: InFlight,
        charges: Charges,
        body_room: BodyRoom,
        *,
        timeout_s: float,
        body_timeout_s: float,
    ) -> None:
        self.name, self.needs_caller, self.in_flight, self.charges = binding.name, binding.needs_caller, in_flight, charges
        self._has_body, self._body_is_optional = bool(binding.body), binding.body_is_optional
        self._bodies = BodyReader(body_room, max_bytes=binding.max_body_bytes, timeout_s=body_timeout_s)
        self._file_types, self._is_download = tuple(binding.rest.body_types), binding.is_download
        self._timeout_s, self._body_timeout_s = timeout_s, body_timeout_s
        self._reader = RequestReader(binding)
        self._answer = compile_answer(binding)
        self._place = compile_places(binding)
        self._takes_key = binding.accepts_idempotency_key
        self._only_reads = binding.only_reads
        self._service = service
        self._method = service.channel.unary_unary(
            binding.rpc,
            request_serializer=binding.request_class.SerializeToString,
            response_deserializer=binding.response_class.FromString,
        )

    async def __call__(
        self, request: EdgeRequest, path: Sequence[str], caller: Caller | None, tally: Tally
    ) -> web.StreamResponse:
        """`path` holds the values of the template's variables; what the request takes besides is added to the tally."""
        start, asked_s = time.monotonic(), asked_timeout_s(request)
        tally.hurried = asked_s < self._timeout_s
        with self.in_flight.given_up():
            body = await self._body_of(request, asked_s)
        self.in_flight.check()
        etag = if_match(request) if self._reader.takes_etag else None
        if not (self._reader.takes_etag or self._only_reads):
            refuse_if_match(request)
        message = self._reader.read(path, request.rel_url.raw_query_string, body, etag)
        await tally.spend(self.charges.then, self.charges.spenders(message, caller))
        metadata = [("x-request-id", request_id.get())]
        if caller is not None:
            metadata.append(("authorization", f"Bearer {caller.token}"))
        key = idempotency_key(request) if self._takes_key else None
        if key is not None:
            metadata.append((IDEMPOTENCY_KEY, key))
        left_s = min(self._timeout_s, asked_s - (time.monotonic() - start))
        answer, trailing = await self._call(message, metadata, left_s, repeatable=self._only_reads or key is not None)
        if self._is_download:
            return await self._download(request, message, answer, metadata, min(self._timeout_s, asked_s))
        response = self._answer(answer)
        mark_replayed(response, trailing)
        return response

    async def _download(
        self, request: EdgeRequest, message: Any, first: Any, metadata: Metadata, timeout_s: float
    ) -> web.StreamResponse:
        async def ask_for(page_token: str) -> Any:
            message.page_token = page_token
            with self.in_flight.place():
                part, _ = await self._call(message, metadata, timeout_s, repeatable=True)
            return part

        with self.in_flight.given_up():
            return await send_file(request, first, ask_for)

    async def _call(self, message: Message, metadata: Metadata, timeout_s: float, *, repeatable: bool) -> tuple[Any, Metadata]:
        hurried = timeout_s < self._timeout_s
        try:
            return await self._service.call(
                self._method, message, metadata, timeout_s=timeout_s, repeatable=repeatable, hurried=hurried
            )
        except ServiceError as error:
            raise self._placed(error) from error

    async def _body_of(self, request: EdgeRequest, asked_s: float) -> Any:
        """The parsed body, the file that it is, or nothing where none belongs."""
        if not self._has_body:
            await refuse_body(request, timeout_s=self._body_timeout_s, asked_s=asked_s)
            return None
        if self._body_is_optional and not request.can_read_body:
            return {}
        if self._file_types:
            return await self._bodies.read_file(request, self._file_types, asked_s)
        return await self._bodies.read_json(request, asked_s)

    def _placed(self, error: ServiceError) -> ServiceError:
        """The same failure, with its fields where the REST client put them."""
        if not error.fields:
            return error
        errors = [{**self._place(each.field), "message": each.message} for each in error.fields]
        if error.reason == REASON_INVALID_ARGUMENT:
            return wrong_fields(errors)
        return RestError(error.reason, error.message, errors=errors, retry_after_s=error.retry_after_s)
