"""A contract with everything that a binding can ask for: a request finds its method, and becomes the message that
the standard JSON mapping makes of the same fields."""

from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass

from gateway.answers import compile_answer
from gateway.bindings import Binding, build_bindings
from gateway.errors import RestError
from gateway.routing import Router
from gateway.transcoding.input_errors import InvalidRequestError
from gateway.transcoding.requests import RequestReader
from tests.unit.gateway.contracts import usable_service

CONTRACT = """
    enum Size { SIZE_UNSPECIFIED = 0; SIZE_SMALL = 1; SIZE_VERY_BIG = 2; }
    message Page { int32 number = 1; repeated string words = 2; }
    message Book {
        string name = 1; string title = 2; int64 copies = 3; Size size = 4; bytes cover = 5; repeated Page pages = 6;
        optional int32 edition = 7; google.protobuf.Timestamp print_time = 8; google.protobuf.Duration lent_for = 9;
        google.protobuf.FieldMask hidden_fields = 10; Page first_page = 11;
        oneof notice { google.protobuf.Duration before = 12; google.protobuf.Timestamp at = 13; Page on_page = 14; }
    }
    message GetRequest { string name = 1; bool whole = 2; }
    message UpdateRequest { Book book = 1; google.protobuf.FieldMask update_mask = 2; string etag = 3; bool silent = 4; }
    message CreateRequest { string shelf = 1; Book book = 2; uint64 number = 3; }
    message Filter { repeated Size sizes = 1; google.protobuf.Timestamp since = 2; Page page = 3; optional bool open = 4; }
    message SearchRequest { Filter filter = 1; sint64 limit = 2; google.protobuf.FieldMask read_mask = 3; bytes cursor = 4; }
    message BookResponse { Book book = 1; }
    service S {
        rpc Get(GetRequest) returns (BookResponse) { USER option (google.api.http) = {
            get: "/v1/{name=shelves/*/books/*}" response_body: "book"
            additional_bindings { get: "/v1/books/{name}" }
            additional_bindings { get: "/v1/files/{name=**}" response_body: "book" }
        }; }
        rpc Latest(GetRequest) returns (BookResponse) { USER option (google.api.http) = {get: "/v1/books/latest"}; }
        rpc Lend(GetRequest) returns (BookResponse) { USER option (google.api.http) = {
            post: "/v1/{name=shelves/*/books/*}:lend" body: "*"
            additional_bindings { post: "/v1/books:lend" body: "*" }
        }; }
        rpc Update(UpdateRequest) returns (BookResponse) { USER option (google.api.http) = {
            patch: "/v1/books/{book.name}" body: "book" response_body: "book"
        }; }
        rpc Create(CreateRequest) returns (BookResponse) { USER option (google.api.http) = {
            post: "/v1/shelves/{shelf}/books" body: "book"
            additional_bindings { put: "/v1/shelves/{shelf}/books/{number}" body: "*" }
        }; }
        rpc Search(SearchRequest) returns (BookResponse) { USER option (google.api.http) = {
            get: "/v1/search/*/{filter.page.number}"
        }; }
    }
""".replace("USER", "option (unified.api.v1.access) = ACCESS_USER;")


FILTER = "filter.sizes=small&filter.sizes=VERY_BIG&filter.since=2030-01-31T12:00:00Z&filter.page.words=x&filter.open=false"


@dataclass(frozen=True)
class Edge:
    router: Router[tuple[Binding, RequestReader]]

    def read(self, verb: str, url: str, body: Any) -> tuple[str, Any]:
        """The method that a request finds, and the message that it becomes."""
        path, _, query = url.partition("?")
        (binding, reader), values = self.router.match(verb, path)
        return binding.method.name, reader.read(values, query, body, None)


@pytest.fixture(scope="module")
def bindings() -> list[Binding]:
    return build_bindings([usable_service(CONTRACT, "test.contract.v1")])


@pytest.fixture(scope="module")
def edge(bindings: list[Binding]) -> Edge:
    router = Router[tuple[Binding, RequestReader]]()
    for binding in bindings:
        router.add(binding.verb, binding.template, (binding, RequestReader(binding)))
    return Edge(router)


BOOK = {
    "title": "a",
    "copies": "9007199254740993",
    "size": "SIZE_VERY_BIG",
    "cover": "AAEC",
    "pages": [{"number": 1, "words": ["x", ""]}, {}],
    "edition": 0,
    "printTime": "2030-01-31T12:00:00.5+01:00",
    "lentFor": "-1.5s",
    "hiddenFields": "title,firstPage.number",
    "onPage": {"number": 7},
}


@pytest.mark.parametrize(
    ("verb", "url", "body", "method", "expected"),
    [
        ("GET", "/v1/shelves/a/books/b?whole=true", None, "Get", {"name": "shelves/a/books/b", "whole": True}),
        ("GET", "/v1/shelves/a%2Fb/books/c%20d%2fe", None, "Get", {"name": "shelves/a%2Fb/books/c d%2fe"}),
        ("GET", "/v1/books/b%2Fc", None, "Get", {"name": "b/c"}),
        ("GET", "/v1/books/**", None, "Get", {"name": "**"}),
        ("GET", "/v1/books/a:lend", None, "Get", {"name": "a:lend"}),
        ("GET", "/v1/files/a/b%20c//d", None, "Get", {"name": "a/b c//d"}),
        ("GET", "/v1/files", None, "Get", {}),
        ("GET", "/v1/books/latest", None, "Latest", {}),
        ("GET", "/v1/books/latest%20", None, "Get", {"name": "latest "}),
        ("POST", "/v1/shelves/a/books/b:lend", {"whole": True}, "Lend", {"name": "shelves/a/books/b", "whole": True}),
        ("POST", "/v1/shelves/a/books/b:lend", {"name": "shelves/a/books/b"}, "Lend", {"name": "shelves/a/books/b"}),
        ("POST", "/v1/books:lend", {"name": "b"}, "Lend", {"name": "b"}),
        (
            "PATCH",
            "/v1/books/b?silent=true",
            {"title": None},
            "Update",
            {"book": {"name": "b"}, "updateMask": "title", "silent": True},
        ),
        (
            "POST",
            "/v1/shelves/s/books?number=18446744073709551615",
            BOOK,
            "Create",
            {"shelf": "s", "book": BOOK, "number": 2**64 - 1},
        ),
        ("POST", "/v1/shelves/s/books", {"before": "3600s"}, "Create", {"shelf": "s", "book": {"before": "3600s"}}),
        (
            "POST",
            "/v1/shelves/s/books",
            {"before": None, "at": "2030-01-31T12:00:00Z"},
            "Create",
            {"shelf": "s", "book": {"at": "2030-01-31T12:00:00Z"}},
        ),
        (
            "PUT",
            "/v1/shelves/s/books/7",
            {"book": {"size": "small"}},
            "Create",
            {"shelf": "s", "number": "7", "book": {"size": 1}},
        ),
        (
            "GET",
            f"/v1/search/any/7?{FILTER}&limit=-5&readMask=title,firstPage&cursor=AAEC",
            None,
            "Search",
            {
                "filter": {
                    "sizes": [1, 2],
                    "since": "2030-01-31T12:00:00Z",
                    "page": {"number": 7, "words": ["x"]},
                    "open": False,
                },
                "limit": "-5",
                "readMask": "title,firstPage",
                "cursor": "AAEC",
            },
        ),
    ],
)
def test_a_request_becomes_the_message_that_it_says(
    edge: Edge, verb: str, url: str, body: Any, method: str, expected: dict[str, Any]
) -> None:
    found, message = edge.read(verb, url, body)

    assert (found, message) == (method, json_format.ParseDict(expected, type(message)()))


@pytest.mark.parametrize(
    ("verb", "url", "body", "errors"),
    [
        ("POST", "/v1/shelves/s/books", {"before": "1s", "at": "2030-01-31T12:00:00Z"}, [("pointer", "")]),
        (
            "POST",
            "/v1/shelves/s/books",
            {"onPage": {"number": "x"}, "before": 1},
            [("pointer", "/onPage/number"), ("pointer", "/before")],
        ),
        ("PUT", "/v1/shelves/s/books/7", {"number": "8", "shelf": "t"}, [("parameter", "shelf"), ("parameter", "number")]),
        ("PUT", "/v1/shelves/s/books/7", {"book": {"pages": [{}, {"words": [1]}]}}, [("pointer", "/book/pages/1/words/0")]),
        ("PUT", "/v1/shelves/s/books/-1?x=1", {}, [("parameter", "number"), ("parameter", "x")]),
        ("PATCH", "/v1/books/b", {"name": "c"}, [("parameter", "book.name")]),
        ("GET", "/v1/search/any/7?filter.page.number=7", None, [("parameter", "filter.page.number")]),
        (
            "GET",
            "/v1/search/any/7?filter.sizes=huge&limit=1&limit=2",
            None,
            [("parameter", "filter.sizes"), ("parameter", "limit")],
        ),
        ("GET", "/v1/search/any/x?filter=1", None, [("parameter", "filter.page.number"), ("parameter", "filter")]),
    ],
)
def test_what_is_wrong_is_named(edge: Edge, verb: str, url: str, body: Any, errors: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        edge.read(verb, url, body)

    assert [next(iter(error.items())) for error in raised.value.errors] == errors


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/v1/shelves/a/books/b:keep"),
        ("GET", "/v1/shelves//books/b"),
        ("GET", "/v1/search/7"),
        ("POST", "/v1/books%3Alend"),
    ],
)
def test_what_no_template_admits_is_not_found(edge: Edge, verb: str, path: str) -> None:
    with pytest.raises(RestError, match=r"no resource answers|this path supports"):
        edge.read(verb, path, {})


def test_an_answer_is_what_its_binding_names(bindings: list[Binding]) -> None:
    for binding in bindings:
        book = {**BOOK, "firstPage": {"number": 1}}
        response: Any = json_format.ParseDict({"book": book}, GetMessageClass(binding.method.output_type)())

        answered = orjson.loads(str(compile_answer(binding)(response).text))

        shown = answered if binding.response_body else answered["book"]
        assert shown == {
            **json_format.MessageToDict(response.book, always_print_fields_with_no_presence=True),
            "size": "very_big",
        }
