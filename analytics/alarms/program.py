"""The rules of one kind as arrays, a column a rule: what is measured, beyond what a rule is true, at what it is back."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from analytics.alarms.rule_forms import BadQuality, Deviation, InState, Limit, RateOfChange, Stale, state_codes
from analytics.alarms.rules import Rule
from device_profiles.kind import Kind
from telemetry.bundle import MICROSECONDS
from telemetry.quality import Quality

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.intp]
Bytes = NDArray[np.uint8]

_MEASURED = -1
_NOTHING = -2


class Program:
    """What the evaluator needs of a kind's enabled rules.

    Every form comes down to one number a machine and rule: the rule is true above ``beyond``, back at or below ``back``, and
    between them, or where the number is NaN, it stays what it is.
    """

    def __init__(self, kind: Kind, rules: Sequence[Rule]) -> None:
        self.rules = [rule for rule in rules if rule.enabled]
        self.names = [rule.name for rule in self.rules]
        self.evaluated = [rule.evaluated for rule in self.rules]
        used = _used_signals(kind, self.rules)
        self.signals = [name for name in kind.numeric_signals if name in used]
        self._signal = {name: column for column, name in enumerate(self.signals)}
        self.on_us = _microseconds([rule.on_delay_seconds for rule in self.rules])
        self.off_us = _microseconds([rule.off_delay_seconds for rule in self.rules])
        self._compile_forms(kind)
        self.restricted = [(column, frozenset(rule.equipment)) for column, rule in enumerate(self.rules) if rule.equipment]
        self._state = None if kind.state_signal is None else self._signal.get(kind.state_signal)
        self._applies: dict[tuple[int, ...], list[int]] = {}
        for column, rule in enumerate(self.rules):
            if rule.applies_in:
                assert kind.state_signal is not None  # the rule was held against its kind
                codes = state_codes(kind, kind.state_signal, rule.applies_in)
                self._applies.setdefault(codes, []).append(column)
        column_of = {name: column for column, name in enumerate(self.names)}
        self._suppressors: dict[int, tuple[list[int], list[tuple[int, tuple[int, ...]]]]] = {}
        for column, rule in enumerate(self.rules):
            by_rules = [column_of[by.rule] for by in rule.suppressed_by if by.rule in column_of]
            by_states = [
                (self._signal[by.signal], state_codes(kind, by.signal, by.states)) for by in rule.suppressed_by if by.signal
            ]
            if by_rules or by_states:
                self._suppressors[column] = (by_rules, by_states)
        self.suppressible = np.array(list(self._suppressors), dtype=np.intp)
        self.suppressible_by_state = np.array([column for column, (_, by) in self._suppressors.items() if by], dtype=np.intp)

    def _compile_forms(self, kind: Kind) -> None:
        size = len(self.rules)
        self.beyond, self.back = np.zeros(size), np.zeros(size)
        self.limits = np.full(size, np.nan)
        """What a change names as its limit."""
        self._reported = np.full(size, _MEASURED, dtype=np.intp)
        self.rates: dict[int, tuple[int, RateOfChange]] = {}
        """Columns whose number needs a history, each with its signal's column."""
        self._steps: list[tuple[int, Callable[[Floats, Bytes], Floats]]] = []
        stale: list[tuple[int, float]] = []
        bounds: list[tuple[int, int, int]] = []
        for column, rule in enumerate(self.rules):
            match rule.when:
                case Limit() as when:
                    sign = -1 if when.is_low else 1
                    bounds.append((column, self._signal[when.signal], sign))
                    self._span(column, sign * when.value, when.deadband, when.value)
                    self._reported[column] = self._signal[when.signal]
                case RateOfChange() as when:
                    self.rates[column] = self._signal[when.signal], when
                    self._span(column, when.value, when.deadband, -when.value if when.side == "falling" else when.value)
                case Deviation() as when:
                    self._steps.append((column, self._deviation(when)))
                    self._span(column, when.value, when.deadband, when.value)
                case BadQuality() as when:
                    watched = [self._signal[name] for name in when.signals or self.signals]
                    self._steps.append((column, partial(_worst, watched)))
                    self._span(column, Quality.BAD - 0.5, 0, np.nan)
                case InState() as when:
                    self._steps.append((column, self._in_state(kind, when)))
                    self._span(column, 0.5, 0, np.nan)
                    self._reported[column] = self._signal[when.signal]
                case Stale() as when:
                    stale.append((column, when.after_seconds))
                    self._span(column, 0, 0, when.after_seconds)
                    self._reported[column] = _NOTHING
        self.stale = np.array([column for column, _ in stale], dtype=np.intp)
        self.stale_us = _microseconds([seconds for _, seconds in stale])
        self._bound, self._bound_signal = (np.array([bound[place] for bound in bounds], dtype=np.intp) for place in (0, 1))
        self._bound_sign = np.array([sign for _, _, sign in bounds], dtype=np.float64)

    def _span(self, column: int, beyond: float, deadband: float, limit: float) -> None:
        self.beyond[column], self.back[column], self.limits[column] = beyond, beyond - deadband, limit

    def _deviation(self, when: Deviation) -> Callable[[Floats, Bytes], Floats]:
        signal = self._signal[when.signal]
        if isinstance(when.against, str):
            other = self._signal[when.against]
            return lambda values, _: np.abs(values[:, signal] - values[:, other])
        number = when.against
        return lambda values, _: np.abs(values[:, signal] - number)

    def _in_state(self, kind: Kind, when: InState) -> Callable[[Floats, Bytes], Floats]:
        signal, codes = self._signal[when.signal], state_codes(kind, when.signal, when.states)

        def measure(values: Floats, _: Bytes) -> Floats:
            return np.where(np.isnan(values[:, signal]), np.nan, np.isin(values[:, signal], codes))

        return measure

    def measure(self, usable: Floats, qualities: Bytes) -> Floats:
        """Give the number of every rule for some machines, of those that need no history.

        Parameters
        ----------
        usable : ndarray, shape (machines, signals)
            Values, NaN where the newest sample was bad or there was none yet.
        qualities : ndarray, shape (machines, signals)
            Quality of the newest sample.
        """
        numbers = np.full((len(usable), len(self.rules)), -np.inf)
        numbers[:, self._bound] = usable[:, self._bound_signal] * self._bound_sign
        for column, step in self._steps:
            numbers[:, column] = step(usable, qualities)
        return numbers

    def rest(self, numbers: Floats, last_values: Floats) -> None:
        """Set rules back where the machine's last known state is none that they apply in.

        A machine that never told its state is taken to be in all of them: an alarm too many is seen, one too few is not.
        """
        for codes, columns in self._applies.items():
            numbers[np.ix_(np.flatnonzero(~self._is_in(codes, last_values)), np.array(columns))] = -np.inf

    def stale_applies(self, last_values: Floats) -> Flags:
        """Tell, machine by stale rule, whether silence would mean something in the last known state."""
        means = np.ones((len(last_values), len(self.stale)), dtype=np.bool_)
        for codes, columns in self._applies.items():
            means[:, np.isin(self.stale, columns)] &= self._is_in(codes, last_values)[:, None]
        return means

    def _is_in(self, codes: tuple[int, ...], last_values: Floats) -> Flags:
        assert self._state is not None  # or no rule could apply in states
        state = last_values[:, self._state]
        return np.isin(state, codes) | np.isnan(state)

    def suppressed(self, active: Flags, last_values: Floats) -> Flags:
        """Tell which active rules are suppressed by design."""
        found = np.zeros_like(active)
        for column, (by_rules, by_states) in self._suppressors.items():
            found[:, column] = active[:, by_rules].any(axis=1)
            for signal, codes in by_states:
                found[:, column] |= np.isin(last_values[:, signal], codes)
        return found & active

    def reported(self, columns: Rows, values: Floats, measured: Floats) -> Floats:
        """Give the value that a change names, of one machine and rule each; NaN for none."""
        source = self._reported[columns]
        cells = np.arange(len(columns))
        value = np.where(source >= 0, values[cells, np.maximum(source, 0)], measured)
        value[(source == _NOTHING) | ~np.isfinite(value)] = np.nan
        return value


def _used_signals(kind: Kind, rules: Sequence[Rule]) -> set[str]:
    used = set() if kind.state_signal is None else {kind.state_signal}
    for rule in rules:
        used |= {by.signal for by in rule.suppressed_by if by.signal}
        match rule.when:
            case BadQuality(signals=signals):
                used |= set(signals or kind.numeric_signals)
            case Limit(signal=signal) | RateOfChange(signal=signal) | InState(signal=signal):
                used.add(signal)
            case Deviation(signal=signal, against=against):
                used |= {signal, str(against)}
            case Stale():
                pass
    return used


def _worst(watched: list[int], _: Floats, qualities: Bytes) -> Floats:
    worst: Floats = qualities[:, watched].max(axis=1).astype(np.float64)
    return worst


def _microseconds(seconds: Sequence[float]) -> Times:
    return np.array([round(duration * MICROSECONDS) for duration in seconds], dtype=np.int64)
