"""Prints the OpenAPI document: `python -m gateway.openapi`."""

import sys

import orjson

from gateway.bindings import build_bindings
from gateway.contract import load_contract
from gateway.openapi.document import build_document


def main() -> None:
    contract = load_contract()
    document = build_document(build_bindings(contract.services), contract.comments)
    sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())


if __name__ == "__main__":
    main()
