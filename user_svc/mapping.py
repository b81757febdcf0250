"""Users between the model and the contract."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from unified.error.v1 import reason_pb2
from unified.user.v1 import directory_service_pb2 as directory_pb
from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as pb

from mesh.errors import FieldError, ServiceError
from mesh.times import from_timestamp, to_timestamp
from user_svc.model import ENGLISH, UTC, User
from user_svc.timezones import timezones
from user_svc.use_cases import Entry, SignIn

BEARER = "Bearer"
# What callers may set, and what each value is in the model. A field that is cleared falls back to its default.
WRITABLE: Mapping[str, Callable[[user_pb2.User], Any]] = {
    "name": lambda user: user.name,
    "timezone": lambda user: user.timezone or UTC,
    "locale": lambda user: user.locale or ENGLISH,
}


def user_to_proto(user: User) -> user_pb2.User:
    return user_pb2.User(
        id=user.id,
        email=user.email,
        name=user.name,
        create_time=to_timestamp(user.create_time),
        update_time=to_timestamp(user.update_time),
        etag=user.etag,
        timezone=user.timezone,
        locale=user.locale,
    )


def user_from_proto(message: user_pb2.User) -> User:
    return User(
        id=message.id,
        email=message.email,
        name=message.name,
        create_time=from_timestamp(message.create_time),
        update_time=from_timestamp(message.update_time),
        timezone=message.timezone,
        locale=message.locale,
        version=int(message.etag),
    )


def sign_in_to_proto(sign_in: SignIn) -> pb.LoginResponse:
    return pb.LoginResponse(
        token=sign_in.token,
        token_type=BEARER,
        expires_in=sign_in.expires_in_s,
        user=user_to_proto(sign_in.user),
    )


def changes_of(request: pb.UpdateProfileRequest) -> dict[str, Any]:
    """The values that the request's mask names; validation let no others into the mask. Raises ServiceError(INVALID_ARGUMENT)
    for a time zone that does not exist."""
    changes = {name: WRITABLE[name](request.user) for name in request.update_mask.paths}
    if changes.get("timezone", UTC) not in timezones():
        problem = FieldError("user.timezone", "must be the name of an IANA time zone, as in Europe/London")
        raise ServiceError(reason_pb2.REASON_INVALID_ARGUMENT, "the request is not valid", fields=[problem])
    return changes


def entries_to_proto(entries: Iterable[Entry]) -> directory_pb.LookUpUsersResponse:
    found = (directory_pb.DirectoryEntry(key=each.key, id=each.id, name=each.name) for each in entries)
    return directory_pb.LookUpUsersResponse(entries=found)
