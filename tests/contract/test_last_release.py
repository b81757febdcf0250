"""What is written with the contract of the last release is read with the one of today, and the other way round."""

from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass

from gateway.contract import load_contract
from tests.baseline import filled, old_types


@pytest.fixture(autouse=True, scope="module")
def contract() -> None:
    load_contract()


def passed_on(message: Any, by: Descriptor) -> Any:
    """The message after somebody with another contract has read and written it."""
    return type(message).FromString(GetMessageClass(by).FromString(message.SerializeToString()).SerializeToString())


@pytest.mark.parametrize("old", old_types(), ids=lambda old: old.name)
def test_nothing_is_lost_between_the_last_release_and_us(old: Descriptor) -> None:
    new = Default().FindMessageTypeByName(old.full_name)
    theirs, ours = filled(old), filled(new)
    assert MessageToDict(GetMessageClass(new).FromString(theirs.SerializeToString())) == MessageToDict(theirs)
    assert passed_on(theirs, new) == theirs
    assert passed_on(ours, old) == ours
