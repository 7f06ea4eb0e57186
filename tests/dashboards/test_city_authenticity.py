"""Suspicions on the page: the list, one with its evidence, decisions and holds, who may, and what is refused."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright

from analytics.evidence import bars, series
from device_profiles.kind import Label
from store.audit import Filter, list_acts
from store.city_suspicions import NewSuspicion, raise_suspicion, suspicions
from store.database import Database
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for, cookies_for
from tests.dashboards.plant import serving
from tests.registry.city import COUNTY, OTHER_COUNTY, add_city, enterprise, machine

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
HOSTILE = "<script>alert(1)</script>"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    times = int(NOW.timestamp()) * 1_000_000 + np.arange(60) * 60_000_000
    pieces = [
        series(Label(zh="蒸汽流量", en="Steam flow"), "t/h", times, {"steam_flow": np.arange(60.0)}),
        bars(Label(zh="末位", en="Digits"), "1", list("0123456789"), {"x": np.full(10, 0.1)}),
        {"form": "table", "label": {"zh": "表", "en": "Table"}, "header": ["a", "b"], "rows": [["x", None]]},
    ]
    with Database(migrated_database) as made:
        with made.connection() as connection:
            add_city(connection)
            for number, (method, area) in enumerate((("flatlined", COUNTY), ("digits", OTHER_COUNTY)), 1):
                name = f"企业{number}{HOSTILE}"
                owner = enterprise(connection, number, area=area, name=name)
                words = {"zh": f"不动{HOSTILE}", "en": f"does not move{HOSTILE}"}
                found = NewSuspicion(
                    machine_id=machine(connection, owner, number=number, label=f"{number}# 锅炉"),
                    method=method,
                    score=0.9,
                    threshold=0.3,
                    since=NOW - timedelta(days=7),
                    until=NOW,
                    explanation=words,
                    evidence=pieces,
                )
                raise_suspicion(connection, found, now=NOW + timedelta(minutes=number))
        yield made


@pytest.fixture
def visit(opened: Database, database: str, settings_for: Any) -> Iterator[Callable[..., httpx.Client]]:
    clients: list[httpx.Client] = []
    with serving(settings_for()) as address:

        def sign_in(role: str = "city_officer") -> httpx.Client:
            clients.append(client_for(address, database, role=role))
            return clients[-1]

        yield sign_in
        for client in clients:
            client.close()


def number_of(opened: Database, method: str = "flatlined") -> int:
    return suspicions(opened, methods=[method])[1][0].id


def test_the_list_shows_what_waits_and_is_narrowed(visit: Callable[..., httpx.Client]) -> None:
    client = visit("evaluator")

    def shown(**asked: str) -> list[str]:
        answer = client.get("/city/authenticity", params=asked)
        assert answer.status_code == 200, answer.text
        assert HOSTILE not in answer.text
        return [f"{number}#" for number in (1, 2) if f"{number}# 锅炉" in answer.text]

    assert shown() == ["1#", "2#"]
    assert shown(method="digits") == ["2#"]
    assert shown(area=COUNTY) == ["1#"]
    assert shown(search="企业2") == ["2#"]
    assert shown(state="cleared") == []
    assert shown(sort="-score") == ["1#", "2#"]
    answer = client.get("/city/authenticity/list.csv", params={"state": "all"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 3
    assert {row[5] for row in rows[1:]} == {"数值长期不变", "数字分布异常"}


def test_one_suspicion_shows_its_evidence_and_gives_each_piece_as_a_table(
    opened: Database, visit: Callable[..., httpx.Client]
) -> None:
    client, number = visit(), number_of(opened)
    page = client.get(f"/city/authenticity/{number}")
    assert page.status_code == 200
    assert page.text.count("<figure") == 2
    assert HOSTILE not in page.text
    english = client.get(f"/city/authenticity/{number}", params={"lang": "en"})
    assert "does not move" in english.text
    for piece, least in ((1, 60), (2, 10), (3, 2)):
        table = client.get(f"/city/authenticity/{number}/evidence/{piece}.csv")
        assert (table.status_code, len(table.text.splitlines()) >= least) == (200, True)
    assert client.get(f"/city/authenticity/{number}/evidence/4.csv").status_code == 404
    assert client.get("/city/authenticity/999").status_code == 404


def test_a_decision_is_taken_once_and_written_to_the_audit_log(opened: Database, visit: Callable[..., httpx.Client]) -> None:
    client, number = visit(), number_of(opened)
    address = f"/city/authenticity/{number}/decision"
    done = client.post(address, data={"state": "cleared", "note": "去过现场"})
    assert (done.status_code, done.headers["location"]) == (303, f"/city/authenticity/{number}")
    assert client.post(address, data={"state": "confirmed", "note": "x"}).status_code == 409
    page = client.get(f"/city/authenticity/{number}").text
    assert "去过现场" in page
    assert f'action="{address}"' not in page
    with opened.connection():
        acts = list_acts(opened, Filter(), limit=10)
    assert any(act.action == "city.decide_suspicion" and act.object == str(number) for act in _rows(acts))


def _rows(acts: Any) -> list[Any]:
    return list(acts[1]) if isinstance(acts, tuple) else list(acts)


def test_a_hold_is_placed_and_released(opened: Database, visit: Callable[..., httpx.Client]) -> None:
    client, number = visit(), number_of(opened)
    assert client.post(f"/city/authenticity/{number}/release").status_code == 409
    assert client.post(f"/city/authenticity/{number}/hold", data={"reason": "待核"}).status_code == 303
    assert client.post(f"/city/authenticity/{number}/hold", data={"reason": "again"}).status_code == 409
    page = client.get(f"/city/authenticity/{number}").text
    assert "恢复计数" in page
    assert "待核" in page
    assert client.post(f"/city/authenticity/{number}/release").status_code == 303


@pytest.mark.parametrize("role", ["county_officer", "evaluator", "viewer"])
def test_only_the_city_decides(opened: Database, visit: Callable[..., httpx.Client], role: str) -> None:
    client, number = visit(role), number_of(opened)
    shown = client.get(f"/city/authenticity/{number}")
    assert shown.status_code == (403 if role == "viewer" else 200)
    assert "<textarea" not in shown.text
    for what, data in (("decision", {"state": "cleared", "note": "x"}), ("hold", {"reason": "x"}), ("release", {})):
        assert client.post(f"/city/authenticity/{number}/{what}", data=data).status_code == 403


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("decision", {"state": "cleared", "note": "  "}),
        ("decision", {"state": "cleared"}),
        ("decision", {"state": "open", "note": "x"}),
        ("decision", {"state": "cleared", "note": "a\x00b"}),
        ("decision", {"state": "cleared", "note": "x" * 5000}),
        ("decision", {"state": "cleared", "note": "x", "more": "1"}),
        ("hold", {"reason": " "}),
        ("hold", {"reason": "a\x00b"}),
    ],
)
def test_bad_input_changes_nothing(opened: Database, visit: Callable[..., httpx.Client], what: str, data: dict[str, str]) -> None:
    number = number_of(opened)
    assert visit().post(f"/city/authenticity/{number}/{what}", data=data).status_code == 422
    (row,) = suspicions(opened, suspicion_id=number)[1]
    assert (row.state, row.is_on_hold) == ("open", False)


@pytest.mark.parametrize("asked", ["state=x", "method=x", "sort=x", "offset=-1", "area=%00", "search=%00"])
def test_bad_questions_are_told(visit: Callable[..., httpx.Client], asked: str) -> None:
    assert visit().get(f"/city/authenticity?{asked}").status_code in (404, 422)


def test_an_empty_city_is_told_what_to_do(opened: Database, visit: Callable[..., httpx.Client]) -> None:
    with opened.connection() as connection:
        connection.execute(b"DELETE FROM city.suspicion")
    assert "shangyun registry authenticity check" in visit().get("/city/authenticity").text


@pytest.mark.browser
def test_an_officer_reads_the_evidence_and_decides(
    opened: Database, database: str, settings_for: Any, chromium: str, built_vendor: None
) -> None:
    with serving(settings_for()) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 360, "height": 800}, locale="zh-CN")
        context.add_cookies(cookies_for(address, database, role="city_officer"))  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{address}/city/authenticity")
        assert violations(page, language="zh") == []
        page.get_by_role("link", name="1# 锅炉").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("数值长期不变")
        assert violations(page, language="zh") == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        page.get_by_label("依据：看了什么，问了谁").fill("现场核对，仪表停用")
        page.get_by_role("button", name="确认：数据不真实").click()
        expect(page.get_by_text("现场核对，仪表停用")).to_be_visible()
        browser.close()
