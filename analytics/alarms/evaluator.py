"""Evaluates alarm rules over rows of machines of all kinds, as they come; pure: no clock, no database.

What holds for every form of rule:

* A condition becomes active when its rule was true without a break for at least the on-delay, and returns when it was back
  without a break for at least the off-delay. A value holds until the next row; the time of a change is when the delay ran
  out, exactly, whoever notices it: the next row or a tick.
* Beyond means above the limit (below, for low ones), not at it; back means at the limit or within, by at least the deadband.
* Bad data moves nothing: the condition keeps its state, and a delay that was running starts again. NaN with a good quality is
  no sample: the former one holds. An uncertain value counts.
* Rows of a machine count in the order of their time. One that is older than the machine's newest is passed over.
* In a state that a rule does not apply in, its condition is normal. The state is the last one known.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from analytics.alarms.changes import Change, Changes, Suppression
from analytics.alarms.kind_evaluator import KindEvaluator
from analytics.alarms.machines import Kept
from analytics.alarms.program import Program
from analytics.alarms.rules import Rule
from analytics.alarms.snapshot import packed, unpacked
from device_profiles.kind import kind_names, load_kind


class Evaluator:
    """Knows of every machine which rules are active, and tells what changes."""

    def __init__(self, rules: Mapping[str, Sequence[Rule]]) -> None:
        self._programs = {kind: Program(load_kind(kind), of_kind) for kind, of_kind in rules.items()}
        self._kinds = {kind: KindEvaluator(program) for kind, program in self._programs.items()}
        self._names: Mapping[int, str] = {}

    def take(  # noqa: PLR0917 - the columns of a table, in the order of a batch
        self,
        kind: str,
        equipment_ids: ArrayLike,
        times_us: ArrayLike,
        values: ArrayLike,
        qualities: ArrayLike,
        names: Sequence[str],
    ) -> Changes:
        """Take rows of machines of one kind, in any order, any number of each machine.

        Parameters
        ----------
        kind : str
            A kind without rules is passed over.
        equipment_ids, times_us : array_like of int, shape (rows,)
            Times in microseconds since 1970 UTC. A time in the future would make all later rows look old: keep it out.
        values : array_like of float, shape (rows, signals)
        qualities : array_like of uint8, shape (rows, signals)
        names : sequence of str
            The signals; those that no rule uses are passed over.

        Raises
        ------
        ValueError
            If the shapes do not fit together.
        """
        ids, times = np.asarray(equipment_ids, dtype=np.int64), np.asarray(times_us, dtype=np.int64)
        matrix, codes = np.asarray(values, dtype=np.float64), np.asarray(qualities, dtype=np.uint8)
        if not (ids.shape == times.shape == (len(ids),) and matrix.shape == codes.shape == (len(ids), len(names))):
            shapes = f"{ids.shape} ids, {times.shape} times, {matrix.shape} values, {codes.shape} qualities, {len(names)} names"
            raise ValueError(f"rows do not fit together: {shapes}")
        if kind not in self._kinds:
            return Changes([], [])
        self._kinds[kind].take(ids, times, matrix, codes, names)
        return self._drain()

    def tick(self, now_us: int) -> Changes:
        """Let delays and silence run out.

        ``now_us`` is the time up to which rows have come in: the clock's, less what a row may take on its way.
        """
        for kind in self._kinds.values():
            kind.tick(now_us)
        return self._drain()

    def name_machines(self, names: Mapping[int, str]) -> None:
        """Take the machines' names, GATEWAY/NAME by id; only rules that name machines need them. They count from the next row."""
        self._names = dict(names)
        for kind in self._kinds.values():
            kind.name(self._names)

    def replace_rules(self, rules: Mapping[str, Sequence[Rule]], now_us: int) -> Changes:
        """Go on with other rules.

        Conditions keep their state where a rule of that name stays, running delays where it is also evaluated as before;
        the conditions of a rule that is gone or disabled return.
        """
        kept = {kind: evaluator.machines.kept() for kind, evaluator in self._kinds.items()}
        self._programs = {kind: Program(load_kind(kind), of_kind) for kind, of_kind in rules.items()}
        return self._go_on_from(kept, now_us)

    def snapshot(self) -> bytes:
        """Give all that is remembered, for `restore` after a restart."""
        return packed({kind: evaluator.machines.kept() for kind, evaluator in self._kinds.items()})

    def restore(self, snapshot: bytes, now_us: int) -> Changes:
        """Go on from a snapshot, in place of what is remembered; rules that changed since are taken as by `replace_rules`.

        Raises
        ------
        ValueError
            If it is no snapshot, or of another version; then nothing has changed.
        """
        kept = unpacked(snapshot)
        return self._go_on_from({kind: of_kind for kind, of_kind in kept.items() if kind in kind_names()}, now_us)

    def _go_on_from(self, kept: Mapping[str, Kept], now_us: int) -> Changes:
        without_rules = {kind: Program(load_kind(kind), ()) for kind in kept.keys() - self._programs.keys()}
        self._kinds = {kind: KindEvaluator(program) for kind, program in (self._programs | without_rules).items()}
        for kind, evaluator in self._kinds.items():
            evaluator.name(self._names)
            if kind in kept:
                evaluator.inherit(kept[kind], now_us)
        return self._drain()

    def _drain(self) -> Changes:
        changes: list[Change] = []
        suppressions: list[Suppression] = []
        for kind in self._kinds.values():
            of_kind = kind.drain()
            changes += of_kind[0]
            suppressions += of_kind[1]
        return Changes(sorted(changes, key=lambda c: c.time_us), sorted(suppressions, key=lambda s: s.time_us))
