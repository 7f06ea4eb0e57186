"""Star rating in the database: applications with their steps and frozen reports, windows, conditions, and what was measured."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from device_profiles.kind import kind_names, load_kind
from store.database import Connection, Database
from store.kind_tables import ROLLUPS, table_of
from store.row_pages import as_list, read_page
from store.sql_files import query, query_text

OPEN = frozenset({"draft", "submitted", "material_reviewed", "recommended"})
RATED = frozenset({"rated", "published"})
ORDERS = {"made": "a.id", "star": "a.star", "name": "e.name", "area": "e.area", "rated": "a.rated_on"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One enterprise's application for a star; ``contents`` and ``figures`` are what it declares, with documents."""

    id: int = 0
    """0 until it is stored, as is all that it gets then."""
    uscc: str
    edition: str
    star: int
    deployment: str
    batch: str = ""
    state: str = "draft"
    form: Mapping[str, str]
    contents: Mapping[str, Mapping[str, str]]
    figures: Mapping[str, Mapping[str, str]]
    attachments: Sequence[Mapping[str, str]]
    made_at: datetime | None = None
    made_by: str
    submitted_by: str = ""
    reviewed_by: str = ""
    decided_by: str = ""
    rated_on: date | None = None
    name: str = ""
    area: str = ""
    industry: str = ""
    """These three are the enterprise's, and are filled in by reading."""


class Step(NamedTuple):
    """Who moved an application on."""

    time: datetime
    actor: str
    state: str
    note: str


class Report(NamedTuple):
    """A frozen report; ``hash`` is over its canonical JSON."""

    month: date
    report: dict[str, Any]
    hash: bytes
    made_at: datetime
    made_by: str


class Window(NamedTuple):
    """A window that a later notice opened."""

    first_day: date
    last_day: date
    document: str
    made_by: str


class Veto(NamedTuple):
    condition: str
    valid_from: date
    valid_to: date | None
    document: str


class ProvenRun(NamedTuple):
    """A counted machine, and an analytic that ran on it (None: none did)."""

    snapshot: int
    snapshot_day: date
    machine: int
    kind: str
    analytic: str | None
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRow:
    """Use of one host in an interval, as its provider reports it."""

    uscc: str
    host: str
    start: datetime
    end: datetime
    is_shared: bool
    cpu_percent: Decimal
    received_bytes: int
    sent_bytes: int
    bandwidth_bits_per_second: int


_COLUMNS = [column.name for column in fields(Application)]
"""As the query gives them."""


def applications(
    database: Database,
    *,
    application_id: int | None = None,
    uscc: str | None = None,
    states: Collection[str] | None = None,
    star: int | None = None,
    area: str = "",
    search: str = "",
    sort: str = "-made",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Application]]:
    """Count and list applications; ``area`` lets those of all areas below it through, ``sort`` is a name of `ORDERS`."""
    values = {
        "id": application_id,
        "uscc": uscc,
        "states": as_list(states),
        "star": star,
        "area": area,
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    order = f"{ORDERS[sort.removeprefix('-')]}{' DESC' if sort.startswith('-') else ''}, a.id DESC"
    total, rows = read_page(database, "city_stars", "applications", order=order, values=values)
    return total, [Application(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def lock_application(connection: Connection, application_id: int) -> Application | None:
    """Read an application and keep others from moving it until the transaction ends."""
    connection.execute(query("city_stars", "lock_application"), [application_id])
    values = dict.fromkeys(("uscc", "states", "star")) | {"id": application_id, "area": "", "search": "", "limit": 1, "offset": 0}
    found = query_text("city_stars", "applications_found").decode()
    row = connection.execute(query_text("city_stars", "list_applications", found=found, order="a.id"), values).fetchone()
    return None if row is None else Application(**dict(zip(_COLUMNS, row, strict=True)))


def save_application(connection: Connection, application: Application) -> int | None:
    """Store a new application, or what a draft declares; give its number, None if one is open already or it is no draft."""
    values = asdict(application) | {name: _json(getattr(application, name)) for name in ("form", "contents", "figures")}
    values["attachments"] = _json(list(application.attachments))
    name = "change_draft" if application.id else "add_application"
    row = connection.execute(query("city_stars", name), values).fetchone()
    return None if row is None else int(row[0])


def move_application(
    connection: Connection,
    application_id: int,
    state: str,
    *,
    actor: str,
    note: str = "",
    batch: str | None = None,
    submitted_by: str | None = None,
    reviewed_by: str | None = None,
    decided_by: str | None = None,
    rated_on: date | None = None,
) -> None:
    """Bring an application into a state and note the step; what is None stays."""
    values = {
        "id": application_id,
        "state": state,
        "batch": batch,
        "submitted_by": submitted_by,
        "reviewed_by": reviewed_by,
        "decided_by": decided_by,
        "rated_on": rated_on,
    }
    connection.execute(query("city_stars", "move_application"), values)
    add_step(connection, application_id, state, actor=actor, note=note)


def add_step(connection: Connection, application_id: int, state: str, *, actor: str, note: str = "") -> None:
    connection.execute(query("city_stars", "add_step"), {"id": application_id, "actor": actor, "state": state, "note": note})


def steps(database: Database, application_id: int) -> list[Step]:
    """Give who moved an application, the first first."""
    with database.connection() as connection:
        return [Step(*row) for row in connection.execute(query("city_stars", "steps"), [application_id])]


def count_by_state(database: Database) -> dict[str, int]:
    with database.connection() as connection:
        return dict(connection.execute(query("city_stars", "count_by_state")).fetchall())


def add_report(
    connection: Connection, application_id: int, *, month: date, report: Mapping[str, Any], sha256: bytes, made_by: str
) -> None:
    """Freeze a report."""
    values = {"id": application_id, "month": month, "report": _json(report), "hash": sha256, "made_by": made_by}
    connection.execute(query("city_stars", "add_report"), values)


def report(database: Database, application_id: int) -> Report | None:
    with database.connection() as connection:
        row = connection.execute(query("city_stars", "report"), [application_id]).fetchone()
    return None if row is None else Report(*row)


def windows(connection: Connection, edition: str) -> list[Window]:
    return [Window(*row) for row in connection.execute(query("city_stars", "windows"), [edition])]


def add_window(connection: Connection, edition: str, window: Window) -> None:
    connection.execute(query("city_stars", "add_window"), {"edition": edition, **window._asdict()})


def switched_conditions(connection: Connection, edition: str) -> dict[str, tuple[bool, str, str]]:
    """Give what the city turned on or off: code to (is on, document, who)."""
    rows = connection.execute(query("city_stars", "switched_conditions"), [edition]).fetchall()
    return {code: (is_on, document, decided_by) for code, is_on, document, decided_by in rows}


def switch_condition(connection: Connection, edition: str, code: str, *, is_on: bool, document: str, decided_by: str) -> None:
    values = {"edition": edition, "code": code, "is_on": is_on, "document": document, "decided_by": decided_by}
    connection.execute(query("city_stars", "switch_condition"), values)


def add_veto(connection: Connection, uscc: str, veto: Veto, *, recorded_by: str) -> None:
    connection.execute(query("city_stars", "add_veto"), {"uscc": uscc, **veto._asdict(), "recorded_by": recorded_by})


def vetoes(connection: Connection, uscc: str, day: date) -> list[Veto]:
    """Give what rules an enterprise out on a day."""
    return [Veto(*row) for row in connection.execute(query("city_stars", "vetoes"), {"uscc": uscc, "day": day})]


def divisions_of(connection: Connection, area: str) -> list[str]:
    """Give the division codes of an area and of all above it."""
    return sorted(row[0] for row in connection.execute(query("city_stars", "divisions"), [area]))


def stars_held(connection: Connection, uscc: str) -> frozenset[int]:
    return frozenset(row[0] for row in connection.execute(query("city_stars", "stars_held"), [uscc]))


def quota_of(connection: Connection, area: str, *, star: int, year: int) -> tuple[int, int]:
    """Give how many got the star this year, and how many were ever on the cloud; nobody else counts until this ends."""
    connection.execute(query("city_stars", "lock_quota"), [f"{area} {star} {year}"])
    row = connection.execute(query("city_stars", "quota"), {"area": area, "star": star, "year": year}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def proven_runs(connection: Connection, uscc: str, *, first: date, last: date) -> list[ProvenRun]:
    """Give the machines that the newest frozen count up to ``last`` counts, each with the analytics of the days (UTC)."""
    values = {"uscc": uscc, "first": first, "last": last, "snapshot_until": last}
    return [ProvenRun(*row) for row in connection.execute(query("city_stars", "proven_runs"), values)]


def modelled_machines(connection: Connection, uscc: str, snapshot: int) -> int:
    """Count the machines that a frozen count counts and that have a model in use."""
    row = connection.execute(query("city_stars", "modelled_machines"), {"uscc": uscc, "snapshot": snapshot}).fetchone()
    assert row is not None
    return int(row[0])


def people(connection: Connection, uscc: str, *, start: datetime, end: datetime) -> dict[str, bool]:
    """Give the people of an enterprise's sites, and whether each did something in the period; never programs or screens."""
    return dict(connection.execute(query("city_stars", "people"), {"uscc": uscc, "start": start, "end": end}).fetchall())


def samples(connection: Connection, uscc: str, *, start: datetime, end: datetime) -> tuple[int, int, int]:
    """Count machines, accepted samples (one machine, one time; at least so many) and good values, without simulators."""
    machines = rows = points = 0
    for kind, ids in connection.execute(query("city_stars", "sending_machines"), [uscc]).fetchall():
        machines += len(ids)
        if kind not in kind_names():
            continue
        table = ROLLUPS["1h"].table_of(table_of(load_kind(kind)))
        counts = [f'coalesce("{name}", 0)' for name in table.columns if name.endswith("_count")]
        text = query_text("city_stars", "samples", counts=", ".join(counts), points=" + ".join(counts), table=table.sql_name)
        ((of_kind, values),) = connection.execute(text, {"ids": ids, "start": start, "end": end}).fetchall()
        rows, points = rows + int(of_kind), points + int(values)
    return machines, rows, points


def voucher_contracts(connection: Connection, uscc: str) -> list[tuple[str, str, Decimal]]:
    """Give the contracts that an enterprise's vouchers hold: number of the voucher, contract, fee in CNY."""
    return [
        (number, contract, fee) for number, contract, fee in connection.execute(query("city_stars", "voucher_contracts"), [uscc])
    ]


def known_enterprises(connection: Connection, codes: Collection[str]) -> frozenset[str]:
    return frozenset(row[0] for row in connection.execute(query("city_stars", "known_enterprises"), [sorted(codes)]))


def lock_hosts(connection: Connection) -> None:
    """Let one import of host uses at a time look for overlaps."""
    connection.execute(query("city_stars", "lock_hosts"))


def overlapping_host_use(connection: Connection, row: HostRow) -> tuple[datetime, datetime] | None:
    return connection.execute(query("city_stars", "overlapping_host_use"), asdict(row)).fetchone()


def add_host_uses(connection: Connection, rows: Iterable[HostRow], *, document: str, recorded_by: str) -> None:
    with connection.cursor() as cursor:
        shared = {"document": document, "recorded_by": recorded_by}
        cursor.executemany(query("city_stars", "add_host_use"), [asdict(row) | shared for row in rows])


def host_uses(connection: Connection, uscc: str, *, start: datetime, end: datetime) -> list[tuple[HostRow, str]]:
    """Give host uses of a period with their documents; of one that reaches beyond it, the share of its bytes by time."""
    found = []
    for host, is_shared, first, last, cpu, received, sent, bandwidth, document, seconds in connection.execute(
        query("city_stars", "host_uses"), {"uscc": uscc, "start": start, "end": end}
    ):
        share = (last - first).total_seconds() / float(seconds)
        row = HostRow(
            uscc=uscc,
            host=host,
            start=first,
            end=last,
            is_shared=is_shared,
            cpu_percent=cpu,
            received_bytes=round(received * share),
            sent_bytes=round(sent * share),
            bandwidth_bits_per_second=bandwidth,
        )
        found.append((row, document))
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
