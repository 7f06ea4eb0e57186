"""The page of a machine in a real browser: what people drag, choose, open, search and write there, and that everybody can."""

import math
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dashboards.settings import WebSettings
from device_profiles.kind import load_kind
from store.database import Database
from store.equipment import find_equipment
from tests.dashboards.axe import violations
from tests.dashboards.people import cookies_for
from tests.dashboards.plant import Filler, Plant, serving

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

OUTPUT = Path(__file__).parents[2] / "test-output"
KIND = load_kind("boiler")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def values_at(at: float) -> dict[str, float]:
    swing = math.sin(at / 400)
    named = {"state": 3.0, "burner_load": 55 + 30 * swing, "flue_gas_oxygen": 3.6 - swing, "drum_level": 45 + 10 * swing}
    ranges = {name: signal.normal for name, signal in KIND.signals.items() if signal.normal and signal.type == "real"}
    return {name: low + (high - low) * (0.5 + 0.3 * swing) for name, (low, high) in ranges.items()} | named


@pytest.fixture
def address(
    *, built_vendor: None, filler: Filler, plant: Plant, migrated_database: str, settings_for: Callable[..., WebSettings]
) -> Iterator[str]:
    now = time.time()
    rows = {at: values_at(at) for at in (now - 10 * n for n in range(350, -1, -1))}
    filler.commit(plant.bundle(plant.batch("boiler-1", "boiler", rows)), plant.boiler(now, name="boiler-2"))
    with Database(migrated_database) as opened, serving(settings_for(stale_seconds=600)) as served:
        found = find_equipment(opened, gateway=plant.gateway, name="boiler-1")
        assert found is not None
        yield f"{served}/equipment/{found.id}"


def signed_in(browser: Browser, address: str, database: str) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    origin = address.partition("/equipment")[0]
    context.add_cookies(cookies_for(origin, database))  # type: ignore[arg-type]  # plain dictionaries are what it takes
    return context


@pytest.fixture
def page(browser: Browser, address: str, migrated_database: str) -> Iterator[Page]:
    """Give a page that fails its test for anything on its console, policy violations among it."""
    context = signed_in(browser, address, migrated_database)
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.goto(address)
    yield opened
    context.close()
    refused = "status of 422"  # what a browser says of a form with a mistake
    assert [line for line in said if refused not in line] == []


def show_all_parts(page: Page) -> None:
    """Scroll to everything that comes only when somebody looks at it."""
    for body in page.locator(".part-body").all():
        body.scroll_into_view_if_needed()
        expect(body.locator(".part-loading")).to_have_count(0)


def test_trends_zoom_by_dragging_come_back_and_compare(page: Page) -> None:
    canvas = page.locator("signal-trends canvas")
    expect(canvas).to_have_count(3)
    box = page.locator("signal-trends .u-over").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=.*to="))
    begin, end = (re.search(rf"[?&]{name}=([^&]*)", page.url) for name in ("from", "to"))
    assert begin is not None
    assert end is not None
    seconds = page.evaluate(
        "ends => (Date.parse(ends[1]) - Date.parse(ends[0])) / 1000", [one[1].replace("%3A", ":") for one in (begin, end)]
    )
    assert seconds == pytest.approx(1800, rel=0.05)  # half of an hour
    page.get_by_role("button", name="返回上一视图").click()
    expect(page).to_have_url(re.compile("span=1h"))
    expect(page.get_by_role("button", name="返回上一视图")).to_be_disabled()
    page.get_by_label("对比").select_option(label="boiler-2 (plant-1)")
    expect(page.locator(".trend .compared").nth(1)).to_have_text("虚线：boiler-2 (plant-1)")
    page.get_by_label("对比").select_option("day")
    expect(page).to_have_url(re.compile("compare=day"))
    expect(page.locator(".trend .compared").nth(1)).to_have_text("对比的时段没有数据")
    page.locator(".trend .plot").first.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".trend .readout").first).to_have_text(re.compile(r"^\d\d:\d\d:\d\d  [\d.]+$"))
    page.locator(".numbers summary").first.click()
    expect(page.locator(".numbers tbody tr").first).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))


def test_an_interval_of_ones_own_is_in_the_plants_time(page: Page) -> None:
    expect(page.locator("signal-trends canvas")).to_have_count(3)
    page.get_by_label("从", exact=True).fill("2026-05-01T08:00")
    page.get_by_label("到", exact=True).fill("2026-05-01T20:00")
    with page.expect_response(re.compile("series\\?.*from=2026-05-01T08")) as answer:
        page.get_by_role("button", name="显示这段时间").click()
    told = answer.value.json()
    assert (told["from"], told["to"]) == ("2026-05-01T00:00:00.000Z", "2026-05-01T12:00:00.000Z")
    expect(page.locator(".trend.is-empty")).to_have_count(3)


def test_the_search_finds_signals_of_parts_too(page: Page) -> None:
    search = page.get_by_label("查找信号")
    search.fill("tube_metal")
    expect(page.locator("table.signals tbody tr:visible")).to_have_count(4)
    search.fill("no such signal")
    expect(page.get_by_text("没有名称相符的信号")).to_be_visible()
    search.fill("")
    expect(page.locator("table.signals tbody tr:visible")).to_have_count(len(KIND.signals) - 4)


def test_forms_of_parts_answer_in_their_place(page: Page) -> None:
    page.locator("#edit-nameplate > summary").click()
    page.locator("#edit-nameplate").get_by_label("制造商").fill("济锅")
    page.locator("#edit-nameplate").get_by_label("额定值").fill("十吨")
    page.get_by_role("button", name="保存铭牌").click()
    expect(page.locator("#edit-nameplate .is-wrong")).to_contain_text("十吨")
    page.locator("#edit-nameplate").get_by_label("额定值").fill("额定蒸发量: 10 t/h")
    page.get_by_role("button", name="保存铭牌").click()
    expect(page.locator("#nameplate dl.facts")).to_contain_text("10 t/h")
    expect(page.locator("#nameplate-line")).to_have_text("济锅")
    page.locator("#write-entry > summary").click()
    page.locator("#write-entry").get_by_label("内容").fill("换了滤芯")
    page.get_by_role("button", name="写入记录").click()
    expect(page.locator("#maintenance table")).to_contain_text("换了滤芯")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_can_use_it_by_day_and_night_and_on_a_telephone(page: Page, address: str, language: str) -> None:
    page.goto(f"{address}?lang={language}")
    expect(page.locator("signal-trends canvas")).to_have_count(3)
    expect(page.locator("spark-line svg").first).to_be_visible()
    show_all_parts(page)
    for details in page.locator("#content details").all():
        details.evaluate("one => one.setAttribute('open', '')")
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / f"web-equipment-parts-{language}.png", full_page=True)
    assert violations(page, language=language) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, language=language) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    page.screenshot(path=OUTPUT / f"web-equipment-parts-phone-{language}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.goto(f"{address}/label")
    assert violations(page, language=language) == []


def test_a_part_that_cannot_be_read_says_so_and_can_be_asked_again(
    browser: Browser, address: str, migrated_database: str
) -> None:
    context = signed_in(browser, address, migrated_database)  # its console tells of the refusal, as it should
    page = context.new_page()
    page.route("**/results", lambda route: route.fulfill(status=503))
    page.goto(address)
    expect(page.locator("#results .part-failed")).to_be_visible()
    page.unroute("**/results")
    page.locator("#results").get_by_role("button", name="重试").click()
    expect(page.locator("#results .part-empty")).to_contain_text("尚未评估")
    context.close()
