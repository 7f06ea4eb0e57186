"""The counting rule: what the registry says of machines, and what came of them by day, become outcomes. Nothing is read here.

A machine is held against the tests in their order (`store.city_snapshots.TESTS`); the first that it does not pass is where it is
lost, with the numbers found there. Which days came, and how they were cut, the facts say.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from registry.counting.rule import Parameters
from store.city_counting import FrozenMachine, RegisteredMachine
from store.city_facts import Facts

EPOCH = date(1970, 1, 1)
Inputs = Mapping[str, Any]
Reason = dict[str, Any]
Span = tuple[date | None, date | None]
"""First and last day with data up to the last day of the period."""


class Tally(NamedTuple):
    """Of a machine in the window."""

    data_days: int
    complete_days: int
    point_days: tuple[int, ...]
    """Days on which each required point was valid."""
    digest: str
    """SHA-256, in hex, of its facts in the window, by day: little-endian int32 of the day (since 1970-01-01), its hours, and the
    hours of each required point (-1 where it is none of the fact's points), one day after the other."""


class Outcome(NamedTuple):
    """What a count says of a machine; ``facts`` is the digest of what was measured."""

    row: FrozenMachine
    facts: str


def count(
    machines: Sequence[RegisteredMachine],
    facts: Sequence[Facts],
    spans: Mapping[int, Span],
    parameters: Parameters,
    *,
    last_day: date,
) -> list[Outcome]:
    """Count machines in the window that ends with ``last_day``.

    Parameters
    ----------
    facts : sequence of Facts
        Of their pieces of equipment, in any order; what lies outside of the window does not matter.
    spans : mapping
        By equipment; what is not in it never sent.
    parameters : Parameters
        Complete: with the required points of every kind (`Parameters.complete`).
    """
    tallies = _tallies(machines, facts, parameters, last_day)
    nothing = {kind: _nothing(len(parameters.points_of(kind))) for kind in {machine.kind for machine in machines}}
    found = []
    for machine in machines:
        equipment = -1 if machine.equipment_id is None else machine.equipment_id
        tally = tallies.get((machine.kind, equipment), nothing[machine.kind])
        judged = _Judged(machine, tally, spans.get(equipment, (None, None)), parameters, last_day)
        found.append(judged.outcome())
    return found


def window_start(parameters: Parameters, last_day: date) -> date:
    return last_day - timedelta(days=parameters.window_days - 1)


class _Judged:
    """One machine against all tests."""

    def __init__(self, machine: RegisteredMachine, tally: Tally, span: Span, parameters: Parameters, last_day: date) -> None:
        self._machine, self._tally, self._parameters, self._last_day = machine, tally, parameters, last_day
        self._inputs: Inputs = machine.inputs
        self._first, self._last = span

    def outcome(self) -> Outcome:
        lost_at, reason = next(
            ((name, reason) for name, test in _TESTS if (reason := test(self)) is not None), ("", self._counts())
        )
        tally = self._tally
        row = FrozenMachine(
            self._machine,
            self._state(lost_at),
            lost_at,
            reason,
            self._first,
            self._last,
            tally.data_days,
            tally.complete_days,
        )
        return Outcome(row, tally.digest)

    def _counts(self) -> Reason:
        return {"code": "counts", "days": self._tally.complete_days, **self._needed()}

    def _needed(self) -> Reason:
        return {"needed": self._parameters.least_valid_days, "window": self._parameters.window_days}

    def _state(self, lost_at: str) -> str:
        if lost_at in ("retired", ""):
            return lost_at or "verified"
        if self._first is None or self._last is None or self.gateway() is not None:
            return "registered"
        if self._last <= self._last_day - timedelta(days=self._parameters.silent_after_days):
            return "silent"
        return "reporting" if self._tally.data_days >= self._parameters.reporting_days else "connected"

    def retired(self) -> Reason | None:
        on = self._done_by("retired_at")
        return None if on is None else {"code": "retired", "on": str(on)}

    def identity(self) -> Reason | None:
        inputs, day = self._inputs, str(self._last_day)
        on = self._done_by("enterprise_retired_at")
        if on is not None:
            return {"code": "enterprise_retired", "on": str(on)}
        if "code_problem" in inputs:
            return {"code": "code_for_review", "problem": inputs["code_problem"]}
        # An area is valid from its first day, and up to but not on the day that ends it. ISO days sort as text.
        if not inputs.get("area_valid_from", "") <= day < inputs.get("area_valid_to", "9999"):
            return {"code": "area_not_valid", "area": self._machine.area}
        return None

    def nameplate(self) -> Reason | None:
        inputs = self._inputs
        missing = [name for name in ("maker", "model", "serial_number") if not inputs.get(name)]
        if missing or not inputs.get("nameplate"):
            return {"code": "nameplate_incomplete", "missing": missing or ["nameplate"]}
        if self._machine.kind in self._parameters.registration_code_kinds and not inputs.get("registration_code"):
            return {"code": "registration_code_missing"}
        if inputs.get("twins") and not (
            self._parameters.twins_counted == "first" and inputs["first_twin"] == self._machine.machine_id
        ):
            return {"code": "twin", "twins": inputs["twins"], "first": inputs["first_twin"]}
        return None

    def gateway(self) -> Reason | None:
        inputs = self._inputs
        name = inputs.get("gateway")
        if not name:
            return {"code": "no_gateway"}
        if "gateway_uscc" not in inputs:
            return {"code": "not_enrolled", "gateway": name}
        revoked = self._done_by("gateway_revoked_at")
        if revoked is not None:
            return {"code": "gateway_revoked", "gateway": name, "on": str(revoked)}
        if inputs.get("certificate_also"):
            return {"code": "certificate_shared", "gateway": name, "with": inputs["certificate_also"]}
        # A works without a code of its own, or a branch, may stand behind the gateway of its legal person.
        if inputs["gateway_uscc"] not in (self._machine.uscc, inputs.get("head")):
            return {"code": "gateway_of_another", "gateway": name, "uscc": inputs["gateway_uscc"]}
        return None

    def data(self) -> Reason | None:
        if self._first is not None:
            return None
        return {
            "code": "nothing_came",
            "gateway": self._inputs.get("gateway", ""),
            "equipment": self._inputs.get("equipment", ""),
        }

    def completeness(self) -> Reason | None:
        tally, parameters, kind = self._tally, self._parameters, self._machine.kind
        points, least = parameters.points_of(kind), parameters.least_valid_days
        sends = self._inputs.get("sends")
        if points and sends:
            return {"code": "other_kind", "sends": sends}
        if tally.data_days < least or tally.complete_days >= least:
            return None
        lacking = {name: days for name, days in zip(points, tally.point_days, strict=True) if days < least}
        return {
            "code": "points_lacked",
            "days": tally.complete_days,
            "of": tally.data_days,
            **self._needed(),
            "least_points": parameters.least_points_for(kind),
            "points": len(points),
            "lacking": lacking,
        }

    def continuity(self) -> Reason | None:
        if self._tally.data_days >= self._parameters.least_valid_days:
            return None
        return {"code": "days_lacked", "days": self._tally.data_days, **self._needed(), "last_day": str(self._last)}

    def authenticity(self) -> Reason | None:
        inputs, parameters = self._inputs, self._parameters
        for name, where in (("simulator", "machine"), ("gateway_simulator", "gateway")):
            if inputs.get(name):
                return {"code": "simulator", "where": where}
        start = window_start(parameters, self._last_day)
        touching = [
            one
            for one in inputs.get("suspicions", ())
            if self._day_of(one["since"]) <= self._last_day and self._day_of(one["until"]) >= start
        ]
        states = ("confirmed",) if parameters.count_while_suspicion_open else ("confirmed", "open")
        for state in states:
            for one in touching:
                if one["state"] == state:
                    return {"code": f"suspicion_{state}", "id": one["id"], "method": one["method"]}
        return None

    def hold(self) -> Reason | None:
        hold = self._inputs.get("hold")
        return None if hold is None else {"code": "on_hold", "id": hold["id"], "reason": hold["reason"]}

    def _done_by(self, name: str) -> date | None:
        """Give the day of something that was done in the period or before."""
        at = self._inputs.get(name)
        day = None if at is None else self._day_of(at)
        return day if day is not None and day <= self._last_day else None

    def _day_of(self, at: str) -> date:
        return datetime.fromisoformat(at).astimezone(self._parameters.zone).date()


_TESTS: tuple[tuple[str, Callable[[_Judged], Reason | None]], ...] = (
    ("retired", _Judged.retired),
    ("identity", _Judged.identity),
    ("nameplate", _Judged.nameplate),
    ("gateway", _Judged.gateway),
    ("data", _Judged.data),
    ("completeness", _Judged.completeness),
    ("continuity", _Judged.continuity),
    ("authenticity", _Judged.authenticity),
    ("hold", _Judged.hold),
)


def _nothing(points: int) -> Tally:
    return Tally(0, 0, (0,) * points, hashlib.sha256().hexdigest())


def _tallies(
    machines: Sequence[RegisteredMachine], facts: Sequence[Facts], parameters: Parameters, last_day: date
) -> dict[tuple[str, int], Tally]:
    """Sum up the facts of each piece of equipment as one of the kind that it is registered as."""
    of_kind: dict[str, set[int]] = {}
    for machine in machines:
        if machine.equipment_id is not None:
            of_kind.setdefault(machine.kind, set()).add(machine.equipment_id)
    first, last = (window_start(parameters, last_day) - EPOCH).days, (last_day - EPOCH).days
    found: dict[tuple[str, int], Tally] = {}
    for kind, ids in of_kind.items():
        table = _table(facts, np.array(sorted(ids), np.int32), parameters.points_of(kind), first, last)
        found |= {(kind, equipment): tally for equipment, tally in _sums(table, kind, parameters)}
    return found


def _table(
    facts: Sequence[Facts], ids: npt.NDArray[np.int32], points: Sequence[str], first: int, last: int
) -> npt.NDArray[np.int32]:
    """Give the facts of some equipment in the window, by equipment and day: columns equipment, day, hours, points."""
    parts = [np.empty((0, 3 + len(points)), "<i4")]
    for group in facts:
        chosen = np.isin(group.equipment_ids, ids) & (group.days >= first) & (group.days <= last)
        part = np.full((int(chosen.sum()), 3 + len(points)), -1, "<i4")
        part[:, 0], part[:, 1], part[:, 2] = group.equipment_ids[chosen], group.days[chosen], group.hours[chosen]
        for column, name in enumerate(points, 3):
            if name in group.signals:
                part[:, column] = group.point_hours[chosen, group.signals.index(name)]
        parts.append(part)
    table = np.concatenate(parts)
    return table[np.lexsort((table[:, 1], table[:, 0]))]


def _sums(table: npt.NDArray[np.int32], kind: str, parameters: Parameters) -> list[tuple[int, Tally]]:
    if not len(table):
        return []
    has_data, valid = table[:, 2] >= parameters.least_hours, table[:, 3:] >= parameters.least_hours
    complete = has_data & (valid.sum(axis=1) >= parameters.least_points_for(kind))
    starts = np.flatnonzero(np.append(True, table[1:, 0] != table[:-1, 0]))
    days: npt.NDArray[np.int64] = np.add.reduceat(has_data.astype(np.int64), starts)
    complete_days: npt.NDArray[np.int64] = np.add.reduceat(complete.astype(np.int64), starts)
    point_days: npt.NDArray[np.int64] = np.add.reduceat(valid.astype(np.int64), starts)
    facts = np.ascontiguousarray(table[:, 1:])
    ends = [*starts[1:].tolist(), len(table)]
    found = []
    for n, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
        digest = hashlib.sha256(facts[start:end].tobytes()).hexdigest()
        tally = Tally(int(days[n]), int(complete_days[n]), tuple(point_days[n].tolist()), digest)
        found.append((int(table[start, 0]), tally))
    return found
