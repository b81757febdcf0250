"""What nginx passes on over gRPC, against the contracts."""

import re
from pathlib import Path

from unified.api.v1 import options_pb2

from gateway.app import PROCESSES
from gateway.contract import load_contract
from mesh.certificates import dns_name

SITE = Path(__file__).parents[2] / "infra" / "nginx" / "site.conf"
FOR_PEOPLE = {options_pb2.ACCESS_ANONYMOUS, options_pb2.ACCESS_USER}
LOCATION = re.compile(r"location /(unified\S+)/ \{\s*grpc_ssl_name (\S+);\s*grpc_pass \$mesh://(\S+);")


def test_each_service_for_people_is_passed_on_to_its_process_and_no_other_is() -> None:
    wanted = set()
    for service in load_contract().services:
        if {method.GetOptions().Extensions[options_pb2.access] for method in service.methods} & FOR_PEOPLE:
            process = PROCESSES[service.file.package]
            wanted.add((service.full_name, dns_name(process), process))
    assert set(LOCATION.findall(SITE.read_text())) == wanted
