"""Facts by day: hours of machines, cut in the plant's time zone, made again when rows come late, and readable as they stood."""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from store.city_facts import (
    DAY,
    Due,
    Notes,
    again,
    calendar,
    due,
    finish,
    made_days,
    make,
    pieces,
    points_of,
    read_facts,
    read_spans,
    watermark,
)
from store.database import Database
from store.kind_tables import ROLLUPS
from store.rollups import refresh

HOUR = timedelta(hours=1)
SHANGHAI = "Asia/Shanghai"
MIDNIGHT = datetime(2026, 11, 9, 16, tzinfo=UTC)
"""Of 10 November in Shanghai."""
TENTH = date(2026, 11, 10)
POINTS = ("state", "steam_flow", "steam_pressure", "drum_level", "fuel_flow", "flue_gas_oxygen", "flue_gas_temperature_stack")
_seqs = count(1)
NaN = float("nan")


def hourly(plant: Any, bundle: Any, batch: Any, name: str, hours: Sequence[int], **values: float) -> None:
    """Let a boiler send one row in the middle of hours that are counted from Shanghai's midnight of the 10th."""
    row = [values.get(point, 1.0) for point in POINTS]
    signals = f"boiler:{','.join(POINTS)}"
    batches = [batch(name, [row], signals=signals, at=MIDNIGHT + hour * HOUR + HOUR / 2) for hour in hours]
    outcome = plant.commit(bundle(next(_seqs), *batches))
    assert not outcome.dead


def roll_up(database: Database, now: datetime) -> None:
    for rollup in ROLLUPS.values():
        while refresh(database, rollup, now=now):
            pass


def make_all(database: Database, notes: Notes | None = None) -> int:
    notes = due(database, zone=SHANGHAI) if notes is None else notes
    made = sum(make(database, piece) for one in notes.due for piece in pieces(one))
    finish(database, notes)
    return made


def facts(plant: Any) -> list[tuple[Any, ...]]:
    columns = "e.name, f.day, f.hours, f.point_hours[2:3]"
    found: list[tuple[Any, ...]] = plant.ask(
        f"SELECT {columns} FROM city.day_fact f JOIN reading.equipment e ON e.id = equipment_id ORDER BY 1, 2"
    )
    return found


def test_hours_are_counted_by_the_local_day_of_shanghai(store: Any, bundle: Any, batch: Any) -> None:
    hourly(store, bundle, batch, "boiler-1", [-1, 0, 5, 23, 24])
    hourly(store, bundle, batch, "boiler-1", [6], steam_flow=NaN)
    roll_up(store.database, MIDNIGHT + 3 * DAY + HOUR)

    assert make_all(store.database) == 3
    assert facts(store) == [
        ("boiler-1", TENTH - DAY, 1, [1, 1]),
        ("boiler-1", TENTH, 4, [3, 4]),
        ("boiler-1", TENTH + DAY, 1, [1, 1]),
    ]
    assert made_days(store.database) == {SHANGHAI: TENTH + 2 * DAY}
    assert make_all(store.database) == 0


def test_a_day_is_made_when_its_last_hour_is(store: Any, bundle: Any, batch: Any) -> None:
    hourly(store, bundle, batch, "boiler-1", [3])
    roll_up(store.database, MIDNIGHT + DAY - timedelta(minutes=1))
    assert make_all(store.database) == 0
    roll_up(store.database, MIDNIGHT + DAY + timedelta(minutes=5))
    assert make_all(store.database) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_every_site_has_its_own_midnight_and_days_of_25_hours(store: Any, bundle: Any, batch: Any) -> None:
    store.run("INSERT INTO plant.site (name, label_zh, label_en, time_zone) VALUES ('b', '柏林', 'Berlin', 'Europe/Berlin')")
    store.run("INSERT INTO plant.gateway SELECT 'gw-1', id FROM plant.site")
    start = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # half past midnight of 25 October, when summer time ends
    rows = [batch("boiler-1", [[1.0] * 7], signals=f"boiler:{','.join(POINTS)}", at=start + n * HOUR) for n in range(25)]
    store.commit(bundle(next(_seqs), *rows))
    roll_up(store.database, start + 3 * DAY)

    make_all(store.database)
    assert facts(store) == [("boiler-1", date(2026, 10, 25), 25, [25, 25])]
    assert made_days(store.database) == {"Europe/Berlin": date(2026, 10, 26)}


def test_late_rows_change_a_fact_and_what_it_was_stays_readable(store: Any, bundle: Any, batch: Any) -> None:
    hourly(store, bundle, batch, "boiler-1", [1, 2])
    hourly(store, bundle, batch, "boiler-2", [1])
    roll_up(store.database, MIDNIGHT + 2 * DAY)
    make_all(store.database)
    with store.database.connection() as connection:
        before = watermark(connection)

    hourly(store, bundle, batch, "boiler-1", [3, 4])
    roll_up(store.database, MIDNIGHT + 2 * DAY)
    assert make_all(store.database) == 1, "of the machine that sent late alone"
    assert facts(store) == [("boiler-1", TENTH, 4, [4, 4]), ("boiler-2", TENTH, 1, [1, 1])]
    assert store.count("city.fact_due") == 0

    ids = [number for (number,) in store.ask("SELECT id FROM reading.equipment ORDER BY name")]
    with store.database.connection() as connection:
        after = watermark(connection)
        as_of = {at: read_facts(connection, ids, first_day=TENTH, last_day=TENTH, at=at) for at in (before, after)}
        spans = read_spans(connection, ids, last_day=TENTH + DAY, at=before)
    assert {at: sorted(zip(one.equipment_ids.tolist(), one.hours.tolist(), strict=True)) for at, (one,) in as_of.items()} == {
        before: [(ids[0], 2), (ids[1], 1)],
        after: [(ids[0], 4), (ids[1], 1)],
    }
    assert spans == {ids[0]: (TENTH, TENTH), ids[1]: (TENTH, TENTH)}
    assert sorted(as_of[before][0].point_hours.tolist()) == [[1] * 7, [2] * 7]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestOnPostgresql:
    def test_nobody_notes_late_rows_where_nobody_counts(self, store: Any, bundle: Any, batch: Any) -> None:
        hourly(store, bundle, batch, "boiler-1", [1])
        roll_up(store.database, MIDNIGHT + 2 * DAY)
        hourly(store, bundle, batch, "boiler-1", [2])
        roll_up(store.database, MIDNIGHT + 2 * DAY)
        assert store.count("city.fact_due") == 0

    def test_live_rows_leave_no_note(self, store: Any) -> None:
        store.run("INSERT INTO city.fact_progress VALUES ('Asia/Shanghai', '2026-11-09')")
        store.run("UPDATE store.level SET done_until = '2026-11-09 16:00Z' WHERE name <> 'raw'")
        insert = "INSERT INTO store.rollup_touched (level, table_name, equipment_id, span) VALUES ('1h', 'boiler', NULL, {})"
        store.run(insert.format("'[2026-11-09 16:00Z,2026-11-09 17:00Z)'"))
        store.run("DELETE FROM store.rollup_touched")
        assert store.count("city.fact_due") == 0
        store.run(insert.format("'[2026-11-09 15:00Z,2026-11-09 16:00Z)'"))
        store.run("DELETE FROM store.rollup_touched")
        assert store.ask("SELECT equipment_id, lower(span) FROM city.fact_due") == [(None, MIDNIGHT - HOUR)]

    def test_a_late_note_of_all_machines_makes_their_days_again(self, store: Any, bundle: Any, batch: Any) -> None:
        hourly(store, bundle, batch, "boiler-1", [1])
        roll_up(store.database, MIDNIGHT + 2 * DAY)
        make_all(store.database)
        store.run("INSERT INTO city.fact_due (span) VALUES ('[2026-11-10 05:00Z,2026-11-10 06:00Z)')")
        notes = due(store.database, zone=SHANGHAI)
        assert [(one.first_day, one.end_day) for one in notes.due] == [(TENTH, TENTH + DAY)]

    def test_rows_that_come_late_into_a_day_that_is_not_made_are_in_it_anyway(self, store: Any, bundle: Any, batch: Any) -> None:
        hourly(store, bundle, batch, "boiler-1", [-5])
        roll_up(store.database, MIDNIGHT + HOUR)
        make_all(store.database)
        hourly(store, bundle, batch, "boiler-1", [2])
        roll_up(store.database, MIDNIGHT + 5 * HOUR)
        assert make_all(store.database) == 0
        roll_up(store.database, MIDNIGHT + DAY + HOUR)
        assert make_all(store.database) == 1

    def test_a_machine_without_a_profile_counts_hours_with_anything(self, store: Any, bundle: Any, batch: Any) -> None:
        rows = [batch("press", [[1.0, 2.0]], signals="other:x,y", at=MIDNIGHT + n * HOUR) for n in (0, 0, 7)]
        store.commit(bundle(next(_seqs), *rows))
        roll_up(store.database, MIDNIGHT + 2 * DAY)
        assert make_all(store.database) == 1
        assert store.ask("SELECT day, hours, point_hours FROM city.day_fact") == [(TENTH, 2, [])]
        with store.database.connection() as connection:
            (found,) = read_facts(connection, [1], first_day=TENTH, last_day=TENTH, at=watermark(connection))
        assert (found.signals, found.hours.tolist(), found.point_hours.shape) == ((), [2], (1, 0))

    def test_late_rows_of_a_machine_without_a_profile_come_in_with_the_next_day(
        self, store: Any, bundle: Any, batch: Any
    ) -> None:
        def send(hour: int) -> None:
            store.commit(bundle(next(_seqs), batch("press", [[1.0]], signals="other:x", at=MIDNIGHT + hour * HOUR)))

        send(0)
        roll_up(store.database, MIDNIGHT + DAY + HOUR)
        make_all(store.database)
        send(5)
        assert make_all(store.database) == 0
        roll_up(store.database, MIDNIGHT + 2 * DAY + HOUR)
        make_all(store.database)
        assert store.ask("SELECT day, hours FROM city.day_fact") == [(TENTH, 2)]

    def test_a_day_that_lost_its_hours_keeps_a_row_with_none(self, store: Any, bundle: Any, batch: Any) -> None:
        hourly(store, bundle, batch, "boiler-1", [1, 2])
        roll_up(store.database, MIDNIGHT + 2 * DAY)
        make_all(store.database)
        store.run("DELETE FROM reading.boiler_1h")
        assert make_all(store.database, again(store.database, zone=SHANGHAI, first_day=TENTH, last_day=TENTH)) == 1
        assert facts(store) == [("boiler-1", TENTH, 0, [0, 0])]
        with store.database.connection() as connection:
            assert read_facts(connection, [1], first_day=TENTH, last_day=TENTH, at=watermark(connection)) == []
            assert read_spans(connection, [1], last_day=TENTH, at=watermark(connection)) == {1: (None, None)}
        assert make_all(store.database, again(store.database, zone=SHANGHAI, first_day=TENTH, last_day=TENTH)) == 0

    def test_points_that_a_rule_asks_for_are_in_the_facts_from_then_on(self, store: Any) -> None:
        assert points_of(store.database, "boiler") == POINTS
        store.run(
            "INSERT INTO city.rule (version, parameters, document, made_by)"
            """ VALUES ('x', '{"required_points": {"boiler": ["fuel_total", "steam_flow", "gone"]}}', 'd', 'm')"""
        )
        assert points_of(store.database, "boiler") == (*POINTS, "fuel_total")
        assert points_of(store.database, "other") == ()

    def test_the_calendar_of_a_machine_names_its_points(self, store: Any, bundle: Any, batch: Any) -> None:
        hourly(store, bundle, batch, "boiler-1", [1, 2], drum_level=NaN)
        roll_up(store.database, MIDNIGHT + 2 * DAY)
        make_all(store.database)
        (day,) = calendar(store.database, 1, first_day=TENTH - DAY, last_day=TENTH + DAY)
        assert (day.day, day.hours, day.point_hours["drum_level"], day.point_hours["steam_flow"]) == (TENTH, 2, 0, 2)

    def test_two_makers_at_once_make_every_fact_once(self, store: Any, bundle: Any, batch: Any) -> None:
        for n in range(6):
            hourly(store, bundle, batch, f"boiler-{n}", [1, 25, 49])
        roll_up(store.database, MIDNIGHT + 4 * DAY)
        notes, start, counts = due(store.database, zone=SHANGHAI), threading.Barrier(2), list[int]()

        def work() -> None:
            start.wait()
            counts.append(sum(make(store.database, p) for one in notes.due for p in pieces(one, machine_days=1)))

        workers = [threading.Thread(target=work) for _ in range(2)]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        assert sum(counts) == store.count("city.day_fact") == 18
        assert store.count("city.day_fact_superseded") == 0

    def test_a_maker_that_is_killed_in_the_middle_leaves_whole_pieces_and_the_rest_due(
        self, store: Any, bundle: Any, batch: Any
    ) -> None:
        hourly(store, bundle, batch, "boiler-1", [1, 25, 49])
        roll_up(store.database, MIDNIGHT + 4 * DAY)
        notes = due(store.database, zone=SHANGHAI)
        first, *_ = (piece for one in notes.due for piece in pieces(one, machine_days=1))
        make(store.database, first)
        assert made_days(store.database) == {}, "nothing says that the days are made"
        assert make_all(store.database) == 2, "and the next one makes what is missing"

    def test_numbers_follow_the_order_of_commits(self, store: Any, bundle: Any, batch: Any) -> None:
        hourly(store, bundle, batch, "boiler-1", [1, 25])
        roll_up(store.database, MIDNIGHT + 4 * DAY)
        notes = due(store.database, zone=SHANGHAI)
        for piece in (p for one in notes.due for p in pieces(one, machine_days=1)):
            make(store.database, piece)
        numbers = [number for (number,) in store.ask("SELECT number FROM city.day_fact ORDER BY day")]
        assert numbers == sorted(set(numbers))
        with store.database.connection() as connection:
            assert watermark(connection) == numbers[-1]

    def test_before_anything_came_nothing_is_due(self, store: Any) -> None:
        assert due(store.database, zone=SHANGHAI) == Notes([], {}, [])
        assert again(store.database, zone=SHANGHAI, first_day=TENTH, last_day=TENTH).due == []


def test_pieces_cover_all_machines_and_days_once() -> None:
    whole = Due(SHANGHAI, "boiler", list(range(7)), TENTH, TENTH + 10 * DAY)
    cut = list(pieces(whole, machine_days=12))
    assert sum(one.machine_days for one in cut) == whole.machine_days == 70
    assert all(one.machine_days <= 12 for one in cut)
    assert {
        (number, one.first_day + n * DAY) for one in cut for number in one.ids for n in range((one.end_day - one.first_day).days)
    } == {(number, TENTH + n * DAY) for number in range(7) for n in range(10)}
