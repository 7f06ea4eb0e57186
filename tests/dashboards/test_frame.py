"""What every page has around its content, in a real browser: banner, notices, lamp; and that everybody can use it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dashboards.settings import WebSettings
from tests.dashboards.axe import violations
from tests.dashboards.people import cookies_for
from tests.dashboards.plant import serving

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

NONE = {"critical": 0, "high": 0, "medium": 0, "low": 0}
CALLING = {
    "active": {"critical": 1, "high": 2, "medium": 0, "low": 0},
    "unacknowledged": {"critical": 1, "high": 0, "medium": 0, "low": 0},
    "shelved": 3,
    "flood": False,
    "newest": {
        "id": 7,
        "title": {"zh": "锅筒水位过低", "en": "Drum level very low"},
        "machine": "boiler-1",
        "priority": "critical",
    },
}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def address(built_vendor: None, migrated_database: str, settings_for: Callable[..., WebSettings]) -> Iterator[str]:
    with serving(settings_for()) as made:
        yield made


@pytest.fixture
def context(browser: Browser, address: str, migrated_database: str) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1440, "height": 900})
    opened.add_cookies(cookies_for(address, migrated_database))  # type: ignore[arg-type]  # plain dictionaries are what it takes
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    opened = context.new_page()
    opened.goto(f"{address}/account")
    return opened


def hear(page: Page, name: str, detail: object) -> None:
    """Let the page hear an event as if the server had sent it, once it has heard the server's own first one."""
    expect(page.locator("alarm-banner a.is-critical")).to_be_attached()
    tell = "async ([name, detail]) => (await import('/static/stream.js')).stream.dispatchEvent(new CustomEvent(name, { detail }))"
    page.evaluate(tell, [name, detail])


def test_the_banner_counts_alarms_by_priority_and_calls_for_the_top_one(page: Page) -> None:
    banner = page.locator("alarm-banner")
    expect(banner.locator("a.is-critical")).to_have_text("◆C 紧急 0")
    expect(banner.locator(".is-unacknowledged")).to_have_count(0)
    hear(page, "alarms", CALLING)
    expect(banner.locator("a.is-critical")).to_have_text("◆C 紧急 1")
    expect(banner.locator("a.is-critical")).to_have_attribute("href", "/alarms?priority=critical")
    expect(banner.locator(".is-unacknowledged")).to_have_count(1)
    expect(banner.get_by_role("alert")).to_have_text("有 1 条紧急报警未确认")
    expect(banner.locator(".newest")).to_have_text("锅筒水位过低 · boiler-1")
    hear(page, "alarms", {**CALLING, "unacknowledged": NONE, "flood": True})
    expect(banner.get_by_role("alert")).to_have_text("")
    expect(banner.locator(".flood")).to_be_visible()


def test_the_sound_is_off_until_it_is_turned_on_and_can_be_muted(page: Page) -> None:
    hear(page, "alarms", CALLING)
    mute = page.get_by_role("button", name="静音 2 分钟")
    expect(mute).to_be_hidden()
    page.get_by_role("button", name="声音：关").click()
    expect(mute).to_be_visible()
    mute.click()
    expect(mute).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="声音：开")).to_be_visible()


def test_only_the_symbol_blinks_and_not_for_who_wants_no_motion(page: Page) -> None:
    hear(page, "alarms", CALLING)
    moving = "getComputedStyle(document.querySelector('alarm-banner .is-critical .shape')).animationName"
    assert page.evaluate(moving) == "call"
    assert page.evaluate("getComputedStyle(document.querySelector('alarm-banner .is-critical')).animationName") == "none"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == "none"


def test_an_error_that_htmx_meets_is_said_and_goes_with_the_next_success(page: Page, address: str) -> None:
    notice = page.locator("[data-notice=request]")
    page.evaluate("htmx.ajax('GET', '/api/v1/equipment/999999', '#content')")
    expect(notice).to_contain_text("已经不存在")
    page.evaluate("htmx.ajax('GET', '/api/v1/equipment?limit=x', '#content')")
    expect(notice).to_contain_text("limit")
    page.evaluate("htmx.ajax('GET', '/api/v1/kinds', '#content')")
    expect(notice).to_have_count(0)
    page.context.set_offline(True)
    page.evaluate("htmx.ajax('GET', '/api/v1/kinds', '#content').catch(() => {})")
    expect(notice).to_contain_text("没有应答")


def test_a_tab_that_comes_back_from_the_background_fetches_what_it_slept_through(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.clock.install()
    page.goto(f"{address}/account")
    expect(page.locator("connection-lamp")).to_have_class("is-broker")
    page.evaluate(
        """async () => {
            const { stream } = await import("/static/stream.js");
            stream.addEventListener("resync", () => (document.title = "fetched"));
            Object.defineProperty(document, "visibilityState", { get: () => window.look });
        }"""
    )
    look = "(state) => { window.look = state; document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(look, "hidden")
    page.clock.fast_forward(9_000)
    page.evaluate(look, "visible")
    page.evaluate(look, "hidden")
    assert page.title() != "fetched"
    page.clock.fast_forward(60_000)
    page.evaluate(look, "visible")
    expect(page).to_have_title("fetched")


def test_menus_open_by_keyboard_and_close_by_escape(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    summary = page.locator(".menu.is-navigation summary")
    summary.press("Enter")
    expect(page.get_by_role("link", name="能效")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="能效")).to_be_hidden()
    expect(summary).to_be_focused()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_finds_nothing_serious_by_day_or_night_and_nothing_scrolls_sideways(page: Page, address: str, colours: str) -> None:
    page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
    for path, language in (("/", "zh"), ("/", "en"), ("/account", "zh"), ("/account", "en")):
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{address}{path}?lang={language}")
            hear(page, "alarms", CALLING)
            assert violations(page, language=language) == []
            assert page.evaluate("document.documentElement.scrollWidth") == width
