"""Windows of machines, read in bulk from the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np

from analytics.catalogue import Analytic
from analytics.engine.task import Machine, microseconds
from analytics.window import Record, Window
from device_profiles.kind import load_kind
from store.database import Database
from store.grids import read_grids
from store.nameplates import nameplate
from store.readings import waveforms


def signals_of(analytics: Iterable[Analytic], kind: str) -> list[str]:
    """Name the signals that analytics read, in the kind's order; all of them where one takes whatever there is."""
    known = load_kind(kind)
    wanted: set[str] = set()
    for one in analytics:
        if not one.spec.inputs:
            return list(known.numeric_signals)
        for signal, _, _ in one.spec.inputs:
            wanted.update(known.members.get(signal, (signal,)))
    if known.state_signal is not None:
        wanted.add(known.state_signal)
    return [name for name in known.numeric_signals if name in wanted]


def read_windows(
    database: Database,
    kind: str,
    machines: Sequence[Machine],
    analytics: Sequence[Analytic],
    *,
    start: datetime,
    end: datetime,
    step_seconds: float,
) -> dict[int, Window]:
    """Read ``[start, end)`` of machines by id; one that sent nothing has a window without values."""
    signals = signals_of(analytics, kind)
    grids = read_grids(database, kind, [one.id for one in machines], signals, start=start, end=end, step_seconds=step_seconds)
    steps = round((end - start).total_seconds() / step_seconds)
    nothing = {signals[0]: np.full(steps, np.nan, np.float32)} if signals else {}
    recorded = sorted({name for one in analytics for name in one.spec.records if name in load_kind(kind).signals})
    rated = {name: unit for one in analytics for name, unit in one.spec.rated}
    return {
        machine.id: Window(
            kind=kind,
            start_us=microseconds(start),
            step_seconds=step_seconds,
            values=grids.get(machine.id, nothing),
            rated=_rated(database, machine.id, rated) if rated else {},
            records={name: _records(database, machine.id, name, start, end) for name in recorded},
        )
        for machine in machines
    }


def _rated(database: Database, equipment_id: int, wanted: dict[str, str]) -> dict[str, float]:
    """Take from the nameplate what is there in the unit that is asked for."""
    plate = nameplate(database, equipment_id)
    found = {} if plate is None else plate.rated
    return {
        name: float(value)
        for name, (value, unit) in ((name, found[name]) for name in wanted if name in found)
        if unit == wanted[name] and isinstance(value, int | float)
    }


def _records(database: Database, equipment_id: int, signal: str, start: datetime, end: datetime) -> list[Record]:
    found = waveforms(database, equipment_id, signal, start=start, end=end)
    return [Record(microseconds(one.start), one.rate_hz, one.samples.astype(np.float64)) for one in reversed(found)]
