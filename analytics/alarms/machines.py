"""What the evaluator remembers of the machines of one kind: arrays with a row a machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.alarms.program import Bytes, Flags, Floats, Program, Rows, Times
from analytics.alarms.rate_window import RateWindow
from telemetry.quality import Quality

NEVER = np.iinfo(np.int64).max
_LONG_AGO = np.iinfo(np.int64).min

_FILLS = {
    "last_us": _LONG_AGO,
    "settled_us": _LONG_AGO,
    "next_due_us": NEVER,
    "due_us": NEVER,
    "value": np.nan,
    "measured": np.nan,
}
KEPT_FIELDS = ("ids", "last_us", "settled_us", "value", "quality", "active", "suppressed", "due_us")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What outlives a change of rules or a restart; columns are known by the names of signals and rules."""

    signals: list[str]
    rules: list[str]
    evaluated: list[str]
    arrays: dict[str, np.ndarray[Any, Any]]
    windows: dict[str, tuple[Times, Floats]]


class Machines:
    """The machines of a kind; one that was never seen joins with its first row."""

    def __init__(self, program: Program) -> None:
        self.program = program
        signals, rules = len(program.signals), len(program.rules)
        self.ids: Times = np.empty(0, dtype=np.int64)
        self.last_us: Times = np.empty(0, dtype=np.int64)
        """Time of the newest row."""
        self.settled_us: Times = np.empty(0, dtype=np.int64)
        """Time of the newest change: a row that comes in late cannot undo what was told for a later time."""
        self.next_due_us: Times = np.empty(0, dtype=np.int64)
        """The soonest of ``due_us``."""
        self.value: Floats = np.empty((0, signals))
        """The last good value of each signal."""
        self.quality: Bytes = np.empty((0, signals), dtype=np.uint8)
        """Quality of the newest sample of each signal; a signal never sampled is good and NaN."""
        self.active: Flags = np.empty((0, rules), dtype=np.bool_)
        self.suppressed: Flags = np.empty((0, rules), dtype=np.bool_)
        self.due_us: Times = np.empty((0, rules), dtype=np.int64)
        """When the running delay runs out and the condition turns."""
        self.measured: Floats = np.empty((0, rules))
        self.covered: Flags = np.empty((0, len(program.restricted)), dtype=np.bool_)
        """Whether a rule for named machines means this one."""
        self.windows = {column: RateWindow(when.per_seconds) for column, (_, when) in program.rates.items()}
        self._names: Mapping[int, str] = {}
        self._sorted = np.empty(0, dtype=np.intp)

    def __len__(self) -> int:
        return len(self.ids)

    def rows_of(self, ids: Times) -> Rows:
        """Give the rows of machines, and a new row to each that has none."""
        found = self._look_up(ids)
        if (found < 0).any():
            self.add(np.unique(ids[found < 0]))
            found = self._look_up(ids)
        return found

    def add(self, ids: Times) -> None:
        for field in (*KEPT_FIELDS, "next_due_us", "measured"):
            kept = getattr(self, field)
            new = np.full((len(ids), *kept.shape[1:]), _FILLS.get(field, 0), dtype=kept.dtype)
            setattr(self, field, np.concatenate([kept, ids if field == "ids" else new]))
        for window in self.windows.values():
            window.add(len(ids))
        self._sorted = np.argsort(self.ids).astype(np.intp)
        self.name(self._names)

    def name(self, names: Mapping[int, str]) -> None:
        """Take the machines' names, GATEWAY/NAME by id, which rules for some machines only need."""
        self._names = names
        self.covered = np.zeros((len(self), len(self.program.restricted)), dtype=np.bool_)
        for place, (_, wanted) in enumerate(self.program.restricted):
            self.covered[:, place] = [names.get(number) in wanted for number in self.ids.tolist()]

    def usable(self, rows: Rows) -> Floats:
        """Give the values of machines, NaN where the newest sample was bad."""
        return np.where(self.quality[rows] < Quality.BAD, self.value[rows], np.nan)

    def stale_due_us(self, rows: Rows) -> Times:
        """Give when each stale rule would become active if nothing came any more."""
        program = self.program
        due = self.last_us[rows, None] + (program.stale_us + program.on_us[program.stale])
        means = program.stale_applies(self.value[rows])
        for place, (column, _) in enumerate(program.restricted):
            means[:, program.stale == column] &= self.covered[rows, place][:, None]
        return np.where(means, np.maximum(due, self.settled_us[rows, None]), NEVER)

    def kept(self) -> "Kept":
        names = self.program.names
        return Kept(
            signals=self.program.signals,
            rules=names,
            evaluated=self.program.evaluated,
            arrays={field: getattr(self, field) for field in KEPT_FIELDS},
            windows={names[column]: (window.time_us, window.value) for column, window in self.windows.items()},
        )

    def inherit(self, kept: "Kept") -> None:
        """Take over what machines were: of a rule that is evaluated as before all, of any other what is active."""
        former = kept.arrays
        self.add(former["ids"])
        self.last_us, self.settled_us = former["last_us"].copy(), former["settled_us"].copy()
        for new, signal in enumerate(self.program.signals):
            if signal in kept.signals:
                old = kept.signals.index(signal)
                self.value[:, new], self.quality[:, new] = former["value"][:, old], former["quality"][:, old]
        for new, (name, evaluated) in enumerate(zip(self.program.names, self.program.evaluated, strict=True)):
            if name not in kept.rules:
                continue
            old = kept.rules.index(name)
            self.active[:, new], self.suppressed[:, new] = former["active"][:, old], former["suppressed"][:, old]
            if evaluated == kept.evaluated[old]:
                self.due_us[:, new] = former["due_us"][:, old]
                if new in self.windows:
                    self.windows[new].time_us, self.windows[new].value = kept.windows[name]
        stale, rows = self.program.stale, np.arange(len(self))
        self.measured = self.program.measure(self.usable(rows), self.quality)
        self.measured[:, list(self.windows)] = np.nan
        self.due_us[:, stale] = np.where(self.active[:, stale], self.due_us[:, stale], self.stale_due_us(rows))
        self.set_next_due(rows)

    def set_next_due(self, rows: Rows) -> None:
        self.next_due_us[rows] = self.due_us[rows].min(axis=1, initial=NEVER)

    def _look_up(self, ids: Times) -> Rows:
        """Give the rows of machines, -1 for those unknown."""
        if not len(self):
            return np.full(len(ids), -1, dtype=np.intp)
        in_order = self.ids[self._sorted]
        place = np.minimum(np.searchsorted(in_order, ids), len(self) - 1)
        return np.where(in_order[place] == ids, self._sorted[place], -1)
