"""The star rating at the API and on its pages: from an empty list to a published star, by different people."""

import contextlib
import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from dashboards.settings import WebSettings
from registry.stars.measuring import last_whole_month
from store.audit import Filter, list_acts
from store.city_stars import applications
from store.database import Database
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for
from tests.dashboards.plant import serving
from tests.dashboards.telephone import telephone
from tests.registry.stars.suzhou import RULES, ZONE, add_county, enterprise, fields, prove

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ONE = enterprise(name="昆山<b>精密</b>有限公司")
OTHER = enterprise(2)
NOW = datetime.now(UTC)
TODAY = NOW.astimezone(ZONE).date()
WINDOW = {"first_day": str(TODAY - timedelta(days=2)), "last_day": str(TODAY + timedelta(days=2)), "document": "2026 年通知"}
Visit = Callable[[str], httpx.Client]


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    """Give a county with an enterprise that reached three stars last month, and one of which nothing is known."""
    with Database(migrated_database) as made:
        with made.connection() as connection:
            add_county(connection, ONE, OTHER)
            prove(connection, ONE.uscc, month=last_whole_month(NOW, ZONE))
        yield made


@pytest.fixture
def visit(opened: Database, settings_for: Callable[..., WebSettings], database: str) -> Iterator[Visit]:
    with serving(settings_for()) as address, contextlib.ExitStack() as clients:
        yield lambda role: clients.enter_context(client_for(address, database, role=role))


def begin(client: httpx.Client, uscc: str = ONE.uscc, star: int = 3, **changed: str) -> str:
    answer = client.post(f"/city/stars/new?uscc={uscc}", data=fields(uscc, star, **changed))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def step(client: httpx.Client, page: str, act: str, **more: str) -> int:
    return client.post(f"{page}/step", data={"act": act, **more}).status_code


def table(client: httpx.Client, address: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(client.get(address).content.decode("utf-8-sig"))))


def test_three_stars_are_rated_by_different_people_and_published(visit: Visit, opened: Database) -> None:
    registrar, county, city = visit("county_officer"), visit("county_officer"), visit("city_officer")
    assert "还没有申请" in registrar.get("/city/stars").text
    page = begin(registrar)
    assert step(registrar, page, "submit") == 422  # no window is open
    assert "in no application window" in registrar.post(f"{page}/step?lang=en", data={"act": "submit"}).text
    assert registrar.post("/city/stars/windows", data=WINDOW).status_code == 403
    assert city.post("/city/stars/windows", data=WINDOW).status_code == 303
    assert "现在可以申报" in registrar.get("/city/stars?lang=zh").text
    assert step(registrar, page, "submit") == 303
    assert step(registrar, page, "review") == 422
    assert step(county, page, "review", note="材料齐全") == 303
    assert step(county, page, "decide") == 403
    assert step(city, page, "decide") == 303
    assert step(city, page, "file", note="备案 1 号") == 303
    assert step(city, page, "publish") == 303
    (one,) = applications(opened, states=["published"])[1]
    told = city.get(f"/api/v1/city/stars/{one.id}").json()
    assert (told["state"], told["is_frozen"], told["report"]["star"], len(told["hash"])) == ("published", True, 3, 64)
    assert {row["row"]: row["value"] for row in told["report"]["rows"]}["R7"] == "50"
    assert "contact" not in city.get(f"/api/v1/city/stars/{one.id}").text
    rated = table(city, "/city/stars/rated.csv")
    assert (len(rated), rated[1][2], rated[1][4]) == (2, ONE.name, "3")
    assert "没有办理中的申请" in city.get("/city/stars?lang=zh").text
    acts = [act.action for act in list_acts(opened, Filter(action="city.star."), limit=20)[1]][::-1]
    assert acts == [f"city.star.{name}" for name in ("draft", "open_window", "submit", "review", "decide", "file", "publish")]


def test_an_application_shows_every_row_with_value_threshold_source_and_why_it_fails(visit: Visit) -> None:
    officer = visit("city_officer")
    page = begin(officer, OTHER.uscc, 4, **{"value.R8": "90", "document.R6": ""})
    text = officer.get(f"{page}?lang=en").text
    assert "Without evidence it does not count" in text
    assert "Declared by the enterprise: 90" in text
    rows = {row[0]: row for row in table(officer, f"{page}/rows.csv?lang=en")[1:]}
    assert set(rows) == {f"R{number}" for number in range(1, 12)}
    # row, content, value, unit, needed for 3, 4, 5, passed 3, 4, 5
    assert rows["R2"][2:10] == ["4", "sub-domains", "3", "4", "5", "passed", "passed", "not passed"]
    assert rows["R8"][2:10] == ["", "%", "5", "10", "25", "not passed", "not passed", "not passed"]
    assert rows["R10"][2] == "0"
    assert step(officer, page, "withdraw") == 303
    frozen = officer.get(f"/api/v1/city/stars/{page.rsplit('/', 1)[1]}").json()
    assert (frozen["state"], frozen["is_frozen"], frozen["hash"]) == ("withdrawn", False, None)


def test_hostile_names_are_shown_as_text(visit: Visit) -> None:
    officer = visit("city_officer")
    page = begin(officer, content_summary="<script>alert(1)</script>")
    for address in (page, "/city/stars", f"{page}/edit"):
        text = officer.get(address).text
        assert "<b>精密" not in text
        assert "<script>alert" not in text


def test_the_form_keeps_what_was_typed_and_marks_what_is_wrong(visit: Visit, opened: Database) -> None:
    officer = visit("county_officer")
    answer = officer.post(
        f"/city/stars/new?uscc={ONE.uscc}&lang=en", data=fields(ONE.uscc) | {"people": "many", "cloud_partner": "某云<x>"}
    )
    assert answer.status_code == 422
    assert "a whole number" in answer.text
    assert "某云&lt;x&gt;" in answer.text
    assert applications(opened)[0] == 0
    page = begin(officer)
    assert officer.post(f"{page}/edit", data=fields(ONE.uscc, 4)).headers["location"] == page
    assert applications(opened)[1][0].star == 4
    again = officer.post(f"/city/stars/new?uscc={ONE.uscc}&lang=en", data=fields(ONE.uscc))
    assert (again.status_code, "open application" in again.text) == (422, True)


@pytest.mark.parametrize(
    ("uscc", "status"), [("", 200), (ONE.uscc.lower(), 200), ("91370811MA3C00003R", 422), ("x", 422), ("9132O583MA300001XX", 422)]
)
def test_an_application_begins_with_a_code_that_is_registered(visit: Visit, uscc: str, status: int) -> None:
    assert visit("county_officer").get("/city/stars/new", params={"uscc": uscc}).status_code == status


def test_who_may_only_look_changes_nothing(visit: Visit) -> None:
    page = begin(visit("county_officer"))
    evaluator, viewer = visit("evaluator"), visit("viewer")
    assert evaluator.get(page).status_code == 200
    assert "/step" not in evaluator.get(page).text
    assert evaluator.post(f"/city/stars/new?uscc={OTHER.uscc}", data=fields(OTHER.uscc)).status_code == 403
    assert evaluator.post(f"{page}/edit", data=fields(ONE.uscc)).status_code == 403
    for act in ("submit", "review", "decide", "refuse", "withdraw", "record_province", "file", "publish"):
        assert step(evaluator, page, act) == 403
    for address in (page, "/city/stars", "/city/stars/table", "/api/v1/city/stars", "/city/stars/rated.csv"):
        assert viewer.get(address).status_code == 403


def test_rules_are_turned_with_a_document_and_vetoes_need_a_registered_enterprise(visit: Visit, opened: Database) -> None:
    city = visit("city_officer")
    turned = {"code": "safety_accident", "is_on": "true", "document": "济工信 1 号"}
    assert city.post("/city/stars/conditions", data=turned | {"document": " "}).status_code == 422
    assert city.post("/city/stars/conditions", data=turned | {"code": "moon"}).status_code == 422
    assert city.post("/city/stars/conditions", data=turned).status_code == 303
    assert "济工信 1 号" in city.get("/city/stars/table").text
    veto = {"uscc": ONE.uscc, "condition": "safety_accident", "valid_from": "2026-01-01", "valid_to": "", "document": "通报"}
    for wrong in ({"uscc": "x"}, {"uscc": "91370811MA3C00003R"}, {"condition": "quota"}, {"valid_to": "2025-01-01"}):
        assert city.post("/city/stars/vetoes", data=veto | wrong).status_code == 422
    assert city.post("/city/stars/vetoes", data=veto).status_code == 303
    assert city.post("/city/stars/windows", data=WINDOW).status_code == 303
    assert city.post("/city/stars/windows", data=WINDOW | {"last_day": "2000-01-01"}).status_code == 422
    page = begin(city)
    refused = city.post(f"{page}/step?lang=en", data={"act": "submit"})
    assert (refused.status_code, "No safety accident" in refused.text) == (422, True)


def test_the_rating_table_is_a_file_of_all_items(visit: Visit) -> None:
    rows = table(visit("evaluator"), "/city/stars/table.csv")
    assert len(rows) - 1 == len(RULES.items) + 6
    assert rows[1][:8] == ["R1", "基础业务上云", "IT基础设施", "计算资源", "计算资源", "6", "6", "6"]


def test_the_form_is_a_word_document_in_song_type_with_the_papers(visit: Visit) -> None:
    officer = visit("county_officer")
    page = begin(officer)
    answer = officer.get(f"{page}/form.docx")
    assert answer.headers["content-type"].endswith("wordprocessingml.document")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        text, styles = (packed.read(f"word/{name}.xml").decode() for name in ("document", "styles"))
    for word in (
        "星级上云企业评定申请表",
        "昆山企业",
        "三星级",
        "营业执照副本复印件",
        "云服务采购合同（公有云）",
        "制造执行系统",
        "IT运维成本下降率",
    ):
        assert word in text
    assert 'w:eastAsia="宋体"' in styles
    assert 'w:sz w:val="24"' in styles  # half points: 小四 are 12 points


def test_without_the_package_the_page_says_what_to_install(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = visit("county_officer")
    page = begin(officer)
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    answer = officer.get(f"{page}/form.docx")
    assert (answer.status_code, "shangyun[city]" in answer.text) == (503, True)


@pytest.mark.parametrize(
    "query",
    ["state=moon", "star=2", "star=99999999999999999999", "sort=colour", "search=%00", "area=%00", "offset=-1", "limit=0"],
)
def test_questions_that_make_no_sense_are_refused(visit: Visit, query: str) -> None:
    assert visit("evaluator").get(f"/api/v1/city/stars?{query}").status_code == 422


def test_numbers_that_are_not_there_are_not_found(visit: Visit) -> None:
    client = visit("admin")
    for address in ("/api/v1/city/stars/7", "/city/stars/7", "/city/stars/7/form.docx", "/city/stars/7/edit", "/city/stars/x"):
        assert client.get(address).status_code == 404
    assert step(client, "/city/stars/7", "publish") == 404
    page = begin(client)
    assert client.post(f"{page}/step", data={"act": "record_province", "rated_on": "0001-01-01"}).status_code == 422
    assert client.post(f"{page}/step", data={"act": "explode"}).status_code == 422
    assert client.post(f"{page}/edit", data={"star": "\0", "x" * 3000: "y"}).status_code == 422


@pytest.mark.browser
def test_an_officer_fills_the_form_in_and_sees_the_table_on_a_telephone(
    visit: Visit, opened: Database, database: str, chromium: str, built_vendor: None
) -> None:
    officer = visit("city_officer")
    officer.post("/city/stars/windows", data=WINDOW)
    address = str(officer.base_url)
    with telephone(chromium, address, database, role="county_officer") as page:

        def judged(name: str) -> None:
            assert violations(page, language="zh") == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
            page.screenshot(path=f"test-output/page-stars-{name}.png", full_page=True)

        page.goto("/city/stars")
        judged("empty")
        page.get_by_role("link", name="新建申请").click()
        page.get_by_label("统一社会信用代码").fill(ONE.uscc)
        page.get_by_role("button", name="下一步").click()
        given: dict[str, Any] = fields(ONE.uscc)
        for name, text in given.items():
            control = page.locator(f'[name="{name}"]')
            if name.startswith("has."):
                control.check()
            elif name in ("star", "deployment"):
                control.select_option(text)
            else:
                control.fill(text)
        judged("form")
        page.get_by_role("button", name="保存草稿").click()
        expect(page.get_by_role("row", name="R10")).to_contain_text("1000")
        judged("application")
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("昆山")
        expect(page.locator("dl.facts").first).to_contain_text("已提交")
        for name in ("rated", "table"):
            page.goto(f"/city/stars/{name}")
            judged(name)
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto("/city/stars")
        page.screenshot(path="test-output/page-stars-list-wide.png", full_page=True)
        page.get_by_role("link", name="昆山").click()
        page.screenshot(path="test-output/page-stars-application-wide.png", full_page=True)
