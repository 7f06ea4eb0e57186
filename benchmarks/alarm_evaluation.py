"""How long it takes to hold one row of each of many machines against all rules of its kind, on one core."""

import time
from typing import Any

import numpy as np

from analytics.alarms.evaluator import Evaluator
from analytics.alarms.kind_rules import rules_of
from device_profiles.kind import Kind, SignalType, kind_names, load_kind

MOST_MILLISECONDS = 150
SECOND_US = 1_000_000
FAULT_SECONDS = 25


def measure(short: bool) -> dict[str, Any]:  # noqa: FBT001 - what every benchmark takes
    """Take each second a row of 10,000 machines of all kinds; one signal in a thousand is beyond its limits for a while."""
    machines, seconds = (10_000, 10) if short else (10_000, 60)
    kinds = [load_kind(name) for name in kind_names()]
    rules = {kind.name: rules_of(kind) for kind in kinds}
    evaluator = Evaluator(rules)
    rng = np.random.default_rng(6)
    of_kind = machines // len(kinds)
    ids = {kind.name: np.arange(of_kind) + place * of_kind for place, kind in enumerate(kinds)}
    spent, changes = [], 0
    faulty: dict[str, Any] = {}
    for second in range(seconds):
        if second % FAULT_SECONDS == 0:
            faulty = {kind.name: rng.random((of_kind, len(kind.numeric_signals))) < 0.001 for kind in kinds}
        rows = {kind.name: _rows(kind, faulty[kind.name], rng) for kind in kinds}
        times = rng.integers(0, SECOND_US, of_kind) + second * SECOND_US
        started = time.perf_counter()
        for name, values in rows.items():
            told = evaluator.take(
                name, ids[name], times, values, np.zeros(values.shape, np.uint8), load_kind(name).numeric_signals
            )
            changes += len(told.changes)
        changes += len(evaluator.tick(second * SECOND_US).changes)
        spent.append((time.perf_counter() - started) * 1000)
    started = time.perf_counter()
    snapshot = evaluator.snapshot()
    return {
        "machines": of_kind * len(kinds),
        "conditions": of_kind * sum(map(len, rules.values())),
        "median_milliseconds": round(float(np.median(spent[1:])), 1),  # the first second has the machines join
        "worst_milliseconds": round(max(spent[1:]), 1),
        "most_milliseconds": MOST_MILLISECONDS,
        "holds": float(np.median(spent[1:])) < MOST_MILLISECONDS,
        "changes": changes,
        "snapshot_milliseconds": round((time.perf_counter() - started) * 1000, 1),
        "snapshot_bytes": len(snapshot),
    }


def _rows(
    kind: Kind, faulty: np.ndarray[Any, np.dtype[np.bool_]], rng: np.random.Generator
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Draw values within the normal ranges of machines at work, those of faulty ones far beyond."""
    at_work = {state for signal in kind.signals.values() for state in signal.applies_in}
    columns = []
    for column, name in enumerate(kind.numeric_signals):
        signal = kind.signals[name]
        low, high = signal.normal or (0.0, 0.0)
        if signal.type is SignalType.ENUM:
            low = high = float(next((state for state in signal.states if state.name in at_work), signal.states[-1]).code)
        columns.append(rng.uniform(low, high, len(faulty)) + np.where(faulty[:, column], 10 * (high - low), 0))
    return np.column_stack(columns)


if __name__ == "__main__":
    print(measure(short=False))
