"""Users between the model and the contract."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unified.error.v1 import reason_pb2
from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as pb

from mesh.errors import ServiceError
from user_svc.mapping import WRITABLE, changes_of, user_from_proto, user_to_proto
from user_svc.model import User

moments = st.datetimes(timezones=st.just(UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]))
users = st.builds(
    User,
    id=texts,
    email=texts,
    name=texts,
    create_time=moments,
    update_time=moments,
    timezone=texts,
    locale=texts,
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


def test_only_what_the_mask_names_changes() -> None:
    request = pb.UpdateProfileRequest(user=user_pb2.User(name="Ada"))
    assert changes_of(request) == {}
    request.update_mask.paths.append("name")
    assert changes_of(request) == {"name": "Ada"}


def test_what_is_named_but_not_set_falls_back_to_its_default() -> None:
    request = pb.UpdateProfileRequest()
    request.update_mask.paths.extend(["timezone", "locale"])
    assert changes_of(request) == {"timezone": "UTC", "locale": "en"}


def test_every_field_that_is_not_the_services_is_writable() -> None:
    set_by_the_service = {"id", "email", "create_time", "update_time", "etag"}
    assert set(WRITABLE) == {field.name for field in user_pb2.User.DESCRIPTOR.fields} - set_by_the_service


@pytest.mark.parametrize("name", ["Factory", "europe/london", "Europe", "Europe/London ", "localtime", "../etc/passwd", "\0"])
def test_a_time_zone_that_does_not_exist_is_refused(name: str) -> None:
    request = pb.UpdateProfileRequest(user=user_pb2.User(timezone=name))
    request.update_mask.paths.append("timezone")
    with pytest.raises(ServiceError) as raised:
        changes_of(request)
    assert raised.value.reason == reason_pb2.REASON_INVALID_ARGUMENT
    assert [each.field for each in raised.value.fields] == ["user.timezone"]
