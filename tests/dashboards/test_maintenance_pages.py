"""Findings, work orders, the maintenance log and the ranking by health: at the API and on the pages."""

import contextlib
import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dashboards.settings import WebSettings
from store.database import Database
from store.results import Finding, Kpi, findings, write_findings, write_kpis
from store.sites import add_site, assign_gateway
from tests.dashboards.people import client_for
from tests.dashboards.plant import serving

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as made:
        yield made


@pytest.fixture
def machines(opened: Database) -> dict[str, int]:
    """A boiler of the first site and a motor of the second."""
    with opened.connection() as connection:
        connection.execute(
            b"INSERT INTO reading.equipment (gateway, name, kind, first_seen)"
            b" VALUES ('north', 'boiler-1', 'boiler', now()), ('south', 'motor-1', 'motor', now())"
        )
        for name, gateway in (("n", "north"), ("s", "south")):
            site = add_site(connection, {"name": name, "label_zh": f"厂区{name}", "label_en": f"Site {name}", "time_zone": "UTC"})
            assert site is not None
            assign_gateway(connection, gateway, site)
        return dict(connection.execute(b"SELECT name, id FROM reading.equipment").fetchall())


@pytest.fixture
def fouling(machines: dict[str, int]) -> Finding:
    return Finding(
        equipment_id=machines["boiler-1"],
        analytic="boiler.faults",
        code="gas_side_fouling",
        part="",
        title={"zh": "烟气侧积灰", "en": f"Fouling {HOSTILE}"},
        severity="high",
        since=NOW - 5 * DAY,
        seen_at=NOW,
        confidence=0.8,
        advice={"zh": "吹灰", "en": "Blow the soot"},
        evidence=[
            {
                "form": "series",
                "label": {"zh": "排烟温度残差", "en": "Residual of the stack temperature"},
                "unit": "K",
                "times": [1_763_600_000_000 + 60_000 * n for n in range(10)],
                "columns": {"residual": [float(n) for n in range(10)]},
                "band": [-3, 3],
            },
            {"form": "table", "header": ["tube", "°C"], "rows": [["3", 251.5]]},
            {"form": "hologram", "why": HOSTILE},
        ],
        effect={"energy": [12000, "kWh"]},
        source="GB/T 10180-2017",
    )


@pytest.fixture
def visit(
    opened: Database, fouling: Finding, settings_for: Callable[..., WebSettings], database: str
) -> Iterator[Callable[..., httpx.Client]]:
    write_findings(opened, [fouling])
    with serving(settings_for()) as address, contextlib.ExitStack() as clients:
        yield lambda **who: clients.enter_context(client_for(address, database, **who))


def test_findings_are_listed_judged_and_kept_with_their_verdicts(visit: Callable[..., httpx.Client]) -> None:
    client = visit(role="operator")
    answer = client.get("/api/v1/findings?state=open&kind=boiler").json()
    (item,) = answer["items"]
    assert (answer["total"], item["equipment"]["name"], item["severity"], item["confidence"]) == (1, "boiler-1", "high", 0.8)
    address = f"/api/v1/findings/{item['id']}"
    judged = client.post(f"{address}/verdict", json={"state": "confirmed", "note": "seen"})
    assert (judged.status_code, judged.json()["state"]) == (200, "confirmed")
    (said,) = client.get(address).json()["verdicts"]
    assert (said["state_before"], said["state_after"], said["note"]) == ("open", "confirmed", "seen")
    assert client.post(f"{address}/verdict", json={"state": "acknowledged"}).status_code == 409
    rows = list(csv.reader(io.StringIO(client.get("/api/v1/findings.csv").content.decode("utf-8-sig"))))
    assert (len(rows), rows[1][2]) == (2, "boiler-1")


def test_what_another_site_has_does_not_exist(visit: Callable[..., httpx.Client], machines: dict[str, int]) -> None:
    everyone = visit()
    order = everyone.post("/api/v1/work-orders", json={"equipment": machines["boiler-1"], "title": "x"}).json()["id"]
    everyone.post("/api/v1/maintenance-entries", json={"equipment": machines["boiler-1"], "work": "service", "text": "oil"})
    finding = everyone.get("/api/v1/findings").json()["items"][0]["id"]
    south = next(site["id"] for site in everyone.get("/api/v1/sites").json()["items"] if site["name"] == "s")
    stranger = visit(role="engineer", sites=(south,))
    for name in ("findings", "work-orders", "maintenance-entries"):
        assert stranger.get(f"/api/v1/{name}").json()["total"] == 0
        assert "boiler-1" not in stranger.get(f"/api/v1/{name}.csv").text
    asked = f"equipment={machines['boiler-1']}&span=24h"
    assert stranger.get(f"/api/v1/kpis?{asked}").json()["total"] == 0
    for path in (f"/api/v1/findings/{finding}", f"/api/v1/work-orders/{order}"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"/api/v1/findings/{finding}/verdict", json={"state": "closed"}).status_code == 404
    assert stranger.post(f"/api/v1/work-orders/{order}", json={"state": "cancelled", "note": "x"}).status_code == 404
    for body in ({"equipment": machines["boiler-1"], "title": "x"}, {"finding": finding, "title": "x"}):
        assert stranger.post("/api/v1/work-orders", json=body).status_code == 404
    for page in ("", "/findings", "/orders", "/log", "/health.csv"):
        text = stranger.get(f"/maintenance{page}").text
        assert "boiler-1" not in text
        assert "厂区n" not in text
    assert "motor-1" in stranger.get("/maintenance").text


def test_who_may_only_look_cannot_write(visit: Callable[..., httpx.Client], machines: dict[str, int]) -> None:
    viewer = visit(role="viewer")
    machine = machines["boiler-1"]
    assert viewer.post("/api/v1/work-orders", json={"equipment": machine, "title": "x"}).status_code == 403
    entry = {"equipment": machine, "work": "service", "text": "x"}
    assert viewer.post("/api/v1/maintenance-entries", json=entry).status_code == 403
    assert viewer.post("/maintenance/log", data={**entry, "equipment": str(machine)}).status_code == 403
    number = viewer.get("/api/v1/findings").json()["items"][0]["id"]
    page = viewer.get(f"/maintenance/findings/{number}").text
    assert '<form class="form"' not in page
    assert f"/maintenance/orders/new?finding={number}" not in page


def test_figures_of_machines_come_with_their_reason_where_they_have_no_value(
    visit: Callable[..., httpx.Client], opened: Database, machines: dict[str, int]
) -> None:
    good = Kpi(equipment_id=machines["boiler-1"], name="efficiency", start=NOW - DAY, end=NOW, value=92.5, unit="%", analytic="a")
    write_kpis(opened, [good, replace(good, name="leak", value=None, validity="not_evaluated", reason="no flow")])
    answer = visit().get(f"/api/v1/kpis?equipment={good.equipment_id}&span=7d&limit=1&offset=1").json()
    assert (answer["total"], answer["items"][0]["name"], answer["items"][0]["value"], answer["items"][0]["reason"]) == (
        2,
        "leak",
        None,
        "no flow",
    )


BAD_BODIES: list[tuple[str, dict[str, Any]]] = [
    ("work-orders", {"title": "x"}),
    ("work-orders", {"equipment": 10**12, "title": "x"}),
    ("work-orders", {"equipment": 1, "title": ""}),
    ("work-orders", {"equipment": 1, "title": "x\x00"}),
    ("work-orders", {"equipment": 1, "title": "\ud800"}),
    ("work-orders", {"equipment": 1, "title": "x", "due_on": "0001-01-01"}),
    ("work-orders", {"equipment": 1, "title": "x", "state": "done"}),
    ("maintenance-entries", {"equipment": 1, "work": "dancing", "text": "x"}),
    ("maintenance-entries", {"equipment": 1, "work": "service", "text": "x", "time": "9999-12-31T23:59:59-23:59"}),
    ("maintenance-entries", {"equipment": 1, "work": "service", "text": "x", "hours": -1}),
    ("findings/1/verdict", {"state": "open"}),
    ("findings/1/verdict", {"state": "closed", "note": "x" * 5000}),
]
BAD_QUESTIONS = [
    "findings?sort=beauty",
    "findings?state=lost",
    "findings?limit=0",
    "findings?equipment=99999999999999999999",
    "findings?search=%00",
    "findings/0",
    "work-orders?priority=urgent",
    "work-orders?offset=-1",
    "kpis?span=24h",
    "kpis?equipment=1&span=1y",
    "kpis?equipment=1&span=24h&name=%00",
    "maintenance-entries?site=0",
]


def test_bad_input_is_refused_with_a_sentence(visit: Callable[..., httpx.Client]) -> None:
    client = visit()
    for path, body in BAD_BODIES:
        answer = client.post(f"/api/v1/{path}", content=json.dumps(body))
        assert (answer.status_code, bool(answer.json()["error"])) == (422, True), (path, body)
    for question in BAD_QUESTIONS:
        answer = client.get(f"/api/v1/{question}")
        assert (answer.status_code, bool(answer.json()["error"])) == (422, True), question
    assert client.get("/api/v1/work-orders/2147483647").status_code == 404


def test_a_finding_is_judged_and_worked_off_on_the_pages(visit: Callable[..., httpx.Client], opened: Database) -> None:
    client = visit(role="operator")
    assert "烟气侧积灰" in client.get("/maintenance/findings").text
    number = findings(opened)[1][0].id
    page = client.get(f"/maintenance/findings/{number}?lang=en").text
    assert HOSTILE not in page
    assert "Fouling &lt;script&gt;" in page
    assert "Residual of the stack temperature" in page
    assert '<svg class="drawing' in page
    assert "251.5" in page
    assert "hologram" in page
    form = client.get(f"/maintenance/orders/new?finding={number}").text
    assert 'value="Fouling &lt;script&gt;' in form
    opening = {"finding": str(number), "title": "Blow the soot", "priority": "high", "due_on": "", "assigned_to": "wang"}
    opened_at = client.post("/maintenance/orders", data=opening)
    assert opened_at.status_code == 303
    order = opened_at.headers["location"]
    assert "wang" in client.get("/maintenance/orders").text
    assert "Blow the soot" in client.get(f"/maintenance/findings/{number}").text
    assert client.post(order, data={"state": "done", "note": "", "hours": ""}).status_code == 409
    done = client.post(order, data={"state": "done", "note": f"4 mm {HOSTILE}", "work": "cleaning", "hours": "1.5", "cost": ""})
    assert (done.status_code, done.headers["location"]) == (303, order)
    log = client.get("/maintenance/log").text
    assert "4 mm &lt;script&gt;" in log
    assert HOSTILE not in log
    verdict = client.post(f"/maintenance/findings/{number}", data={"state": "closed", "note": "clean again"})
    assert verdict.status_code == 303
    assert "clean again" in client.get(f"/maintenance/findings/{number}").text
    acts = [act["action"] for act in visit().get("/api/v1/audit").json()["items"]]
    assert {"work_order.open", "work_order.change", "finding.judge"} <= set(acts)


def test_the_worst_machine_comes_first_and_each_part_of_its_score_is_shown(visit: Callable[..., httpx.Client]) -> None:
    client = visit()
    page = client.get("/maintenance").text
    assert page.index("boiler-1") < page.index("motor-1")
    assert "−20.0 (1)" in page  # 25 points · 0.8
    header, first, second = csv.reader(io.StringIO(client.get("/maintenance/health.csv").content.decode("utf-8-sig")))
    assert header[3] == "健康分"
    assert first[1:5] == ["boiler-1", "boiler", "80.0", "20.0"]
    assert second[1:5] == ["motor-1", "motor", "100.0", "0.0"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_renders_while_there_is_nothing(
    migrated_database: str, settings_for: Callable[..., WebSettings], language: str
) -> None:
    with serving(settings_for()) as address, client_for(address, migrated_database) as client:
        for page in ("", "/findings", "/orders", "/log", "/orders/new"):
            answer = client.get(f"/maintenance{page}?lang={language}")
            assert answer.status_code == 200
            assert "is-empty" in answer.text
