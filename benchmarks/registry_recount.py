"""How long a city takes to count: 5,000 enterprises with 20 machines each over 30 days, from what simulated machines really sent.

A sample of machines of all ten kinds lives 30 days in the fleet simulator, goes through ``shangyun ingest backfill`` into an
embedded PostgreSQL, is rolled up by hour, and its facts by day are made by the job that a city runs. The facts of the sample are
then given to all machines of the city by SQL, with gaps, lacking points and mistakes in the registry, so that every test loses
some. In the short form the sample lives two days, which come again and again.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import ingest_rig
from benchmarks.bars import SHORT, Bar, Measure
from registry.counting.periods import period
from registry.counting.recount import recount, verify
from registry.counting.rule import DEFAULT_FILE, load_rule
from registry.counting.worker import make_facts
from registry.uscc import check_character, inner_check_character
from store.city_facts import Notes, due, finish
from store.city_registry import Area, save_areas
from store.city_snapshots import funnel
from store.database import Database
from store.kind_tables import ROLLUPS
from store.rollups import refresh

ENTERPRISES, MACHINES = (100, 20) if SHORT else (5_000, 20)
"""Enterprises, and machines of each."""
SAMPLE, EVERY_SECONDS = (20, 1200) if SHORT else (200, 300)
"""Machines that are simulated, and the time between two of their rows."""
FIRST_DAY, DAYS = date(2025, 11, 1), 30
SIMULATED_DAYS = 2 if SHORT else DAYS
MONTH = period("month", FIRST_DAY)
BAR_SECONDS = 60.0
_COUNTIES = 14
_ROOT = Path(__file__).parents[1]


class Taken(NamedTuple):
    """Of one city; seconds."""

    sample: float
    machine_days: int
    facts: float
    multiplying: float
    fact_rows: int
    machines: int
    counted: int
    recount: float
    verify: float
    is_same: bool
    late_days: int
    lost: dict[str, int]


def bar(folder: Path) -> Bar:
    """Count the city, let late rows change some facts, and count the frozen snapshot again."""
    with ingest_rig.postgresql() as server, ingest_rig.fresh_database(server) as address, Database(address) as database:
        found = measure(database, address, folder)
    rate = found.machine_days / found.facts
    days = f"{found.machine_days:,} machine-days of {SAMPLE} simulated machines at {rate:,.0f}/s"
    line = (
        f"{found.recount:.1f} s for {ENTERPRISES:,} enterprises x {MACHINES} machines x {DAYS} days, {found.fact_rows:,} facts,"
        f" {found.counted:,} of {found.machines:,} count, each of {len(found.lost)} tests loses some;"
        f" counted again in {found.verify:.1f} s to {'the same hash' if found.is_same else 'ANOTHER HASH'}"
        f" after {found.late_days:,} days had changed"
        f" (bar {BAR_SECONDS:.0f} s, x {found.recount / BAR_SECONDS:.2f}); facts: {days}, so a day of 100,000 machines takes"
        f" {100_000 / rate:.0f} s; the sample's facts were given to all machines by SQL in {found.multiplying:.0f} s"
    )
    every_test_loses = min(found.lost.values()) > 0
    return Bar("registry_recount", found.recount < BAR_SECONDS and found.is_same and every_test_loses, line, found._asdict())


def measure(database: Database, address: str, folder: Path) -> Taken:
    begun = time.perf_counter()
    _simulate(address, folder)
    end = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC) + timedelta(days=SIMULATED_DAYS + 1)
    for rollup in ROLLUPS.values():
        while refresh(database, rollup, now=end):
            pass
    sampled = time.perf_counter()
    notes = due(database, zone="Asia/Shanghai")
    make_facts(database, notes)
    made = time.perf_counter()
    fact_rows = _multiply(database)
    multiplied = time.perf_counter()
    with _timed() as of_count:
        header = recount(database, area="jining", period=MONTH, made_by="bench")
    late_days = _come_late(database)
    with _timed() as of_verify:
        verdict = verify(database, header.id)
    return Taken(
        sample=sampled - begun,
        machine_days=notes.machine_days,
        facts=made - sampled,
        multiplying=multiplied - made,
        fact_rows=fact_rows,
        machines=header.machines,
        counted=header.counted,
        recount=of_count[0],
        verify=of_verify[0],
        is_same=verdict.holds and verdict.hash == header.hash,
        late_days=late_days,
        lost={step.test: step.lost for step in funnel(database, header.id)},
    )


@contextmanager
def _timed() -> Iterator[list[float]]:
    taken: list[float] = []
    begun = time.perf_counter()
    yield taken
    taken.append(time.perf_counter() - begun)


def _simulate(address: str, folder: Path) -> None:
    """Let machines of all kinds live, and store their history, both by the commands that people use."""
    out = folder / "fleet"
    sim = [
        "--fleet",
        str(SAMPLE),
        "--days",
        str(SIMULATED_DAYS),
        "--start",
        str(FIRST_DAY),
        "--every",
        str(EVERY_SECONDS),
        "--faulty",
        "0.1",
    ]
    _shangyun("sim", *sim, "--out", str(out))
    for kind in sorted(path for path in out.iterdir() if path.is_dir()):
        files = sorted(map(str, kind.glob("*.parquet")))
        of = ["--kind", kind.name, "--gateway", "sample", "--equipment-column", "equipment", "--database", address]
        _shangyun("ingest", "backfill", *files, *of)


def _shangyun(*words: str) -> None:
    command = [sys.executable, "-m", "shangyun", *words]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:6])} ... ended with {done.returncode}:\n{done.stderr[-2000:]}")


def _uscc(number: int) -> str:
    organisation = f"MA3{number:05d}"
    first_17 = f"91370811{organisation}{inner_check_character(organisation)}"
    return first_17 + check_character(first_17)


def _multiply(database: Database) -> int:
    """Register the city, and give every machine the facts of one of the sample; by its number something is wrong with it."""
    counties = [
        Area(code=f"county-{n}", parent="jining", level="county", label_zh=f"区{n}", label_en=f"County {n}", source="bench")
        for n in range(_COUNTIES)
    ]
    with database.connection() as connection:
        save_areas(
            connection, [Area(code="jining", level="city", label_zh="济宁市", label_en="Jining", source="bench"), *counties]
        )
        load_rule(connection, DEFAULT_FILE, made_by="bench")
        values: dict[str, Any] = {"codes": [_uscc(n) for n in range(ENTERPRISES)], "counties": _COUNTIES}
        values |= {"each": MACHINES, "machines": ENTERPRISES * MACHINES}
        for statement in _REGISTER:
            connection.execute(statement, values)
    rows, last = 0, ENTERPRISES * MACHINES
    for first in range(0, last, 20_000):
        with database.connection() as connection:
            rows += connection.execute(
                _FACTS, {"first": first, "end": first + 20_000, "day": FIRST_DAY, "days": DAYS, "simulated": SIMULATED_DAYS}
            ).rowcount
    finish(database, Notes([], {"Asia/Shanghai": MONTH.last_day}, []))  # in the short form they were made by SQL alone
    with database.autocommit() as connection:
        # As the server does by itself before long; the wide tables of readings would take it minutes, and no count reads them.
        connection.execute(b"ANALYZE reading.equipment, city.enterprise, city.gateway, city.machine, city.day_fact")
    return rows


_REGISTER = (
    b"""
INSERT INTO city.enterprise (uscc, name, area, sector, code_state, code_problem, registered_by)
SELECT code, 'enterprise ' || n, 'county-' || n %% %(counties)s, 'industry',
  CASE n %% 97 WHEN 5 THEN 'for_review' ELSE 'valid' END, '', 'b'
FROM unnest(%(codes)s::text[]) WITH ORDINALITY AS given (code, n)""",
    b"""
INSERT INTO city.gateway (name, uscc, certificate_sha256, enrolled_by)
SELECT 'gw-' || n, code, sha256(convert_to(code, 'UTF8')), 'b'
FROM unnest(%(codes)s::text[]) WITH ORDINALITY AS given (code, n) WHERE n %% 83 <> 7""",
    b"""
CREATE TABLE city.bench AS
WITH sample AS (SELECT id, kind, row_number() OVER (ORDER BY id) - 1 AS place FROM reading.equipment)
SELECT number, number / %(each)s + 1 AS enterprise, s.id AS sample, s.kind
FROM generate_series(0, %(machines)s - 1) AS number
JOIN sample s ON s.place = number %% (SELECT count(*) FROM sample)""",
    b"INSERT INTO reading.equipment (gateway, name, kind) SELECT 'gw-' || enterprise, 'machine-' || number, kind FROM city.bench",
    b"""
INSERT INTO city.machine (uscc, kind, label, maker, model, serial_number, nameplate_key, registration_code, gateway,
  equipment_name, is_simulator, registered_by, retired_at)
SELECT (%(codes)s::text[])[enterprise], kind, 'machine ' || number, 'maker', 'model', number,
  CASE WHEN number %% 71 = 3 THEN '' ELSE 'maker|model|' || number - CASE number %% 211 WHEN 9 THEN 1 ELSE 0 END END,
  CASE kind WHEN 'boiler' THEN '1100' || number ELSE '' END, 'gw-' || enterprise, 'machine-' || number, number %% 89 = 11, 'b',
  CASE WHEN number %% 101 = 13 THEN TIMESTAMPTZ '2025-11-10' END
FROM city.bench ORDER BY number""",
    b"INSERT INTO city.hold (machine_id, reason, placed_by) SELECT id, 'bench', 'b' FROM city.machine WHERE id %% 103 = 17",
    b"""
INSERT INTO city.suspicion (machine_id, method, score, threshold, since, until, explanation, evidence)
SELECT id, 'flatlined', 1, 0.5, '2025-11-10', '2025-11-12', '{}', '[]' FROM city.machine WHERE id %% 107 = 19""",
    b"""
INSERT INTO city.declaration
SELECT code, 2025, 'boiler', %(each)s, '2025-01-01', 'bench' FROM unnest(%(codes)s::text[]) AS given (code)""",
)
_FACTS = b"""
INSERT INTO city.day_fact (equipment_id, day, number, point_set_id, hours, point_hours)
SELECT e.id, d.day, d.number, f.point_set_id, f.hours,
  CASE WHEN b.number %% 17 = 4 AND d.n %% 2 = 0 THEN array_fill(0::smallint, ARRAY[cardinality(f.point_hours)])
    ELSE f.point_hours END
FROM city.bench b
JOIN reading.equipment e ON e.gateway = 'gw-' || b.enterprise AND e.name = 'machine-' || b.number
CROSS JOIN (
  SELECT n, %(day)s::date + n AS day, %(day)s::date + n %% %(simulated)s AS lived, numbered.number
  FROM generate_series(0, %(days)s - 1) AS n, (SELECT nextval('city.day_fact_number') AS number) AS numbered
) AS d
JOIN city.day_fact f ON f.equipment_id = b.sample AND f.day = d.lived
WHERE b.number >= %(first)s AND b.number < %(end)s AND b.number %% 53 <> 21 AND NOT (b.number %% 13 = 6 AND d.n BETWEEN 5 AND 20)
"""


def _come_late(database: Database) -> int:
    """Let rows that came late change the facts of one machine in fifty, as the job would, once the count is frozen."""
    with database.connection() as connection:
        return connection.execute(_LATE, {}).rowcount


_LATE = b"""
WITH late AS (SELECT nextval('city.day_fact_number') AS number), old AS (
  SELECT f.* FROM city.day_fact f WHERE f.equipment_id %% 50 = 1
), superseded AS (INSERT INTO city.day_fact_superseded SELECT old.*, late.number FROM old, late)
UPDATE city.day_fact f SET number = late.number, hours = 1 FROM late WHERE f.equipment_id %% 50 = 1
"""
BARS: dict[str, Measure] = {"registry_recount": bar}
