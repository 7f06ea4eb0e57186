"""Cloud projects on their pages and in the API: from opening one to its acceptance, with four eyes, and what is refused."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from registry.projects.templates import template
from store.database import Database
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for
from tests.dashboards.plant import Filler, Plant, serving
from tests.dashboards.telephone import telephone
from tests.registry.city import add_city, code_of, enterprise, gateway, machine

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
NOW = datetime.now(UTC)
TOO_WIDE = """() => [...document.querySelectorAll("main *, header *")]
  .filter((element) => element.getBoundingClientRect().right > 361 && !element.parentElement.closest(".scroll"))
  .slice(0, 5).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.fixture
def address(migrated_database: str, settings_for: Any) -> Iterator[str]:
    with Database(migrated_database) as opened, opened.connection() as connection:
        add_city(connection)
        uscc = enterprise(connection)
        gateway(connection, "plant-1", uscc)
        machine(connection, uscc, kind="air_compressor", gateway="plant-1", equipment_name="ac-1")
        machine(connection, enterprise(connection, 2))
    with serving(settings_for()) as served:
        yield served


@pytest.fixture
def officer(address: str, migrated_database: str) -> Iterator[httpx.Client]:
    with client_for(address, migrated_database, role="county_officer") as made:
        yield made


def opened(client: httpx.Client, name: str = "jinan_2020") -> str:
    """Open a project and give the address of its page."""
    given = {"uscc": code_of(1).lower(), "title": "空压站上云", "template": name, "provider": "某云"}
    answer = client.post("/city/projects", data=given)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def post(client: httpx.Client, page: str, data: dict[str, str], *, status: int = 303) -> str:
    answer = client.post(page, data=data)
    assert answer.status_code == status, answer.text
    return answer.text


def rows_of(client: httpx.Client, path: str) -> list[list[str]]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def make_ready(client: httpx.Client, page: str) -> None:
    entered = {"name": "空压机", "machine": "1", "strategy": "direct", "dependence": "interruptible"}
    post(client, f"{page}/scope", entered | {"longest_interruption_minutes": "60"})
    for kind in ("implementation_plan", "application_plan", "data_sync_plan", "rollback_plan"):
        post(client, f"{page}/documents", {"kind": kind, "title": kind, "reference": "档案 7"})
    for kind in ("performance", "function", "backup", "disaster_recovery"):
        made = {"stage": "rehearsal", "type": kind, "performed_on": "2026-10-01", "passed": "true", "document": "T-1"}
        post(client, f"{page}/tests", made)
    post(client, f"{page}/drills", {"form": "simulated_migration", "performed_on": "2026-10-02", "succeeded": "true"})
    rollback = {"form": "rollback", "performed_on": "2026-10-02", "succeeded": "true", "rollback_minutes": "35.5"}
    post(client, f"{page}/drills", rollback)


def cut_over(client: httpx.Client, page: str, *, days_ago: float = 1) -> None:
    post(client, f"{page}/decision", {"decision": "go"})
    at = (NOW + timedelta(hours=8) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M")
    post(client, f"{page}/decision", {"decision": "cut_over", "cut_over_at": at})


def finish(client: httpx.Client, page: str) -> None:
    for kind in ("migration_report", "test_report", "summary"):
        post(client, f"{page}/documents", {"kind": kind, "title": kind, "reference": "档案 8"})
    after = ("integrity", "function", "business_process", "performance_comparison", "backup", "disaster_recovery", "security")
    for kind in after:
        made = {"stage": "after_cut_over", "type": kind, "performed_on": "2026-10-01", "passed": "true", "document": "T-2"}
        post(client, f"{page}/tests", made)
    for code in template("jinan_2020").codes:
        post(client, f"{page}/items/{code}", {"state": "done", "owner": "王", "due_on": "", "done_on": "2026-10-05"})


def test_a_project_goes_its_way_with_four_eyes_and_every_step_is_in_the_audit_log(
    officer: httpx.Client, migrated_database: str
) -> None:
    page = opened(officer)
    refused = post(officer, f"{page}/decision", {"decision": "go"}, status=409)
    assert "上云回退方案" in refused
    make_ready(officer, page)
    assert "割接所需齐备" in officer.get(page).text
    cut_over(officer, page)
    finish(officer, page)
    assert "验收所需齐备" in officer.get(page).text
    post(officer, f"{page}/decision", {"decision": "accept"})
    post(officer, f"{page}/decision", {"decision": "verify"}, status=403)
    with client_for(str(officer.base_url), migrated_database, role="city_officer") as city:
        post(city, f"{page}/decision", {"decision": "verify"})
        told = city.get(f"/api/v1{page}").json()
    assert (told["state"], told["items_done"], told["missing"]) == ("verified", told["items"], [])
    assert told["scope"][0]["migration"] == {"zh": "离线迁移", "en": "Offline migration"}
    with Database(migrated_database) as database, database.connection() as connection:
        acts = connection.execute(
            b"SELECT action, count(*) FROM web.audit WHERE action LIKE 'city.project%' GROUP BY 1"
        ).fetchall()
    assert dict(acts) == {
        "city.project_open": 1,
        "city.project_scope": 1,
        "city.project_document": 7,
        "city.project_test": 11,
        "city.project_drill": 2,
        "city.project_item": len(template("jinan_2020").codes),
        **{f"city.project_{act}": 1 for act in ("go", "cut_over", "accept", "verify")},
    }
    history = rows_of(officer, f"{page}/history.csv")
    assert [row[3] for row in history[1:3]] == ["verify", "accept"]


def test_whoever_may_do_everything_may_still_not_accept_and_verify_the_same_project(
    officer: httpx.Client, migrated_database: str
) -> None:
    page = opened(officer)
    make_ready(officer, page)
    cut_over(officer, page)
    finish(officer, page)
    with client_for(str(officer.base_url), migrated_database, role="admin") as admin:
        post(admin, f"{page}/decision", {"decision": "accept"})
        assert "does not verify" in post(admin, f"{page}/decision", {"decision": "verify"}, status=409)


@pytest.mark.parametrize("role", ["viewer", "engineer", "evaluator", "screen"])
def test_who_may_not_register_changes_nothing(officer: httpx.Client, migrated_database: str, role: str) -> None:
    page = opened(officer)
    with client_for(str(officer.base_url), migrated_database, role=role) as other:
        assert other.get(page).status_code == (200 if role == "evaluator" else 403)
        assert other.get("/city/projects/access-review").status_code == 403
        post(other, f"{page}/decision", {"decision": "no_go", "note": "x"}, status=403)
        post(other, "/city/projects", {"uscc": code_of(1), "title": "t", "template": "jinan_2020"}, status=403)


BAD = {
    "items/1.1": [{"state": "finished"}, {"state": "not_needed"}, {"state": "done", "done_on": "9999-01-01"}],
    "items/9.9": [{"state": "done"}],
    "scope": [
        {"name": "x", "machine": "2", "strategy": "direct", "dependence": "continuous"},
        {"name": "x", "machine": "99999999999999999999", "strategy": "direct", "dependence": "continuous"},
        {"name": "", "strategy": "direct", "dependence": "continuous"},
        {"name": "x\x00", "strategy": "direct", "dependence": "continuous"},
        {"name": "x", "strategy": "direct", "dependence": "continuous", "extra": "1"},
    ],
    "documents": [{"kind": "poem", "title": "t", "reference": "r"}, {"kind": "summary", "title": "t"}],
    "documents/withdraw": [{"document": "77"}],
    "tests": [{"stage": "rehearsal", "type": "poem", "performed_on": "2026-10-01", "passed": "true"}],
    "drills": [
        {"form": "rollback", "performed_on": "2026-10-02", "succeeded": "true"},
        {"form": "rollback", "performed_on": "2026-10-02", "succeeded": "true", "rollback_minutes": "NaN"},
    ],
    "declared": [{"category": "economic", "name": "n", "value": "1e99", "document": "d"}],
    "answers": [{"duty": "M99.1", "answer": "met", "document": "d"}, {"duty": "M11.1", "answer": "met"}],
    "decision": [{"decision": "no_go"}, {"decision": "cut_over", "cut_over_at": "2026-99-01T00:00"}],
    "agreements": [
        {
            "provider": "p",
            "target_percent": "99.9",
            "tiers": "99.9:10, 99.5:5",
            "monthly_fee_cny": "1",
            "valid_from": "2026-01-01",
            "document": "d",
        },
        {
            "provider": "p",
            "target_percent": "99.9",
            "tiers": "1.2.3:1",
            "monthly_fee_cny": "1",
            "valid_from": "2026-01-01",
            "document": "d",
        },
        {
            "provider": "p",
            "target_percent": "999",
            "tiers": "99:1",
            "monthly_fee_cny": "1",
            "valid_from": "2026-01-01",
            "document": "d",
        },
    ],
    "maintenance": [{"agreement": "5", "start": "2026-01-01T00:00", "end": "2026-01-01T01:00", "reason": "r"}],
    "credit-notes": [{"agreement": "5", "month": "2026-01"}, {"agreement": "5", "month": "2026-13"}],
}


@pytest.mark.parametrize("part", BAD)
def test_bad_input_is_refused_and_changes_nothing(officer: httpx.Client, migrated_database: str, part: str) -> None:
    page = opened(officer)
    for data in BAD[part]:
        assert officer.post(f"{page}/{part}", data=data).status_code in (404, 409, 422), data
    assert [row[3] for row in rows_of(officer, f"{page}/history.csv")[1:]] == ["open"]
    with Database(migrated_database) as database, database.connection() as connection:
        assert connection.execute(b"SELECT count(*) FROM web.audit WHERE action LIKE 'city.project%'").fetchall() == [(1,)]


def test_a_project_of_an_unknown_enterprise_is_refused_with_the_code(officer: httpx.Client) -> None:
    given = {"uscc": code_of(9), "title": "t", "template": "jinan_2020"}
    assert code_of(9) in post(officer, "/city/projects", given, status=422)


@pytest.mark.parametrize(
    "path", ["/999", "/999/effect", "/999/service", "/999/duties", "/999/history", "/0", "/x", "/1/nothing.csv"]
)
def test_what_is_not_there_is_not_found(officer: httpx.Client, path: str) -> None:
    assert officer.get(f"/city/projects{path}").status_code == 404


def test_the_list_is_searched_sorted_and_given_as_a_table(officer: httpx.Client) -> None:
    assert "is-empty" in officer.get("/city/projects").text
    opened(officer)
    opened(officer, "jiangsu_2018")
    assert officer.get("/api/v1/city/projects?state=preparing").json()["total"] == 2
    assert officer.get("/api/v1/city/projects?search=nobody").json()["items"] == []
    assert officer.get("/api/v1/city/projects?state=asleep").status_code == 422
    assert officer.get("/city/projects?sort=colour").status_code == 422
    assert len(rows_of(officer, "/city/projects/projects.csv")) == 3
    assert "江苏五阶段" in officer.get("/city/projects?sort=title&search=空压").text


def test_jinan_4_2_5_the_access_review_lists_users_roles_last_sign_in_and_tokens(  # M16
    officer: httpx.Client, migrated_database: str
) -> None:
    with Database(migrated_database) as database, database.connection() as connection:
        connection.execute(
            b"INSERT INTO web.token (name, token_hash, role, created_by, expires_at)"
            b" VALUES ('reader', '\\x00', 'viewer', 'li', '2027-01-01')"
        )
        ((name,),) = connection.execute(b"SELECT name FROM web.user").fetchall()
        connection.execute(
            b"INSERT INTO web.audit (actor, role, address, action, object, detail, result)"
            b" VALUES (%s, 'x', '', 'log_in', %s, '{}', 'done'), (%s, 'x', '', 'log_in', %s, '{}', 'wrong password')",
            [name, name, name, name],
        )
        ((signed_in_at,),) = connection.execute(b"SELECT time FROM web.audit WHERE id = 1").fetchall()
    with client_for(str(officer.base_url), migrated_database, role="city_officer") as city:
        table = rows_of(city, "/city/projects/access-review.csv?lang=en")
        page = city.get("/city/projects/access-review?lang=zh").text
    by_name = {row[1]: row for row in table[1:]}
    assert by_name["reader"][:4] == ["Token", "reader", "viewer", "All"]
    assert by_name["reader"][8].startswith("2027-01-01")
    assert by_name[name][2] == "county_officer"
    assert by_name[name][7] == signed_in_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert "从未" in page


def test_jinan_3_8_an_agreement_is_kept_and_a_month_that_cannot_be_settled_is_told(officer: httpx.Client) -> None:  # M9
    page = opened(officer)
    agreed = {"provider": "某云", "target_percent": "99.9", "tiers": "99.9:10, 99.5:25", "monthly_fee_cny": "1000"}
    post(officer, f"{page}/agreements", agreed | {"valid_from": "2026-01-01", "document": "合同 1"})
    assert "43.2" in officer.get(f"{page}/service").text
    number = re.findall(r'name="agreement" value="(\d+)"', officer.get(f"{page}/service").text)[0]
    assert "minutes" in post(officer, f"{page}/credit-notes", {"agreement": number, "month": "2026-05"}, status=409)
    window = {"agreement": number, "start": "2026-05-01T01:00", "end": "2026-05-01T03:00", "reason": "升级"}
    post(officer, f"{page}/maintenance", window)
    assert "2026-05-01 01:00:00" in officer.get(f"{page}/service").text
    assert rows_of(officer, f"{page}/credit-notes.csv")[1:] == []


def fill_days(address: str, *, cut_over: datetime, days: int = 20) -> None:
    """Give an air compressor that takes a fifth less after the cut-over."""
    rows, energy, air = {}, 1000.0, 5000.0
    for step in range(-days * 144, days * 144):
        at = cut_over + timedelta(minutes=10 * step)
        rows[at.timestamp()] = {"state": 3, "energy_total": energy, "free_air_total": air}
        energy, air = energy + (8 if step >= 0 else 10) / 6, air + 100 / 6
    with Database(address) as database:
        plant = Plant()
        Filler(database).commit(plant.bundle(plant.batch("ac-1", "air_compressor", rows)))
        for rollup in ROLLUPS.values():
            refresh(database, rollup, now=datetime.now(UTC))


def test_jinan_3_9_measured_effects_stand_beside_declared_ones(officer: httpx.Client, migrated_database: str) -> None:  # M10
    page = opened(officer)
    assert "还没有割接" in officer.get(f"{page}/effect").text
    make_ready(officer, page)
    cut_over(officer, page, days_ago=20)
    assert "从未收到" in officer.get(f"{page}/effect").text
    fill_days(migrated_database, cut_over=NOW - timedelta(days=20))
    declared = {"category": "economic", "name": "年节约", "value": "120000", "unit": "元/年", "document": "审计报告"}
    post(officer, f"{page}/declared", declared)
    told = officer.get(f"{page}/effect").text
    assert "-20.0 %" in told
    assert "120,000.00" in told
    assert "<svg" in told
    table = rows_of(officer, f"{page}/effect.csv")
    assert len(table) > 30
    assert table[0][1].endswith("[kWh]")
    assert rows_of(officer, f"{page}/declared.csv")[1][1:4] == ["年节约", "120000.0000", "元/年"]


@pytest.mark.browser
def test_an_officer_takes_a_project_through_its_gates_on_a_telephone(
    address: str, migrated_database: str, chromium: str, built_vendor: None
) -> None:
    with client_for(address, migrated_database, role="county_officer") as client:
        page_of = opened(client)
        make_ready(client, page_of)
    with telephone(chromium, address, migrated_database, role="city_officer") as page:
        page.goto("/city/projects")
        assert page.evaluate(TOO_WIDE) == []
        page.get_by_role("link", name="空压站上云").click()
        expect(page.get_by_text("割接所需齐备")).to_be_visible()
        page.get_by_label("决定").select_option("go")
        page.get_by_role("button", name="记录决定").click()
        expect(page.get_by_text("正在割接").first).to_be_visible()
        page.get_by_text("更新 1.1").click()
        page.locator("#item-1\\.1-owner").fill("王工")
        page.locator("form[action$='/items/1.1'] button").click()
        expect(page.get_by_text("王工").first).to_be_attached()
        for path in ("", "/effect", "/service", "/duties", "/history"):
            page.goto(f"{page_of}{path}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            assert page.evaluate(TOO_WIDE) == [], path
            assert violations(page, language="zh") == [], path
            page.screenshot(path=f"test-output/page-city-projects{path.replace('/', '-')}.png", full_page=True)
        for path in ("/city/projects", "/city/projects/new", "/city/projects/duties", "/city/projects/access-review"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
            assert page.evaluate(TOO_WIDE) == [], path
            assert violations(page, language="zh") == [], path
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(f"{page_of}?lang=en")
        page.screenshot(path="test-output/page-city-projects-desk.png", full_page=True)
        assert violations(page, language="en") == []
