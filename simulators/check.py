"""The checker: joins what simulators served with what was received, value by value.

A received value belongs to a serving of its signal whose time lies in a window around the value's own time, because a gateway
stamps the start or the end of a request and the server a moment between. Each serving explains one received value. Of servings
in the window, one whose reply left whole comes first; then one that a fault had spoiled, which a client had better not take;
then one that explained another value already, which makes this one a duplicate. What nothing explains is wrong. Servings that
left whole and explain nothing are lost. So no two servings of a signal may lie closer together than the window is wide, or an
exchange of equal values goes unseen.
"""

import struct
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from simulators.truth import Served, Value

_MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One value as it arrived where it is judged; without a value (None), what tells that it is bad or not available."""

    equipment: str
    signal: str
    time_us: int
    """Its own time, in microseconds UTC."""
    value: Value
    arrived_us: int | None = None
    """When it arrived, where that is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is taken for right."""

    before_us: int = 50_000
    """How much earlier than the value's own time the serving may be."""
    after_us: int = 1_000_000
    """How much later."""
    late_after_us: int | None = None
    """A value that arrives later than this after its serving is late."""
    is_excused: Callable[[int], bool] = lambda _: False
    """Servings at these times may be lost: while a gateway was killed, say."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What the join found; the examples tell the first of each in words."""

    served: int = 0
    """Values whose replies left whole."""
    received: int = 0
    right: int = 0
    lost: int = 0
    excused: int = 0
    duplicate: int = 0
    wrong: int = 0
    late: int = 0
    bad: int = 0
    """Received without a value, where none was served."""
    taken: Counter[str] = field(default_factory=Counter)
    """Values that only a spoiled reply explains, by fault."""
    spoiled: Counter[str] = field(default_factory=Counter)
    """Values of replies that a fault dropped, spoiled or delayed."""
    examples: dict[str, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"{self.served} served, {self.received} received, {self.right} right: {self.lost} lost, {self.duplicate} duplicate, "
            f"{self.wrong} wrong, {self.late} late, {self.taken.total()} taken from spoiled replies, {self.excused} excused"
        )

    def note(self, what: str, text: str) -> None:
        told = self.examples.setdefault(what, [])
        if len(told) < _MOST_EXAMPLES:
            told.append(text)


@dataclass(slots=True)
class _Serving:
    time_us: int
    value: Value
    fault: str | None
    is_used: bool = False


def check(truth: Iterable[Served], received: Iterable[Received], rules: Rules | None = None) -> Verdict:
    """Join all lines of a truth log, the spoiled ones too, with everything received, in any order."""
    rules = rules or Rules()
    verdict = Verdict()
    servings: dict[tuple[str, str], list[_Serving]] = defaultdict(list)
    for line in truth:
        for signal, value in line.values.items():
            servings[line.equipment, signal].append(_Serving(line.time_us, value, line.fault))
            if line.fault is None:
                verdict.served += 1
            else:
                verdict.spoiled[line.fault] += 1
    arrivals: dict[tuple[str, str], list[Received]] = defaultdict(list)
    for one in received:
        arrivals[one.equipment, one.signal].append(one)
        verdict.received += 1
    for series in servings.keys() | arrivals.keys():
        told = sorted(servings[series], key=lambda serving: serving.time_us)
        _join(told, sorted(arrivals[series], key=lambda one: one.time_us), rules, verdict)
        for serving in told:
            if serving.fault is None and not serving.is_used:
                if rules.is_excused(serving.time_us):
                    verdict.excused += 1
                else:
                    verdict.lost += 1
                    verdict.note("lost", f"{'/'.join(series)} = {serving.value} served at {serving.time_us}")
    return verdict


def _join(servings: list[_Serving], arrivals: list[Received], rules: Rules, verdict: Verdict) -> None:
    times = [serving.time_us for serving in servings]
    for one in arrivals:
        first = bisect_left(times, one.time_us - rules.before_us)
        end = bisect_right(times, one.time_us + rules.after_us)
        equal = [serving for serving in servings[first:end] if _is_equal(one.value, serving.value)]
        found = next(_in_order(equal), None)
        where = f"{one.equipment}/{one.signal} = {one.value} at {one.time_us}"
        if found is not None:
            found.is_used = True
            if found.fault is not None:
                verdict.taken[found.fault] += 1
                verdict.note("taken", f"{where}: its reply was spoiled by {found.fault}")
                continue
            verdict.right += 1
            if None not in (rules.late_after_us, one.arrived_us) and one.arrived_us - found.time_us > rules.late_after_us:  # type: ignore[operator]
                verdict.late += 1
                verdict.note("late", f"{where}: arrived {(one.arrived_us - found.time_us) / 1e6:.3f} s later")  # type: ignore[operator]
        elif equal:
            verdict.duplicate += 1
            verdict.note("duplicate", where)
        elif one.value is None:
            verdict.bad += 1
        else:
            verdict.wrong += 1
            near = ", ".join(f"{serving.value} at {serving.time_us}" for serving in servings[first:end][:3])
            verdict.note("wrong", f"{where}: served {near or 'nothing'}")


def _in_order(equal: list[_Serving]) -> Iterator[_Serving]:
    """Give what may still explain a value: replies that left whole first, and of those the oldest."""
    yield from (serving for serving in equal if not serving.is_used and serving.fault is None)
    yield from (serving for serving in equal if not serving.is_used)


def _is_equal(value: Value, served: Value) -> bool:
    """Hold a value against what was served, or against the float32 next to that, if it went through one."""
    if value == served or not isinstance(served, float | int) or not isinstance(value, float | int):
        return value == served
    try:
        return bool(value == struct.unpack("<f", struct.pack("<f", served))[0])
    except OverflowError:
        return False
