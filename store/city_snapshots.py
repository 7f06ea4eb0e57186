"""Counts of a city as they were made: what pages show of them. Nothing here counts; `registry.counting` does.

A snapshot is one of a day (made by itself, forgotten after some weeks) or a frozen one of a month, quarter or year. Areas are
filtered with all that is below them; a filter that is None lets all through.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, NamedTuple

from store.city_counting import Header
from store.database import Database
from store.row_pages import as_list, read_page
from store.sql_files import query

FORMS = ("day", "month", "quarter", "year")
TESTS = ("retired", "identity", "nameplate", "gateway", "data", "completeness", "continuity", "authenticity", "hold")
"""In the order in which a machine passes them; ``lost_at`` is one of them, or empty where it counts."""
STATES = ("registered", "connected", "reporting", "verified", "silent", "retired")
SORTS = {
    "machine": "m.machine_id",
    "enterprise": "m.uscc",
    "area": "m.area",
    "kind": "m.kind",
    "state": "m.state",
    "lost_at": f"array_position(ARRAY{[*TESTS, '']!r}, m.lost_at)",
    "data_days": "m.data_days",
    "complete_days": "m.complete_days",
    "last_day": "m.last_day",
}
ENTERPRISE_SORTS = {
    "uscc": "e.uscc",
    "name": "coalesce(e.inputs ->> 'name', n.name)",
    "area": "e.area",
    "machines": "e.machines",
    "counted": "e.counted",
    "declared": "e.declared",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Header):
    """One count of an area, as it was stored."""

    made_at: datetime
    replaced_by: int | None


class FunnelStep(NamedTuple):
    """How many machines reach a test of `TESTS`, fail it, and go on."""

    test: str
    reached: int
    lost: int
    left: int


class AreaKind(NamedTuple):
    """Machines of one kind in one reporting area; the days are of all of them in the window together."""

    area: str
    kind: str
    machines: int
    counted: int
    silent: int
    data_days: int
    complete_days: int


class Figures(NamedTuple):
    """Of an area or of a department (``code`` is None for those without one)."""

    code: str | None
    label_zh: str | None
    label_en: str | None
    enterprises: int
    on_cloud: int
    new_on_cloud: int
    machines: int
    counted: int
    declared: int | None
    """Key equipment that enterprises have declared; None where none has, which is not 0."""
    counted_of_declared: int | None
    """Counted machines of the enterprises that have declared."""

    @property
    def rate(self) -> float | None:
        """设备上云率; None without a declaration, or where none of a machine is declared."""
        if not self.declared or self.counted_of_declared is None:
            return None
        return self.counted_of_declared / self.declared


class Point(NamedTuple):
    """Of a trend."""

    id: int
    form: str
    last_day: date
    enterprises: int
    on_cloud: int
    new_on_cloud: int
    machines: int
    counted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedMachine:
    """A machine in a snapshot; the sentence for ``reason`` is `registry.counting.words.sentence`."""

    machine_id: int
    equipment_id: int | None
    """In `reading.equipment`; None while nothing has come."""
    uscc: str
    enterprise: str
    label: str
    area: str
    department: str | None
    kind: str
    state: str
    lost_at: str
    reason: Mapping[str, Any]
    inputs: Mapping[str, Any]
    first_day: date | None
    last_day: date | None
    """First and last day with data, up to the last day of the snapshot."""
    data_days: int
    complete_days: int
    """In the window of the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedEnterprise:
    """An enterprise in a snapshot."""

    uscc: str
    name: str
    area: str
    department: str | None
    sector: str
    machines: int
    counted: int
    declared: int | None
    is_on_cloud: bool
    is_new: bool
    inputs: Mapping[str, Any]


class Appearance(NamedTuple):
    """How a machine stood in a snapshot."""

    snapshot_id: int
    form: str
    last_day: date
    state: str
    lost_at: str
    reason: Mapping[str, Any]


_SNAPSHOT = [column.name for column in fields(Snapshot)]
_MACHINE = [column.name for column in fields(CountedMachine)]
_ENTERPRISE = [column.name for column in fields(CountedEnterprise)]
"""As the queries give them."""


def snapshots(
    database: Database,
    *,
    area: str | None = None,
    forms: Collection[str] | None = None,
    snapshot_id: int | None = None,
    until: date | None = None,
    with_replaced: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[Snapshot]]:
    """Count and list snapshots, the newest first; ``area`` is the one that was counted, not one below it."""
    values = {
        "id": snapshot_id,
        "area": area,
        "forms": as_list(forms),
        "until": until,
        "with_replaced": with_replaced,
        "limit": limit,
        "offset": offset,
    }
    total, rows = read_page(database, "city_counting", "snapshots", order="s.last_day DESC, s.id DESC", values=values)
    return total, [Snapshot(**dict(zip(_SNAPSHOT, row, strict=True))) for row in rows]


def snapshot(database: Database, snapshot_id: int) -> Snapshot | None:
    """Give one by its number; None if there is none, as for numbers that there cannot be."""
    if not 0 < snapshot_id < 2**31:
        return None
    _, found = snapshots(database, snapshot_id=snapshot_id, limit=1)
    return found[0] if found else None


def newest_snapshot(
    database: Database, area: str, *, forms: Collection[str] | None = None, until: date | None = None
) -> Snapshot | None:
    """Give the newest of an area that no other has replaced; of all forms unless some are named."""
    _, found = snapshots(database, area=area, forms=forms, until=until, with_replaced=False, limit=1)
    return found[0] if found else None


def funnel(
    database: Database, snapshot_id: int, *, area: str | None = None, kind: str | None = None, department: str | None = None
) -> list[FunnelStep]:
    """Give all tests in their order; the first is reached by all machines, and what is left of the last counts."""
    values = {"snapshot": snapshot_id, "area": area, "kind": kind, "department": department}
    with database.connection() as connection:
        lost = dict(connection.execute(query("city_counting", "lost_at"), values).fetchall())
    reached = sum(lost.values())
    steps = []
    for test in TESTS:
        left = reached - lost.get(test, 0)
        steps.append(FunnelStep(test, reached, reached - left, left))
        reached = left
    return steps


def by_area_and_kind(database: Database, snapshot_id: int, *, area: str | None = None) -> list[AreaKind]:
    """Give only what has machines."""
    with database.connection() as connection:
        rows = connection.execute(query("city_counting", "by_area_and_kind"), {"snapshot": snapshot_id, "area": area})
        return [AreaKind(*row) for row in rows]


def by_state(database: Database, snapshot_id: int, *, area: str | None = None) -> dict[str, int]:
    """Give the machines in each of `STATES`."""
    with database.connection() as connection:
        rows = connection.execute(query("city_counting", "by_state"), {"snapshot": snapshot_id, "area": area})
        return dict.fromkeys(STATES, 0) | dict(rows.fetchall())


def by_area(database: Database, snapshot_id: int) -> list[Figures]:
    """Give every reporting area of the snapshot, those without an enterprise as well, by code."""
    return _figures(database, "figures_by_area", {"snapshot": snapshot_id})


def by_department(database: Database, snapshot_id: int, *, area: str | None = None) -> list[Figures]:
    """Give the departments that answer for enterprises, and at the end what none answers for."""
    return _figures(database, "figures_by_department", {"snapshot": snapshot_id, "area": area})


def ranking(database: Database, snapshot_id: int, *, by: str = "on_cloud") -> list[tuple[int | None, Figures]]:
    """Rank areas by ``on_cloud``, ``new_on_cloud``, ``counted`` or ``rate``: equals share a rank, what has no rate has none.

    Raises
    ------
    ValueError
        If there is nothing of that name to rank by.
    """
    if by not in ("on_cloud", "new_on_cloud", "counted", "rate"):
        raise ValueError(f"{by!r} is nothing to rank by; known: on_cloud, new_on_cloud, counted, rate")
    rows = [(getattr(one, by), one) for one in by_area(database, snapshot_id)]
    known = sorted((row for row in rows if row[0] is not None), key=lambda row: (-row[0], row[1].code))
    ranked: list[tuple[int | None, Figures]] = []
    for place, (value, one) in enumerate(known, 1):
        ranked.append((ranked[-1][0] if place > 1 and known[place - 2][0] == value else place, one))
    return ranked + [(None, one) for value, one in rows if value is None]


def trend(database: Database, area: str, *, form: str = "day", below: str | None = None, limit: int = 36) -> list[Point]:
    """Give the newest counts of an area, oldest first; ``below`` narrows the figures to an area in it."""
    values = {"of": area, "form": form, "area": below, "limit": limit}
    with database.connection() as connection:
        return [Point(*row) for row in connection.execute(query("city_counting", "figures_over_time"), values)]


def snapshot_machines(
    database: Database,
    snapshot_id: int,
    *,
    machine_id: int | None = None,
    area: str | None = None,
    kinds: Collection[str] | None = None,
    uscc: str | None = None,
    department: str | None = None,
    lost_at: Collection[str] | None = None,
    states: Collection[str] | None = None,
    search: str = "",
    sort: str = "machine",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[CountedMachine]]:
    """Count and list machines; ``sort`` is a name of `SORTS`, with ``-`` downwards. ``lost_at`` of ``""`` is what counts.

    ``area`` is that of the machine's enterprise, with all below it.
    """
    values = {
        "snapshot": snapshot_id,
        "machine": machine_id,
        "area": area,
        "kinds": as_list(kinds),
        "uscc": uscc,
        "department": department,
        "lost_at": as_list(lost_at),
        "states": as_list(states),
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    total, rows = read_page(database, "city_counting", "machines", order=_order(SORTS, sort, "m.machine_id"), values=values)
    return total, [CountedMachine(**dict(zip(_MACHINE, row, strict=True))) for row in rows]


def snapshot_enterprises(
    database: Database,
    snapshot_id: int,
    *,
    area: str | None = None,
    department: str | None = None,
    sector: str | None = None,
    uscc: str | None = None,
    is_on_cloud: bool | None = None,
    is_new: bool | None = None,
    search: str = "",
    sort: str = "uscc",
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[CountedEnterprise]]:
    """Count and list enterprises; ``sort`` is a name of `ENTERPRISE_SORTS`, with ``-`` downwards."""
    values = {
        "snapshot": snapshot_id,
        "area": area,
        "department": department,
        "sector": sector,
        "uscc": uscc,
        "is_on_cloud": is_on_cloud,
        "is_new": is_new,
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    order = _order(ENTERPRISE_SORTS, sort, "e.uscc")
    total, rows = read_page(database, "city_counting", "enterprises", order=order, values=values)
    return total, [CountedEnterprise(**dict(zip(_ENTERPRISE, row, strict=True))) for row in rows]


def appearances(database: Database, machine_id: int, *, limit: int = 60) -> list[Appearance]:
    """Give how a machine stood in the snapshots, the newest first."""
    with database.connection() as connection:
        rows = connection.execute(query("city_counting", "counted_in"), {"machine": machine_id, "limit": limit})
        return [Appearance(*row) for row in rows]


def _figures(database: Database, name: str, values: Mapping[str, object]) -> list[Figures]:
    with database.connection() as connection:
        return [Figures(*row) for row in connection.execute(query("city_counting", name), values)]


def _order(sorts: Mapping[str, str], sort: str, last: str) -> str:
    return f"{sorts[sort.removeprefix('-')]}{' DESC' if sort.startswith('-') else ''} NULLS LAST, {last}"
