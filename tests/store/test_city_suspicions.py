"""Suspicions: one open row for each machine and method, decided once by a person; holds stand one at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from store.city_evidence import holds_of
from store.city_suspicions import (
    NewSuspicion,
    decide,
    machines_to_check,
    place_hold,
    raise_suspicion,
    release_hold,
    suspicion,
    suspicions,
)
from store.database import Database
from tests.registry.city import CITY, COUNTY, OTHER_COUNTY, add_city, enterprise, gateway, machine

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as made:
        with made.connection() as connection:
            add_city(connection)
        yield made


@pytest.fixture
def boiler(opened: Database) -> int:
    with opened.connection() as connection:
        uscc = enterprise(connection)
        gateway(connection, "gw-1", uscc, is_simulator=True)
        return machine(connection, uscc, gateway="gw-1", equipment_name="boiler-1")


def found(number: int, *, since: datetime, until: datetime, method: str = "flatlined", score: float = 0.9) -> NewSuspicion:
    words = {"zh": "不动", "en": "does not move"}
    piece = {"form": "table", "header": ["a"], "rows": [[1.5]]}
    return NewSuspicion(
        machine_id=number,
        method=method,
        score=score,
        threshold=0.3,
        since=since,
        until=until,
        explanation=words,
        evidence=[piece],
    )


def test_an_open_suspicion_grows_and_is_not_written_twice(opened: Database, boiler: int) -> None:
    with opened.connection() as connection:
        assert raise_suspicion(connection, found(boiler, since=NOW - 7 * DAY, until=NOW), now=NOW) is True
        assert raise_suspicion(connection, found(boiler, since=NOW - 6 * DAY, until=NOW + DAY), now=NOW + DAY) is False
    total, (row,) = suspicions(opened)
    assert (total, row.since, row.until, row.found_at) == (1, NOW - 7 * DAY, NOW + DAY, NOW)
    shown = suspicion(opened, row.id)
    assert shown is not None
    assert shown.evidence == [{"form": "table", "header": ["a"], "rows": [[1.5]]}]
    assert (shown.enterprise, shown.area, shown.is_on_hold) == ("企业1", COUNTY, False)


def test_what_was_cleared_is_not_raised_again_for_the_same_span(opened: Database, boiler: int) -> None:
    with opened.connection() as connection:
        raise_suspicion(connection, found(boiler, since=NOW - 7 * DAY, until=NOW), now=NOW)
        _total, (row,) = suspicions_in(opened, connection)
        assert decide(connection, row, state="cleared", actor="officer", note="saw it", now=NOW) == (boiler, "flatlined")
        assert raise_suspicion(connection, found(boiler, since=NOW - 6 * DAY, until=NOW + DAY), now=NOW + DAY) is None
        assert raise_suspicion(connection, found(boiler, since=NOW, until=NOW + 7 * DAY), now=NOW + 7 * DAY) is True
        assert raise_suspicion(connection, found(boiler, since=NOW, until=NOW, method="clock"), now=NOW) is True


def suspicions_in(_database: Database, connection: object) -> tuple[int, list[int]]:
    rows = connection.execute(b"SELECT id FROM city.suspicion ORDER BY id").fetchall()  # type: ignore[attr-defined]
    return len(rows), [int(row[0]) for row in rows]


def test_a_decision_is_made_once_with_a_note(opened: Database, boiler: int) -> None:
    with opened.connection() as connection:
        raise_suspicion(connection, found(boiler, since=NOW - DAY, until=NOW), now=NOW)
    _total, (row,) = suspicions(opened)
    for state, note, complaint in (("cleared", " ", "needs a note"), ("open", "x", "confirmed or cleared")):
        with pytest.raises(ValueError, match=complaint), opened.connection() as connection:
            decide(connection, row.id, state=state, actor="officer", note=note, now=NOW)
    with opened.connection() as connection:
        decide(connection, row.id, state="confirmed", actor="officer", note="went there", now=NOW)
    with pytest.raises(ValueError, match="confirmed already, by officer"), opened.connection() as connection:
        decide(connection, row.id, state="cleared", actor="other", note="x", now=NOW)
    with pytest.raises(LookupError, match="no suspicion 99"), opened.connection() as connection:
        decide(connection, 99, state="cleared", actor="other", note="x", now=NOW)


def test_suspicions_are_narrowed_and_sorted(opened: Database, boiler: int) -> None:
    with opened.connection() as connection:
        other = machine(connection, enterprise(connection, 2, area=OTHER_COUNTY), kind="motor", number=2)
        raise_suspicion(connection, found(boiler, since=NOW - DAY, until=NOW, score=0.5), now=NOW)
        raise_suspicion(connection, found(other, since=NOW - DAY, until=NOW, method="digits"), now=NOW)

    def machines(**asked: object) -> list[int]:
        return [row.machine_id for row in suspicions(opened, **asked)[1]]  # type: ignore[arg-type]

    assert machines(area=COUNTY) == [boiler]
    assert sorted(machines(area=CITY)) == sorted([boiler, other])
    assert machines(methods=["digits"]) == [other]
    assert machines(states=["cleared"]) == []
    assert machines(search="企业2") == [other]
    assert machines(sort="-score") == [other, boiler]
    assert machines(sort="score") == [boiler, other]


def test_a_hold_stands_once_and_is_released_once(opened: Database, boiler: int) -> None:
    with opened.connection() as connection:
        with pytest.raises(LookupError, match="no machine 99"):
            place_hold(connection, 99, reason="x", actor="officer", now=NOW)
        with pytest.raises(ValueError, match="needs a reason"):
            place_hold(connection, boiler, reason=" ", actor="officer", now=NOW)
        number = place_hold(connection, boiler, reason="looks odd", actor="officer", now=NOW)
        with pytest.raises(ValueError, match="on hold already"):
            place_hold(connection, boiler, reason="again", actor="officer", now=NOW)
        assert release_hold(connection, boiler, actor="officer", now=NOW + DAY) == number
        with pytest.raises(ValueError, match="is not on hold"):
            release_hold(connection, boiler, actor="officer", now=NOW)
    assert [hold.reason for hold in holds_of(opened, boiler)] == ["looks odd"]


def test_machines_are_listed_by_area_with_their_marks(opened: Database, boiler: int) -> None:
    with opened.connection() as connection:
        connection.execute(b"INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-1', 'boiler-1', 'boiler')")
        other = machine(connection, enterprise(connection, 2, area=OTHER_COUNTY), kind="motor", number=2)
    (one,) = machines_to_check(opened, area=COUNTY)
    assert (one.machine_id, one.gateway_is_simulator, one.equipment_kind) == (boiler, True, "boiler")
    assert one.equipment_id is not None
    (two,) = machines_to_check(opened, machine_id=other)
    assert (two.machine_id, two.equipment_id) == (other, None)
    assert [machine.machine_id for machine in machines_to_check(opened, area=CITY)] == [boiler, other]
    assert machines_to_check(opened, area="nowhere") == []
