"""Settles months of a service: reads the minutes, judges them, freezes a credit note."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from registry.projects.service_level import Level, content_of, level, maintenance_minutes, month_span
from store.city_projects import ScopeEntry
from store.city_services import Agreement, Maintenance, add_credit_note, maintenance, minutes_with_rows
from store.database import Connection, Database
from store.rollups import read_levels


class CannotSettle(Exception):  # noqa: N818 - the state of the month, no fault
    """A month that cannot be settled, or not yet."""


class Month(NamedTuple):
    """A month as it was measured."""

    level: Level
    completeness: Mapping[tuple[str, str], float]
    """Share of the counted minutes in which something came, by machine."""
    agreed: list[Maintenance]


def read_month(
    database: Database, agreement: Agreement, scope: Sequence[ScopeEntry], *, month: date, zone: ZoneInfo, now: datetime
) -> Month:
    """Measure a month that is over.

    Raises
    ------
    CannotSettle
        If it is not over, lies outside the agreement, its minutes are not made, or no machine in scope ever sent anything.
    """
    start, end = month_span(month, zone)
    if now < end:
        raise CannotSettle(f"{month:%Y-%m} is not over yet")
    last = (end.astimezone(zone)).date()
    if last <= agreement.valid_from or (agreement.valid_to is not None and month > agreement.valid_to):
        raise CannotSettle(f"the agreement does not hold in {month:%Y-%m}")
    made = read_levels(database)["1m"][1]
    if made is None or made < end:
        raise CannotSettle(f"the minutes of {month:%Y-%m} are not all made yet; try again later")
    machines = [(one.gateway, one.equipment_name) for one in scope if one.gateway and one.equipment_name]
    came = minutes_with_rows(database, machines, start=start, end=end)
    if not came:
        raise CannotSettle("no machine of the project has ever sent anything")
    agreed = maintenance(database, agreement.id)
    marked = maintenance_minutes(agreed, start, end)
    good = np.logical_or.reduce(list(came.values()))
    counted = max(int((~marked).sum()), 1)
    completeness = {machine: float((minutes & ~marked).sum()) / counted for machine, minutes in came.items()}
    overlapping = [one for one in agreed if one.start_time < end and one.end_time > start]
    return Month(level(good, marked, agreement), completeness, overlapping)


def settle(connection: Connection, agreement: Agreement, found: Month, *, month: date, zone: ZoneInfo, actor: str) -> bytes:
    """Freeze a month as a credit note, and give its hash.

    Raises
    ------
    CannotSettle
        If it is settled already.
    """
    text, content_hash = content_of(
        agreement, found.level, month=month, zone=zone, completeness=found.completeness, agreed=found.agreed
    )
    number = add_credit_note(
        connection,
        agreement,
        month=month,
        credit_cny=found.level.credit_cny,
        content=text,
        content_hash=content_hash,
        actor=actor,
    )
    if number is None:
        raise CannotSettle(f"{month:%Y-%m} is settled already")
    return content_hash
