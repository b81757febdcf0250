"""Users between the model and the contract."""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp
from unified.error.v1 import reason_pb2
from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as pb

from mesh.errors import FieldError, ServiceError
from user_svc.model import User, UserChanges
from user_svc.use_cases import SignIn

BEARER = "Bearer"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def user_to_proto(user: User) -> user_pb2.User:
    return user_pb2.User(
        id=user.id,
        email=user.email,
        name=user.name,
        create_time=_timestamp(user.create_time),
        update_time=_timestamp(user.update_time),
        etag=user.etag,
    )


def user_from_proto(message: user_pb2.User) -> User:
    return User(
        id=message.id,
        email=message.email,
        name=message.name,
        create_time=_moment(message.create_time),
        update_time=_moment(message.update_time),
        version=int(message.etag),
    )


def sign_in_to_proto(sign_in: SignIn) -> pb.LoginResponse:
    return pb.LoginResponse(
        token=sign_in.token,
        token_type=BEARER,
        expires_in=sign_in.expires_in_s,
        user=user_to_proto(sign_in.user),
    )


def changes_of(request: pb.UpdateProfileRequest) -> UserChanges:
    """What the request's mask names. Raises ServiceError(INVALID_ARGUMENT) where it clears what cannot be empty."""
    if "name" not in request.update_mask.paths:
        return UserChanges()
    if not request.user.name:
        problem = FieldError("user.name", "must not be empty")
        raise ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=[problem])
    return UserChanges(name=request.user.name)


def _timestamp(moment: datetime) -> Timestamp:
    return Timestamp(seconds=(moment - EPOCH) // SECOND, nanos=moment.microsecond * 1000)


def _moment(timestamp: Timestamp) -> datetime:
    return EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
