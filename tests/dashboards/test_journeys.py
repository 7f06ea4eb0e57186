"""What people come for, from the log-in to the journal, in a real browser on a small site."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboards.security.passwords import Passwords
from shangyun.local_servers import Broker
from store.database import Database
from store.users import add_user
from tests.dashboards.people import cookies_for
from tests.dashboards.sites import HOME, Site, running_site

NAME, PASSWORD = "wang-operator", "correct horse battery"


@pytest.fixture(scope="module")
def site(
    postgresql_server: str,
    postgresql_template: str,
    broker: Broker,  # so that a machine without Mosquitto skips
    built_vendor: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with running_site("small", server=postgresql_server, template=postgresql_template, folder=folder) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(base_url=site.address, viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def page_of(site: Site, page: Page) -> Callable[[str], Page]:
    """Give a page that is signed in as a person of a role."""

    def sign_in(role: str) -> Page:
        page.context.add_cookies(cookies_for(site.address, site.database, role=role))  # type: ignore[arg-type]  # dictionaries do
        return page

    return sign_in


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(200):
        if page.locator(f"{selector}:focus").count():
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} is not reached by Tab")


def test_an_operator_signs_in_finds_a_machine_answers_its_alarms_and_reads_it_in_the_journal(site: Site, page: Page) -> None:
    with Database(site.database) as opened, opened.connection() as connection:
        hashed = Passwords().hash_now(PASSWORD)
        assert add_user(connection, name=NAME, password_hash=hashed, role="operator", sites=None, must_change_password=False)
    boiler = site.machines["boiler"]
    page.goto("/equipment")
    page.get_by_label("用户名").fill(NAME)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page).to_have_url(re.compile("/equipment$"))

    page.get_by_label("查找设备或网关").fill("boiler")
    expect(page.locator("#list tbody tr")).to_have_count(2)
    page.locator(f"#machine-{boiler}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("boiler-1")
    page.get_by_role("link", name="在报警列表中处理").click()
    expect(page.locator("tr.alarm")).to_have_count(2)

    returned = page.locator("tr.alarm.priority-critical")
    title = returned.locator("summary").inner_text()
    returned.get_by_role("link", name=re.compile("^确认")).click()
    page.locator("#act-form textarea").fill("water level checked on site")
    page.locator("#act-form button[type=submit]").click()
    expect(page.locator("tr.alarm")).to_have_count(1)

    page.locator("tr.alarm summary").click()
    page.locator("tr.alarm").get_by_role("link", name=re.compile("^搁置")).click()
    page.get_by_label("搁置时长").select_option("30")
    page.locator("#act-form textarea").fill("transmitter on order")
    page.locator("#act-form button[type=submit]").click()
    expect(page.locator("tr.alarm")).to_have_count(0)

    page.goto(f"/alarms/journal?equipment={boiler}&person={NAME}")
    lines = page.locator("main tbody tr")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("transmitter on order")
    expect(lines.nth(1)).to_contain_text("water level checked on site")
    expect(lines.nth(1)).to_contain_text(title)


def test_an_alarm_is_acknowledged_with_the_keyboard_alone(site: Site, page_of: Callable[[str], Page]) -> None:
    page = page_of("operator")
    page.goto(f"/alarms?equipment={site.machines['air_compressor']}&state=unacknowledged&priority=critical")
    link = page.locator("tr.alarm td.acts a").first
    selector = f"#{link.get_attribute('id')}"
    tab_to(page, selector)
    page.keyboard.press("Enter")
    expect(page.locator("#act-form textarea")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#act-dialog")).to_be_hidden()
    expect(page.locator(selector)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#act-form textarea")).to_be_focused()
    page.keyboard.type("pressure released")
    tab_to(page, "#act-form button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.locator("#act-dialog")).to_be_hidden()
    expect(page.locator(selector)).to_have_count(0)


def test_a_finding_becomes_a_work_order_and_its_end_stands_in_the_log(site: Site, page_of: Callable[[str], Page]) -> None:
    page = page_of("operator")
    page.goto("/maintenance/findings")
    page.get_by_role("link", name="烟气侧积灰").click()
    page.get_by_role("link", name="开工单").click()
    page.get_by_label("标题").fill("Soot blower check")
    page.get_by_role("button", name="开工单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Soot blower check")
    page.get_by_label("备注").fill("lance 2 replaced")
    page.get_by_role("button", name="改为：已完成").click()
    expect(page.locator("main")).to_contain_text("lance 2 replaced")
    page.goto("/maintenance/log")
    expect(page.locator("main tbody tr").first).to_contain_text("lance 2 replaced")


def test_who_may_only_look_is_offered_nothing_to_do(site: Site, page_of: Callable[[str], Page]) -> None:
    page = page_of("viewer")
    for path in ("/alarms", f"/maintenance/findings/{site.finding}", f"/maintenance/orders/{site.order}", f"/gateways/{HOME}"):
        page.goto(path)
        expect(page.locator("main form[method=post], main td.acts a, main input[name=ids]")).to_have_count(0)
    page.goto(f"/equipment/{site.machines['boiler']}")
    expect(page.get_by_role("link", name="在报警列表中处理")).to_be_visible()
    expect(page.locator("#nameplate")).to_contain_text("Jinan Boiler Works")
    expect(page.locator("main form[method=post]")).to_have_count(0)
    assert page.goto("/admin/users").status == 403  # type: ignore[union-attr]  # there is always an answer
