"""The documents of the gateway in a real browser."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import looking_at
from tests.e2e.rest import Client, visiting
from tests.platform import Platform

ROOT = Path(__file__).parents[2]
OPENAPI = orjson.loads((ROOT / "tests/contract/openapi.json").read_bytes())
SNIPPET = re.compile(r"```js\n(.*?)```", re.DOTALL)
# The id and the summary of each operation.
SHOWN = """blocks => blocks.map(
    block => [block.id.split("-").at(-1), block.querySelector(".opblock-summary-description").textContent]
)"""
# What somebody writes around the snippet.
READER = """token => {
    const told = [], show = (type, data) => told.push([type, data]);
    (async () => {%s})();
    return told;
}"""


@pytest.fixture
async def visitor(shared_platform: Platform) -> AsyncIterator[Client]:
    async with visiting(shared_platform.base_url) as client:
        yield client


@pytest.fixture
async def page(browser: Browser, visitor: Client) -> AsyncIterator[Page]:
    async with looking_at(browser, visitor.base_url) as page:
        yield page


async def test_a_person_reads_every_operation_and_tries_one(page: Page, visitor: Client) -> None:
    ada = await visitor.sign_up()
    await page.goto(f"{visitor.base_url}/docs")

    operations = {
        operation["operationId"]: operation["summary"] for item in OPENAPI["paths"].values() for operation in item.values()
    }
    await expect(page.locator(".opblock")).to_have_count(len(operations))
    assert dict(await page.locator(".opblock").evaluate_all(SHOWN)) == operations

    await page.get_by_role("button", name="Authorize").click()
    await page.get_by_label("Value").fill(ada.token)
    await page.get_by_role("button", name="Apply credentials").click()
    await page.get_by_role("button", name="Close").click()
    profile = page.locator(".opblock[id$='-GetProfile']")
    await profile.locator(".opblock-summary-control").click()
    await profile.get_by_role("button", name="Execute").click()
    answer = profile.locator(".live-responses-table tbody .response")
    await expect(answer.locator(".response-col_status")).to_contain_text("200")
    await expect(answer).to_contain_text(ada.user["email"])


async def test_the_document_leads_to_what_each_error_means(page: Page, visitor: Client) -> None:
    await page.goto(f"{visitor.base_url}/docs")
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="What each error code means").click()
    errors = (await opened.value).url
    assert errors == f"{visitor.base_url}/docs/errors"

    await page.goto(errors)
    await expect(page.get_by_role("table")).to_have_css("border-collapse", "collapse")  # as its style sheet says
    await page.get_by_role("link", name="etag_mismatch").click()
    await expect(page.get_by_role("heading")).to_have_text("etag_mismatch")


async def test_a_page_reads_a_stream_as_the_documents_show(page: Page, visitor: Client) -> None:
    (snippet,) = SNIPPET.findall((ROOT / "docs/api.md").read_text())
    ada = await visitor.sign_up()
    await page.goto(f"{visitor.base_url}/docs")
    async with page.expect_response("**/stream"):
        told = await page.evaluate_handle(READER % snippet, ada.token)
    for number in (1, 2):
        await ada.creates()
        await page.wait_for_function("([told, number]) => told.length === number", arg=[told, number])
        assert await told.evaluate("told => told.at(-1)") == ["task.created", (await ada.notifications())[0]]
