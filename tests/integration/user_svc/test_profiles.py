"""Reading and changing the caller's profile, over gRPC."""

import asyncio
import secrets

import pytest
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.user.v1 import user_pb2
from unified.user.v1 import user_service_pb2 as pb

from mesh.mongo import Document
from tests.callers import signed_in
from tests.integration.user_svc.person import Person, Visitor
from tests.refusals import refused


async def test_a_profile_needs_a_token(visitor: Visitor) -> None:
    with refused(reason_pb2.REASON_UNAUTHENTICATED):
        await visitor.stub.GetProfile(pb.GetProfileRequest(), timeout=10)


async def test_a_token_signed_by_somebody_else_is_refused(ada: Person, visitor: Visitor) -> None:
    forged = signed_in(ada.user.id, secrets.token_hex(32))
    with refused(reason_pb2.REASON_UNAUTHENTICATED):
        await visitor.stub.GetProfile(pb.GetProfileRequest(), metadata=forged, timeout=10)


async def test_a_user_who_is_gone_is_not_found(ada: Person, database: AsyncDatabase[Document]) -> None:
    await database["users"].delete_one({})
    with refused(reason_pb2.REASON_USER_NOT_FOUND):
        await ada.profile()
    with refused(reason_pb2.REASON_USER_NOT_FOUND):
        await ada.rename("Nobody")


async def test_a_change_touches_what_the_mask_names(ada: Person) -> None:
    changed = await ada.rename("Ada King")
    assert (changed.name, changed.email, changed.etag) == ("Ada King", ada.user.email, "2")
    assert changed.create_time == ada.user.create_time
    assert changed.update_time.ToMilliseconds() >= ada.user.update_time.ToMilliseconds()
    assert await ada.profile() == changed


async def test_a_change_to_the_same_is_none(ada: Person) -> None:
    assert await ada.rename(ada.user.name) == ada.user
    assert await ada.update(pb.UpdateProfileRequest(user=user_pb2.User(name="not named by a mask"))) == ada.user


async def test_a_stale_etag_is_refused(ada: Person) -> None:
    changed = await ada.rename("Ada King", etag=ada.user.etag)
    for stale in (ada.user.etag, "nonsense"):
        with refused(reason_pb2.REASON_ETAG_MISMATCH):
            await ada.rename("Ada Byron", etag=stale)
    assert await ada.profile() == changed


async def test_of_many_who_change_what_they_read_one_does(ada: Person) -> None:
    attempts = [ada.rename(f"Ada {number}", etag="1") for number in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, user_pb2.User)]) == 1
    assert (await ada.profile()).etag == "2"


async def test_changes_at_once_without_an_etag_all_happen(ada: Person) -> None:
    changed = await asyncio.gather(*(ada.rename(f"Ada {number}") for number in range(8)))
    assert sorted(int(user.etag) for user in changed) == list(range(2, 10))
    assert (await ada.profile()).etag == "9"


async def test_a_name_cannot_be_cleared(ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.rename("")
    assert refusal.fields == ["user.name"]


@pytest.mark.parametrize("path", ["id", "email", "create_time", "update_time", "etag"])
async def test_what_the_service_sets_cannot_be_changed(path: str, ada: Person) -> None:
    request = pb.UpdateProfileRequest(user=user_pb2.User(email="eve@example.com"))
    request.update_mask.paths.append(path)
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.update(request)
    assert refusal.fields == [f"user.{path}"]


async def test_an_id_that_is_none_is_no_user(visitor: Visitor, jwt_secret: str) -> None:
    metadata = signed_in("not an id", jwt_secret)
    with refused(reason_pb2.REASON_USER_NOT_FOUND):
        await visitor.stub.GetProfile(pb.GetProfileRequest(), metadata=metadata, timeout=10)


async def test_a_new_user_lives_in_utc_and_reads_english(ada: Person) -> None:
    assert (ada.user.timezone, ada.user.locale) == ("UTC", "en")


async def test_time_zone_and_locale_are_changed_one_by_one_and_cleared(ada: Person) -> None:
    changed = await ada.change(timezone="Europe/London")
    assert (changed.timezone, changed.locale, changed.name, changed.etag) == ("Europe/London", "en", ada.user.name, "2")
    assert await ada.profile() == changed
    changed = await ada.change(locale="en-GB", name="Ada King")
    assert (changed.timezone, changed.locale, changed.name) == ("Europe/London", "en-GB", "Ada King")
    assert await ada.profile() == changed
    cleared = await ada.change(timezone=None, locale="")
    assert (cleared.timezone, cleared.locale) == ("UTC", "en")
    assert await ada.profile() == cleared
    assert await ada.change(timezone="UTC", locale=None) == cleared


@pytest.mark.parametrize("locale", ["de", "zh-Hant-TW", "de-CH-1996", "es-419", "en-a-bbb-x-a-ccc", "zh-cmn-Hans-CN"])
async def test_a_locale_is_any_language_tag(locale: str, ada: Person) -> None:
    assert (await ada.change(locale=locale)).locale == locale


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        *(({"locale": bad}, ["user.locale"]) for bad in ("e", "en_GB", "en-", "en--GB", "Hindustani-", "en-x", "\0", "en\n")),
        ({"locale": "en-x-" + "a-" * 40 + "a"}, ["user.locale"]),
        ({"timezone": "Europe/Atlantis"}, ["user.timezone"]),
        ({"timezone": "Europe/" + "x" * 60}, ["user.timezone"]),
    ],
)
async def test_what_is_no_time_zone_or_locale_is_refused(fields: dict[str, str], named: list[str], ada: Person) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await ada.change(name="Eve", **fields)
    assert refusal.fields == named
    assert await ada.profile() == ada.user


async def test_a_user_who_was_stored_before_there_were_time_zones(ada: Person, database: AsyncDatabase[Document]) -> None:
    await ada.change(timezone="Europe/London")
    await database["users"].update_one({}, {"$unset": {"timezone": "", "locale": ""}})
    changed = await ada.rename("Ada King")
    assert (changed.timezone, changed.locale) == ("UTC", "en")
