"""A telephone in the dark: pages that people look at while they walk through a works."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.dashboards.people import cookies_for

SIZE: ViewportSize = {"width": 360, "height": 740}


@contextmanager
def telephone(chromium: str, address: str, database: str, *, role: str) -> Iterator[Page]:
    """Give a page of somebody who is signed in; at the end its console must have told of no error."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=address, viewport=SIZE, color_scheme="dark")
        context.add_cookies(cookies_for(address, database, role=role))  # type: ignore[arg-type]
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        yield page
        assert wrong == []
        browser.close()
