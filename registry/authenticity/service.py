"""The check of a city's machines: reads their weeks in bulk, lets the detectors look, and writes what they suspect."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from analytics.general.at_work import measured_signals
from analytics.window import Window
from device_profiles.kind import Label, Role, load_kind
from registry.authenticity import fleet_replay
from registry.authenticity.clock import detect_stamps
from registry.authenticity.examine import examine
from registry.authenticity.nameplates import Plate, copied, marked
from registry.authenticity.suspicion import Suspicion
from registry.authenticity.thresholds import DEFAULTS, Thresholds
from store.city_suspicions import CheckedMachine, NewSuspicion, machines_to_check, raise_suspicion, row_times
from store.database import Database
from store.grids import read_grids
from store.nameplates import nameplate
from telemetry.bundle import MICROSECONDS

STEP_SECONDS = 60.0
_AT_ONCE = 20
"""Machines that are read together: a week of twenty furnaces is 100 MB."""
_STAMPS_DAYS = 1
Advance = Callable[[int], None]


class _Read(NamedTuple):
    """Where weeks are read from, and which."""

    database: Database
    start: datetime
    end: datetime


class Checked(NamedTuple):
    """What came of a check."""

    machines: int
    with_data: int
    new: Counter[str]
    """Suspicions by method that were not there before."""
    standing: Counter[str]
    """Those that were, and are found again."""
    decided: int
    """Found, but a person has decided on them."""


def check(
    database: Database,
    *,
    now: datetime,
    days: float = 7,
    area: str | None = None,
    machine_id: int | None = None,
    thresholds: Thresholds = DEFAULTS,
    advance: Advance = lambda _count: None,
) -> Checked:
    """Check the machines of an area, or one, by their newest days; running it again changes only what has changed.

    Copies are sought among all machines of a kind, even where one machine alone is asked for.
    """
    everyone = machines_to_check(database)
    asked = everyone if area is None and machine_id is None else machines_to_check(database, area=area, machine_id=machine_id)
    wanted = frozenset(machine.machine_id for machine in asked)
    end = now.replace(second=0, microsecond=0)
    start = end - timedelta(days=days)
    found: list[tuple[int, Suspicion]] = list(_registered(everyone, wanted, now))
    with_data: set[int] = set()
    by_kind: dict[str, list[CheckedMachine]] = defaultdict(list)
    for machine in everyone:
        if machine.equipment_id is not None and machine.equipment_kind == machine.kind:
            by_kind[machine.kind].append(machine)
    for machines in by_kind.values():
        if wanted.isdisjoint(machine.machine_id for machine in machines):
            continue
        sketches, read = [], _Read(database, start, end)
        for machine, window in _windows(read, machines):
            if machine.machine_id in wanted:
                with_data.add(machine.machine_id)
                found += ((machine.machine_id, one) for one in examine(window, thresholds))
                found += ((machine.machine_id, one) for one in _stamps(database, machine, now, thresholds))
                advance(1)
            noise = fleet_replay.shared_noise(window, thresholds)
            if len(noise.signals) >= thresholds.least_signals:
                key = str(machine.machine_id)
                sketches.append(fleet_replay.sketch(key, machine.kind, noise, step_seconds=STEP_SECONDS))
        found += _copies(read, machines, sketches, wanted, thresholds)
    return _write(database, found, machines=len(asked), with_data=len(with_data), now=now)


def _registered(everyone: Sequence[CheckedMachine], wanted: frozenset[int], now: datetime) -> Iterator[tuple[int, Suspicion]]:
    """Judge nameplates and marks; these hold since a machine was registered."""
    now_us = _us(now)
    plates = {machine.machine_id: _plate(machine) for machine in everyone}
    since = {machine.machine_id: _us(machine.registered_at) for machine in everyone}
    for number, twin in copied(list(plates.values()), start_us=0, end_us=now_us).items():
        if number in wanted:
            yield number, _since(twin, since[number])
    for number in sorted(wanted):
        mark = marked(plates[number], start_us=since[number], end_us=now_us)
        if mark is not None:
            yield number, mark


def _windows(read: _Read, machines: Sequence[CheckedMachine]) -> Iterator[tuple[CheckedMachine, Window]]:
    """Read machines of one kind some at a time; those without data in the span are left out."""
    kind = machines[0].kind
    of_kind = load_kind(kind)
    counters = [name for name, signal in of_kind.signals.items() if signal.role is Role.COUNTER and signal.is_numeric]
    extra = [name for name in of_kind.numeric_signals if of_kind.signals[name].role in (Role.SETPOINT, Role.STATE)]
    signals = list(dict.fromkeys((*measured_signals(kind), *counters, *extra, *filter(None, (of_kind.state_signal,)))))
    for first in range(0, len(machines), _AT_ONCE):
        some = machines[first : first + _AT_ONCE]
        ids = [machine.equipment_id for machine in some if machine.equipment_id is not None]
        grids = read_grids(read.database, kind, ids, signals, start=read.start, end=read.end, step_seconds=STEP_SECONDS)
        for machine in some:
            grid = grids.get(machine.equipment_id or 0)
            if grid is not None:
                yield (
                    machine,
                    Window(
                        kind=kind,
                        start_us=_us(read.start),
                        step_seconds=STEP_SECONDS,
                        values=grid,
                        rated=_position(read.database, machine) if kind == "pv_inverter" else {},
                    ),
                )


def _position(database: Database, machine: CheckedMachine) -> dict[str, float]:
    plate = nameplate(database, machine.equipment_id or 0)
    rated = plate.rated if plate is not None else {}
    return {name: float(rated[name][0]) for name in ("latitude", "longitude") if name in rated}


def _stamps(database: Database, machine: CheckedMachine, now: datetime, thresholds: Thresholds) -> list[Suspicion]:
    times = row_times(
        database,
        machine.kind,
        machine.equipment_id or 0,
        start=now - timedelta(days=_STAMPS_DAYS),
        end=now + timedelta(days=365),
    )
    return detect_stamps(times, now_us=_us(now), thresholds=thresholds)


def _copies(
    read: _Read,
    machines: Sequence[CheckedMachine],
    sketches: Sequence[fleet_replay.Sketch],
    wanted: frozenset[int],
    thresholds: Thresholds,
) -> Iterator[tuple[int, Suspicion]]:
    """Read the machines that come nearest once more, and compare them in full."""
    by_key = {str(machine.machine_id): machine for machine in machines}
    names = {key: Label(zh=_named(machine), en=_named(machine)) for key, machine in by_key.items()}
    for first, second in sorted(fleet_replay.candidates(sketches, thresholds.copy_candidates)):
        if wanted.isdisjoint((int(first), int(second))):
            continue
        windows = {str(machine.machine_id): window for machine, window in _windows(read, [by_key[first], by_key[second]])}
        noises = {key: fleet_replay.shared_noise(window, thresholds) for key, window in windows.items()}
        if len(noises) < 2:
            continue
        copy = fleet_replay.compare(first, noises[first], second, noises[second], thresholds, step_seconds=STEP_SECONDS)
        if copy is None:
            continue
        for key, suspicion in zip((first, second), fleet_replay.told(copy, windows, names, thresholds), strict=True):
            if int(key) in wanted:
                yield int(key), suspicion


def _write(
    database: Database, found: Sequence[tuple[int, Suspicion]], *, machines: int, with_data: int, now: datetime
) -> Checked:
    strongest: dict[tuple[int, str], Suspicion] = {}
    for number, suspicion in found:
        key = number, suspicion.method.value
        before = strongest.get(key)
        if before is None or suspicion.score / suspicion.threshold > before.score / before.threshold:
            strongest[key] = suspicion
    new, standing, decided = Counter[str](), Counter[str](), 0
    with database.connection() as connection:
        for (number, method), one in sorted(strongest.items(), key=lambda item: item[0]):
            raised = raise_suspicion(connection, _stored(number, one), now=now)
            if raised is None:
                decided += 1
            else:
                (new if raised else standing)[method] += 1
    return Checked(machines, with_data, new, standing, decided)


def _stored(number: int, one: Suspicion) -> NewSuspicion:
    return NewSuspicion(
        machine_id=number,
        method=one.method.value,
        score=one.score,
        threshold=one.threshold,
        since=_at(one.start_us),
        until=_at(one.end_us),
        other=int(one.other) if one.other else None,
        explanation={"zh": one.explanation.zh, "en": one.explanation.en},
        evidence=one.evidence,
    )


def _plate(machine: CheckedMachine) -> Plate:
    return Plate(
        machine_id=machine.machine_id,
        label=machine.label or machine.equipment_name,
        enterprise=machine.enterprise,
        maker=machine.maker,
        model=machine.model,
        serial_number=machine.serial_number,
        nameplate_key=machine.nameplate_key,
        registration_code=machine.registration_code,
        gateway=machine.gateway,
        is_simulator=machine.is_simulator,
        gateway_is_simulator=machine.gateway_is_simulator,
    )


def _named(machine: CheckedMachine) -> str:
    return f"{machine.enterprise} {machine.label or machine.equipment_name}"


def _since(suspicion: Suspicion, start_us: int) -> Suspicion:
    return replace(suspicion, start_us=start_us)


def _us(at: datetime) -> int:
    return round(at.timestamp() * MICROSECONDS)


def _at(at_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
