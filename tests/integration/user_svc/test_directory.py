"""The directory, over gRPC: who goes by an id or an address; for services, which ask it for a user."""

import secrets
from typing import TYPE_CHECKING

import grpc
import pytest
from unified.error.v1 import reason_pb2
from unified.user.v1 import directory_service_pb2 as pb
from unified.user.v1.directory_service_pb2_grpc import DirectoryServiceStub

from tests.callers import Metadata, bearer, signed_in
from tests.integration.user_svc.person import Person, Visitor
from tests.refusals import refused

if TYPE_CHECKING:
    from unified.user.v1.directory_service_pb2_grpc import DirectoryServiceAsyncStub

TIMEOUT_S = 10.0


@pytest.fixture
def directory(channel: grpc.aio.Channel) -> "DirectoryServiceAsyncStub":
    return DirectoryServiceStub(channel)


async def test_people_are_found_by_id_and_by_address_in_any_case(
    ada: Person, visitor: Visitor, directory: "DirectoryServiceAsyncStub"
) -> None:
    bob = await visitor.register("Bob@example.com")
    found = {"BOB@EXAMPLE.COM": bob, ada.user.id.upper(): ada.user, "ada@example.com": ada.user, bob.id: bob}
    unknown = ["nobody@example.com", "665f1f77bcf86cd799439021", "not an id", "example.com", "\0@\n"]
    for keys in (*([key] for key in found), [*found, *unknown, *found]):
        answer = await directory.LookUpUsers(pb.LookUpUsersRequest(keys=keys), metadata=bearer(ada.token), timeout=TIMEOUT_S)
        expected = [(key, found[key].id, found[key].name) for key in keys if key in found]
        assert [(each.key, each.id, each.name) for each in answer.entries] == expected
    nobody = await directory.LookUpUsers(pb.LookUpUsersRequest(), metadata=bearer(ada.token), timeout=TIMEOUT_S)
    assert not nobody.entries


@pytest.mark.parametrize("metadata", [(), signed_in("665f1f77bcf86cd799439011", secrets.token_hex(32))], ids=["none", "forged"])
async def test_it_tells_strangers_nothing(metadata: Metadata, ada: Person, directory: "DirectoryServiceAsyncStub") -> None:
    with refused(reason_pb2.REASON_UNAUTHENTICATED):
        await directory.LookUpUsers(pb.LookUpUsersRequest(keys=["ada@example.com"]), metadata=metadata, timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    ("keys", "field"), [(["ada@example.com"] * 101, "keys"), (["ada@example.com", ""], "keys[1]"), (["x" * 255], "keys[0]")]
)
async def test_it_answers_so_many_at_once(
    keys: list[str], field: str, ada: Person, directory: "DirectoryServiceAsyncStub"
) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await directory.LookUpUsers(pb.LookUpUsersRequest(keys=keys), metadata=bearer(ada.token), timeout=TIMEOUT_S)
    assert refusal.fields == [field]
    full = pb.LookUpUsersRequest(keys=["ada@example.com"] * 100)
    answer = await directory.LookUpUsers(full, metadata=bearer(ada.token), timeout=TIMEOUT_S)
    assert len(answer.entries) == 100
