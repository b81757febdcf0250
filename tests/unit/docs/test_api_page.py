"""The table of docs/api.md of what the service sets, against the contracts."""

import re
from collections.abc import Iterator

from unified.api.v1 import options_pb2

from gateway.bindings import build_bindings
from gateway.contract import load_contract, message_of
from gateway.transcoding.changes import changed_resource
from tests.unit.architecture.modules import ROOT

PAGE = ROOT / "docs/api.md"
ROW = re.compile(r"^\| (?:a )?(user|task|comment|preferences) \| (.*) \|$", re.MULTILINE)


def set_by_the_service() -> Iterator[tuple[str, list[str]]]:
    """Each resource that can be changed, with the fields that a change may not name."""
    for binding in build_bindings(load_contract().services):
        if resource := changed_resource(binding.method.input_type):
            fields = [
                field for field in message_of(resource).fields if field.GetOptions().Extensions[options_pb2.rules].output_only
            ]
            yield resource.name, [field.json_name for field in fields]


def test_the_page_says_what_the_service_sets() -> None:
    told = {resource: re.findall(r"`(\w+)`", names) for resource, names in ROW.findall(PAGE.read_text())}

    assert told == dict(set_by_the_service())
