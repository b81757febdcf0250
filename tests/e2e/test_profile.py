"""The caller's profile over REST, and that gRPC says the same."""

from typing import Any

from unified.user.v1 import user_service_pb2 as pb
from unified.user.v1.user_service_pb2_grpc import UserServiceStub

from tests.callers import bearer
from tests.e2e.rest import Person
from tests.platform import Platform

PROFILE = "/api/users/profile"


async def test_a_profile_has_a_name_a_time_zone_and_a_locale(platform: Platform, ada: Person, bob: Person) -> None:
    assert (ada.user["timezone"], ada.user["locale"]) == ("UTC", "en")
    wanted = {"name": "Ada King", "timezone": "Europe/London", "locale": "en-GB"}
    changed = (await ada.patch(PROFILE, wanted, headers={"If-Match": f'"{ada.user["etag"]}"'})).expect(200)
    assert changed == {**ada.user, **wanted, "etag": "2", "updateTime": changed["updateTime"]}
    assert (await ada.get(PROFILE)).expect(200) == changed
    assert (await bob.get(PROFILE)).expect(200) == bob.user
    async with platform.channel("user_svc") as channel:
        stub: Any = UserServiceStub(channel)
        user = (await stub.GetProfile(pb.GetProfileRequest(), metadata=bearer(ada.token), timeout=10)).user
    same = ("id", *wanted, "etag")
    assert [getattr(user, name) for name in same] == [changed[name] for name in same]

    bad: dict[str, Any] = {"timezone": "Europe/Atlantis", "locale": "en_GB", "email": "eve@example.com", "name": None}
    for field, value in bad.items():
        problem = (await ada.patch(PROFILE, {field: value})).expect(400)
        assert (problem["code"], [error["pointer"] for error in problem["errors"]]) == ("invalid_argument", [f"/{field}"])
    cleared = (await ada.patch(PROFILE, {"timezone": None, "locale": None})).expect(200)
    assert (cleared["timezone"], cleared["locale"], cleared["name"]) == ("UTC", "en", "Ada King")
    assert (await ada.get(PROFILE)).expect(200) == cleared
