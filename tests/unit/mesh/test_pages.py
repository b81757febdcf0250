"""Page tokens: they bring back the position, and nothing else passes for one."""

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st
from unified.error.v1 import reason_pb2

from mesh.errors import ServiceError
from mesh.pages import Position, from_token, to_token
from mesh.times import in_milliseconds

QUESTION = "tasks newest first"
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
times = st.datetimes(timezones=st.just(UTC)).map(in_milliseconds)
numbers = st.integers(-(2**63), 2**63 - 1)
positions = st.builds(Position, times | numbers, st.binary(min_size=12, max_size=12).map(ObjectId))
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | st.text("ab{"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab"), inner, max_size=3),
)


@given(positions, st.text())
def test_a_token_brings_its_position_back(position: Position, question: str) -> None:
    assert from_token(question, to_token(question, position)) == position


@given(positions)
def test_a_token_fits_the_contract(position: Position) -> None:
    token = to_token(QUESTION, position)
    assert len(token) <= 512
    assert token.replace("-", "").replace("_", "").isalnum()


def test_no_token_is_the_first_page() -> None:
    assert from_token(QUESTION, "") is None


def assert_refused(token: str, question: str = QUESTION) -> None:
    with pytest.raises(ServiceError) as raised:
        from_token(question, token)
    assert raised.value.reason == reason_pb2.REASON_INVALID_ARGUMENT
    assert [problem.field for problem in raised.value.fields] == ["page_token"]


@given(positions)
def test_another_lists_token_is_refused(position: Position) -> None:
    assert_refused(to_token("notifications newest first", position))


@given(st.text(min_size=1))
def test_any_other_text_is_refused(token: str) -> None:
    assert_refused(token)


def as_token(content: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


@given(anything)
def test_any_other_content_is_refused(content: Any) -> None:
    assert_refused(as_token(content))


MARK, TIME, ID = orjson.loads(base64.urlsafe_b64decode(to_token(QUESTION, Position(NOON, ObjectId())) + "=="))


@pytest.mark.parametrize(
    "content",
    [
        [MARK, TIME],
        [MARK, TIME, ID, 1],
        [MARK, "x", ID],
        [MARK, "", ID],
        [MARK, str(2**63), ID],
        [MARK, str(-(2**63) - 1), ID],
        [MARK, "9" * 5000, ID],
        [MARK, None, ID],
        [MARK, 2**63, ID],
        [MARK, 1e300, ID],
        [MARK, TIME, 7],
        [MARK, TIME, "x"],
        [MARK, TIME, [ID] * 24],
        [MARK, TIME, None],
        {"mark": MARK, "time": TIME, "id": ID},
    ],
)
def test_the_right_mark_alone_is_not_enough(content: Any) -> None:
    assert_refused(as_token(content))


def test_what_comes_after_is_earlier_or_of_the_same_moment_with_a_smaller_id() -> None:
    key = ObjectId()
    beyond = Position(NOON, key).beyond("createTime")
    assert beyond == {
        "createTime": {"$lte": NOON},
        "$or": [{"createTime": {"$lt": NOON}}, {"createTime": NOON, "_id": {"$lt": key}}],
    }


def test_where_a_list_ascends_later_and_greater_come_after() -> None:
    key = ObjectId()
    assert Position(7, key).beyond("rank", descending=False) == {
        "rank": {"$gte": 7},
        "$or": [{"rank": {"$gt": 7}}, {"rank": 7, "_id": {"$gt": key}}],
    }
