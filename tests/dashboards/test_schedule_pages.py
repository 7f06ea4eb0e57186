"""The pages of production: a table of orders becomes a plan with its Gantt chart, free time is sold, everything in words."""

import contextlib
import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import sync_playwright

from analytics.scheduling.settlement import sha256_of
from dashboards.settings import WebSettings
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for, cookies_for
from tests.dashboards.plant import Filler, Plant, serving, wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
HOSTILE = "<script>alert(1)</script>"
NOW = datetime.now(UTC)


@pytest.fixture
def address(filler: Filler, settings_for: Callable[..., WebSettings]) -> Iterator[str]:
    """Three machine tools behind one gateway, the last in emergency stop."""
    plant = Plant("north")
    for number, stop in ((1, 0.0), (2, 0.0), (3, 1.0)):
        values = {"execution": 0.0, "operation_mode": 1.0, "emergency_stop": stop, "part_count_total": 5.0}
        filler.commit(plant.bundle(plant.batch(f"cnc-{number}", "cnc_machine", {time.time(): values})))
    with serving(settings_for()) as served:
        yield served


@pytest.fixture
def visit(address: str, database: str) -> Iterator[Callable[..., httpx.Client]]:
    with contextlib.ExitStack() as clients:
        yield lambda **who: clients.enter_context(client_for(address, database, **who))


def upload(client: httpx.Client, content: bytes, **form: str) -> httpx.Response:
    files = {"orders": ("周计划.csv", content, "text/csv")}
    return client.post("/schedule/plans", data={"gateway": "north", "seconds": "1", **form}, files=files)


def planned(client: httpx.Client, content: bytes, **form: str) -> str:
    """Upload orders, wait for the plan, and give its address."""
    answer = upload(client, content, **form)
    assert answer.status_code == 303, answer.text
    place = answer.headers["location"]
    wait_until(lambda: "hx-refresh" in client.get(f"{place}/progress").headers, seconds=60)
    return place


def test_the_example_is_planned_shown_adopted_and_planned_anew(visit: Callable[..., httpx.Client]) -> None:
    client = visit(role="engineer")
    page = client.get("/schedule").text
    assert "还没有生产计划" in page
    example = client.get("/schedule/example.csv?gateway=north").content
    header, *rows = csv.reader(io.StringIO(example.decode("utf-8-sig")))
    assert (header[0], len(rows)) == ("工单", 6)
    place = planned(client, example, title=f"48 周 {HOSTILE}")
    shown = client.get(f"{place}?lang=en").text
    assert HOSTILE not in shown
    assert '<svg class="drawing' in shown
    assert "Best dispatching rule (" in shown
    assert "A-1/10" in shown
    ticked = re.findall(r'name="down" value="([^"]+)" checked', shown)
    assert ticked == ["cnc-3"]  # in emergency stop now
    assert client.post(f"{place}/adopt").status_code == 303
    assert "执行中的计划" in client.get("/schedule?lang=zh").text
    back = f"{datetime.now(UTC) + timedelta(hours=30):%Y-%m-%dT%H:%M}"
    anew = client.post(f"{place}/replan", data={"down": ["cnc-3"], "back": back, "seconds": "1"})
    assert anew.status_code == 303
    place = anew.headers["location"]
    wait_until(lambda: "hx-refresh" in client.get(f"{place}/progress").headers, seconds=60)
    again = client.get(place).text
    assert "重排自" in again
    assert "停机或班外" in again  # the machine that is down, until it is back
    missing = client.post(f"{place}/replan", data={"down": ["cnc-3"], "back": "soon"})
    assert (missing.status_code, "请给出停机机床的恢复时间" in missing.text) == (409, True)


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ["没有名为", "不是时间"]), ("en", ["no machine is called", "is not a time"])]
)
def test_what_is_wrong_in_a_table_is_told_by_line_and_column(
    visit: Callable[..., httpx.Client], language: str, words: list[str]
) -> None:
    client = visit()
    client.cookies.set("lang", language)
    table = f"job,operation,machines,due\nA,1,cnc-9:60,soon\nB,1,cnc-1:{HOSTILE},\n"
    answer = upload(client, table.encode())
    assert answer.status_code == 422
    assert HOSTILE not in answer.text
    assert [word for word in words if word not in answer.text] == []
    assert answer.text.count('<td class="right">2</td>') == 2
    gbk = "工单,工序,机床\nA,车削,cnc-1:60\n".encode("gb18030")
    assert upload(client, gbk).status_code == 303
    for content in (b"\x00\x01\x02", b"\xff\xfe\xff", b"", b'job,operation,machines\n"A', b"job,operation\n"):
        assert upload(client, content).status_code == 422, content
    client.post("/schedule/machines/1", data={"shifts": "1-7 08:00-08:30", "family": ""})
    assert "8" in upload(client, b"job,operation,machines\nA,1,cnc-1:60\n").text


def test_shifts_are_kept_and_what_is_none_is_told(visit: Callable[..., httpx.Client]) -> None:
    client = visit(role="engineer")
    page = client.get("/schedule/machines").text
    assert "故障或急停" in page
    number = re.findall(r'action="/schedule/machines/(\d+)"', page)[0]
    assert client.post(f"/schedule/machines/{number}", data={"shifts": "1-5 08:00-20:00", "family": "钢"}).status_code == 303
    assert 'value="1-5 08:00-20:00"' in client.get("/schedule/machines").text
    wrong = client.post(f"/schedule/machines/{number}", data={"shifts": f"daily {HOSTILE}", "family": ""})
    assert (wrong.status_code, "不是班次" in wrong.text, HOSTILE in wrong.text) == (422, True, False)
    assert "1-5 08:00-20:00" in client.get("/schedule/machines.csv").text


def test_free_time_is_offered_held_confirmed_and_settled_on_the_pages(
    visit: Callable[..., httpx.Client], filler: Filler, address: str
) -> None:
    client = visit(role="engineer")
    number = re.findall(r"/schedule/capacity/machines/(\d+)", client.get("/schedule/capacity").text)[0]
    capability = {
        "processes": "铣削，钻孔",
        "length_mm": "500",
        "width_mm": "400",
        "height_mm": "300",
        "load_kg": "200",
        "tolerance_mm": "0.01",
        "hour_price": "120.00",
        "setup_price": "30",
    }
    form = f"/schedule/capacity/machines/{number}"
    wrong = client.post(form, data=capability | {"hour_price": "cheap", "width_mm": "NaN"})
    assert (wrong.status_code, wrong.text.count('aria-invalid="true"')) == (422, 2)
    assert client.post(form, data=capability).status_code == 303
    assert "铣削、钻孔" in client.get("/schedule/capacity").text
    wanted = {
        "gateway": "north",
        "buyer": f"ACME {HOSTILE}",
        "title": "支架",
        "process": "铣削",
        "length_mm": "100",
        "width_mm": "100",
        "height_mm": "50",
        "tolerance_mm": "0.02",
        "quantity": "20",
        "minutes_a_part": "3",
        "due": f"{NOW + timedelta(days=3):%Y-%m-%dT%H:%M}",
        "price_cap": "500",
        "can_pause": "1",
    }
    late = client.post("/schedule/capacity/requests", data=wanted | {"due": "2001-01-01T00:00"})
    assert (late.status_code, 'aria-invalid="true"' in late.text) == (422, True)
    asked = client.post("/schedule/capacity/requests", data=wanted)
    assert asked.status_code == 303
    offers = client.get(asked.headers["location"]).text
    assert HOSTILE not in offers
    assert "150.00" in offers
    held = client.post(asked.headers["location"], data={"equipment": number, "minutes": "30"})
    assert held.status_code == 303
    sale = held.headers["location"]
    assert "确认预订" in client.get(sale).text
    assert client.post(sale, data={"deed": "confirm"}).status_code == 303
    early = client.post(sale, data={"deed": "deliver"})
    assert (early.status_code, "加工尚未开始" in early.text) == (409, True)
    assert "支架" in client.get("/schedule/reservations").text
    assert client.post(sale, data={"deed": "settle", "quality": "no", "quality_sha256": "x"}).status_code == 409
    settled = {"deed": "settle", "quality": '{"good": 20}', "quality_sha256": sha256_of({"good": 20})}
    assert "delivered" not in client.post(sale, data=settled).text
    assert '<form class="form' not in visit(role="viewer").get("/schedule/capacity").text
    assert visit(role="viewer").post(sale, data={"deed": "cancel"}).status_code == 403
    assert client.post(form, data={"withdraw": "1"}).status_code == 303


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_renders_while_there_is_nothing(
    migrated_database: str, settings_for: Callable[..., WebSettings], language: str
) -> None:
    with serving(settings_for()) as address, client_for(address, migrated_database) as client:
        for page in ("", "/machines", "/capacity", "/reservations"):
            answer = client.get(f"/schedule{page}?lang={language}")
            assert answer.status_code == 200
            assert "is-empty" in answer.text
        assert client.get("/schedule/example.csv").status_code == 200
        for page in ("plans/1", "plans/1/progress", "capacity/requests/1", "reservations/1", "capacity/machines/1"):
            assert client.get(f"/schedule/{page}").status_code == 404


@pytest.mark.browser
def test_a_plan_is_made_in_a_browser_with_progress_and_fits_a_telephone(
    address: str, database: str, chromium: str, built_vendor: None, visit: Callable[..., httpx.Client]
) -> None:
    example = visit().get("/schedule/example.csv").content
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        context.add_cookies(cookies_for(address, database))  # type: ignore[arg-type]  # dictionaries will do
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.goto("/schedule")
        page.get_by_label("工单表（CSV）").set_input_files({"name": "orders.csv", "mimeType": "text/csv", "buffer": example})
        page.get_by_label("计算时限").select_option("10")
        page.get_by_role("button", name="开始排产").click()
        page.get_by_role("heading", name="重排").wait_for(timeout=60_000)  # htmx has brought the page anew
        assert page.locator("svg.drawing").count() == 1
        assert violations(page, language="zh") == []
        page.screenshot(path="test-output/page-plan.png", full_page=True)
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        for path in ("/schedule", "/schedule/machines", "/schedule/capacity"):
            page.goto(path)
            assert violations(page, language="zh") == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            page.screenshot(path=f"test-output/page-{path.strip('/').replace('/', '-')}-360.png", full_page=True)
        browser.close()
    assert faults == []
