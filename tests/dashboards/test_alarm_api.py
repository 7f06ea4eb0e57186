"""The API of alarms, their journal and their rules, over HTTP."""

import csv
import io
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dashboards.alarms.answers import AlarmList
from tests.dashboards.alarm_plant import AWAY, HOME, LOW_LEVEL, PRESSURE, AlarmPlant
from tests.dashboards.plant import wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

FLOW = "boiler.steam_flow.high"


def items(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/v1/alarms", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def wait_for(client: httpx.Client, count: int, **asked: Any) -> list[dict[str, Any]]:
    def there() -> bool:
        answer = client.get("/api/v1/alarms", params=asked)
        return answer.status_code == 200 and answer.json()["total"] == count

    wait_until(there)
    return items(client, **asked)


def result(answer: httpx.Response) -> tuple[bool, str]:
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["results"]
    return one["done"], "" if one["reason"] is None else one["reason"]["en"]


def test_the_most_urgent_come_first_and_filters_and_sorts_narrow_and_turn_the_list(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    alarms.alarm(PRESSURE, seconds_ago=20, value=1.3)
    alarms.alarm(FLOW, gateway=AWAY, seconds_ago=30)
    alarms.alarm(LOW_LEVEL, seconds_ago=10)
    client = people()
    rows = wait_for(client, 3)
    assert [row["rule"] for row in rows] == [LOW_LEVEL, PRESSURE, FLOW]
    AlarmList.model_validate(client.get("/api/v1/alarms").json())
    assert (rows[1]["unit"], rows[1]["value"], rows[1]["machine"], rows[1]["kind"]) == ("MPa", 1.3, "boiler-1", "boiler")
    assert [row["rule"] for row in items(client, sort="since")] == [FLOW, PRESSURE, LOW_LEVEL]
    assert [row["rule"] for row in items(client, sort="-since", limit=1, offset=1)] == [PRESSURE]
    assert [row["rule"] for row in items(client, priority=["critical"])] == [LOW_LEVEL]
    assert [row["rule"] for row in items(client, gateway=AWAY)] == [FLOW]
    assert [row["rule"] for row in items(client, site=alarms.sites[AWAY])] == [FLOW]
    assert [row["rule"] for row in items(client, search="锅筒水位")] == [LOW_LEVEL]
    assert len(items(client, equipment=alarms.equipment(), kind="boiler", state=["unacknowledged", "returned"])) == 2
    empty = dict.fromkeys(("site", "equipment", "priority", "state", "kind", "gateway", "search"), "")  # as a form sends it
    assert len(items(client, **empty)) == 3
    assert items(client, kind="ship") == items(client, state="acknowledged") == []


def test_what_cannot_be_asked_is_refused_with_the_reason(people: Callable[..., httpx.Client]) -> None:
    client = people()
    for query in (
        "sort=colour", "limit=0", "limit=1001", "offset=-1", "offset=99999999999999999999", "equipment=9999999999", "site=x",
        "priority=urgent", "state=open", "view=none", "search=%00", "kind=" + "x" * 300,
    ):  # fmt: skip
        answer = client.get(f"/api/v1/alarms?{query}")
        assert answer.status_code == 422, query
    assert "'-since'" in client.get("/api/v1/alarms?sort=colour").json()["error"]
    for query in (
        "from=yesterday",
        "to=9999-12-31T23:59:59-23:00",
        "act=sing",
        "person=%00",
        "alarm=0",
        "alarm=1e9",
        "alarm=9" * 20,
    ):
        assert client.get(f"/api/v1/alarms/journal?{query}").status_code == 422, query
    for path in (
        "/alarms/x",
        "/alarms/0",
        "/alarms/99999999999999999999",
        "/alarms/performance?days=8",
        "/alarm-rules?search=%00",
    ):
        assert client.get(f"/api/v1{path}").status_code == 422, path
    for path in ("/alarms/9", "/alarms/performance?site=9", "/alarm-rules/none"):
        assert client.get(f"/api/v1{path}").status_code == 404, path
    body: Any
    for body in (
        {}, {"ids": []}, {"ids": [0]}, {"ids": [2**63]}, {"ids": ["x"]}, {"ids": [1], "note": "\0"}, {"ids": [1], "actor": "me"},
        {"ids": [1], "note": "x" * 1001}, {"ids": list(range(1, 1002))}, [],
    ):  # fmt: skip
        assert client.post("/api/v1/alarms/acknowledge", json=body).status_code == 422, body
    for body in (
        {},
        {"version": -1, "definition": {}},
        {"version": 2**31, "definition": {}},
        {"version": 0, "definition": {"name": "\0"}},
    ):
        assert client.put("/api/v1/alarm-rules/boiler.x", json=body).status_code == 422, body


def test_an_alarm_is_acknowledged_with_a_note_which_does_not_clear_it(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    alarm = alarms.alarm(LOW_LEVEL)
    client = people("operator")
    assert result(client.post("/api/v1/alarms/acknowledge", json={"ids": [alarm], "note": "给水泵已启动"})) == (True, "")
    shown = client.get(f"/api/v1/alarms/{alarm}").json()
    assert (shown["state"], shown["note"], shown["returned_at"]) == ("acknowledged", "给水泵已启动", None)
    assert shown["acknowledged_by"].startswith("operator-")
    assert shown["consequence"]["en"]
    assert shown["action"]["en"]
    assert shown["respond_within_minutes"] > 0
    assert [(line["act"], line["state_after"]) for line in shown["journal"]] == [
        ("acknowledge", "acknowledged"),
        ("activate", "unacknowledged"),
    ]
    assert result(client.post("/api/v1/alarms/acknowledge", json={"ids": [alarm]})) == (False, "there is nothing to acknowledge")


def test_a_latched_alarm_stays_until_it_is_reset(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    alarm = alarms.alarm(PRESSURE)
    alarms.alarm(PRESSURE, is_active=False)
    client = people("operator")
    assert result(client.post("/api/v1/alarms/reset", json={"ids": [alarm]}))[0] is False
    assert result(client.post("/api/v1/alarms/acknowledge", json={"ids": [alarm]})) == (True, "")
    assert client.get(f"/api/v1/alarms/{alarm}").json()["state"] == "latched"
    assert result(client.post("/api/v1/alarms/reset", json={"ids": [alarm]})) == (True, "")
    assert client.get(f"/api/v1/alarms/{alarm}").json()["state"] == "normal"


def test_a_shelved_alarm_has_its_own_view_and_calls_again_when_it_is_taken_back(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    alarm = alarms.alarm(PRESSURE)
    client = people("operator")
    wait_for(client, 1)
    too_long = client.post("/api/v1/alarms/shelve", json={"ids": [alarm], "minutes": 481, "reason": "仪表检修"})
    assert result(too_long) == (False, "shelving lasts 8 h at most")
    assert result(client.post("/api/v1/alarms/shelve", json={"ids": [alarm], "minutes": 480, "reason": "仪表检修"})) == (True, "")
    assert [row["shelf_reason"] for row in wait_for(client, 1, view="shelved")] == ["仪表检修"]
    assert items(client) == []
    assert client.get("/api/v1/alarms/summary").json()["shelved"] == 1
    assert result(client.post("/api/v1/alarms/unshelve", json={"ids": [alarm]})) == (True, "")
    assert [row["state"] for row in wait_for(client, 1)] == ["unacknowledged"]


def test_an_engineer_takes_an_alarm_out_of_service_and_an_operator_cannot(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    alarm = alarms.alarm(PRESSURE)
    body = {"ids": [alarm], "reason": "传感器拆除"}
    assert people("operator").post("/api/v1/alarms/out-of-service", json=body).status_code == 403
    engineer = people("engineer")
    assert result(engineer.post("/api/v1/alarms/out-of-service", json=body)) == (True, "")
    assert [row["id"] for row in wait_for(engineer, 1, view="out_of_service")] == [alarm]
    assert result(engineer.post("/api/v1/alarms/into-service", json={"ids": [alarm]})) == (True, "")


def test_several_with_a_critical_one_among_them_are_not_acknowledged_at_once(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    ids = [alarms.alarm(LOW_LEVEL), alarms.alarm(PRESSURE)]
    answer = people("operator").post("/api/v1/alarms/acknowledge", json={"ids": ids})
    assert [one["done"] for one in answer.json()["results"]] == [False, False]
    assert answer.json()["results"][0]["reason"]["zh"] == "紧急报警须逐条确认"


def test_a_viewer_does_nothing_about_alarms(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    client, body = people("viewer"), {"ids": [alarms.alarm(PRESSURE)]}
    for act in ("acknowledge", "comment", "reset", "shelve", "unshelve", "out-of-service", "into-service"):
        assert client.post(f"/api/v1/alarms/{act}", json=body).status_code == 403


def test_what_is_at_another_site_is_absent_everywhere(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    away, home = alarms.alarm(LOW_LEVEL, gateway=AWAY), alarms.alarm(PRESSURE)
    client = people("operator", HOME)
    assert [row["id"] for row in wait_for(client, 1)] == [home]
    assert client.get("/api/v1/alarms/summary").json()["active"]["critical"] == 0
    assert client.get(f"/api/v1/alarms/{away}").status_code == 404
    for path in ("/api/v1/alarms.csv", "/api/v1/alarms/journal", "/api/v1/alarms/journal.csv"):
        answer = client.get(path)
        assert PRESSURE in answer.text
        assert LOW_LEVEL not in answer.text
        assert AWAY not in answer.text
    assert client.post("/api/v1/alarms/acknowledge", json={"ids": [away]}).status_code == 404
    both = client.post("/api/v1/alarms/acknowledge", json={"ids": [away, home]}).json()["results"]
    assert [(one["id"], one["done"]) for one in both] == [(away, False), (home, True)]
    assert people().get(f"/api/v1/alarms/{away}").json()["state"] == "unacknowledged"


def test_the_journal_tells_who_did_what_and_when(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    alarm = alarms.alarm(PRESSURE, seconds_ago=7200)
    client = people("operator")
    client.post("/api/v1/alarms/comment", json={"ids": [alarm], "note": "=1+1"}).raise_for_status()
    lines = client.get("/api/v1/alarms/journal", params={"act": "comment", "machine": "boiler"}).json()
    assert (lines["total"], lines["items"][0]["note"], lines["items"][0]["alarm"]) == (1, "=1+1", alarm)
    person = lines["items"][0]["actor"]
    assert client.get("/api/v1/alarms/journal", params={"person": person}).json()["total"] == 1
    assert client.get("/api/v1/alarms/journal?alarm=&equipment=&act=&from=&to=&priority=").json()["total"] == 2
    an_hour_ago = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    assert [line["act"] for line in client.get(f"/api/v1/alarms/journal?to={an_hour_ago}").json()["items"]] == ["activate"]
    assert client.get("/api/v1/alarms/journal", params={"machine": "no such"}).json()["total"] == 0
    table = client.get("/api/v1/alarms/journal.csv")
    assert table.content.startswith("\N{ZERO WIDTH NO-BREAK SPACE}".encode())
    notes = [row["note"] for row in csv.DictReader(io.StringIO(table.content.decode("utf-8-sig")))]
    assert notes == ["'=1+1", ""]


def test_every_act_stands_in_the_audit_log(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    alarm = alarms.alarm(PRESSURE)
    people("operator").post("/api/v1/alarms/acknowledge", json={"ids": [alarm], "note": "看到"}).raise_for_status()
    with alarms.database.connection() as connection:
        found = connection.execute(b"SELECT role, action, detail, result FROM web.audit WHERE action LIKE 'alarm.%'").fetchall()
    assert found == [("operator", "alarm.acknowledge", {"done": [alarm], "refused": {}, "note": "看到"}, "done")]


def test_a_rule_is_confirmed_changed_and_refused_to_whoever_read_an_older_version(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    client, path = people("engineer"), f"/api/v1/alarm-rules/{FLOW}"
    rule = client.get(path).json()
    assert (rule["origin"], rule["version"]) == ("kind", 1)
    definition = rule["definition"] | {"when": rule["definition"]["when"] | {"value": 11.5}}
    changed = client.put(path, json={"version": 1, "definition": definition}).json()
    assert (changed["origin"], changed["version"], changed["definition"]["when"]["value"]) == ("plant", 2, 11.5)
    assert client.put(path, json={"version": 1, "definition": definition}).status_code == 409
    assert [one["version"] for one in client.get(path).json()["history"]] == [2, 1]
    assert client.get("/api/v1/alarm-rules", params={"origin": "plant"}).json()["total"] == 1
    wrong = client.put(path, json={"version": 2, "definition": definition | {"action": None}})
    assert wrong.status_code == 422
    assert "it is an event, not an alarm" in wrong.json()["error"]
    assert "has no signal" in client.put(path, json={
        "version": 2, "definition": definition | {"when": definition["when"] | {"signal": "steam_flaw"}},
    }).json()["error"]  # fmt: skip
    assert people("operator").put(path, json={"version": 2, "definition": definition}).status_code == 403


def test_who_sees_one_site_changes_no_rule_that_also_holds_at_others(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    admin, engineer = people("engineer"), people("engineer", HOME)
    kind_rule = admin.get(f"/api/v1/alarm-rules/{FLOW}").json()
    path = f"/api/v1/alarm-rules/{FLOW}"
    assert engineer.put(path, json={"version": 1, "definition": kind_rule["definition"]}).status_code == 403
    for name, machines in (("boiler.home", [f"{HOME}/boiler-1"]), ("boiler.away", [f"{AWAY}/boiler-1"])):
        definition = kind_rule["definition"] | {"name": name, "equipment": machines}
        admin.put(f"/api/v1/alarm-rules/{name}", json={"version": 0, "definition": definition}).raise_for_status()
    assert engineer.get("/api/v1/alarm-rules/boiler.away").status_code == 404
    assert [rule["name"] for rule in engineer.get("/api/v1/alarm-rules?origin=plant").json()["items"]] == ["boiler.home"]
    home = engineer.get("/api/v1/alarm-rules/boiler.home").json()
    assert (
        engineer.put("/api/v1/alarm-rules/boiler.home", json={"version": 1, "definition": home["definition"]}).status_code == 200
    )


def test_the_performance_tells_each_figure_with_its_target_and_verdict(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    for second in (30, 20, 10):
        alarms.alarm(PRESSURE, seconds_ago=second)
        alarms.alarm(PRESSURE, seconds_ago=second - 5, is_active=False)
    alarms.alarm(LOW_LEVEL, gateway=AWAY)
    answer = people().get("/api/v1/alarms/performance?days=1").json()
    figures = {figure["name"]: figure for figure in answer["figures"]}
    assert answer["alarms"] == 4
    assert [(one["rule"], one["count"]) for one in answer["most_frequent"]] == [(PRESSURE, 3), (LOW_LEVEL, 1)]
    assert (figures["most_in_ten_minutes"]["value"], figures["most_in_ten_minutes"]["verdict"]) == (4, "good")
    assert (figures["share_critical"]["value"], figures["share_critical"]["verdict"]) == (25, "exceeded")
    assert answer["complete"] is False
    assert sum(hour["count"] for hour in answer["alarms_by_hour"]) == 4
    at_home = people("operator", HOME).get("/api/v1/alarms/performance?days=1")
    assert at_home.json()["alarms"] == 3
    assert AWAY not in at_home.text
    assert people().get(f"/api/v1/alarms/performance?days=1&site={alarms.sites[AWAY]}").json()["alarms"] == 1
