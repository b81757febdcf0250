"""The same call on both edges, and what came of it in words that can be compared."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import aiohttp
import grpc
import orjson
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from multidict import CIMultiDict
from unified.error.v1.reason_pb2 import Reason
from yarl import URL

from gateway.app import PROCESSES
from gateway.bindings import Binding
from gateway.sse import CONTENT_TYPE as EVENT_STREAM
from mesh.channel import open_channel
from mesh.errors import from_rpc_error
from tests.callers import Metadata, bearer
from tests.conformance import conformance
from tests.e2e.matrix.places import Place, place
from tests.e2e.matrix.rest_form import RestRequest, rest_form
from tests.e2e.rest import TIMEOUT
from tests.plain_json import plain_json
from tests.platform import Platform
from tests.sse import LARGEST_EVENT, Listener

TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Answer:
    """What REST answered; of a stream no more than that it began."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.content)

    @property
    def code(self) -> str:
        """Of a problem; of anything else its status."""
        is_problem = self.headers.get("Content-Type") == "application/problem+json"
        return str(self.json["code"]) if is_problem else str(self.status)

    @property
    def places(self) -> dict[Place, str]:
        """What is wrong where, of a problem."""
        errors = self.json.get("errors", [])
        return {next((kind, e[kind]) for kind in ("pointer", "parameter") if kind in e): e["message"] for e in errors}


@dataclass(frozen=True)
class Outcome:
    """Of a failure its reason and what is wrong where; of a success the answer as plain JSON."""

    reason: str = ""
    places: Mapping[Place, str] = field(default_factory=dict)
    answer: Any = None


class Edges:
    def __init__(self, base_url: str, session: aiohttp.ClientSession, channels: Mapping[str, grpc.aio.Channel]) -> None:
        """`channels` by the package of their services."""
        self._base_url, self._session, self._channels = base_url, session, channels

    async def send(self, request: RestRequest, token: str | None = None, headers: Mapping[str, str] = {}) -> Answer:
        """`headers` are added to those of the request."""
        async with self._sent(request, token, headers) as response:
            return await _read(request, response)

    async def over_rest(
        self, binding: Binding, message: Message, token: str | None, *, events: int = 0, headers: Mapping[str, str] = {}
    ) -> Outcome:
        """`events` is how many to wait for on a stream."""
        request = rest_form(binding, message)
        async with self._sent(request, token, headers) as response:
            answer = await _read(request, response)
            if response.content_type == EVENT_STREAM:
                return Outcome(answer=[event.data for event in await Listener(response).events(events)])
        if answer.status >= 400:
            return Outcome(answer.code.upper(), answer.places)
        if binding.is_download:
            return Outcome(answer=answer.content)
        return Outcome(answer=answer.json if answer.content else {})

    async def over_grpc(self, binding: Binding, message: Message, token: str | None, *metadata: tuple[str, str]) -> Outcome:
        """The same call; its failure's fields are named as this binding has them, its answer is shaped like the binding's."""
        try:
            answer: Any = await self.call(binding.method, message, (*(bearer(token) if token else ()), *metadata))
        except grpc.aio.AioRpcError as error:
            failure = from_rpc_error(error)
            places = {place(binding, each.field): each.message for each in failure.fields}
            return Outcome(Reason.Name(failure.reason).removeprefix("REASON_"), places)
        if binding.is_stream:
            return Outcome(answer=[plain_json(event) for event in _unheard(binding, message, answer)])
        if binding.is_download:
            return Outcome(answer=answer.content)
        return Outcome(answer=plain_json(getattr(answer, binding.response_body) if binding.response_body else answer))

    async def call(self, method: MethodDescriptor, message: Message, metadata: Metadata = ()) -> Message:
        """Raises AioRpcError."""
        service = method.containing_service
        call = self._channels[service.file.package].unary_unary(
            f"/{service.full_name}/{method.name}",
            request_serializer=GetMessageClass(method.input_type).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        answer: Message = await call(message, metadata=metadata, timeout=TIMEOUT_S)
        return answer

    @asynccontextmanager
    async def _sent(
        self, request: RestRequest, token: str | None, headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        sent = CIMultiDict({**request.headers, **({"Authorization": f"Bearer {token}"} if token else {})})
        sent.extend(headers)
        url = URL(self._base_url + request.target, encoded=True)
        options: dict[str, Any] = {"skip_auto_headers": ["Content-Type"], "allow_redirects": False, "read_bufsize": LARGEST_EVENT}
        body = None if request.content is None else BytesIO(request.content)
        async with self._session.request(request.verb, url, headers=sent, data=body, **options) as response:
            yield response


async def _read(request: RestRequest, response: aiohttp.ClientResponse) -> Answer:
    """It must be as the document says."""
    content = None if response.content_type == EVENT_STREAM else await response.read()
    conformance().check(request.verb, request.path, response.status, response.headers, content)
    return Answer(response.status, response.headers, content or b"")


def _unheard(binding: Binding, message: Any, answer: Any) -> list[Any]:
    """The events of an answer without the one that the request says was heard of."""
    after = getattr(message, binding.rest.stream.after)
    return [event for event in getattr(answer, binding.rest.stream.events) if event.id != after]


@asynccontextmanager
async def edges_of(platform: Platform) -> AsyncIterator[Edges]:
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=TIMEOUT))
        by_process = {}
        for process in set(PROCESSES.values()):
            by_process[process] = await stack.enter_async_context(open_channel(platform.target(process)))
            await by_process[process].channel_ready()
        channels = {package: by_process[process] for package, process in PROCESSES.items()}
        # Every process serves it.
        channels["unified.api.v1"] = by_process["task_svc"]
        yield Edges(platform.base_url, session, channels)
