from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics.scheduling.orders import read_orders
from telemetry.errors import ConfigError

ORIGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def write(folder: Path, text: str) -> Path:
    file = folder / "orders.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_orders_are_read_with_their_machines_due_dates_and_priorities(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "job,operation,machines,family,pause,release,due,priority\n"
        "A-17,rough,M1:120 M2:150,steel,yes,2026-03-02T09:00,2026-03-03T08:00+00:00,3\n"
        "A-17,finish,M3:45;M4:50,,,,,\n"
        "轴套,车削,M1:30,,否,2026-03-01T00:00,,\n",
    )
    first, second = read_orders(file, origin=ORIGIN)
    assert (first.name, first.release_minute, first.due_minute, first.weight) == ("A-17", 60, 1440, 3)
    assert [dict(one.minutes) for one in first.operations] == [{"M1": 120, "M2": 150}, {"M3": 45, "M4": 50}]
    assert [one.can_pause for one in first.operations] == [True, False]
    assert [one.family for one in first.operations] == ["steel", ""]
    assert (second.name, second.release_minute, second.due_minute, second.weight) == ("轴套", 0, None, 1)


def test_every_mistake_is_told_by_file_line_and_column(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "job,operation,machines,pause,due,priority\n"
        "A,1,M1,maybe,soon,-3\n"
        "A,1,,,2026-03-03T08:00,2\n"
        ",2,M1:5,,,\n"
        "A,3,M1:0,,2026-03-04T08:00,\n",
    )
    with pytest.raises(ConfigError) as caught:
        read_orders(file, origin=ORIGIN)
    places = [(problem.line, problem.key) for problem in caught.value.problems]
    assert places == [
        (2, "machines"),
        (2, "pause"),
        (2, "due"),
        (2, "priority"),
        (3, "machines"),
        (3, "operation"),
        (4, "job"),
        (5, "machines"),
        (5, "due"),
    ]
    assert str(caught.value).startswith(f"{file}:2: machines: 'M1' is not a machine and its minutes, such as M1:120")


def test_a_column_that_is_missing_or_unknown_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)1: machines: this column is missing.*1: dew: no such column"):
        read_orders(write(tmp_path, "job,operation,dew\n"), origin=ORIGIN)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_orders(tmp_path / "none.csv", origin=ORIGIN)
    (tmp_path / "orders.csv").write_bytes(b"job,operation,machines\n\xff\xfe,1,M1:5\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_orders(tmp_path / "orders.csv", origin=ORIGIN)


def test_a_time_with_a_zone_needs_an_origin_with_one(tmp_path: Path) -> None:
    file = write(tmp_path, "job,operation,machines,due\nA,1,M1:5,2026-03-03T08:00+08:00\n")
    with pytest.raises(ConfigError, match="is not a time"):
        read_orders(file, origin=ORIGIN.replace(tzinfo=None))
    assert read_orders(file, origin=ORIGIN)[0].due_minute == 16 * 60
    assert timedelta(minutes=16 * 60) == datetime(2026, 3, 3, 0, 0, tzinfo=UTC) - ORIGIN


def test_a_row_that_is_too_short_has_empty_cells(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="2: machines: is empty"):
        read_orders(write(tmp_path, "job,operation,machines\nA,1\n"), origin=ORIGIN)
