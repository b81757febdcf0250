"""Asks the user service who somebody is, for the caller and with the caller's own token."""

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from typing import Any

from unified.error.v1 import reason_pb2
from unified.user.v1 import directory_service_pb2 as pb
from unified.user.v1.directory_service_pb2_grpc import DirectoryServiceStub

from mesh.calls import ServiceCalls, passed_on
from mesh.deadlines import time_left_s
from mesh.errors import ServiceError, unavailable
from task_svc.use_cases import Assignee

# Leaves time for the write, which has to end within the store's own limit.
LONGEST_S = 3.0
# Nothing was written yet: whatever kept the answer away, the caller may simply come again.
NO_ANSWER = (reason_pb2.REASON_UNAVAILABLE, reason_pb2.REASON_OVERLOADED, reason_pb2.REASON_DEADLINE_EXCEEDED)

_LEARNT: ContextVar[Mapping[str, Assignee | None]] = ContextVar("learnt", default={})  # noqa: B039  (never changed)


class GrpcUserDirectory:
    def __init__(self, calls: ServiceCalls) -> None:
        self._calls = calls
        self._look_up: Any = DirectoryServiceStub(calls.channel).LookUpUsers

    async def find(self, key: str) -> Assignee | None:
        """The user with this id or e-mail address. Raises ServiceError(UNAVAILABLE)."""
        learnt = _LEARNT.get()
        return learnt[key] if key in learnt else (await self._ask([key])).get(key)

    async def learn(self, keys: Collection[str]) -> None:
        """Ask for up to 100 users at once; from then on the call being served finds them without asking. Raises
        ServiceError(UNAVAILABLE)."""
        found = await self._ask(keys) if keys else {}
        _LEARNT.set({key: found.get(key) for key in keys})

    async def _ask(self, keys: Collection[str]) -> dict[str, Assignee]:
        request, left_s = pb.LookUpUsersRequest(keys=keys), time_left_s(LONGEST_S)
        hurried = left_s < LONGEST_S
        try:
            answer, _ = await self._calls.call(
                self._look_up, request, passed_on(), timeout_s=left_s, repeatable=True, hurried=hurried
            )
        except ServiceError as error:
            if error.reason in NO_ANSWER:
                raise unavailable("the user service, which knows the assignee,") from error
            raise
        return {each.key: Assignee(each.id, each.name) for each in answer.entries}
