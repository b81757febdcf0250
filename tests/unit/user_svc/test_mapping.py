"""Users between the model and the contract."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as pb

from user_svc.mapping import changes_of, user_from_proto, user_to_proto
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
