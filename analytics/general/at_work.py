"""When a machine of any kind is at work, and which of its signals are measurements."""

from collections import Counter
from functools import cache

import numpy as np

from analytics.result import NotEvaluated, Why
from analytics.window import Flags, Window
from device_profiles.kind import Role, SignalType, load_kind

MEASURED = (Role.OUTPUT, Role.INPUT, Role.LOAD, Role.CONDITION, Role.AMBIENT)
"""Roles of what is measured; set points, states, counters, laboratory values and nameplates are none of it."""


@cache
def working_states(kind: str) -> tuple[str, ...]:
    """Name the states that at least half as many of a kind's ranges apply in as in the one that most apply in."""
    counts = Counter(state for signal in load_kind(kind).families.values() for state in signal.applies_in)
    most = max(counts.values(), default=0)
    return tuple(sorted(state for state, count in counts.items() if 2 * count >= most))


@cache
def measured_signals(kind: str) -> tuple[str, ...]:
    """Name the signals that come from sensors: real numbers, no hours, no directions, which jump from 360° to 0."""
    return tuple(
        name
        for name, signal in load_kind(kind).signals.items()
        if signal.type is SignalType.REAL
        and signal.role in MEASURED
        and signal.unit != "h"
        and not (signal.unit == "deg" and (signal.normal is None or signal.normal == (0, 360)))
    )


def is_at_work(window: Window) -> Flags:
    """Tell where the machine is in a working state.

    Raises
    ------
    NotEvaluated
        If its state is not known at all.
    """
    signal = load_kind(window.kind).state_signal
    states = working_states(window.kind)
    if signal is None or not states or np.isnan(window[signal]).all():
        raise NotEvaluated(Why.MISSING_INPUT, signal or "state")
    return window.state_is(*states)
