"""Every statement of every dashboard runs as Grafana would send it, on plain PostgreSQL and on TimescaleDB."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import yaml

from dashboards.grafana.dashboards import all_dashboards
from dashboards.grafana.panels import DATASOURCE_UID
from dashboards.grafana.units import grafana_unit
from device_profiles.kind import Kind, kind_names, load_kind
from store.database import Database
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from tests.dashboards.plant import Filler, Plant

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
FILES = sorted((GRAFANA / "dashboards").glob("*.json"))
CHINESE = re.compile("[\u4e00-\u9fff]")
LATIN = re.compile("[A-Za-z]{2}")
MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")
KINDS = [load_kind(name) for name in kind_names()]
MACHINES_PER_KIND = 2
INTERVAL_MILLISECONDS = 3_600_000
NOTHING: dict[str, list[str]] = {"gateway": [], "machine": []}
ALARMS = """
WITH made AS (
  INSERT INTO alarm.condition (gateway, equipment_id, rule, state, priority, title, active_since, changed_at)
  SELECT gateway, id, 'boiler.steam_pressure.high', 'unacknowledged', 'high', '{"zh": "高", "en": "High"}', now(), now()
  FROM reading.equipment RETURNING id, gateway, equipment_id, rule, priority
)
INSERT INTO alarm.transition (time, recorded_at, condition_id, gateway, equipment_id, rule, priority, act,
                              state_before, state_after, occurrence, is_annunciated)
SELECT now(), now(), id, gateway, equipment_id, rule, priority, 'activate', 'normal', 'unacknowledged', 1, true FROM made
"""


class TimeRange(NamedTuple):
    """What is chosen at the top of a dashboard."""

    start: datetime
    end: datetime

    @classmethod
    def of_days(cls, days: float) -> "TimeRange":
        now = datetime.now(UTC)
        return cls(now - timedelta(days=days), now)


def expanded(sql: str, variables: dict[str, list[str]], span: TimeRange) -> str:
    """Do what Grafana does before it sends SQL: first its variables, then its macros (macros.go of its data source)."""

    def variable(found: re.Match[str]) -> str:
        name, _colon, form = (found[1] or found[2]).partition(":")
        if name in variables:
            assert form == "csv" or len(variables[name]) == 1, f"{name} of several values needs a form"
            return ",".join(variables[name])
        return str({"__interval_ms": INTERVAL_MILLISECONDS}.get(name, found[0]))

    def macro(found: re.Match[str]) -> str:
        start, end = (at.isoformat().replace("+00:00", "Z") for at in span)
        if found[1] == "__timeFilter":
            return f"{found[2].strip()} BETWEEN '{start}' AND '{end}'"
        forms = {"__timeFrom": f"'{start}'", "__timeTo": f"'{end}'"}
        assert found[1] in forms, f"unknown macro {found[1]!r}"
        return forms[found[1]]

    sql = MACRO.sub(macro, re.sub(r"\$\{([\w:]+)\}|\$(\w+)\b(?!\()", variable, sql))
    assert "$" not in sql, f"something is not filled in: {sql}"
    return sql


def dashboard(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def targets(content: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for panel in content["panels"]:
        for target in panel["targets"]:
            yield panel, target["rawSql"]


def seed(database: str, filler: Filler, plant: Plant, kinds: list[Kind]) -> None:
    """Put in two machines of each kind, with rows up to now, rollups and an alarm each."""
    now = time.time()
    for kind in kinds:
        middle = {name: (sum(signal.normal) / 2 if signal.normal else 1.0) for name, signal in kind.signals.items()}
        values = {name: float(round(middle[name])) for name in kind.numeric_signals}
        rows = {now - 900 * step: values for step in reversed(range(20))}
        filler.commit(*(plant.bundle(plant.batch(f"{kind.name}-{n}", kind.name, rows)) for n in range(MACHINES_PER_KIND)))
    with Database(database) as opened:
        for rollup in ROLLUPS.values():
            refresh(opened, rollup, now=datetime.now(UTC))
        with opened.connection() as connection:
            connection.execute(ALARMS.encode())


def chosen(content: dict[str, Any], connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Choose all of each variable, in the order in which Grafana asks for them."""
    values: dict[str, list[str]] = {}
    for variable in content["templating"]["list"]:
        if variable["type"] == "query":
            cursor = connection.execute(expanded(variable["query"], values, TimeRange.of_days(1)).encode())
            names = [column.name for column in cursor.description or ()]
            value = names.index("__value") if "__value" in names else 0
            values[variable["name"]] = [str(row[value]) for row in cursor.fetchall()]
            assert values[variable["name"]], f"{content['uid']}: nothing to choose for {variable['name']}"
        elif variable["type"] == "custom":
            values[variable["name"]] = [variable["current"]["value"]]
    return values


def test_every_statement_runs_and_gives_rows_in_order(migrated_database: str, filler: Filler, plant: Plant) -> None:
    seed(migrated_database, filler, plant, KINDS)
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        for path in FILES:
            content = dashboard(path)
            variables = chosen(content, connection)
            for panel, sql in targets(content):
                cursor = connection.execute(expanded(sql, variables, TimeRange.of_days(30)).encode())
                names, rows = [column.name for column in cursor.description or ()], cursor.fetchall()
                assert rows, f"{path.name}: {panel['title']} gives no rows"
                if panel["targets"][0]["format"] == "time_series":
                    times = [row[0] for row in rows]
                    assert names[0] == "time", f"{path.name}: {panel['title']}"
                    assert times == sorted(times), f"{path.name}: {panel['title']}"


def test_a_month_is_read_from_hours_a_day_from_minutes_and_neither_from_the_rows_themselves(
    migrated_database: str, filler: Filler, plant: Plant
) -> None:
    seed(migrated_database, filler, plant, [load_kind("boiler")])
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        content = dashboard(GRAFANA / "dashboards" / "shangyun-boiler.json")
        variables = chosen(content, connection)
        trends = [sql for panel, sql in targets(content) if panel["type"] in ("timeseries", "state-timeline")]
        for days, read, left_out in ((1.5, "boiler_1m", "boiler_1h"), (30, "boiler_1h", "boiler_1m")):
            for sql in trends:
                statement = expanded(sql, variables, TimeRange.of_days(days))
                plan = "\n".join(line for (line,) in connection.execute(f"EXPLAIN {statement}".encode()).fetchall())
                tables = _relations(connection, plan)
                assert tables == {read}, plan
                assert left_out not in plan


def _relations(connection: psycopg.Connection[Any], plan: str) -> set[str]:
    """Name the tables of readings that a plan scans; of a chunk or partition, the one that it belongs to."""
    scanned = set(re.findall(r"(?:Seq Scan on|Scan using \S+ on|Bitmap Heap Scan on) (\w+)", plan))
    found = set()
    for name in scanned:
        parent = connection.execute(
            b"SELECT p.relname FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid"
            b" JOIN pg_class p ON p.oid = coalesce(i.inhparent, c.oid) WHERE c.relname = %s",
            [name],
        ).fetchone()
        assert parent is not None, name
        found.add(str(parent[0]))
    return found - {"equipment"}


def test_an_empty_database_gives_empty_panels_and_no_errors(migrated_database: str) -> None:
    with psycopg.connect(migrated_database, autocommit=True) as connection:
        for path in FILES[:3]:
            content = dashboard(path)
            signal = [one["current"]["value"] for one in content["templating"]["list"] if one["name"] == "signal"]
            for _panel, sql in targets(content):
                connection.execute(expanded(sql, {**NOTHING, "signal": signal or ["x"]}, TimeRange.of_days(1)).encode())


def test_the_reader_sees_readings_and_alarms_and_changes_nothing(migrated_database: str) -> None:
    script = (GRAFANA / "reader.sql").read_bytes()
    with psycopg.connect(migrated_database, autocommit=True) as owner:
        owner.execute(script)
        owner.execute(script)  # as after every migration
        owner.execute(b"CREATE TABLE reading.kind_to_come (time timestamptz)")
        settings = owner.execute(b"SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = 'grafana_reader'").fetchall()
        assert {("statement_timeout=30s",), ("default_transaction_read_only=on",)} <= set(settings)
        owner.execute(b"SET SESSION AUTHORIZATION grafana_reader")
        content = dashboard(GRAFANA / "dashboards" / "shangyun-motor.json")
        for _panel, sql in targets(content):
            owner.execute(expanded(sql, {**NOTHING, "signal": ["speed"]}, TimeRange.of_days(30)).encode())
        owner.execute(b"SELECT FROM reading.kind_to_come")
        for statement in (b"DELETE FROM reading.motor", b"SELECT FROM store.level", b"CREATE TABLE reading.mine (a int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(statement)


def test_the_files_are_what_the_kinds_say() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "grafana", "--check"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_there_is_a_dashboard_for_each_kind_and_one_of_the_fleet_each_with_its_own_uid() -> None:
    made = all_dashboards()
    assert sorted(made) == sorted([*(f"shangyun-{kind.name}" for kind in KINDS), "shangyun-fleet"])
    uids = [content["uid"] for content in made.values()]
    assert len(set(uids)) == len(uids)
    assert max(map(len, uids)) <= 40, "Grafana refuses longer ones"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_panel_speaks_both_languages_and_has_unit_and_data_source(path: Path) -> None:
    content = dashboard(path)
    assert "id" not in content
    assert content["schemaVersion"] >= 39
    ids = [panel["id"] for panel in content["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in content["panels"]:
        for text in (panel["title"], panel["description"]):
            assert CHINESE.search(text), text
            assert LATIN.search(text), text
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == "${datasource}"
            for arguments in re.findall(r"\$__\w+\(([^$]*?)\)", target["rawSql"]):
                assert "(" not in arguments, "Grafana's macros end at the first closing parenthesis"


def test_a_limit_colours_what_lies_beyond_it() -> None:
    panels = dashboard(GRAFANA / "dashboards" / "shangyun-boiler.json")["panels"]
    tile = next(panel for panel in panels if panel["title"] == "锅筒水位 Drum level")
    steps = [(step["value"], step["color"]) for step in tile["fieldConfig"]["defaults"]["thresholds"]["steps"]]
    assert steps == [(None, "red"), (-75, "orange"), (-50, "text"), (50, "orange"), (75, "red")]
    assert "缺水烧坏受热面" in tile["description"]
    assert "Trip the burner" in tile["description"]


def test_a_unit_that_grafana_does_not_have_is_written_as_it_is() -> None:
    assert [grafana_unit(unit) for unit in ("°C", "MPa", "1")] == ["celsius", "suffix: MPa", "none"]


def test_the_provisioning_points_at_the_reader_and_lets_nobody_edit() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/shangyun.yaml").read_text(encoding="utf-8"))["datasources"]
    assert (source["uid"], source["user"], source["editable"]) == (DATASOURCE_UID, "grafana_reader", False)
    assert source["secureJsonData"] == {"password": "$__file{/run/secrets/grafana_reader}"}
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/shangyun.yaml").read_text(encoding="utf-8"))["providers"]
    assert provider["allowUiUpdates"] is False
    assert provider["disableDeletion"] is True
