"""A real browser, without a window, and somebody who looks at its console."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.waiting import PATIENCE_S

_PROGRAMS = ("chromium", "google-chrome")
# Root may start it too, and it does not count on a graphics card or much shared memory.
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    # Without one on the path it is the one that playwright brought.
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    expect.set_options(timeout=PATIENCE_S * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        yield browser
        await browser.close()


@asynccontextmanager
async def looking_at(browser: Browser, url: str) -> AsyncIterator[Page]:
    """A page of this site. In the end there was nothing to complain of: no error, nothing that its policy forbids (which the
    console tells), no request to elsewhere."""
    complaints: list[str] = []
    page = await browser.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith((url, "data:")) else complaints.append(request.url))
    try:
        yield page
    finally:
        await page.close()
    assert complaints == []
