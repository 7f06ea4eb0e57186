"""All that a snapshot was made of, as files: so that a third party counts again without us (Jining 四保(五))."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from registry.counting.funnel import EPOCH, window_start
from registry.counting.recount import CannotCount
from registry.counting.rule import Parameters
from store.city_counting import frozen_enterprises, frozen_machines, one_moment
from store.city_facts import DAY, read_facts
from store.city_snapshots import Snapshot, snapshot
from store.database import Connection, Database

Form = Literal["csv", "parquet"]
MACHINES = (
    *("machine", "equipment", "uscc", "area", "kind", "state", "lost_at", "reason", "first_day", "last_day", "data_days"),
    *("complete_days", "inputs"),
)
ENTERPRISES = (*("uscc", "area", "department", "sector", "machines", "counted", "declared", "is_on_cloud", "is_new", "inputs"),)
FACTS = ("equipment", "day", "hours", "point_hours")
README = """# What snapshot {id} was made of

`snapshot.json` has the period, the rule with all its parameters, the sums and the hash. `machines`, `enterprises` and `facts` are
tables ({form}); what is not there is empty, days are ISO 8601, texts UTF-8, and some columns hold JSON.

- `facts`: one row a piece of equipment and day of its plant with data in the window. `hours`: hours in which anything came.
  `point_hours` (JSON): hours with a good value, by point.
- `machines`: what was registered (`inputs`, JSON: nameplate, enterprise, gateway with SHA-256 of its certificate, twins,
  suspicions, hold) and the outcome: `lost_at` is the first test that it does not pass, empty where it counts; `reason` (JSON)
  holds the numbers found there. `equipment` leads to `facts`.
- `enterprises`: on the cloud with one machine that counts or more. `declared` is empty where nothing was declared, which
  is not 0.

To count again: the window is the last `window_days` days up to `last_day`. A point is valid on a day with a good value in
`least_hours` hours or more, and a day has data with anything in as many hours. A day is complete when it has data and so many of
the required points of the machine's kind (`required_points`) are valid as `least_points` says. A machine passes completeness
and continuity with `least_valid_days` complete days. The other tests look at `inputs` alone. The order is: retired, identity,
nameplate, gateway, data, completeness, continuity, authenticity, hold.
"""


def export(database: Database, snapshot_id: int, folder: Path, *, form: Form = "csv") -> dict[str, int]:
    """Write a folder of files, and give the rows of each table; the folder must be new or empty.

    Raises
    ------
    CannotCount
        If there is no such snapshot, or the folder cannot be written.
    """
    frozen = snapshot(database, snapshot_id)
    if frozen is None:
        raise CannotCount(f"there is no snapshot {snapshot_id}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise CannotCount(f"{folder} is not empty")
        with one_moment(database) as connection:
            rows = {
                "machines": _write(folder / "machines", MACHINES, _machines(connection, frozen), form),
                "enterprises": _write(folder / "enterprises", ENTERPRISES, _enterprises(connection, frozen), form),
                "facts": _write(folder / "facts", FACTS, _facts(connection, frozen), form),
            }
        (folder / "README.md").write_text(README.format(id=frozen.id, form=form), encoding="utf-8")
        header = asdict(frozen) | {"hash": frozen.hash.hex()}
        # Last, so that a folder with it is whole.
        text = json.dumps(header, ensure_ascii=False, indent=1, sort_keys=True, default=str)
        (folder / "snapshot.json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise CannotCount(f"{error.filename or folder}: {error.strerror or error}") from error
    return rows


def _machines(connection: Connection, frozen: Snapshot) -> Iterator[list[tuple[Any, ...]]]:
    for rows in frozen_machines(connection, frozen.id):
        yield [
            (
                *(row.registered.machine_id, row.registered.equipment_id, row.registered.uscc, row.registered.area),
                *(row.registered.kind, row.state, row.lost_at, _json(row.reason), row.first_day, row.last_day),
                *(row.data_days, row.complete_days, _json(row.registered.inputs)),
            )
            for row in rows
        ]


def _enterprises(connection: Connection, frozen: Snapshot) -> Iterator[list[tuple[Any, ...]]]:
    yield [
        (
            *(row.registered.uscc, row.registered.area, row.registered.department, row.registered.sector, row.machines),
            *(row.counted, row.declared, row.is_on_cloud, row.is_new, _json(row.registered.inputs)),
        )
        for row in frozen_enterprises(connection, frozen.id)
    ]


def _facts(connection: Connection, frozen: Snapshot) -> Iterator[list[tuple[Any, ...]]]:
    start = window_start(Parameters.model_validate(frozen.parameters), frozen.last_day)
    given: set[int] = set()
    for rows in frozen_machines(connection, frozen.id):
        ids = sorted({one.equipment_id for one in (row.registered for row in rows) if one.equipment_id is not None} - given)
        given |= set(ids)
        table = []
        for group in read_facts(connection, ids, first_day=start, last_day=frozen.last_day, at=frozen.watermark):
            columns = (group.equipment_ids.tolist(), group.days.tolist(), group.hours.tolist(), group.point_hours.tolist())
            table += [
                (equipment, EPOCH + day * DAY, hours, _json(dict(zip(group.signals, points, strict=True))))
                for equipment, day, hours, points in zip(*columns, strict=True)
            ]
        yield sorted(table)


def _write(path: Path, names: Sequence[str], chunks: Iterable[list[tuple[Any, ...]]], form: Form) -> int:
    return (_write_csv if form == "csv" else _write_parquet)(path.with_suffix(f".{form}"), names, chunks)


def _write_csv(path: Path, names: Sequence[str], chunks: Iterable[list[tuple[Any, ...]]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        for rows in chunks:
            writer.writerows(rows)
            count += len(rows)
    return count


def _write_parquet(path: Path, names: Sequence[str], chunks: Iterable[list[tuple[Any, ...]]]) -> int:
    import pyarrow as pa  # noqa: PLC0415 - only where it is asked for
    from pyarrow import parquet  # noqa: PLC0415

    integers = {"machine", "equipment", "data_days", "complete_days", "machines", "counted", "declared", "hours"}
    days, truths = {"first_day", "last_day", "day"}, {"is_on_cloud", "is_new"}
    schema = pa.schema(
        [
            (
                name,
                pa.int32()
                if name in integers
                else pa.date32()
                if name in days
                else pa.bool_()
                if name in truths
                else pa.string(),
            )
            for name in names
        ]
    )
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in chunks:
            columns = list(zip(*rows, strict=True)) or [()] * len(names)
            writer.write_table(pa.table(dict(zip(names, map(list, columns), strict=True)), schema=schema))
            count += len(rows)
    return count


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)
