"""A private MongoDB server: a replica set of one, as transactions and change streams need it."""

import asyncio
import os
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from dev.ports import in_use
from dev.process import Command, Process
from dev.programs import find_program

_ALREADY_INITIALISED = 23


class Mongod(Process):
    def __init__(self, directory: Path, port: int) -> None:
        super().__init__("mongod", directory, {"LOCAL_MONGODB_PORT": port})
        self.port = port
        self.url = f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"
        self._data = self.directory / "data" / "mongod"

    def command(self) -> Command:
        argv = [find_program("mongod"), "--dbpath", str(self._data), "--port", str(self.port), "--bind_ip", "127.0.0.1"]
        argv += ["--replSet", "rs0", "--unixSocketPrefix", str(self._data), "--wiredTigerCacheSizeGB", "0.25"]
        # Without zlib: old servers leak memory through it (CVE-2025-14847).
        argv += ["--networkMessageCompressors", "snappy,zstd"]
        argv += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        # A killed service leaves its transactions open, and their idempotency keys taken, for this long (default: 60).
        argv += ["--setParameter", "transactionLifetimeLimitSeconds=10"]
        return Command(argv, {"PATH": os.defpath, "LANG": "C.UTF-8"}, self.directory)

    async def prepare(self) -> None:
        await super().prepare()
        self._data.mkdir(parents=True, exist_ok=True)

    async def ready(self) -> bool:
        return in_use(self.port) and await asyncio.to_thread(self._is_primary)

    def _is_primary(self) -> bool:
        # In a thread: PyMongo's asyncio client leaves sockets unclosed when it ends while it still connects.
        with MongoClient[dict[str, object]](
            "127.0.0.1", self.port, directConnection=True, serverSelectionTimeoutMS=500, socketTimeoutMS=5000
        ) as client:
            try:
                if client.admin.command("hello")["isWritablePrimary"]:
                    return True
                members = [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            except OperationFailure as error:
                if error.code != _ALREADY_INITIALISED:
                    raise
            except PyMongoError:
                return False
        return False
