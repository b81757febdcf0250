"""Types that the edge cannot carry stop the start, wherever they hide."""

import re
from collections.abc import Callable

import pytest
from google.protobuf.descriptor import Descriptor

from gateway.contract import ContractError
from gateway.transcoding.decode import compile_decoder
from gateway.transcoding.encode import compile_encoder
from gateway.transcoding.parameters import query_parameters
from tests.unit.gateway.contracts import message


@pytest.mark.parametrize("compiler", [compile_encoder, compile_decoder])
@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("message M { map<string, string> x = 1; }", "test.v1.M.x is a map"),
        ("message M { float x = 1; }", "test.v1.M.x has a type"),
        ("message M { double x = 1; }", "test.v1.M.x has a type"),
        ("message M { google.protobuf.Any x = 1; }", "test.v1.M.x is a google.protobuf.Any"),
        ("message M { google.protobuf.Struct x = 1; }", "test.v1.M.x is a google.protobuf.Struct"),
        ("message M { google.protobuf.Empty x = 1; }", "test.v1.M.x is a google.protobuf.Empty"),
        ("message M { repeated google.protobuf.Int32Value x = 1; }", "test.v1.M.x is a google.protobuf.Int32Value"),
        ("message M { M x = 1; }", "test.v1.M.x makes test.v1.M contain itself"),
        ("message M { N n = 1; } message N { repeated M m = 1; }", "test.v1.N.m makes test.v1.M contain itself"),
        ("message M { repeated N n = 1; } message N { float x = 1; }", "test.v1.N.x has a type"),
    ],
)
def test_refuses_by_name(compiler: Callable[[Descriptor], object], source: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=re.escape(complaint)):
        compiler(message(source))


def test_one_of_several_cannot_come_from_a_query() -> None:
    field = message("message M { N n = 1; } message N { oneof x { string a = 1; string b = 2; } }").fields_by_name["n"]

    with pytest.raises(ContractError, match=r"test\.v1\.N\.a is one of several"):
        list(query_parameters(field))


def test_a_list_of_messages_cannot_come_from_a_query() -> None:
    field = message("message M { repeated N n = 1; } message N { string x = 1; }").fields_by_name["n"]

    with pytest.raises(ContractError, match=r"test\.v1\.M\.n repeats messages"):
        list(query_parameters(field))
