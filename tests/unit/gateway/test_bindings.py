"""Bindings are read from the contracts, and a contract that the edge cannot keep stops the start by name."""

import re

import pytest
from unified.api.v1 import options_pb2

from gateway.bindings import build_bindings
from gateway.contract import ContractError, load_contract
from tests.unit.gateway.contracts import service

USER = "option (unified.api.v1.access) = ACCESS_USER;"
GET = f'{USER} option (google.api.http) = {{get: "/api/things/{{id}}", response_body: "thing"}};'


def test_every_method_of_the_contracts_is_bound_but_internal_ones() -> None:
    contract = load_contract()

    bound = {binding.name for binding in build_bindings(contract.services)}

    assert {method.full_name for each in contract.services for method in each.methods} - bound == {
        "unified.api.v1.StatusService.GetStatus",
        "unified.user.v1.DirectoryService.LookUpUsers",
    }
    assert len(bound) >= 11


def test_comments_are_read_from_the_descriptor_set() -> None:
    comments = load_contract().comments

    assert comments["unified.task.v1.TaskService.GetTask"] == "Answers a task of the caller."
    assert comments["unified.task.v1.Task.title"] == "What is to be done, in a line."
    assert comments["unified.task.v1.Priority.PRIORITY_URGENT"] == "Now."


def test_a_rule_says_everything() -> None:
    [binding] = build_bindings([service(f"rpc Get(Q) returns (A) {{ {GET} }}")])

    assert (binding.verb, binding.template.segments, binding.template.variables) == (
        "GET",
        ("api", "things", "*"),
        ("id",),
    )
    assert (binding.rpc, binding.name) == ("/test.v1.S/Get", "test.v1.S.Get")
    assert (binding.body, binding.response_body, binding.resource.name) == ("", "thing", "T")
    assert binding.access == options_pb2.ACCESS_USER
    assert (binding.success_status, binding.max_body_bytes) == (200, 256 * 1024)


def test_additional_bindings_are_bindings_of_their_own() -> None:
    rule = """option (google.api.http) = {
        post: "/a" body: "thing" additional_bindings { put: "/b" body: "*" response_body: "thing" }
    };"""

    first, second = build_bindings([service(f"rpc Make(Q) returns (A) {{ {USER} {rule} }}")])

    assert (first.verb, first.template.text, first.body, first.response_body) == ("POST", "/a", "thing", "")
    assert (second.verb, second.template.text, second.body, second.response_body) == ("PUT", "/b", "*", "thing")


@pytest.mark.parametrize(
    ("fields", "rule", "optional"),
    [
        ("string a = 1; repeated string b = 2;", 'post: "/a" body: "*"', True),
        ("string a = 1 [(unified.api.v1.rules).required = true];", 'post: "/a" body: "*"', False),
        ("string a = 1 [(unified.api.v1.rules).required = true]; string b = 2;", 'post: "/{a}" body: "*"', True),
        ("T a = 1;", 'post: "/a" body: "a"', False),
        ("string a = 1;", 'post: "/a"', False),
    ],
)
def test_a_body_that_may_lack_every_field_may_be_missing(fields: str, rule: str, optional: bool) -> None:
    made = service(rpc(rule, signature="(R) returns (A)"), f"message R {{ {fields} }}")

    assert [binding.body_is_optional for binding in build_bindings([made])] == [optional]


def rpc(rule: str, options: str = USER, signature: str = "(Q) returns (A)") -> str:
    return f"rpc Bad{signature} {{ {options} option (google.api.http) = {{ {rule} }}; }}"


@pytest.mark.parametrize(
    ("method", "complaint"),
    [
        (rpc('get: "/a"', options=""), "has no (unified.api.v1.access)"),
        ("rpc Bad(Q) returns (A) { option (unified.api.v1.access) = ACCESS_USER; }", "has no (google.api.http)"),
        (rpc('get: "/a"', signature="(Q) returns (stream A)"), "is a stream"),
        (rpc('get: "/a"', signature="(stream Q) returns (A)"), "is a stream"),
        (rpc('custom: {kind: "HEAD", path: "/a"}'), "is bound to custom"),
        (rpc('body: "*"'), "is bound to no path"),
        (rpc('get: "a"'), "'a' does not start with a slash"),
        (rpc('get: "/a/**/b"'), "has ** before its end"),
        (rpc('get: "/{id=a/**}/b"'), "has ** before its end"),
        (rpc('get: "/{id=a/{words}}"'), "not supported: '{id=a'"),
        (rpc('get: "/{id=}"'), "not supported: '{id=}'"),
        (rpc('get: "/{id}{words}"'), "not supported: '{id}{words}'"),
        (rpc('get: "/x{id}"'), "not supported: 'x{id}'"),
        (rpc('get: "/a:b/c"'), "not supported: 'a:b'"),
        (rpc('get: "/a b"'), "not supported: 'a b'"),
        (rpc('get: "/a/"'), "not supported: ''"),
        (rpc('get: "/a/{id}:"'), "has a verb that is not supported: ''"),
        (rpc('get: "/a:b:c"'), "has a verb that is not supported: 'b:c'"),
        (rpc('get: "/{thing.nothing}"'), "{thing.nothing}"),
        (rpc('get: "/{id.length}"'), "{id.length}"),
        (rpc('get: "/{words.length}"'), "{words.length}"),
        (rpc('get: "/{id}/{id}"'), "names a variable twice"),
        (rpc('get: "/{nothing}"'), "{nothing}"),
        (rpc('get: "/{thing}"'), "{thing}"),
        (rpc('get: "/{words}"'), "{words}"),
        (rpc('get: "/a" body: "*"'), "which GET must not have"),
        (rpc('delete: "/a" body: "*"'), "which DELETE must not have"),
        (rpc('post: "/a" body: "nothing"'), "takes its body into 'nothing'"),
        (rpc('post: "/a" body: "id"'), "takes its body into 'id'"),
        (rpc('get: "/a" response_body: "nothing"'), "answers 'nothing'"),
        (rpc('get: "/a" response_body: "things"'), "answers 'things'"),
        (rpc('get: "/a"', options=USER + "option (unified.api.v1.rest) = {success_status: 418};"), "with 418"),
        (rpc('get: "/a"', options=USER + "option (unified.api.v1.rest) = {success_status: 201};"), "state a location"),
        (rpc('get: "/a"', options=USER + 'option (unified.api.v1.rest) = {location: "/a"};'), "state a location"),
        (
            rpc('get: "/a"', options=USER + 'option (unified.api.v1.rest) = {success_status: 201, location: "/{id}"};'),
            "has no text id",
        ),
        (
            rpc(
                'get: "/a" response_body: "thing"',
                options=USER + 'option (unified.api.v1.rest) = {success_status: 201, location: "/{id}/{thing_id}"};',
            ),
            "has no text thing_id",
        ),
    ],
)
def test_refuses_by_name(method: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=r"^test\.v1\.S\.Bad .*" + re.escape(complaint)):
        build_bindings([service(method)])


FILES = """
    message Ask { string page_token = 1; bytes file = 2; }
    message Part { string content_type = 1; string file_name = 2; bytes content = 3; string next_page_token = 4; }
"""
READS = "option idempotency_level = NO_SIDE_EFFECTS;"
DOWNLOAD = USER + READS + "option (unified.api.v1.rest).download = {};"
UPLOAD = USER + 'option (unified.api.v1.rest).body_types = "text/csv";'


def test_files_are_taken_and_answered() -> None:
    taken = rpc('post: "/a" body: "file"', UPLOAD, "(Ask) returns (A)").replace("Bad", "Take")
    answered = rpc('get: "/a"', DOWNLOAD, "(Ask) returns (Part)").replace("Bad", "Answer")

    take, answer = build_bindings([service(taken + answered, FILES)])

    assert (take.takes_file, take.is_download, take.body_is_optional) == (True, False, False)
    assert (answer.takes_file, answer.is_download) == (False, True)


@pytest.mark.parametrize(
    ("method", "complaint"),
    [
        (rpc('post: "/a" body: "page_token"', UPLOAD, "(Ask) returns (A)"), "needs bytes 'page_token' in test.v1.Ask"),
        (rpc('post: "/a" body: "*"', UPLOAD, "(Ask) returns (A)"), "needs bytes '*' in test.v1.Ask"),
        (rpc('post: "/a"', UPLOAD, "(Ask) returns (A)"), "needs bytes '' in test.v1.Ask"),
        (rpc('get: "/a"', DOWNLOAD, "(Q) returns (Part)"), "needs text 'page_token' in test.v1.Q"),
        (rpc('get: "/a"', DOWNLOAD, "(Ask) returns (A)"), "needs text 'content_type' in test.v1.A"),
        (rpc('post: "/a"', DOWNLOAD, "(Ask) returns (Part)"), "more than to answer GET with a file"),
        (rpc('get: "/a"', DOWNLOAD.replace(READS, ""), "(Ask) returns (Part)"), "more than to answer GET with a file"),
    ],
)
def test_refuses_files_by_name(method: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=r"^test\.v1\.S\.Bad .*" + re.escape(complaint)):
        build_bindings([service(method, FILES)])
