"""Counts an area: one transaction that sees one moment reads registry and facts, judges every machine, and writes a snapshot.

What a snapshot's hash is taken of
----------------------------------
UTF-8 lines, each a JSON document without blanks and with sorted keys, each ended by a line feed:

1. ``{"area", "first_day", "form", "format": "shangyun-count-1", "last_day", "parameters", "replaces", "rule", "watermark",
   "why"}``, ``parameters`` with the required points of every kind;
2. of each machine, by its number: ``{"area", "complete_days", "data_days", "equipment", "facts", "first_day", "inputs", "kind",
   "last_day", "lost_at", "machine", "reason", "state", "uscc"}``, ``facts`` as in `registry.counting.funnel.Tally`;
3. of each enterprise, by its code: ``{"area", "counted", "declared", "department", "inputs", "is_new", "is_on_cloud", "machines",
   "sector", "uscc"}``;
4. ``{"counted", "enterprises", "machines", "new_on_cloud", "on_cloud"}``.

The hash is the SHA-256 of all of it. Days are ISO 8601, what is not there is null, numbers are whole but for shares in the rule.
`verify` makes the same text again of what the snapshot has kept of the registry, and of the facts as they stood at its watermark.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from registry.counting.enterprises import sum_up
from registry.counting.funnel import Outcome, count, window_start
from registry.counting.periods import Period
from registry.counting.rule import Parameters, find_rule
from store.city_counting import (
    EnterpriseRow,
    FrozenMachine,
    Header,
    RegisteredEnterprise,
    RegisteredMachine,
    enterprises_to_count,
    frozen_enterprises,
    frozen_machines,
    machines_to_count,
    next_snapshot,
    one_moment,
    save_enterprises,
    save_header,
    save_machines,
)
from store.city_facts import made_days, read_facts, read_spans
from store.city_facts import watermark as read_watermark
from store.city_registry import areas
from store.city_snapshots import Snapshot, snapshot, snapshots
from store.database import Connection, Database, RowRefused
from telemetry.errors import ShangyunError

FORMAT = "shangyun-count-1"
Report = Callable[[int], None]
"""Is told how many machines more have been judged."""


class CannotCount(ShangyunError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """The count cannot be made, and nothing was written: the period is not over, or is frozen already."""


class Verdict(NamedTuple):
    """Whether a snapshot is what registry, facts and rule gave."""

    snapshot: Snapshot
    hash: bytes
    wrong_machines: list[int]
    wrong_enterprises: list[str]
    wrong_sums: list[str]
    """Rows and sums that are not what the rule makes of their inputs and of the facts."""

    @property
    def holds(self) -> bool:
        return self.hash == self.snapshot.hash and not (self.wrong_machines or self.wrong_enterprises or self.wrong_sums)


@dataclass(slots=True)
class Counted:
    """What a count has come to: the text's hash so far, and sums."""

    digest: Any = field(default_factory=hashlib.sha256)
    machines: int = 0
    counted: int = 0
    of_enterprise: dict[str, list[int]] = field(default_factory=dict)
    """Machines and counted ones, by the code of their own enterprise."""

    def add_header(
        self,
        *,
        area: str,
        period: Period,
        rule: str,
        parameters: Parameters,
        watermark: int,
        replaces: int | None,
        why: str,
    ) -> None:
        self._add(
            {
                "format": FORMAT,
                "area": area,
                **period._asdict(),
                "rule": rule,
                "parameters": parameters.as_json(),
                "watermark": watermark,
                "replaces": replaces,
                "why": why,
            }
        )

    def add_machines(self, outcomes: Iterable[Outcome]) -> None:
        for row, facts in outcomes:
            one, is_counted = row.registered, not row.lost_at
            self.machines += 1
            self.counted += is_counted
            sums = self.of_enterprise.setdefault(one.uscc, [0, 0])
            sums[0] += 1
            sums[1] += is_counted
            self._add(
                {
                    "machine": one.machine_id,
                    "equipment": one.equipment_id,
                    "uscc": one.uscc,
                    "area": one.area,
                    "kind": one.kind,
                    "inputs": one.inputs,
                    "facts": facts,
                    "state": row.state,
                    "lost_at": row.lost_at,
                    "reason": row.reason,
                    "first_day": row.first_day,
                    "last_day": row.last_day,
                    "data_days": row.data_days,
                    "complete_days": row.complete_days,
                }
            )

    def add_enterprises(self, rows: Iterable[EnterpriseRow]) -> None:
        for row in rows:
            figures = {name: value for name, value in row._asdict().items() if name != "registered"}
            self._add({**row.registered._asdict(), **figures})

    def add_sums(self, sums: dict[str, int]) -> None:
        self._add(sums)

    def _add(self, content: dict[str, Any]) -> None:
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
        self.digest.update(text.encode() + b"\n")


def recount(
    database: Database,
    *,
    area: str,
    period: Period,
    made_by: str,
    rule_version: str | None = None,
    replaces: int | None = None,
    why: str = "",
    report: Report = lambda _: None,
    and_then: Callable[[Connection, Header], None] = lambda _connection, _header: None,
) -> Header:
    """Count an area with all below it, and write the snapshot.

    Parameters
    ----------
    replaces, why
        Of a frozen count: the one that this one corrects, and the reason.
    and_then
        Runs in the same transaction, such as to write the audit log.

    Raises
    ------
    ConfigError
        If there is no such rule.
    CannotCount
        If there is no such area, the period's facts are not made yet, or it is frozen already.
    """
    _check(database, area, period, replaces, why)
    try:
        with one_moment(database) as connection:
            rule = find_rule(connection, rule_version)
            parameters = Parameters.model_validate(rule.parameters).complete()
            at, number, counted = read_watermark(connection), next_snapshot(connection), Counted()
            counted.add_header(
                area=area, period=period, rule=rule.version, parameters=parameters, watermark=at, replaces=replaces, why=why
            )
            for machines in machines_to_count(connection, area):
                outcomes = judge(connection, machines, parameters, period, at=at)
                counted.add_machines(outcomes)
                save_machines(connection, number, (outcome.row for outcome in outcomes))
                report(len(machines))
            registered = enterprises_to_count(connection, area, year=period.last_day.year, new_since=period.new_since)
            rows, sums = _finish(counted, registered, parameters)
            save_enterprises(connection, number, rows)
            header = Header(
                id=number,
                form=period.form,
                first_day=period.first_day,
                last_day=period.last_day,
                area=area,
                rule_version=rule.version,
                parameters=parameters.as_json(),
                watermark=at,
                hash=counted.digest.digest(),
                made_by=made_by,
                replaces=replaces,
                why=why,
                **sums,
            )
            save_header(connection, header)
            and_then(connection, header)
    except RowRefused as error:
        if error.sqlstate != "23505":
            raise
        raise CannotCount(f"{period.form} {period.first_day} of {area} has been frozen in the meantime") from None
    return header


def verify(database: Database, snapshot_id: int, *, report: Report = lambda _: None) -> Verdict:
    """Count again from what a snapshot has kept and from the facts as they stood, and compare.

    Raises
    ------
    CannotCount
        If there is no such snapshot.
    """
    frozen = snapshot(database, snapshot_id)
    if frozen is None:
        raise CannotCount(f"there is no snapshot {snapshot_id}")
    parameters, period = Parameters.model_validate(frozen.parameters), period_of(frozen)
    counted, wrong = Counted(), list[int]()
    counted.add_header(
        area=frozen.area,
        period=period,
        rule=frozen.rule_version,
        parameters=parameters,
        watermark=frozen.watermark,
        replaces=frozen.replaces,
        why=frozen.why,
    )
    with one_moment(database) as connection:
        for rows in frozen_machines(connection, snapshot_id):
            outcomes = judge(connection, [row.registered for row in rows], parameters, period, at=frozen.watermark)
            counted.add_machines(outcomes)
            wrong += [row.registered.machine_id for row, outcome in zip(rows, outcomes, strict=True) if row != outcome.row]
            report(len(rows))
        there = frozen_enterprises(connection, snapshot_id)
    made_again, sums = _finish(counted, [row.registered for row in there], parameters)
    return Verdict(
        frozen,
        counted.digest.digest(),
        wrong,
        [row.registered.uscc for row, one in zip(there, made_again, strict=True) if row != one],
        [name for name, value in sums.items() if getattr(frozen, name) != value],
    )


def judge(
    connection: Connection, machines: Sequence[RegisteredMachine], parameters: Parameters, period: Period, *, at: int
) -> list[Outcome]:
    """Hold machines against the rule, with the facts as they stood at a watermark."""
    ids = sorted({one.equipment_id for one in machines if one.equipment_id is not None})
    start = window_start(parameters, period.last_day)
    facts = read_facts(connection, ids, first_day=start, last_day=period.last_day, at=at)
    spans = read_spans(connection, ids, last_day=period.last_day, at=at)
    return count(machines, facts, spans, parameters, last_day=period.last_day)


def period_of(frozen: Snapshot) -> Period:
    return Period(frozen.form, frozen.first_day, frozen.last_day)


def again(connection: Connection, frozen: Snapshot, parameters: Parameters, machine_ids: list[int]) -> Iterator[FrozenMachine]:
    """Give what another rule would have made of some machines of a snapshot."""
    for rows in frozen_machines(connection, frozen.id, only=machine_ids):
        registered = [row.registered for row in rows]
        for outcome in judge(connection, registered, parameters, period_of(frozen), at=frozen.watermark):
            yield outcome.row


def _finish(
    counted: Counted, registered: Sequence[RegisteredEnterprise], parameters: Parameters
) -> tuple[list[EnterpriseRow], dict[str, int]]:
    rows = sum_up(registered, counted.of_enterprise, parameters)
    counted.add_enterprises(rows)
    sums = {
        "machines": counted.machines,
        "counted": counted.counted,
        "enterprises": sum("retired" not in row.registered.inputs for row in rows),
        "on_cloud": sum(row.is_on_cloud for row in rows),
        "new_on_cloud": sum(row.is_new for row in rows),
    }
    counted.add_sums(sums)
    return rows, sums


def _check(database: Database, area: str, period: Period, replaces: int | None, why: str) -> None:
    """Refuse what cannot be a count, before the work."""
    known = {one.code for one in areas(database)}
    if area not in known:
        raise CannotCount(f"there is no area {area!r}" + (f"; known: {', '.join(sorted(known)[:20])}" if known else ""))
    if (replaces is None) != (not why.strip()):
        raise CannotCount("a correction names the snapshot that it replaces, and says why")
    made = made_days(database)
    if period.form != "day" and not made:  # else a period without an end in sight would be frozen as one in which nothing came
        raise CannotCount("no facts are made yet; `shangyun registry count` makes them")
    behind = {zone: day for zone, day in made.items() if day < period.last_day}
    if behind:
        told = ", ".join(f"{day} ({zone})" for zone, day in sorted(behind.items()))
        raise CannotCount(
            f"{period.form} up to {period.last_day}: facts are made up to {told}; `shangyun registry count` makes them"
        )
    if replaces is not None:
        _check_correction(database, area, period, replaces)
    elif period.form != "day":
        _, there = snapshots(database, area=area, forms=[period.form], until=period.last_day, with_replaced=False, limit=1)
        if there and there[0].last_day == period.last_day:
            raise CannotCount(
                f"the {period.form} up to {period.last_day} of {area} is frozen as snapshot {there[0].id};"
                f" a correction names it and says why"
            )


def _check_correction(database: Database, area: str, period: Period, replaces: int) -> None:
    old = snapshot(database, replaces)
    if old is None:
        raise CannotCount(f"there is no snapshot {replaces}")
    if old.form == "day":
        raise CannotCount(f"snapshot {replaces} is one of a day, which is not frozen: just count again")
    if (old.area, old.form, old.last_day) != (area, period.form, period.last_day):
        raise CannotCount(
            f"snapshot {replaces} is the {old.form} up to {old.last_day} of {old.area}, not of this period and area"
        )
    if old.replaced_by is not None:
        raise CannotCount(f"snapshot {replaces} has been replaced by {old.replaced_by} already; correct that one")
