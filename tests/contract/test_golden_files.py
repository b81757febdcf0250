"""What the contracts make of the REST surface stands in files, so that a change of it shows in review.

After a change that is meant: `make proto`, `make golden`.
"""

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from dev.authority import PROCESSES
from dev.client.__main__ import written as client_written
from dev.collections.__main__ import written as collections_written
from gateway.bindings import build_bindings
from gateway.contract import load_contract
from gateway.openapi.document import build_document
from mesh.interceptors.callers import callers_of
from tests.contract.access import access_table

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def document() -> dict[str, object]:
    contract = load_contract()
    return build_document(build_bindings(contract.services), contract.comments)


def test_access_is_as_it_was_agreed() -> None:
    assert access_table() == (HERE / "access.txt").read_text()


def test_whoever_may_call_is_a_process_that_has_a_certificate() -> None:
    methods = [method for service in load_contract().services for method in service.methods]

    assert [method.full_name for method in methods if not set(callers_of(method)) & set(PROCESSES)] == []
    assert {caller for method in methods for caller in callers_of(method)} <= set(PROCESSES)


def test_the_openapi_document_is_as_it_was_agreed(document: dict[str, object]) -> None:
    assert document == orjson.loads((HERE / "openapi.json").read_bytes())


@pytest.mark.parametrize("written", [client_written, collections_written], ids=["python", "collections"])
def test_clients_are_written_from_the_contract_of_today(written: Callable[[], dict[Path, str]]) -> None:
    stale = [path.name for path, text in written().items() if path.read_text() != text]

    assert stale == []


def test_the_openapi_document_is_valid(document: dict[str, object]) -> None:
    errors = OpenAPIV31SpecValidator(document).iter_errors()

    assert [error.message for error in errors] == []
