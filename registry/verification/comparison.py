"""Compares a source with a target level by level, and says go or no-go: counts, schema, values, references, business."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from device_profiles.kind import EnergyFlow, kind_names, load_kind
from registry.verification.faults import MOST_SHIFT_QUARTERS, Difference, Fault, differences, recognise, swapped
from registry.verification.sources import DatabaseSource, FolderSource, Source
from store import verification
from store.database import Database
from store.kind_tables import WIDER_TYPES
from store.verification import NARROW, ROWS, Bucket, BucketKey, VerifiedMachine

LEVELS = ("counts", "schema", "values", "references", "business")
MOST_DIFFERENCES = 100
MOST_DRILLED = 2000
"""Unequal buckets that are looked into; above that they are counted."""
_QUESTIONS = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_LONGEST_SHIFT = MOST_SHIFT_QUARTERS * timedelta(minutes=15) + timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is compared."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    tolerance: float = 0.0
    """Of values, relative; 0 compares bits."""
    business_tolerance: float = 0.001
    """Of energy by day and of figures, relative."""
    machines: frozenset[str] | None = None
    """GATEWAY/NAME; None for all."""

    @property
    def offset(self) -> timedelta:
        """Of the zone at the beginning: buckets are cut alike on both sides, whatever clocks do in between."""
        return self.start.astimezone(self.zone).utcoffset() or timedelta(0)


class Check(NamedTuple):
    """One line of the go / no-go sheet."""

    level: str
    name: str
    result: Literal["pass", "fail", "note", "not_compared"]
    detail: Mapping[str, object]


class BadBucket(NamedTuple):
    """An unequal bucket, and what was recognised in it."""

    machine: str
    point: str
    day: str
    fault: Fault


class DifferingRow(NamedTuple):
    machine: str
    point: str
    row: Difference


@dataclass(slots=True, kw_only=True)
class Report:
    """What a comparison found."""

    question: Question
    machines: int = 0
    buckets: int = 0
    rows: int = 0
    checks: list[Check] = field(default_factory=list)
    bad_buckets: list[BadBucket] = field(default_factory=list)
    unequal: int = 0
    """Unequal buckets, with those that nobody looked into."""
    rows_shown: list[DifferingRow] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """Answers to the fixed questions, by side."""

    @property
    def is_go(self) -> bool:
        return bool(self.checks) and not any(one.result == "fail" for one in self.checks)

    def faults(self) -> dict[str, int]:
        """Count the buckets of each fault."""
        found: dict[str, int] = defaultdict(int)
        for one in self.bad_buckets:
            found[one.fault.name] += 1
        return dict(sorted(found.items()))

    def add(self, level: str, name: str, *, passed: bool, **detail: object) -> None:
        self.checks.append(Check(level, name, "pass" if passed else "fail", detail))


def compare(
    source: Source, target: DatabaseSource, question: Question, *, advance: Callable[[int], None] = lambda _: None
) -> Report:
    """Compare everything; ``advance`` is told of the machines that are done.

    A machine is found again by gateway and name: its number may be another one on the other side.
    """
    report = Report(question=question)
    pairs = _references(source, target, question, report)
    _schema(source, target, {one.kind for one, _ in pairs}, report)
    counted: list[tuple[str, int, int]] = []
    for one, other in pairs:
        before = _machine_buckets(source, one, question)
        after = _machine_buckets(target, other, question)
        if isinstance(source, FolderSource):  # files hold neither events nor qualities
            held = {ROWS, *source.points(one)}
            after = {key: bucket for key, bucket in after.items() if key[1] in held}
        counted.append((f"{one.gateway}/{one.name}", _rows_of(before), _rows_of(after)))
        report.buckets += len(before.keys() | after.keys())
        _values(source, target, (one, other), (before, after), report)
        advance(1)
    report.machines, report.rows = len(pairs), sum(before for _, before, _ in counted)
    uneven = [row for row in counted if row[1] != row[2]]
    report.add("counts", "rows", passed=not uneven, source=report.rows, target=sum(row[2] for row in counted), uneven=uneven[:20])
    report.add("counts", "anything", passed=report.rows > 0, rows=report.rows)
    judged = [one for one in report.bad_buckets if one.fault.name != "within_tolerance"]
    forgiven = len(report.bad_buckets) - len(judged)
    unequal = report.unequal - forgiven
    report.add("values", "buckets", passed=unequal == 0, buckets=report.buckets, unequal=unequal, within_tolerance=forgiven)
    _business(source, target, pairs, report)
    _performance(source, target, pairs, report)
    report.checks.sort(key=lambda check: LEVELS.index(check.level) if check.level in LEVELS else len(LEVELS))
    return report


def _references(
    source: Source, target: DatabaseSource, question: Question, report: Report
) -> list[tuple[VerifiedMachine, VerifiedMachine]]:
    wanted = question.machines
    theirs = {(one.gateway, one.name): one for one in target.machines()}
    found, missing, changed = [], [], []
    named, kinds = set(), set()
    for one in source.machines():
        name = f"{one.gateway}/{one.name}"
        if wanted is not None and name not in wanted:
            continue
        named.add(name)
        kinds.add(one.kind)
        other = theirs.get((one.gateway, one.name))
        if other is None:
            missing.append(name)
        elif other.kind != one.kind:
            changed.append(f"{name}: {one.kind} → {other.kind}")
        else:
            found.append((one, other))
    unknown = sorted((wanted or frozenset()) - named)
    report.add(
        "references",
        "machines",
        passed=not missing and not changed and not unknown,
        missing=missing[:20],
        kinds=changed[:20],
        unknown=unknown[:20],
    )
    tables = sorted({kind for kind in kinds if kind in kind_names()})
    lost = {
        table: count
        for table, count in verification.orphans(
            target.database, [*tables, "other", "event"], start=question.start, end=question.end
        ).items()
        if count
    }
    report.add("references", "orphans", passed=not lost, tables=lost)
    return found


def _schema(source: Source, target: DatabaseSource, kinds: Iterable[str], report: Report) -> None:
    columns, keys, had = verification.schema(target.database)
    tables = {*kinds, "other", "event", "equipment", "quality_interval", "waveform"}
    if isinstance(source, FolderSource):
        missing = sorted(
            {
                f"{one.kind}.{point}"
                for one in source.machines()
                for point in source.points(one)
                if (one.kind, point) not in columns
            }
        )
        report.add("schema", "columns", passed=not missing, missing=missing[:20])
        report.checks.append(Check("schema", "keys", "not_compared", {"why": "folder"}))
        return
    assert isinstance(source, DatabaseSource)
    theirs, their_keys, they_had = verification.schema(source.database)
    missing, changed, widened = list[str](), list[str](), list[str]()
    for (table, column), kind in theirs.items():
        if table not in tables:
            continue
        now = columns.get((table, column))
        if now is None:
            missing.append(f"{table}.{column}")
        elif now != kind:
            (widened if now in WIDER_TYPES.get(kind, ()) else changed).append(f"{table}.{column}: {kind} → {now}")
    report.add(
        "schema", "columns", passed=not missing and not changed, missing=missing[:20], changed=changed[:20], widened=widened[:20]
    )
    lost = sorted(f"{table} ({names})" for table, unique, names in their_keys - keys if table in tables and names)
    report.add("schema", "keys", passed=not lost, missing=lost[:20])
    behind = sorted(they_had - had)
    report.add("schema", "migrations", passed=not behind, missing=behind[:20])


def _machine_buckets(source: Source, machine: VerifiedMachine, question: Question) -> dict[BucketKey, Bucket]:
    """Read bucket tables of ten days at a time, cut at midnights, so that no statement takes minutes."""
    found: dict[BucketKey, Bucket] = {}
    midnight = -((question.start + question.offset - _EPOCH) % _DAY)
    start = question.start
    following = start + midnight + 10 * _DAY
    while start < question.end:
        end = min(following, question.end)
        found.update(source.buckets(machine, start=start, end=end, offset=question.offset))
        start, following = end, following + 10 * _DAY
    return found


def _rows_of(buckets: Mapping[BucketKey, Bucket]) -> int:
    """Count the rows of the wide table by day, and those of narrow tables by point."""
    return sum(one.rows for (_, point), one in buckets.items() if point == ROWS or point.startswith(NARROW))


def _values(
    source: Source,
    target: DatabaseSource,
    pair: tuple[VerifiedMachine, VerifiedMachine],
    both: tuple[Mapping[BucketKey, Bucket], Mapping[BucketKey, Bucket]],
    report: Report,
) -> None:
    """Look into the buckets that differ, and only into these."""
    (one, other), (before, after) = pair, both
    name, question = f"{one.gateway}/{one.name}", report.question
    own = set(load_kind(one.kind).numeric_signals) if one.kind in kind_names() else set()
    unequal = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    # A count of rows differs as well for each point of the day: the points tell why.
    points = [key for key in unequal if key[1] != ROWS]
    unequal = points or unequal
    report.unequal += len(unequal)
    changed_places = {
        (day, point): pair
        for day in {day for day, _ in unequal}
        for pair in swapped(_digests(before, day, own), _digests(after, day, own))
        for point in pair
    }
    for day, point in unequal:
        if len(report.bad_buckets) >= MOST_DRILLED:
            return
        start = max(_EPOCH + day * _DAY - question.offset, question.start)
        end = min(_EPOCH + (day + 1) * _DAY - question.offset, question.end)
        label = (_EPOCH + day * _DAY).date().isoformat()
        if point not in own:
            counts = {"source": _count(before, day, point), "target": _count(after, day, point)}
            fault = Fault("different_rows", counts)
        else:
            rows = source.rows(one, point, start=start, end=end)
            wide = target.rows(other, point, start=start - _LONGEST_SHIFT, end=end + _LONGEST_SHIFT)
            limits = ((start - _EPOCH) // _US, (end - _EPOCH) // _US)
            if (day, point) in changed_places:
                fault = Fault("swapped_columns", dict(zip(("one", "other"), changed_places[day, point], strict=True)))
            else:
                fault = recognise(rows, wide, start_us=limits[0], end_us=limits[1], tolerance=question.tolerance)
            room = MOST_DIFFERENCES - len(report.rows_shown)
            shown = differences(rows, wide.between(*limits), tolerance=question.tolerance, most=room) if room > 0 else []
            report.rows_shown += [DifferingRow(name, point, row) for row in shown]
        report.bad_buckets.append(BadBucket(name, point, label, fault))


def _digests(buckets: Mapping[BucketKey, Bucket], day: int, own: set[str]) -> dict[str, str]:
    return {point: one.digest for (of_day, point), one in buckets.items() if of_day == day and point in own}


def _count(buckets: Mapping[BucketKey, Bucket], day: int, point: str) -> float:
    found = buckets.get((day, point))
    return 0 if found is None else found.rows


def _business(
    source: Source, target: DatabaseSource, pairs: Sequence[tuple[VerifiedMachine, VerifiedMachine]], report: Report
) -> None:
    """Compare what people will notice: energy by day, alarms, figures of analytics."""
    question = report.question
    if isinstance(source, FolderSource):
        for name in ("energy", "alarms", "figures"):
            report.checks.append(Check("business", name, "not_compared", {"why": "folder"}))
        return
    assert isinstance(source, DatabaseSource)
    compared, off = 0, []
    for one, other in pairs:
        for flow in _flows(one.kind):
            before = _daily(source.database, one, flow, question)
            after = _daily(target.database, other, flow, question)
            for day in sorted(before.keys() | after.keys()):
                compared += 1
                if not _is_close(before.get(day), after.get(day), question.business_tolerance):
                    at = (_EPOCH + day * _DAY).date().isoformat()
                    off.append([f"{one.gateway}/{one.name}", flow.counter or flow.rate, at, before.get(day), after.get(day)])
    report.add("business", "energy", passed=not off, days=compared, off=off[:20], tolerance=question.business_tolerance)
    names = {(one.gateway, one.name) for one, _ in pairs}
    alarms = [
        {
            key: count
            for key, count in verification.alarm_counts(side, start=question.start, end=question.end).items()
            if key[:2] in names
        }
        for side in (source.database, target.database)
    ]
    uneven = sorted("/".join(key) for key in alarms[0].keys() | alarms[1].keys() if alarms[0].get(key) != alarms[1].get(key))
    report.add(
        "business",
        "alarms",
        passed=not uneven,
        source=sum(alarms[0].values()),
        target=sum(alarms[1].values()),
        uneven=uneven[:20],
    )
    figures = [
        {
            key: told
            for key, told in verification.kpi_means(side, start=question.start, end=question.end).items()
            if key[:2] in names
        }
        for side in (source.database, target.database)
    ]
    bad = [
        "/".join(key)
        for key in sorted(figures[0].keys() | figures[1].keys())
        if (figures[0].get(key) or (0,))[0] != (figures[1].get(key) or (0,))[0]
        or not _is_close(
            (figures[0].get(key) or (0, None))[1], (figures[1].get(key) or (0, None))[1], question.business_tolerance
        )
    ]
    report.add(
        "business", "figures", passed=not bad, figures=len(figures[0]), off=bad[:20], tolerance=question.business_tolerance
    )


def _flows(kind: str) -> Iterator[EnergyFlow]:
    energy = load_kind(kind).energy if kind in kind_names() else None
    if energy is not None:
        yield from (*energy.inputs, *energy.outputs)


def _daily(database: Database, machine: VerifiedMachine, flow: EnergyFlow, question: Question) -> dict[int, float]:
    return verification.counter_growth(
        database,
        machine,
        flow.counter or flow.rate,
        is_rate=not flow.counter,
        start=question.start,
        end=question.end,
        offset=question.offset,
    )


def _is_close(one: float | None, other: float | None, tolerance: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= tolerance * max(abs(one), abs(other))


def _performance(
    source: Source, target: DatabaseSource, pairs: Sequence[tuple[VerifiedMachine, VerifiedMachine]], report: Report
) -> None:
    """Time the same fixed questions on both sides: a day's mean of a signal of one machine after another."""
    question = report.question
    wide = [(one, other) for one, other in pairs if one.kind in kind_names()]
    if isinstance(source, FolderSource) or not wide:
        report.checks.append(Check("performance", "queries", "not_compared", {"why": "folder" if wide else "no machine"}))
        return
    assert isinstance(source, DatabaseSource)
    days = max((question.end - question.start) // _DAY, 1)
    for side, database, place in (("source", source.database, 0), ("target", target.database, 1)):
        report.seconds[side] = []
        for number in range(_QUESTIONS):
            machine = wide[number % len(wide)][place]
            start = question.start + number % days * _DAY
            point = load_kind(machine.kind).numeric_signals[number % 3]
            report.seconds[side].append(verification.timed_query(database, machine, point, start=start, end=start + _DAY))
    told = {
        f"{side}_p{percent}_ms": round(1000 * float(np.percentile(report.seconds[side], percent)), 2)
        for side in ("source", "target")
        for percent in (50, 95)
    }
    report.checks.append(Check("performance", "queries", "note", {"questions": _QUESTIONS, **told}))
