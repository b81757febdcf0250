"""The address of MongoDB that docs/kubernetes.md gives, against a MongoDB that takes connections over TLS alone."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError, ServerSelectionTimeoutError

from dev.authority import Authority
from dev.k8s.manifests import FOLDER
from dev.mongod import Mongod
from dev.ports import free_port
from dev.process import Command
from mesh.mongo import open_mongo

PAGE = FOLDER.parent / "docs/kubernetes.md"
ADDRESS = re.compile(r"^MONGO_URI_USER_SERVICE +(\S+)$", re.MULTILINE)
USER_EXISTS = 51003


class InTheCluster(Mongod):
    """With a certificate of a CA of its own, and the user that the operator makes."""

    async def prepare(self) -> None:
        await super().prepare()
        authority = Authority()
        (self.directory / "ca.crt").write_bytes(authority.pem)
        (self.directory / "mongodb.pem").write_bytes(b"".join(authority.issue("mongodb")))

    def command(self) -> Command:
        given = super().command()
        files = ["--tlsCertificateKeyFile", str(self.directory / "mongodb.pem"), "--tlsCAFile", str(self.directory / "ca.crt")]
        return replace(given, argv=[*given.argv, "--tlsMode", "requireTLS", "--tlsAllowConnectionsWithoutCertificates", *files])

    def _is_primary(self) -> bool:
        url, ca = f"mongodb://localhost:{self.port}/", str(self.directory / "ca.crt")
        with MongoClient[dict[str, object]](url, directConnection=True, tls=True, tlsCAFile=ca) as client:
            try:
                if not client.admin.command("hello")["isWritablePrimary"]:
                    members = [{"_id": 0, "host": f"localhost:{self.port}"}]
                    client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
                    return False
                client.admin.command("createUser", "user-svc", pwd="secret", roles=[])
            except OperationFailure as error:
                return error.code == USER_EXISTS
            except PyMongoError:
                return False
        return True


@pytest.fixture
async def server(run_directory: Path) -> AsyncIterator[InTheCluster]:
    server = InTheCluster(run_directory / "tls", free_port())
    await server.start()
    yield server
    await server.stop()


async def test_a_service_reaches_it_by_the_address_of_the_page_and_not_without_the_ca(server: InTheCluster) -> None:
    found = ADDRESS.search(PAGE.read_text())
    assert found
    address = re.sub(r"@[^/]+/", f"@localhost:{server.port}/", found[1]).replace("replicaSet=mongodb", "replicaSet=rs0")
    address = address.replace("PASSWORD", "secret").replace("/run/unified/certificate", str(server.directory))
    async with open_mongo(address, "test") as client:
        await client.admin.command("ping")
    async with open_mongo(re.sub("&tlsCAFile=.*", "", address), "test") as client:
        with pytest.raises(ServerSelectionTimeoutError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.admin.command("ping")
