"""Makes the statements that are missing: a day after the other, each from the counters of that day and the chain so far."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from analytics.catalogue import get_analytic
from analytics.construction_machine.position import drawn_fence
from analytics.engine.reading import read_windows
from analytics.engine.task import MOST_MACHINES, Machine, microseconds
from analytics.leasing.chain import canonical, seal
from analytics.leasing.flags import COUNTERS, Seen, last_seen
from analytics.leasing.statement import make_statement
from analytics.result import NotEvaluated
from analytics.statements.checking import check_chain
from analytics.statements.keys import Keys
from analytics.window import Window
from store.database import Database
from store.equipment import Equipment
from store.grids import made_until
from store.nameplates import nameplate
from store.rollups import read_levels
from store.statements import Shown, StatementRow, add_key, add_statement, last_shown, newest_statements

KIND = "construction_machine"
STEP_SECONDS = 60.0
FARTHEST = timedelta(days=400)
"""A chain begins no earlier than this, unless somebody names the day."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BEFORE = timedelta(days=4)
"""Of history before a chain's first day, from which the counters count on."""


@dataclass(kw_only=True)
class _Chain:
    """One machine's, as far as it is made."""

    machine: Machine
    name: str
    """As it stands in every statement; it never changes within a chain."""
    offset: timedelta
    """The machine's midnight against UTC."""
    next_day: date
    last: StatementRow | None = None
    seen: Seen | None = None

    def span(self) -> tuple[datetime, datetime]:
        """Give the next day's beginning and end."""
        start = datetime.combine(self.next_day, time(), timezone(self.offset)).astimezone(UTC)
        return start, start + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What there is to do."""

    chains: Sequence[_Chain]
    until: datetime
    """Days that end by then are made."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Machines whose chain is broken or another key's, with the reason."""
    count: int
    """Of statements."""


def find_missing(
    database: Database,
    keys: Keys,
    machines: Sequence[Equipment],
    *,
    now: datetime,
    offset: timedelta,
    first_day: date | None = None,
) -> Missing:
    """Find the days without a statement, up to yesterday, and as far as the minutes are made.

    Parameters
    ----------
    offset : timedelta
        Of the days of a new chain against UTC; one that has begun keeps its own.
    first_day : date, optional
        Of a new chain; where it is left out, the day after a machine was first seen.
    """
    newest = newest_statements(database, [one.id for one in machines])
    refused = {one.id: why for one in machines if one.id in newest and (why := _refusal(database, keys, newest[one.id]))}
    shown = last_shown(database, newest.keys() - refused.keys(), COUNTERS)
    made, kept_from = made_until(database), read_levels(database)["1m"][0]
    chains = []
    for one in machines:
        machine, last = Machine(one.id, one.gateway, one.name), newest.get(one.id)
        if one.id in refused:
            continue
        if last is not None:
            told = last.statement
            chain = _Chain(
                machine=machine,
                name=str(told["machine"]),
                offset=timedelta(minutes=int(told["utc_offset_minutes"])),
                next_day=last.day + timedelta(days=1),
                last=last,
                seen=_seen_of(shown.get(one.id)),
            )
        else:
            begun = max(one.first_seen, now - FARTHEST, kept_from or one.first_seen).astimezone(timezone(offset)).date()
            chain = _Chain(
                machine=machine,
                name=_product_number(database, one),
                offset=offset,
                next_day=first_day or begun + timedelta(days=1),
            )
        chains.append(chain)
    until = min(now, made.minutes) if made else _EPOCH
    return Missing(
        chains=chains,
        count=sum(_days_left(chain, until) for chain in chains),
        until=until,
        refused={f"{one.gateway}/{one.name}": refused[one.id] for one in machines if one.id in refused},
    )


def make_missing(
    database: Database, keys: Keys, missing: Missing, *, on_progress: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[str, str]]:
    """Make the missing statements, day by day, and yield what cannot be made: a machine's name and why.

    A machine that fails has no further days: its chain would have a hole.
    """
    add_key(database, keys.public_key)
    chains = list(missing.chains)
    while due := _earliest(chains, missing.until):
        for some in (due[first : first + MOST_MACHINES] for first in range(0, len(due), MOST_MACHINES)):
            windows = _read(database, some)
            for chain in some:
                try:
                    _append(database, keys, chain, windows[chain.machine.id])
                except NotEvaluated as error:
                    chains.remove(chain)
                    yield f"{chain.machine.gateway}/{chain.machine.name}", str(error)
                on_progress(1)


def _refusal(database: Database, keys: Keys, newest: StatementRow) -> str:
    """Say why a chain is not to be continued; nothing where it may be."""
    if newest.key_id != keys.key_id:
        return f"is signed with the key {newest.key_id}, not with {keys.key_id}"
    broken = check_chain(database, newest.equipment_id, public_key=keys.public_key)
    return "" if broken is None else f"statement {broken.line} {broken.detail}"


def _append(database: Database, keys: Keys, chain: _Chain, window: Window) -> None:
    start, end = chain.span()
    today = window.between(microseconds(start), microseconds(end))
    if chain.last is None:
        chain.seen = last_seen(window.between(window.start_us, microseconds(start)))
    statement = make_statement(
        today,
        machine=chain.name,
        location_key=keys.location_key,
        utc_offset_hours=chain.offset / timedelta(hours=1),
        before=chain.seen,
        fence=drawn_fence(today, ()),
    )
    record = seal(statement, after=None if chain.last is None else chain.last.line, private_key=keys.signing_key)
    seen = last_seen(today)
    row = _row(chain, record, statement, keys, None if seen is None else seen.at_us)
    add_statement(database, row)
    if seen is not None:
        chain.seen = _merged(chain.seen, seen.at_us, statement)
    chain.last, chain.next_day = row, chain.next_day + timedelta(days=1)


def _row(chain: _Chain, record: bytes, statement: Mapping[str, Any], keys: Keys, seen_us: int | None) -> StatementRow:
    sealed = json.loads(record)
    return StatementRow(
        equipment_id=chain.machine.id,
        number=sealed["number"],
        day=chain.next_day,
        text=canonical(statement).decode(),
        previous_hash=bytes.fromhex(sealed["previous"]),
        hash=bytes.fromhex(sealed["hash"]),
        signature=bytes.fromhex(sealed["signature"]),
        key_id=keys.key_id,
        seen_at=None if seen_us is None else _EPOCH + timedelta(microseconds=seen_us),
    )


def _earliest(chains: Sequence[_Chain], until: datetime) -> list[_Chain]:
    """Give the chains whose next day is the oldest that is to be made: they are read together."""
    days = {id(chain): (chain.span(), chain.last is not None) for chain in chains}
    first = min((day for day in days.values() if day[0][1] <= until), default=None)
    return [chain for chain in chains if days[id(chain)] == first]


def _read(database: Database, due: Sequence[_Chain]) -> dict[int, Window]:
    start, end = due[0].span()
    if due[0].last is None:
        start -= _BEFORE
    machines = [chain.machine for chain in due]
    analytic = get_analytic("construction_usage")
    return read_windows(database, KIND, machines, [analytic], start=start, end=end, step_seconds=STEP_SECONDS)


def _seen_of(shown: Shown | None) -> Seen | None:
    """Count on from what the chain says, not from what the database says today: rows that came late are not lost by that."""
    return None if shown is None else Seen(microseconds(shown.at), shown.counters)


def _merged(before: Seen | None, at_us: int, statement: Mapping[str, Any]) -> Seen:
    """Take over what a counter showed earlier where it was silent today."""
    return Seen(at_us, {**(before.counters if before else {}), **_at_end(statement)})


def _at_end(statement: Mapping[str, Any]) -> dict[str, float]:
    told = {name: statement.get(f"{name}_at_end") for name in COUNTERS}
    return {name: float(value) for name, value in told.items() if value is not None}


def _product_number(database: Database, machine: Equipment) -> str:
    plate = nameplate(database, machine.id)
    return (plate.serial_number if plate else "") or f"{machine.gateway}/{machine.name}"


def _days_left(chain: _Chain, until: datetime) -> int:
    return max((until - chain.span()[0]) // timedelta(days=1), 0)
