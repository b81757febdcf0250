"""`python -m dev.collections`: writes the files for REST clients, from the same document as `/openapi.json`."""

from pathlib import Path

from dev.collections.http_file import http_file
from dev.collections.postman import postman_collection
from dev.collections.requests import requests_of
from dev.service import ROOT
from gateway.bindings import build_bindings
from gateway.contract import load_contract
from gateway.openapi.document import build_document

POSTMAN_COLLECTION = ROOT / "clients/postman/unified.postman_collection.json"
HTTP_FILE = ROOT / "clients/http/unified.http"


def written() -> dict[Path, str]:
    """The files, as they should be."""
    contract = load_contract()
    document = build_document(build_bindings(contract.services), contract.comments)
    requests, title = requests_of(document), document["info"]["title"]
    return {
        POSTMAN_COLLECTION: postman_collection(requests, title),
        HTTP_FILE: http_file(requests, title),
    }


def main() -> None:
    for path, text in written().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
