"""The list of machines and the overview, as pages: by links and forms alone, and in a browser."""

import csv
import io
import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright

from dashboards.settings import WebSettings
from store.database import Database
from store.sites import add_site, assign_gateway
from telemetry.quality import Quality
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for, cookies_for
from tests.dashboards.plant import GATEWAY, Filler, Plant, serving, wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
LANGUAGES = ("zh", "en")


@pytest.fixture
def address(filler: Filler, plant: Plant, settings_for: Callable[..., WebSettings]) -> Iterator[str]:
    """Serve 120 boilers of one gateway, one of them with a sensor that fails, and a mill of another that has been silent long."""
    now = time.time()
    bad = {"drum_level": int(Quality.BAD_SENSOR_FAILURE)}
    failing = plant.batch("boiler-000", "boiler", {now: {"state": 3, "steam_pressure": 1.3, "drum_level": float("nan")}}, bad)
    rows = {now: {"state": 3, "steam_pressure": 1.0}}
    others = [plant.batch(f"boiler-{number:03}", "boiler", rows) for number in range(1, 120)]
    mill = Plant("plant-2").batch("mill", "cnc_machine", {now - 7200: {"spindle_speed": 1200}})
    filler.commit(plant.bundle(failing, *others), Plant("plant-2").bundle(mill))
    with serving(settings_for(stale_seconds=600)) as made:
        yield made


@pytest.fixture
def client(address: str, database: str) -> Iterator[httpx.Client]:
    with client_for(address, database) as made:
        wait_until(lambda: made.get("/api/v1/equipment").json()["total"] == 121)
        yield made


def names(page: str) -> list[str]:
    return re.findall(r'<a id="machine-\d+" href="/equipment/\d+">([^<]+)</a>', page)


def test_the_list_is_paged_filtered_and_sorted_by_plain_links(client: httpx.Client) -> None:
    first = client.get("/equipment").text
    assert names(first) == [f"boiler-{number:03}" for number in range(50)]
    assert names(client.get("/equipment?offset=100").text) == [f"boiler-{number:03}" for number in range(100, 120)] + ["mill"]
    assert names(client.get("/equipment?offset=100000").text)[-1] == "mill"
    assert names(client.get("/equipment?sort=-name").text)[0] == "mill"
    assert names(client.get("/equipment?condition=stale").text) == ["mill"]
    assert names(client.get("/equipment?kind=cnc_machine").text) == ["mill"]
    assert names(client.get("/equipment?search=BOILER-11").text) == [f"boiler-11{n}" for n in range(10)]
    for link in re.findall(r'href="(/equipment\?[^"]*)"', first):
        assert client.get(link.replace("&amp;", "&")).status_code == 200


def test_a_row_tells_state_key_values_and_what_is_abnormal(client: httpx.Client) -> None:
    page = client.get("/equipment?search=boiler-000&lang=en").text
    for text in ("Industrial boiler", "Running", "1.300", "▲ High", "✕ Bad", "Live"):
        assert text in page, text
    stale = client.get("/equipment?kind=cnc_machine&lang=zh").text
    for text in ("◷ 数据过期", "2 小时前", "主轴转速"):
        assert text in stale, text


def test_htmx_gets_the_list_alone_and_a_link_the_whole_page(client: httpx.Client) -> None:
    part = client.get("/equipment?search=mill", headers={"HX-Request": "true", "HX-Target": "list"}).text
    assert part.lstrip().startswith('<div id="list"')
    assert "<html" not in part
    assert "<html" in client.get("/equipment?search=mill", headers={"HX-Request": "true"}).text


def test_the_table_has_all_rows_that_fit(client: httpx.Client) -> None:
    answer = client.get("/equipment.csv?kind=boiler&lang=en")
    header, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert len(rows) == 120
    assert header[:3] == ["Id", "Machine", "Kind of equipment"]
    assert rows[0][1:4] == ["boiler-000", "Industrial boiler", GATEWAY]
    assert "1.3" in rows[0]


def test_what_somebody_types_is_shown_as_text(client: httpx.Client) -> None:
    for path in ("/equipment", "/gateways"):
        page = client.get(path, params={"search": '"><script>alert(1)</script>', "kind": "<b>"}).text
        assert "<script>alert" not in page
        assert "<b>" not in page


def test_a_question_that_makes_no_sense_is_answered_by_a_page(client: httpx.Client) -> None:
    for query in ("sort=colour", "condition=fine", "site=x", "offset=-1", "search=%00"):
        answer = client.get(f"/equipment?{query}")
        assert (answer.status_code, "<html" in answer.text) == (404, True), query


def test_the_overview_sums_up_each_site(client: httpx.Client, database: str) -> None:
    page = client.get("/?lang=en").text
    assert "Whole plant" in page
    labels = {"name": "north", "label_zh": "北厂", "label_en": "North <works>", "time_zone": "Asia/Shanghai"}
    with Database(database) as opened, opened.connection() as connection:
        site = add_site(connection, labels)
        assert site is not None
        assign_gateway(connection, GATEWAY, site)
    wait_until(lambda: "North &lt;works&gt;" in client.get("/?lang=en").text)
    page = client.get("/?lang=en").text
    north, rest = page.split('id="site-none"')
    figures = [re.findall(r"<dt>(.*?)</dt><dd>(?:<a[^>]*>)?(\d+)", part) for part in (north, rest)]
    assert dict(figures[0])["Running"] == "120"
    assert [number for label, number in figures[1] if label.endswith("Stale")] == ["1"]
    assert client.get("/equipment", params={"site": site}).text.count('id="machine-') == 50


def test_the_overview_shows_an_equal_share_of_each_kind_and_the_worst_first(client: httpx.Client) -> None:
    page = client.get("/").text
    assert page.count("<live-machine") == 31  # thirty boilers, one mill
    assert "查看全部 120 台工业锅炉" in page
    worst = page.split('id="worst-title"')[1].split("</section>")[0]
    assert re.findall(r'href="/equipment/\d+">([^<]+)<', worst) == ["mill"]
    part = client.get("/", headers={"HX-Request": "true", "HX-Target": "summary"}).text
    assert part.lstrip().startswith('<div id="summary"')
    assert "<live-machine" not in part


@pytest.fixture
def page(chromium: str, built_vendor: None, address: str, database: str) -> Iterator[Page]:
    """Open a tab that fails its test for anything on its console, policy violations among it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies(cookies_for(address, database))  # type: ignore[arg-type]  # the shape that Playwright documents
        tab = context.new_page()
        said: list[str] = []
        tab.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: said.append(str(error)))
        yield tab
        browser.close()
    assert said == []


def test_in_a_browser_filters_and_pages_change_the_list_alone(page: Page, client: httpx.Client, address: str) -> None:
    page.goto(f"{address}/equipment")
    page.evaluate("window.isSamePage = true")
    page.get_by_label("查找设备或网关").fill("boiler-11")
    expect(page.locator("tbody tr")).to_have_count(10)
    assert "search=boiler-11" in page.url
    page.get_by_label("查找设备或网关").fill("")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="下一页").click()
    expect(page.locator("tbody tr").first).to_contain_text("boiler-050")
    page.locator("#kind-cnc_machine").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("查找设备或网关").fill("boiler")  # a filter chosen in the list stays with the search
    expect(page.locator(".blank.is-empty")).to_contain_text("没有符合条件的设备")
    assert page.evaluate("window.isSamePage") is True
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_in_a_browser_a_name_that_was_typed_before_the_scripts_came_is_searched_for(
    page: Page, client: httpx.Client, address: str
) -> None:
    waiting: list[Route] = []
    page.route("**/htmx*.js", lambda route: waiting.append(route))  # noqa: PLW0108 - it wants a function to mark
    page.goto(f"{address}/equipment", wait_until="commit")
    page.get_by_label("查找设备或网关").fill("boiler-11")
    expect(page.locator("tbody tr")).to_have_count(50)
    for script in waiting:
        script.continue_()
    expect(page.locator("tbody tr")).to_have_count(10)


def test_in_a_browser_the_pages_are_accessible_and_fit_a_telephone(page: Page, client: httpx.Client, address: str) -> None:
    for language in LANGUAGES:
        for path in ("/", "/equipment", "/equipment?kind=boiler&search=boiler-000", "/gateways", f"/gateways/{GATEWAY}"):
            page.set_viewport_size({"width": 360, "height": 740})
            page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}")
            assert page.evaluate("document.documentElement.scrollWidth") == 360, path
            assert violations(page, language=language) == []
