"""The table of host uses: all rows or none, each problem with its line and column."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from registry.stars.host_file import HostFileRefusal, import_hosts, read_hosts
from store.city_stars import host_uses
from store.database import Database
from tests.registry.stars.suzhou import MARCH_2018, ZONE, add_county, enterprise

ONE = enterprise()
HEAD = "uscc,host,shared,start,end,cpu_percent,received_bytes,sent_bytes,bandwidth_mbit_s"
GOOD = f"{ONE.uscc},ecs-1,no,2018-03-01T00:00:00,2018-03-02T00:00:00,12.5,1000,2000,100"
NEXT = GOOD.replace("2018-03-02", "2018-03-03").replace("2018-03-01", "2018-03-02")


def file(*rows: str) -> bytes:
    return "\r\n".join((HEAD, *rows)).encode("utf-8-sig")


@pytest.fixture
def opened(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as made:
        with made.connection() as connection:
            add_county(connection, ONE)
        yield made


def take(opened: Database, content: bytes) -> int:
    with opened.connection() as connection:
        return import_hosts(connection, content, zone=ZONE, document="三月报告", recorded_by="li")


def stored(opened: Database) -> int:
    with opened.connection() as connection:
        return len(host_uses(connection, ONE.uscc, start=MARCH_2018.start, end=MARCH_2018.end))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_rows_are_stored_with_times_of_the_plants_zone_and_their_document(opened: Database) -> None:
    assert take(opened, file(GOOD, NEXT)) == 2
    with opened.connection() as connection:
        found = host_uses(connection, ONE.uscc, start=MARCH_2018.start, end=MARCH_2018.end)
    row, document = found[0]
    assert (row.start, document) == (MARCH_2018.start, "三月报告")  # midnight in Shanghai
    assert (row.bandwidth_bits_per_second, row.received_bytes, row.sent_bytes) == (100_000_000, 1000, 2000)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_interval_that_reaches_beyond_the_month_gives_its_share_of_the_bytes(opened: Database) -> None:
    take(opened, file(GOOD.replace("2018-03-01T00", "2018-02-28T00")))  # two days, one of them in March
    with opened.connection() as connection:
        ((row, _),) = host_uses(connection, ONE.uscc, start=MARCH_2018.start, end=MARCH_2018.end)
    assert (row.start, row.received_bytes, row.sent_bytes) == (MARCH_2018.start, 500, 1000)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_one_bad_row_keeps_all_out(opened: Database) -> None:
    other = enterprise(77).uscc
    with pytest.raises(HostFileRefusal) as caught:
        take(opened, file(GOOD, GOOD.replace(ONE.uscc, other), NEXT.replace("12.5", "101")))
    assert sorted(caught.value.problems) == [
        f"line 3, uscc: {other} is not registered",
        "line 4, cpu_percent: '101' is not a number from 0 to 100",
    ]
    assert stored(opened) == 0


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_no_hour_of_a_host_counts_twice(opened: Database) -> None:
    with pytest.raises(HostFileRefusal) as caught:
        take(opened, file(GOOD, GOOD.replace("2018-03-01T00", "2018-03-01T12")))
    assert caught.value.problems == ["line 3, start: it overlaps with line 2 of the same host"]
    take(opened, file(GOOD))
    with pytest.raises(HostFileRefusal) as caught:
        take(opened, file(NEXT, GOOD))
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith("line 3, start: ecs-1 has 2018-02-28T16:00:00")
    assert stored(opened) == 1


@pytest.mark.parametrize(
    ("column", "text", "why"),
    [
        ("uscc", "9132O583MA3000010P", "uscc: 'O' at place 5"),
        ("host", "", "host: 1 to 200"),
        ("shared", "maybe", "shared: 'maybe'"),
        ("start", "yesterday", "start: 'yesterday' is not a time"),
        ("start", "0001-01-01T00:00:00+14:00", "start: "),
        ("start", "2018-03-02T00:00:00", "end: it is not after start"),
        ("end", "2018-05-02T00:00:00", "end: an interval has at most 31 days"),
        ("cpu_percent", "NaN", "cpu_percent: 'NaN'"),
        ("received_bytes", "-1", "received_bytes: '-1'"),
        ("sent_bytes", "9" * 19, "sent_bytes: "),
        ("bandwidth_mbit_s", "0", "bandwidth_mbit_s: '0'"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_column(column: str, text: str, why: str) -> None:
    cells = dict(zip(HEAD.split(","), GOOD.split(","), strict=True)) | {column: text}
    rows, problems = read_hosts(file(",".join(cells.values())), zone=ZONE)
    assert rows == []
    assert len(problems) == 1
    assert problems[0].startswith(f"line 2, {why}")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "line 1: the columns are uscc"),
        (b"a,b\r\n1,2", "line 1: the columns are uscc"),
        (b"\xff\xff\xff", "neither"),
        (file(), "the file has no rows"),
        (file("x,y"), "line 2, 2 cells instead of 9"),
    ],
)
def test_a_file_that_is_no_such_table_is_told(content: bytes, why: str) -> None:
    rows, problems = read_hosts(content, zone=ZoneInfo("UTC"))
    assert (rows, len(problems)) == ([], 1)
    assert problems[0].startswith(why)
