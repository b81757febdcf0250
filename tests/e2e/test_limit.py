"""The limits that every client meets, with the settings that the platform has when nobody sets them."""

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from dev.service import ROOT, SOURCES
from tests.changed import PATIENT_GATEWAY
from tests.e2e.rest import Client, visiting
from tests.platform import Platform


async def test_the_101st_request_in_the_window_is_refused(new_platform: Callable[..., Platform]) -> None:
    settings = {"RATE_LIMIT_MAX": "", "RATE_LIMIT_LOGIN_MAX": ""}
    platform = new_platform(settings=settings, gateways=2, modules=PATIENT_GATEWAY)
    await platform.start()
    async with visiting(platform.base_urls[0]) as one, visiting(platform.base_urls[1]) as two:
        answers = await asyncio.gather(*((one, two)[number % 2].get("/api/users/profile") for number in range(100)))
        assert {answer.status for answer in answers} == {401}
        assert sorted(int(answer.headers["RateLimit-Remaining"]) for answer in answers) == list(range(100))
        assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"100"}
        refused = await one.get("/api/users/profile")
        assert refused.expect(429)["code"] == "rate_limited"
        assert 700 < int(refused.headers["Retry-After"]) <= 720
        assert 700 < int(refused.headers["RateLimit-Reset"]) <= 720
        assert refused.headers["RateLimit-Remaining"] == "0"
        assert refused.headers["RateLimit-Policy"] == '"default";q=100;w=720'
        (await two.get("/api/nowhere")).expect(429)
        (await two.get("/health")).expect(200)
        (await two.get("/openapi.json")).expect(200)
    elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.31", 0))
    async with aiohttp.ClientSession(connector=elsewhere) as session:
        stranger = Client(session, platform.base_urls[1])
        tries = [await stranger.post("/api/users/login", {"email": f"{n}@example.com", "password": "x"}) for n in range(21)]
    assert [each.status for each in tries] == [401] * 20 + [429]
    assert tries[20].json["bucket"] == "login"
    assert tries[20].headers["RateLimit"].startswith('"default";r=80;t=')


@pytest.mark.parametrize(("setting", "most"), [("RATE_LIMIT_MAX", 3), ("RATE_LIMIT_LOGIN_MAX", 1)])
async def test_the_demo_says_how_long_to_wait_and_which_limit_it_met(
    new_platform: Callable[..., Platform], run_directory: Path, setting: str, most: int
) -> None:
    platform = new_platform(settings={setting: str(most)}, modules=PATIENT_GATEWAY)
    await platform.start()
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dev", "demo"),
        cwd=ROOT,
        env={**SOURCES, "UNIFIED_HOME": str(run_directory / "demo"), "API_GATEWAY_PORT": str(platform.gateways[0].port)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(demo.communicate(), 60)
    assert demo.returncode == 1
    assert re.search(rf"try again in \d+ s, or set {setting} higher in \.env", errors.decode())
