"""Follows the machines of one kind through their rows and through time, all machines of a step at once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from analytics.alarms.changes import Change, Suppression
from analytics.alarms.machines import NEVER, Kept, Machines
from analytics.alarms.program import Bytes, Flags, Floats, Program, Rows, Times
from telemetry.quality import Quality


class _Turned(NamedTuple):
    """Cells that turned at once, columns of `Change`."""

    ids: Times
    columns: Rows
    flags: Flags
    times_us: Times
    values: Floats
    suppressed: Flags


class KindEvaluator:
    """Evaluates the rules of one kind; what happened is gathered until `drain`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.machines = Machines(program)
        self._turned: list[_Turned] = []
        self._suppressions: list[Suppression] = []
        self._gone: list[Change] = []

    def take(self, ids: Times, times_us: Times, values: Floats, qualities: Bytes, names: Sequence[str]) -> None:
        machines = self.machines
        rows = machines.rows_of(ids)
        order = np.lexsort((times_us, rows))
        order = order[times_us[order] >= machines.last_us[rows[order]]]
        if not len(order):
            return
        given = np.array([column for column, name in enumerate(names) if name in self.program.signals], dtype=np.intp)
        columns = np.array([self.program.signals.index(names[column]) for column in given], dtype=np.intp)
        rows = rows[order]
        is_first = np.concatenate([[True], rows[1:] != rows[:-1]])
        starts = np.flatnonzero(is_first)
        turn = np.arange(len(rows)) - np.repeat(starts, np.diff([*starts, len(rows)]))
        by_turn = np.argsort(turn, kind="stable")
        for layer in np.split(by_turn, np.flatnonzero(np.diff(turn[by_turn])) + 1):
            taken = order[layer]
            with np.errstate(over="ignore"):  # a difference of two huge numbers is infinite, and beyond every limit
                cells = np.ix_(taken, given)
                self._step(rows[layer], times_us[taken], values[cells], qualities[cells], columns)

    def tick(self, now_us: int) -> None:
        rows = np.flatnonzero(self.machines.next_due_us <= now_us)
        self._run_out(rows, np.full(len(rows), now_us, dtype=np.int64))

    def name(self, names: Mapping[int, str]) -> None:
        self.machines.name(names)

    def inherit(self, kept: Kept, now_us: int) -> None:
        """Go on from machines under other rules; conditions of rules that are no more return."""
        self.machines.inherit(kept)
        for column, name in enumerate(kept.rules):
            if name not in self.program.names:
                gone = kept.arrays["ids"][kept.arrays["active"][:, column]]
                self._gone += [Change(number, name, False, now_us, None, None, False) for number in gone.tolist()]
        rows = np.arange(len(self.machines))
        self._tell_suppressions(rows, np.full(len(rows), now_us, dtype=np.int64), np.zeros_like(self.machines.active))

    def drain(self) -> tuple[list[Change], list[Suppression]]:
        """Give what happened since the last time, not sorted."""
        changes, suppressions = self._gone, self._suppressions
        for turned in self._turned:
            names = [self.program.names[column] for column in turned.columns]
            limits = self.program.limits[turned.columns]
            changes += [
                Change(number, name, is_active, time_us, _known(value), _known(limit), is_suppressed)
                for number, name, is_active, time_us, value, limit, is_suppressed in zip(
                    turned.ids.tolist(),
                    names,
                    turned.flags.tolist(),
                    turned.times_us.tolist(),
                    turned.values.tolist(),
                    limits.tolist(),
                    turned.suppressed.tolist(),
                    strict=True,
                )
            ]
        self._gone, self._suppressions, self._turned = [], [], []
        return changes, suppressions

    def _step(self, rows: Rows, times_us: Times, values: Floats, qualities: Bytes, columns: Rows) -> None:
        """Take one row of each machine: first what ran out before it, then what it says."""
        machines, program = self.machines, self.program
        due = machines.next_due_us[rows] <= times_us
        self._run_out(rows[due], times_us[due])
        machines.last_us[rows] = times_us
        times_us = np.maximum(times_us, machines.settled_us[rows])
        self._keep(rows, values, qualities, columns)
        usable, last_values = machines.usable(rows), machines.value[rows]
        numbers = program.measure(usable, machines.quality[rows])
        for column, (signal, when) in program.rates.items():
            rate = machines.windows[column].take(rows, times_us, usable[:, signal])
            numbers[:, column] = np.abs(rate) if when.side == "either" else -rate if when.side == "falling" else rate
        program.rest(numbers, last_values)
        for place, (column, _) in enumerate(program.restricted):
            numbers[~machines.covered[rows, place], column] = -np.inf
        machines.measured[rows] = numbers
        active, due_us = machines.active[rows], machines.due_us[rows]
        opposing = np.where(active, numbers <= program.back, numbers > program.beyond)
        starting = times_us[:, None] + np.where(active, program.off_us, program.on_us)
        due_us = np.where(opposing, np.where(due_us == NEVER, starting, due_us), NEVER)
        stale = program.stale
        due_us[:, stale] = np.where(active[:, stale], due_us[:, stale], machines.stale_due_us(rows))
        machines.due_us[rows] = due_us
        machines.set_next_due(rows)
        due = machines.next_due_us[rows] <= times_us
        self._run_out(rows[due], times_us[due])
        if len(program.suppressible_by_state):
            touched = machines.active[rows][:, program.suppressible_by_state].any(axis=1)
            self._tell_suppressions(rows[touched], times_us[touched], np.zeros_like(active[touched]))

    def _keep(self, rows: Rows, values: Floats, qualities: Bytes, columns: Rows) -> None:
        """Keep what a row brings; NaN with a good quality is no sample, NaN with any other is a bad one."""
        machines = self.machines
        is_missing = np.isnan(values)
        is_bad = (qualities >= Quality.BAD) | (is_missing & (qualities != Quality.GOOD)) | np.isinf(values)
        reason = np.where(qualities >= Quality.BAD, qualities, np.uint8(Quality.BAD_NOT_AVAILABLE))
        cells = np.ix_(rows, columns)
        machines.value[cells] = np.where(is_missing | is_bad, machines.value[cells], values)
        machines.quality[cells] = np.where(is_bad, reason, np.where(is_missing, machines.quality[cells], qualities))

    def _run_out(self, rows: Rows, until_us: Times) -> None:
        """Turn every condition whose delay runs out by then, in the order of time, so that suppression sees each instant."""
        machines, program = self.machines, self.program
        while len(rows):
            first_us = machines.next_due_us[rows]
            turning = machines.due_us[rows] == first_us[:, None]
            machines.settled_us[rows] = first_us
            machines.active[rows] ^= turning
            active = machines.active[rows]
            due_us = np.where(turning, NEVER, machines.due_us[rows])
            stale, silent = program.stale, turning[:, program.stale] & ~active[:, program.stale]
            due_us[:, stale] = np.where(silent, machines.stale_due_us(rows), due_us[:, stale])
            machines.due_us[rows] = due_us
            machines.set_next_due(rows)
            self._tell_suppressions(rows, first_us, turning)
            self._tell(rows, first_us, turning)
            more = machines.next_due_us[rows] <= until_us
            rows, until_us = rows[more], until_us[more]

    def _tell(self, rows: Rows, times_us: Times, turning: Flags) -> None:
        machines = self.machines
        places, columns = np.nonzero(turning)
        told = rows[places]
        values = self.program.reported(columns, machines.value[told], machines.measured[told, columns])
        active, suppressed = machines.active[told, columns], machines.suppressed[told, columns]
        self._turned.append(_Turned(machines.ids[told], columns, active, times_us[places], values, suppressed))

    def _tell_suppressions(self, rows: Rows, times_us: Times, turning: Flags) -> None:
        """Suppress anew; a condition that turns at the same instant tells it itself."""
        machines, suppressible = self.machines, self.program.suppressible
        if not len(suppressible):
            return
        touched = (machines.active[rows] | turning)[:, suppressible].any(axis=1)
        rows, times_us, turning = rows[touched], times_us[touched], turning[touched]
        suppressed = self.program.suppressed(machines.active[rows], machines.value[rows])
        places, columns = np.nonzero((suppressed != machines.suppressed[rows]) & ~turning)
        machines.suppressed[rows] = suppressed
        for place, column in zip(places.tolist(), columns.tolist(), strict=True):
            number = int(machines.ids[rows[place]])
            is_suppressed = bool(suppressed[place, column])
            self._suppressions.append(Suppression(number, self.program.names[column], is_suppressed, int(times_us[place])))


def _known(number: float) -> float | None:
    return None if number != number else number  # noqa: PLR0124 - only NaN differs from itself
