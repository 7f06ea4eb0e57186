"""The constraint program of a workload, or of a part of it.

Each operation is an interval that is present on one of its machines; on a machine intervals do not overlap, and where set-ups
count they form a ring. On a machine with closed spans an operation has one length on the axis of open minutes, and its clock
times follow from the stretch in which it starts (`calendars.Calendar.pieces`).
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Any, NamedTuple

from analytics.scheduling.calendars import Piece
from analytics.scheduling.plans import Aims
from analytics.scheduling.workload import Draft, Workload


class Part(NamedTuple):
    """What a neighbourhood leaves as it is: operations that are in neither set stand at their times."""

    free: AbstractSet[int]
    """They change machine, order and time."""
    shifting: AbstractSet[int]
    """They keep their machine and their order among themselves."""
    reach_minutes: int
    """How far both may move."""


class _Slot(NamedTuple):
    """An operation on one of its machines: what is so only if it is present there."""

    present: Any
    begin: Any
    """On the machine's axis of open minutes."""
    minutes: int
    first_begin: int
    last_begin: int


class ConstraintModel:
    """Variables and constraints, with the hint as their first solution.

    Parameters
    ----------
    cp : module
        ``ortools.sat.python.cp_model``.
    hint : Draft
        A plan that holds.
    part : Part, optional
        Everything is free without it.
    """

    def __init__(self, cp: Any, work: Workload, hint: Draft, aims: Aims, part: Part | None = None) -> None:
        self.model = cp.CpModel()
        self._work, self._hint, self._part = work, hint, part
        self._hinted: list[tuple[Any, int]] = []
        self._latest = self._latest_ends(aims)
        self._active = range(len(work)) if part is None else sorted(part.free | part.shifting)
        self._start: dict[int, Any] = {}
        self._end: dict[int, Any] = {}
        self._slots: dict[int, dict[int, _Slot]] = {}
        for operation in self._active:
            self._add_operation(operation)
        setups = [cost for machine, sequence in enumerate(work.sequences(hint)) for cost in self._add_machine(machine, sequence)]
        self._aim(aims, setups)
        for variable, value in self._hinted:
            self.model.add_hint(variable, value)

    def draft(self, value: Any) -> Draft:
        """Read a solution with the solver's function; set-ups are not counted."""
        found = Draft(list(self._hint.machine), list(self._hint.start), list(self._hint.end), 0)
        for operation in self._active:
            slots = self._slots[operation].items()
            found.machine[operation] = next(machine for machine, slot in slots if value(slot.present))
            found.start[operation], found.end[operation] = value(self._start[operation]), value(self._end[operation])
        return found

    def _latest_ends(self, aims: Aims) -> list[int]:
        """Of each operation the latest end in any plan that is no worse than the hint, or in some that is as good as any."""
        work = self._work
        cost = work.cost(self._hint.end, self._hint.setup_minutes, aims)
        # one after the other, once no calendar is in the way: everything can be done by then
        last_closed = max((calendar.ends[-1] for calendar in work.calendars if calendar.ends), default=0)
        longest = sum(max(of.values()) for of in work.minutes) + len(work) * max(map(max, work.setup))
        everything = max([last_closed, *work.release]) + longest
        latest = list(self._hint.end)
        for number, (first, last) in enumerate(zip(work.first, work.last, strict=True)):
            due, price = work.due[number], aims.tardiness * work.weight[number]
            limit = everything
            if aims.makespan:
                limit = min(limit, cost // aims.makespan)
            if due is not None and price:
                limit = min(limit, max(due, 0) + cost // price)
            for operation in range(first, last + 1):
                rest = work.remaining[operation + 1] if operation < last else 0
                latest[operation] = max(limit - rest, latest[operation])
        return latest

    def _bounds(self, operation: int) -> tuple[int, int]:
        """Give the first start and the latest end of an operation that is not fixed."""
        work, hint = self._work, self._hint
        number = work.job[operation]
        first = work.release[number] + work.remaining[work.first[number]] - work.remaining[operation]
        latest = self._latest[operation]
        if self._part is None:
            return first, latest
        reach = self._part.reach_minutes
        first, latest = max(first, hint.start[operation] - reach), min(latest, hint.end[operation] + reach)
        if operation != work.first[number] and not self._is_active(operation - 1):
            first = max(first, hint.end[operation - 1])
        if operation != work.last[number] and not self._is_active(operation + 1):
            latest = min(latest, hint.start[operation + 1])
        return first, latest

    def _is_active(self, operation: int) -> bool:
        return self._part is None or operation in self._part.free or operation in self._part.shifting

    def _add_operation(self, operation: int) -> None:
        model, work, hint = self.model, self._work, self._hint
        first, latest = self._bounds(operation)
        may_move = self._part is None or operation in self._part.free
        options = [one for one in work.options[operation] if may_move or one[0] == hint.machine[operation]]
        start = model.new_int_var(first, latest - min(minutes for _, minutes in options), "")
        end = model.new_int_var(first + 1, latest, "")
        self._hinted += [(start, hint.start[operation]), (end, hint.end[operation])]
        pieces = {machine: self._pieces(operation, machine, first, latest) for machine, _ in options}
        options = [one for one in options if pieces[one[0]]]
        slots: dict[int, _Slot] = {}
        for machine, _minutes in options:
            present: Any = True
            if len(options) > 1:
                present = model.new_bool_var("")
                self._hinted.append((present, hint.machine[operation] == machine))
            slots[machine] = self._slot(operation, machine, (start, end), pieces[machine], present)
        if len(slots) > 1:
            model.add_exactly_one(slot.present for slot in slots.values())
            # follows from the rest, and tells it to the linear relaxation
            model.add(end >= start + sum(slot.minutes * slot.present for slot in slots.values()))
        if operation - 1 in self._end and work.job[operation - 1] == work.job[operation]:
            model.add(start >= self._end[operation - 1])
        self._start[operation], self._end[operation], self._slots[operation] = start, end, slots

    def _pieces(self, operation: int, machine: int, first: int, latest: int) -> list[Piece]:
        work = self._work
        calendar, minutes = work.calendars[machine], work.minutes[operation][machine]
        found = calendar.pieces(minutes, can_pause=work.can_pause[operation], first=first, last=latest - minutes)
        kept = []
        for piece in found:
            last = min(piece.last_start, latest - minutes - piece.pause_minutes)
            if piece.first_start <= last:
                kept.append(piece._replace(last_start=last))
        return kept

    def _slot(self, operation: int, machine: int, times: tuple[Any, Any], pieces: list[Piece], present: Any) -> _Slot:
        """Tie clock times to the machine's open minutes."""
        model, hint = self.model, self._hint
        minutes, (start, end) = self._work.minutes[operation][machine], times
        first = pieces[0].first_start - pieces[0].closed_before
        last = pieces[-1].last_start - pieces[-1].closed_before
        is_here, at = hint.machine[operation] == machine, hint.start[operation]
        if len(pieces) == 1:
            chosen, begin = [present], start - pieces[0].closed_before
        else:
            chosen, begin = [model.new_bool_var("") for _ in pieces], model.new_int_var(first, last, "")
            model.add(sum(chosen) == present)
            self._hinted.append((begin, self._work.calendars[machine].open_minutes(at) if is_here else first))
        for piece, literal in zip(pieces, chosen, strict=True):
            model.add_linear_constraint(start, piece.first_start, piece.last_start).only_enforce_if(literal)
            model.add(end == start + minutes + piece.pause_minutes).only_enforce_if(literal)
            if len(pieces) > 1:
                model.add(begin == start - piece.closed_before).only_enforce_if(literal)
                self._hinted.append((literal, is_here and piece.first_start <= at <= piece.last_start))
        return _Slot(present, begin, minutes, first, last)

    def _add_machine(self, machine: int, sequence: list[int]) -> list[Any]:
        """Keep the operations on a machine apart, and give what its set-ups cost."""
        slots = {operation: self._slots[operation][machine] for operation in self._active if machine in self._slots[operation]}
        if not slots:
            return []
        slots |= self._standing(machine, sequence, slots)
        self.model.add_no_overlap(
            [
                self.model.new_optional_fixed_size_interval_var(slot.begin, slot.minutes, slot.present, "")
                for slot in slots.values()
            ]
        )
        kept = [one for one in sequence if one in slots and self._part is not None and one not in self._part.free]
        for before, after in pairwise(kept):
            if self._is_active(before) or self._is_active(after):
                self.model.add(slots[after].begin >= slots[before].begin + slots[before].minutes)
        if not self._work.has_setups:
            return []
        return list(self._ring(machine, slots, [one for one in sequence if one in slots], kept))

    def _standing(self, machine: int, sequence: list[int], slots: Mapping[int, _Slot]) -> dict[int, _Slot]:
        """Give the operations that stand between those that do not, the last before them and the first after."""
        work = self._work
        calendar = work.calendars[machine]
        low = min(slot.first_begin for slot in slots.values())
        high = max(slot.last_begin + slot.minutes for slot in slots.values())
        found, passed = {}, None
        for operation in sequence:
            if self._is_active(operation):
                continue
            begin, minutes = calendar.open_minutes(self._hint.start[operation]), work.minutes[operation][machine]
            slot = _Slot(True, begin, minutes, begin, begin)
            if begin + minutes <= low:
                passed = (operation, slot)
                continue
            found[operation] = slot
            if begin >= high:
                break
        return found if passed is None else dict([passed]) | found

    def _ring(self, machine: int, slots: Mapping[int, _Slot], sequence: list[int], kept: list[int]) -> Iterator[Any]:
        """Let the operations on a machine follow each other in a ring through node 0, its state at the beginning."""
        work, node = self._work, {operation: index for index, operation in enumerate(slots, 1)}
        followed = set(zip([-1, *sequence], [*sequence, -1], strict=True))
        ring = [(node[one], node[one], ~slot.present) for one, slot in slots.items() if slot.present is not True]
        for before, after in _neighbours(slots, kept):
            literal = self.model.new_bool_var("")
            self._hinted.append((literal, (before, after) in followed))
            ring.append((node.get(before, 0), node.get(after, 0), literal))
            if after < 0:
                continue
            family = work.machine_family[machine] if before < 0 else work.family[before]
            minutes = work.setup[family][work.family[after]]
            yield minutes * literal
            ended = 0 if before < 0 else slots[before].begin + slots[before].minutes
            if self._is_active(after) or (before >= 0 and self._is_active(before)):
                self.model.add(slots[after].begin >= ended + minutes).only_enforce_if(literal)
        self.model.add_circuit(ring)

    def _aim(self, aims: Aims, setups: list[Any]) -> None:
        model, work, hint = self.model, self._work, self._hint
        terms: list[Any] = []
        standing = max([work.done_end, *(hint.end[last] for last in work.last if not self._is_active(last))])
        ends = [last for last in work.last if self._is_active(last)]
        if aims.makespan:
            makespan = model.new_int_var(standing, max([standing, *(self._latest[last] for last in ends)]), "")
            for last in ends:
                model.add(makespan >= self._end[last])
            self._hinted.append((makespan, max([standing, *(hint.end[last] for last in ends)])))
            terms.append(aims.makespan * makespan)
        tardiness = work.done_tardiness
        for last, due, weight in zip(work.last, work.due, work.weight, strict=True):
            if due is None or not self._is_active(last):
                tardiness += 0 if due is None else weight * max(0, hint.end[last] - due)
            elif aims.tardiness and weight and self._latest[last] > due:
                over = model.new_int_var(0, self._latest[last] - due, "")
                model.add(over >= self._end[last] - due)
                self._hinted.append((over, max(0, hint.end[last] - due)))
                terms.append(aims.tardiness * weight * over)
        terms += [aims.setup * cost for cost in setups]
        model.minimize(sum(terms) + aims.tardiness * tardiness + aims.setup * work.done_setup)


def _neighbours(slots: Mapping[int, _Slot], kept: list[int]) -> Iterator[tuple[int, int]]:
    """Give the pairs that may follow each other; -1 is the beginning and the end.

    Of those that keep their order only neighbours may, and only the first of them begins and the last of them ends.
    """
    place = {operation: at for at, operation in enumerate(kept)}
    for after, slot in slots.items():
        if place.get(after, 0) == 0:
            yield -1, after
        if place.get(after, len(kept) - 1) == len(kept) - 1:
            yield after, -1
        for before, earlier in slots.items():
            in_order = before not in place or after not in place or place[after] == place[before] + 1
            if before != after and in_order and earlier.first_begin + earlier.minutes <= slot.last_begin:
                yield before, after
    if all(slot.present is not True for slot in slots.values()):
        yield -1, -1
