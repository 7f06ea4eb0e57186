"""The check of a city: weeks are read, what is suspicious is written, and a second run changes nothing that a person decided."""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from benchmarks.authenticity_cheats import Severity, flatlined
from benchmarks.simulated_plant import simulate
from registry.authenticity.commands import check_machines
from registry.authenticity.service import check
from simulators.fleet import JINAN
from store.city_suspicions import decide, suspicions
from store.database import Database
from store.kind_tables import ROLLUPS
from store.rollups import refresh
from telemetry.errors import ConfigError
from tests.registry.city import COUNTY, OTHER_COUNTY, add_city, enterprise, gateway, machine
from tests.store.conftest import Store, make_batch, make_bundle, make_store

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
DAYS = 2


@pytest.fixture
def store(migrated_database: str) -> Iterator[Store]:
    """Give a city with an honest boiler, its copy with noise on top, and one that stands still, behind one gateway."""
    with Database(migrated_database, max_connections=8) as opened:
        made = make_store(migrated_database, opened)
        start = NOW - timedelta(days=DAYS)
        honest, idle = simulate("boiler", [11, 12], start=start.astimezone(JINAN), days=DAYS)
        dice = np.random.default_rng(3)
        flat = flatlined(Severity("as it is"))(idle, dice)
        for seq, (name, window) in enumerate((("honest", honest), ("copy", honest), ("flat", flat)), 1):
            names = [one for one in window.values if not np.isnan(window[one]).all()]
            columns = np.array([window[one] for one in names])
            if name == "copy":
                real = [index for index, one in enumerate(names) if "_flow" in one or "temperature" in one or "pressure" in one]
                columns[real] += (
                    0.3
                    * np.abs(np.diff(columns[real], axis=1)).mean(axis=1, keepdims=True)
                    * dice.standard_normal((len(real), columns.shape[1]))
                )
            for part, first in enumerate(range(0, columns.shape[1], 288)):
                batch = make_batch(
                    f"boiler-{name}",
                    columns[:, first : first + 288].T.tolist(),
                    signals=f"boiler:{','.join(names)}",
                    at=start + timedelta(minutes=first),
                    step=timedelta(minutes=1),
                )
                made.commit(make_bundle(100 * seq + part, batch))
        for rollup in ROLLUPS.values():
            refresh(opened, rollup, now=NOW)
        with opened.connection() as connection:
            add_city(connection)
            uscc, other = enterprise(connection, 1), enterprise(connection, 2, area=OTHER_COUNTY)
            gateway(connection, "gw-1", uscc)
            for number, (name, owner) in enumerate((("honest", uscc), ("copy", other), ("flat", uscc)), 1):
                machine(connection, owner, number=number, label=name, gateway="gw-1", equipment_name=f"boiler-{name}")
            machine(connection, uscc, kind="motor", number=4, label="模拟电机")
        yield made


def test_a_check_raises_each_suspicion_once_and_leaves_decisions_alone(store: Store) -> None:
    done = check(store.database, now=NOW, days=DAYS)
    assert (done.machines, done.with_data) == (4, 3)
    assert dict(done.new) == {"flatlined": 1, "replayed_another": 2, "simulator": 1}
    _total, rows = suspicions(store.database, sort="machine", with_evidence=True)
    told = {(row.label, row.method) for row in rows}
    assert told == {
        ("flat", "flatlined"),
        ("copy", "replayed_another"),
        ("honest", "replayed_another"),
        ("模拟电机", "simulator"),
    }
    copied = next(row for row in rows if row.label == "copy")
    assert copied.other_label == "honest"
    assert "企业1 honest" in copied.explanation["zh"]
    assert copied.score >= copied.threshold
    assert [piece["form"] for piece in copied.evidence] == ["series", "curve", "table"]

    with store.database.connection() as connection:
        decide(connection, copied.id, state="confirmed", actor="officer", note="same", now=NOW)
    again = check(store.database, now=NOW, days=DAYS)
    assert (sum(again.new.values()), sum(again.standing.values()), again.decided) == (0, 3, 1)


def test_a_check_of_an_area_judges_its_own_machines_against_all(store: Store) -> None:
    done = check(store.database, now=NOW, days=DAYS, area=OTHER_COUNTY)
    assert (done.machines, dict(done.new)) == (1, {"replayed_another": 1})
    (row,) = suspicions(store.database)[1]
    assert (row.label, row.other_label) == ("copy", "honest")
    assert check(store.database, now=NOW, days=DAYS, area=COUNTY).machines == 3


@pytest.mark.parametrize(
    ("area", "number", "days", "complaint"),
    [
        ("nowhere", None, 7.0, "no area 'nowhere'"),
        (None, 99, 7.0, "no machine is registered there"),
        (None, None, 0.0, "--days: 0"),
        (None, None, float("nan"), "--days: nan"),
    ],
)
def test_a_wrong_command_is_told_what_is_wrong(
    migrated_database: str, area: str | None, number: int | None, days: float, complaint: str
) -> None:
    args = argparse.Namespace(area=area, machine=number, days=days, database=migrated_database)
    with pytest.raises(ConfigError, match=complaint):
        check_machines(args)
