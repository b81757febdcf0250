"""Users between the model and the contract."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unified.error.v1 import reason_pb2
from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as pb

from mesh.errors import ServiceError
from user_svc.mapping import changes_of, user_from_proto, user_to_proto
from user_svc.model import User, UserChanges

moments = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]))
users = st.builds(
    User,
    id=texts,
    email=texts,
    name=texts,
    create_time=moments,
    update_time=moments,
    version=st.integers(1, 2**40),
)


@given(users)
def test_a_user_survives_the_wire(user: User) -> None:
    received = user_pb2.User.FromString(user_to_proto(user).SerializeToString())
    assert user_from_proto(received) == user


@given(moments)
def test_times_mean_what_protobuf_means(moment: datetime) -> None:
    user = User("", "", "", create_time=moment, update_time=moment)
    assert user_to_proto(user).create_time.ToDatetime(UTC) == moment


def request(name: str, *mask: str) -> pb.UpdateProfileRequest:
    request = pb.UpdateProfileRequest(user=user_pb2.User(name=name))
    request.update_mask.paths.extend(mask)
    return request


def test_only_what_the_mask_names_changes() -> None:
    assert changes_of(request("Ada")) == UserChanges()
    assert changes_of(request("Ada", "name")) == UserChanges(name="Ada")


def test_a_name_cannot_be_cleared() -> None:
    with pytest.raises(ServiceError) as raised:
        changes_of(request("", "name"))
    assert raised.value.reason == reason_pb2.REASON_INVALID_ARGUMENT
    assert [problem.field for problem in raised.value.fields] == ["user.name"]
