"""What analytics say of machines: figures over periods (KPIs), findings with what people say of them, and records of runs."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from store.database import Database
from store.row_pages import as_list, by_rank, read_page
from store.sql_files import query

Validity = Literal["valid", "doubtful", "not_evaluated"]
MOST_KPIS = 100_000
VERDICTS: dict[str, frozenset[str]] = {
    "open": frozenset({"acknowledged", "confirmed", "rejected", "closed"}),
    "acknowledged": frozenset({"confirmed", "rejected", "closed"}),
    "confirmed": frozenset({"rejected", "closed"}),
    "rejected": frozenset({"confirmed", "closed"}),
    "closed": frozenset(),
}
"""What a person may make of a finding in each state; the next one of its kind is a finding of its own."""
SEVERITIES = ("critical", "high", "medium", "low")
STANDING = frozenset({"open", "acknowledged", "confirmed"})
"""States in which a finding counts against its machine."""
ORDERS = {
    "severity": by_rank("f.severity"),
    "since": "f.since",
    "confidence": "f.confidence",
    "machine": "e.name",
    "kind": "e.kind",
    "state": "array_position(ARRAY['open', 'acknowledged', 'confirmed', 'rejected', 'closed'], f.state)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One figure of a machine over ``[start, end)``; it has no value exactly where it was not evaluated, and then a reason."""

    equipment_id: int
    name: str
    start: datetime
    end: datetime
    value: float | None
    unit: str
    uncertainty: float | None = None
    validity: Validity = "valid"
    reason: str = ""
    analytic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with a machine: what, where, since when, how sure, and what to do about it."""

    id: int = 0
    """0 until it is stored."""
    equipment_id: int
    analytic: str
    code: str
    """The fault, in the analytic's words: ``gas_side_fouling``."""
    part: str = ""
    title: Mapping[str, str]
    """By language, as of ``advice``."""
    severity: str
    state: str = "open"
    since: datetime
    until: datetime | None = None
    seen_at: datetime
    confidence: float
    advice: Mapping[str, str]
    evidence: Sequence[Mapping[str, Any]] = ()
    effect: Mapping[str, Any] = field(default_factory=dict)
    source: str
    gateway: str = ""
    """These three are the machine's, and are filled in by reading."""
    machine: str = ""
    kind: str = ""


_COLUMNS = [column.name for column in fields(Finding)]
"""As the query gives them."""


class Verdict(NamedTuple):
    """What a person said of a finding."""

    time: datetime
    actor: str
    state_before: str
    state_after: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One analytic on one machine over one window."""

    analytic: str
    equipment_id: int
    start: datetime
    end: datetime
    result: Literal["evaluated", "not_evaluated", "failed"]
    detail: str = ""
    seconds: float


def write_kpis(database: Database, figures: Iterable[Kpi]) -> None:
    """Store figures; of one machine, name and period the newest counts, and the last among those given."""
    newest = {(figure.equipment_id, figure.name, figure.start, figure.end): figure for figure in figures}
    if newest:
        with database.connection() as connection:
            connection.execute(query("results", "write_kpis"), [_document(newest.values())])


def forget_sliding_kpis(database: Database, runs: Collection[tuple[int, str, datetime, datetime]], *, origin: datetime) -> None:
    """Drop the figures that newer periods of the same length overlap, except those on the grid of that length.

    Parameters
    ----------
    runs : collection of (equipment id, analytic, start, end)
        The newest periods.
    origin : datetime
        Where the grid begins.
    """
    rows = [
        {"equipment_id": number, "analytic": name, "start_time": start.isoformat(), "end_time": end.isoformat()}
        for number, name, start, end in runs
    ]
    if rows:
        with database.connection() as connection:
            connection.execute(query("results", "forget_sliding_kpis"), {"runs": json.dumps(rows), "origin": origin})


def kpis(
    database: Database,
    equipment_ids: Collection[int],
    names: Collection[str] | None,
    start: datetime,
    end: datetime,
    *,
    gateways: frozenset[str] | None = None,
    limit: int = MOST_KPIS,
) -> list[Kpi]:
    """Give the figures whose periods touch ``[start, end)`` by machine, name and time; all names where they are None."""
    values = {
        "ids": as_list(equipment_ids),
        "gateways": as_list(gateways),
        "names": as_list(names),
        "start": start,
        "end": end,
        "limit": limit,
    }
    with database.connection() as connection:
        rows = connection.execute(query("results", "kpis"), values).fetchall()
    return [
        Kpi(
            equipment_id=equipment_id,
            name=name,
            start=first,
            end=last,
            value=value,
            unit=unit,
            uncertainty=uncertainty,
            validity=validity,
            reason=reason,
            analytic=analytic,
        )
        for equipment_id, name, first, last, value, unit, uncertainty, validity, reason, analytic in rows
    ]


def write_findings(
    database: Database,
    found: Sequence[Finding],
    *,
    ran: Collection[tuple[int, str, datetime]] = (),
) -> None:
    """Store what runs have found: what was known and goes on is brought up to date, the rest is new.

    A finding is known by machine, analytic, code and part. One that people have rejected stays so while it goes on.

    Parameters
    ----------
    found : sequence of Finding
        One with ``until`` is over; it meets the row of its time, and ends one that has not been seen later.
    ran : collection of (equipment id, analytic, end of the window)
        Runs of the newest windows: what stood of them and is not found any more is over.
    """
    by_key = {(one.equipment_id, one.analytic, one.code, one.part, one.until): one for one in found}
    records = [{"number": number, **record} for number, record in enumerate(_records(by_key.values()))]
    with database.connection() as connection:
        known: set[int] = set()
        if records:
            known = {number for number, _ in connection.execute(query("results", "update_findings"), [json.dumps(records)])}
        new = [record for record in records if record["number"] not in known]
        if new:
            connection.execute(query("results", "insert_findings"), [json.dumps(new)])
        if ran:
            runs = [{"equipment_id": number, "analytic": name, "until": at.isoformat()} for number, name, at in ran]
            standing = [record for record in records if record["until"] is None]
            connection.execute(query("results", "end_findings"), {"runs": json.dumps(runs), "standing": json.dumps(standing)})


def findings(
    database: Database,
    *,
    gateways: frozenset[str] | None = None,
    finding_id: int | None = None,
    equipment_ids: Collection[int] | None = None,
    kinds: Collection[str] | None = None,
    states: Collection[str] | None = None,
    severities: Collection[str] | None = None,
    analytic: str | None = None,
    search: str = "",
    sort: str = "severity",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Finding]]:
    """Count and list findings; filters that are None let all through, ``sort`` is a name of `ORDERS`, with ``-`` downwards."""
    values = {
        "id": finding_id,
        "gateways": as_list(gateways),
        "equipment_ids": as_list(equipment_ids),
        "kinds": as_list(kinds),
        "states": as_list(states),
        "severities": as_list(severities),
        "analytic": analytic,
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    order = f"{ORDERS[sort.removeprefix('-')]}{' DESC' if sort.startswith('-') else ''}, f.confidence DESC, f.since DESC, f.id"
    total, rows = read_page(database, "results", "findings", order=order, values=values)
    return total, [Finding(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def judge(database: Database, finding_id: int, state: str, actor: str, note: str = "", *, now: datetime) -> None:
    """Record what a person makes of a finding.

    Raises
    ------
    LookupError
        If there is no such finding.
    ValueError
        If a finding in its state cannot become ``state``; the message names what it can become.
    """
    with database.connection() as connection:
        row = connection.execute(query("results", "lock_finding"), [finding_id]).fetchone()
        if row is None:
            raise LookupError(f"there is no finding {finding_id}")
        before = row[0]
        if state not in VERDICTS[before]:
            legal = ", ".join(sorted(VERDICTS[before])) or "nothing else"
            raise ValueError(f"a finding that is {before} cannot become {state}, only {legal}")
        connection.execute(query("results", "set_finding_state"), {"id": finding_id, "state": state})
        said = {"id": finding_id, "time": now, "actor": actor, "before": before, "state": state, "note": note}
        connection.execute(query("results", "add_verdict"), said)


def verdicts(database: Database, finding_id: int) -> list[Verdict]:
    """Give what people said of a finding, the first first."""
    with database.connection() as connection:
        return [Verdict(*row) for row in connection.execute(query("results", "verdicts"), [finding_id])]


def add_runs(database: Database, runs: Sequence[Run]) -> None:
    """Count runs by machine, analytic and day."""
    if runs:
        with database.connection() as connection:
            connection.execute(query("results", "add_runs"), [_document(runs)])


class DayOfRuns(NamedTuple):
    """How often an analytic ran on a machine on a day (UTC), and the newest of these runs."""

    equipment_id: int
    analytic: str
    day: date
    evaluated: int
    not_evaluated: int
    failed: int
    last_start: datetime
    last_end: datetime
    last_result: str
    last_detail: str
    seconds: float


def days_of_runs(database: Database, equipment_id: int, *, since: date) -> list[DayOfRuns]:
    """Give what ran on a machine, by analytic and day."""
    with database.connection() as connection:
        return [DayOfRuns(*row) for row in connection.execute(query("results", "runs"), [equipment_id, since])]


def evaluated_shares(database: Database, *, since: date) -> dict[tuple[int, str], float]:
    """Give the share of its windows that each analytic could evaluate on each machine."""
    with database.connection() as connection:
        rows = connection.execute(query("results", "evaluated_shares"), [since]).fetchall()
    return {(equipment_id, analytic): share for equipment_id, analytic, share in rows}


def last_ends(database: Database, *, since: date) -> dict[tuple[int, str], datetime]:
    """Give the end of the newest window that each analytic has run on each machine."""
    with database.connection() as connection:
        rows = connection.execute(query("results", "last_ends"), [since]).fetchall()
    return {(equipment_id, analytic): end for equipment_id, analytic, end in rows}


def _document(things: Iterable[Kpi | Run]) -> str:
    """Write rows as one JSON document; columns of periods are called ``start_time`` and ``end_time``."""
    return json.dumps(
        [
            {{"start": "start_time", "end": "end_time"}.get(name, name): _plain(value) for name, value in asdict(thing).items()}
            for thing in things
        ],
        allow_nan=False,
    )


def _records(found: Iterable[Finding]) -> Iterable[dict[str, Any]]:
    for one in found:
        yield {
            name: _plain(value)
            for name, value in asdict(one).items()
            if name not in {"id", "state", "gateway", "machine", "kind"}
        }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
