"""The meaning of the rules written as plainly as it goes: one machine, one rule, one instant at a time."""

from dataclasses import dataclass, field

from analytics.alarms.rule_forms import BadQuality, Deviation, InState, Limit, RateOfChange, Stale
from analytics.alarms.rules import Rule
from device_profiles.kind import load_kind

Told = tuple[str, int, str, bool, int]


@dataclass
class Cell:
    is_active: bool = False
    is_suppressed: bool = False
    due: int | None = None
    kept: list[tuple[int, float]] = field(default_factory=list)


class PlainMachine:
    def __init__(self, number: int, rules: list[Rule]) -> None:
        self.number = number
        self.rules = {rule.name: rule for rule in rules}
        self.cells = {rule.name: Cell() for rule in rules}
        self.last: int | None = None
        self.settled: int | None = None
        self.good: dict[str, float] = {}
        self.bad: dict[str, bool] = {}
        self.told: list[Told] = []

    def advance(self, until: int) -> None:
        while dues := [cell.due for cell in self.cells.values() if cell.due is not None and cell.due <= until]:
            now = self.settled = min(dues)
            turning = [name for name, cell in self.cells.items() if cell.due == now]
            for name in turning:
                cell = self.cells[name]
                cell.is_active, cell.due = not cell.is_active, None
                self.wait_for_silence(name)
            self.suppress(now, turning)
            for name in turning:
                self.told.append(("change", self.number, name, self.cells[name].is_active, now))

    def row(self, time: int, sample: dict[str, float | None]) -> None:
        """Take a row: a signal that is not in it was not sampled, None is a bad sample."""
        if self.last is not None and time < self.last:
            return
        self.advance(time)
        self.last = time
        now = time if self.settled is None else max(time, self.settled)
        for name, value in sample.items():
            self.bad[name] = value is None
            if value is not None:
                self.good[name] = value
        for name, rule in self.rules.items():
            cell, truth = self.cells[name], self.truth(rule, now)
            wanted = "back" if cell.is_active else "beyond"
            delay = rule.off_delay_seconds if cell.is_active else rule.on_delay_seconds
            if truth != wanted:
                cell.due = None
            elif cell.due is None:
                cell.due = now + round(delay * 1e6)
            self.wait_for_silence(name)
        self.advance(now)
        self.suppress(now, [])

    def wait_for_silence(self, name: str) -> None:
        rule, cell = self.rules[name], self.cells[name]
        if isinstance(rule.when, Stale) and not cell.is_active and self.last is not None:
            due = self.last + round((rule.when.after_seconds + rule.on_delay_seconds) * 1e6)
            cell.due = None if self.rests(rule) else max(due, due if self.settled is None else self.settled)

    def rests(self, rule: Rule) -> bool:
        return bool(rule.applies_in) and self.state("state") not in (None, *rule.applies_in)

    def state(self, signal: str) -> str | None:
        names = {state.code: state.name for state in load_kind("boiler").signals[signal].states}
        return names[int(self.good[signal])] if signal in self.good else None

    def value(self, signal: str) -> float | None:
        return None if self.bad.get(signal, False) else self.good.get(signal)

    def truth(self, rule: Rule, now: int) -> str:
        when = rule.when
        rate = self.rate(rule, when, now) if isinstance(when, RateOfChange) else None
        if self.rests(rule):
            return "back"
        match when:
            case Limit():
                value, sign = self.value(when.signal), -1 if when.is_low else 1
                told = "?" if value is None else graded(sign * value, sign * when.value, when.deadband)
            case Deviation():
                value = self.value(when.signal)
                other = self.value(when.against) if isinstance(when.against, str) else when.against
                told = "?" if value is None or other is None else graded(abs(value - other), when.value, when.deadband)
            case RateOfChange():
                told = "?" if rate is None else graded(rate, when.value, when.deadband)
            case BadQuality():
                told = "beyond" if any(self.bad.get(signal, False) for signal in when.signals) else "back"
            case InState():
                value = self.value(when.signal)
                told = "?" if value is None else "beyond" if self.state(when.signal) in when.states else "back"
            case Stale():
                told = "back"
        return told

    def rate(self, rule: Rule, when: RateOfChange, now: int) -> float | None:
        kept, value = self.cells[rule.name].kept, self.value(when.signal)
        if value is None:
            return None
        window = round(when.per_seconds * 1e6)
        old = [(time, former) for time, former in kept if now - time >= window]
        if not kept or now - kept[-1][0] >= window // 8:
            kept.append((now, value))
        if not old:
            return None
        time, former = old[-1]
        rate = (value - former) * (window / (now - time))
        return {"rising": rate, "falling": -rate, "either": abs(rate)}[when.side]

    def suppress(self, now: int, turning: list[str]) -> None:
        for name, rule in self.rules.items():
            cell = self.cells[name]
            is_suppressed = cell.is_active and any(
                self.cells[by.rule].is_active if by.rule else self.state(str(by.signal)) in by.states for by in rule.suppressed_by
            )
            if is_suppressed != cell.is_suppressed and name not in turning:
                self.told.append(("suppression", self.number, name, is_suppressed, now))
            cell.is_suppressed = is_suppressed


def graded(number: float, limit: float, deadband: float) -> str:
    return "beyond" if number > limit else "back" if number <= limit - deadband else "?"
