"""Registering and signing in, over gRPC."""

import asyncio
import logging
import time
from typing import Any

import bcrypt
import grpc
import jwt
import pytest
from pymongo.asynchronous.database import AsyncDatabase
from unified.error.v1 import reason_pb2
from unified.user.v1 import user_service_pb2 as pb

from mesh.errors import DETAILS_KEY
from mesh.mongo import Document
from tests.integration.user_svc.person import PASSWORD, Person, Visitor
from tests.refusals import refused
from user_svc.settings import UserSettings


async def test_a_new_user_is_answered_as_stored(ada: Person) -> None:
    assert ada.user.email == "ada@example.com"
    assert ada.user.name == "Ada Lovelace"
    assert ada.user.etag == "1"
    assert ada.user.create_time == ada.user.update_time
    assert await ada.profile() == ada.user


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.COM", "\uff41da@example.com"])
async def test_an_address_is_taken_in_every_form(email: str, ada: Person, visitor: Visitor) -> None:
    with refused(reason_pb2.REASON_EMAIL_TAKEN):
        await visitor.register(email)


async def test_of_many_who_register_an_address_at_once_one_gets_it(visitor: Visitor) -> None:
    attempts = [visitor.register(email) for email in ["Bob@example.com", "bob@example.com", "BOB@EXAMPLE.COM"] * 4]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert len([outcome for outcome in outcomes if not isinstance(outcome, BaseException)]) == 1


async def test_a_sign_in_answers_a_token_of_the_user(ada: Person, visitor: Visitor, settings: UserSettings) -> None:
    answer = await visitor.login("ADA@example.com")
    assert answer.user == ada.user
    assert (answer.token_type, answer.expires_in) == ("Bearer", 3600)
    claims = jwt.decode(answer.token, options={"verify_signature": False})
    assert (claims["sub"], claims["iss"], claims["aud"]) == (ada.user.id, "unified", "unified")
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["jti"] != jwt.decode(ada.token, options={"verify_signature": False})["jti"]


async def refusal_of(call: Any) -> tuple[object, ...]:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    details = dict(raised.value.trailing_metadata() or ())[DETAILS_KEY]
    return raised.value.code(), raised.value.details(), details


async def test_every_failed_sign_in_gets_the_same_answer(ada: Person, visitor: Visitor) -> None:
    wrong = await refusal_of(visitor.login("ada@example.com", "wrong password"))
    assert wrong[0] == grpc.StatusCode.UNAUTHENTICATED
    assert b"INVALID_CREDENTIALS" in wrong[2]  # type: ignore[operator]
    assert await refusal_of(visitor.login("nobody@example.com", PASSWORD)) == wrong
    assert await refusal_of(visitor.login("not an address \0", PASSWORD)) == wrong
    assert await refusal_of(visitor.login("ada@example.com", PASSWORD + "x" * 100)) == wrong
    assert await refusal_of(visitor.login("ada@example.com", PASSWORD + "\0")) == wrong


async def test_a_password_of_72_bytes_counts_whole(visitor: Visitor) -> None:
    longest = "\N{SNOWMAN}" * 24
    await visitor.register("snow@example.com", longest)
    assert (await visitor.login("snow@example.com", longest)).token
    for other in (longest[:-1] + "!!!", longest + "!"):
        with refused(reason_pb2.REASON_INVALID_CREDENTIALS):
            await visitor.login("snow@example.com", other)


@pytest.mark.parametrize("password", ["short", "\N{SNOWMAN}" * 24 + "!", "with a \0 inside"])
async def test_a_password_that_cannot_be_kept_is_refused(password: str, visitor: Visitor) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await visitor.register("ada@example.com", password)
    assert refusal.fields == ["password"]


async def test_every_missing_field_is_named(visitor: Visitor) -> None:
    with refused(reason_pb2.REASON_INVALID_ARGUMENT) as refusal:
        await visitor.stub.Register(pb.RegisterRequest(), timeout=10)
    assert refusal.fields == ["email", "password", "name"]


async def test_only_a_hash_at_the_set_cost_is_stored(ada: Person, database: AsyncDatabase[Document]) -> None:
    document = await database["users"].find_one({})
    assert document is not None
    assert str(document["passwordHash"]).startswith("$2b$04$")
    assert PASSWORD not in str(document)


async def test_a_hash_of_another_cost_still_signs_in(ada: Person, visitor: Visitor, database: AsyncDatabase[Document]) -> None:
    costlier = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
    await database["users"].update_one({}, {"$set": {"passwordHash": costlier}})
    assert (await visitor.login("ada@example.com")).user == ada.user


async def test_the_log_says_who_but_keeps_their_secrets(ada: Person, visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    token = (await visitor.login("ada@example.com")).token
    with refused(reason_pb2.REASON_INVALID_CREDENTIALS):
        await visitor.login("ada@example.com", "wrong password")
    lines = [str(vars(record)) for record in caplog.records]
    for message in ("user signed in", "sign-in refused"):
        assert [line for line in lines if message in line and ada.user.id in line]
    for secret in (token, PASSWORD, "wrong password", "ada@example.com"):
        assert not [line for line in lines if secret in line]


class TestTiming:
    """A higher cost, so that the hash outweighs everything else."""

    @pytest.fixture
    def settings(self, settings: UserSettings) -> UserSettings:
        return settings.model_copy(update={"bcrypt_cost": 8})

    async def test_an_unknown_account_takes_as_long_as_a_wrong_password(self, ada: Person, visitor: Visitor) -> None:
        durations: dict[str, list[float]] = {"ada@example.com": [], "nobody@example.com": []}
        for _ in range(15):
            for email, measured in durations.items():
                start = time.perf_counter()
                with refused(reason_pb2.REASON_INVALID_CREDENTIALS):
                    await visitor.login(email, "wrong password")
                measured.append(time.perf_counter() - start)
        # What a busy machine adds comes and goes.
        known, unknown = (min(measured) for measured in durations.values())
        assert 0.6 < unknown / known < 1.7
