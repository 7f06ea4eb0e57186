"""Spare parts: two tables in, a list out; mistakes by line and column, and nobody sees another's list."""

import csv
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from analytics.spare_parts.demand_table import read_demand, read_stock
from analytics.spare_parts.reorder_plan import Wishes
from dashboards.pages.spares.words import mistake
from dashboards.side_work import Busy, SideWork
from dashboards.spares import lists
from dashboards.texts import translator
from telemetry.errors import ConfigError, Problem
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for, cookies_for
from tests.dashboards.plant import serving

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
DEMAND = "part,month,quantity\n" + "".join(f"filter,2026-{month:02d},4\n" for month in range(1, 13))
STOCK = "part,on_hand,on_order,price\nfilter,3,1,10\nnew,0,0,5\n"


@pytest.fixture
def client(migrated_database: str, settings_for: Any) -> Iterator[httpx.Client]:
    with serving(settings_for()) as address, client_for(address, migrated_database) as made:
        yield made


def asked(client: httpx.Client, demand: str = DEMAND, stock: str = STOCK, **wishes: str) -> httpx.Response:
    """Ask for a list, and give its page once it is there."""
    files = {"demand": ("demand.csv", demand.encode()), "stock": ("stock.csv", stock.encode())}
    answer = client.post("/spares/lists?lang=en", files=files, data={"lead_time_months": "2", **wishes})
    if answer.status_code != 303:
        return answer
    path, until = answer.headers["location"], time.monotonic() + 60
    while "HX-Refresh" not in client.get(f"{path}/progress").headers:
        assert time.monotonic() < until
        time.sleep(0.1)
    return client.get(path, params={"lang": "en"})


def table(client: httpx.Client, path: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(client.get(path).content.decode("utf-8-sig"))))


def test_a_list_is_made_shown_and_given_as_a_table(client: httpx.Client) -> None:
    page = asked(client)
    assert page.status_code == 200
    assert "40.00" in page.text
    assert "1 parts have no record of demand and are not judged: new" in page.text
    assert "4 on hand and on order; with 100% that is too little for a lead time." in page.text
    header, row = table(client, f"{page.url.path}/orders.csv?lang=en")
    assert header[:8] == ["Part", "Demand class", "ABC-XYZ", "Base stock", "On hand", "On order", "Order", "Amount"]
    assert row[:8] == ["filter", "smooth", "AX", "8", "3.0", "1.0", "4", "40.0"]
    assert ["smooth", "1.0", "1.0"] in table(client, f"{page.url.path}/classes.csv?lang=en")
    assert client.get(f"{page.url.path}?sort=-money").status_code == 200
    assert client.get(f"{page.url.path}?sort=colour").status_code == 422
    short = asked(client, budget="25")
    assert "4 needed, 2 within the budget." in short.text


def test_the_examples_make_a_list(client: httpx.Client) -> None:
    examples = [client.get(f"/spares/example/{name}.csv").content.decode("utf-8-sig") for name in ("demand", "stock")]
    page = asked(client, *examples)
    assert page.status_code == 200
    assert "injector-77" in page.text


def test_mistakes_are_told_by_table_line_and_column(client: httpx.Client) -> None:
    page = asked(client, "part,month,quantity\nfilter,2026-13,1\n", "part,on_hand,price\nfilter,-1,1\n")
    assert page.status_code == 422
    rows = re.findall(r"<tr><td>(.*?)</td><td.*?>(.*?)</td><td>(.*?)</td>", page.text)
    assert rows == [("Demand", "2", "month"), ("Stock", "2", "on_hand")]
    chinese = client.get(page.url.path, params={"lang": "zh"}).text
    assert "不是月份；写法如 2026-03" in chinese
    assert "不是 0 以上的数" in chinese


def test_a_wish_out_of_range_is_told_beside_its_field(client: httpx.Client) -> None:
    wrong = {
        "target": ("0", "100", "nan", "x", "1e999", "-5"),
        "lead_time_months": ("0", "2.5", "61", "1e300"),
        "budget": ("-1", "inf", "much"),
    }
    for name, value in ((name, value) for name, values in wrong.items() for value in values):
        page = asked(client, **{name: value})
        assert page.status_code == 422, (name, value)
        assert f'id="spares-{name}-said"' in page.text
        assert page.text.count('aria-invalid="true"') == 1


def test_what_is_no_table_breaks_nothing(client: httpx.Client) -> None:
    for demand in ("", "\0", "part,month,quantity\n\0,2026-01,1\n", "part,month,quantity\na,2026-01,1e308\n", '"', "a" * 200_000):
        page = asked(client, demand)
        assert page.status_code == 422, demand[:40]
    assert client.post("/spares/lists", data={"demand": "text"}).status_code == 422
    assert client.get("/spares/lists/%00").status_code == 404


def test_nobody_sees_anothers_list(client: httpx.Client, migrated_database: str) -> None:
    path = asked(client).url.path
    with client_for(str(client.base_url), migrated_database, role="viewer") as other:
        for name in ("", "/progress", "/orders.csv", "/classes.csv"):
            assert other.get(path + name).status_code == 404
            assert client.get(path + name).status_code == 200


@pytest.fixture
def without_server(database: str) -> None:
    """For what needs none; the parameter is the module's."""


@pytest.mark.usefixtures("without_server")
def test_lists_are_bounded_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SideWork, "_work", lambda _self: None)
    made, owner = lists.Lists(), (1, "li")

    def ask() -> str:
        return made.ask(owner=owner, demand=b"", stock=b"", wishes=Wishes())

    tokens = [ask() for _ in range(lists.MOST_WAITING)]
    with pytest.raises(Busy):
        ask()
    found = made.get(tokens[0], owner=owner)
    assert found is not None
    found.state = "failed"
    found.asked_at -= lists.KEPT_SECONDS + 1
    assert made.get(tokens[0], owner=owner) is None
    assert made.get(tokens[1], owner=(2, "wang")) is None


@pytest.mark.usefixtures("without_server")
def test_every_mistake_that_a_table_can_have_is_told_in_chinese(tmp_path: Path) -> None:
    demand, stock = tmp_path / "demand.csv", tmp_path / "stock.csv"
    tables = [
        (demand, "part,month,quantity\n,2026-01,1\na,2026-13,1\na,2026-01,-2\na,2026-03,1\na,2026-03,1\n"),
        (demand, "part,quantity,colour\na,1,red\n"),
        (demand, "part,month,quantity\n"),
        (demand, "part,month,quantity\na,1026-01,1\na,2026-01,1\n"),
        (demand, 'part,month,quantity\n"a,2026-01,1\n'),
        (stock, "part,on_hand,price,lead_time_months\na,x,0,2\na,1,5,2.5\n"),
    ]
    problems: list[Problem] = list(Wishes(target=2, lead_time_months=0, budget=-1).problems())
    for file, text in tables:
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            (read_demand if file == demand else read_stock)(file)
        problems += caught.value.problems
    assert len(problems) >= 14
    assert [one.message for one in problems if mistake(one, "zh", translator("zh")) == one.message] == []


@pytest.mark.browser
def test_a_store_keeper_uploads_tables_and_reads_the_list_on_a_telephone(
    client: httpx.Client, migrated_database: str, chromium: str, built_vendor: None
) -> None:
    address = str(client.base_url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=address, viewport={"width": 360, "height": 740})
        context.add_cookies(cookies_for(address, migrated_database, role="operator"))  # type: ignore[arg-type]
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto("/spares")
        assert violations(page, language="zh") == []
        for name, text in (("需求表（CSV）", DEMAND), ("库存表（CSV）", STOCK)):
            page.get_by_label(name).set_input_files({"name": "t.csv", "mimeType": "text/csv", "buffer": text.encode()})
        page.get_by_label("备货期（月）").fill("2")
        page.get_by_role("button", name="生成清单").click()
        expect(page.get_by_role("heading", level=2, name="要订什么")).to_be_visible(timeout=60_000)
        expect(page.locator("main tbody tr").first).to_contain_text("filter")
        assert violations(page, language="zh") == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.screenshot(path="test-output/page-spares-list.png", full_page=True)
        assert wrong == []
        browser.close()
