"""What a machine tool is at: the four states of an item of OPC 40501-1, from a control's words or from a window.

Controls speak MTConnect (``EXECUTION``, ``CONTROLLER_MODE``, ``AVAILABILITY``, ``EMERGENCY_STOP``, conditions) or OPC UA; both
come down to executing, not executing, out of service and not available.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.spec import label
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import Label

Codes = npt.NDArray[np.int64]

DEBOUNCE_SECONDS = 3.0
"""A state that lasts for less is a control's way from one state to another."""
MICRO_STOP_SECONDS = 60.0
"""A shorter interruption is nobody's stop, but their sum is a loss (usual in practice; no standard says how short)."""


class ItemState(IntEnum):
    """What an item of production equipment is at."""

    EXECUTING = 0
    NOT_EXECUTING = 1
    OUT_OF_SERVICE = 2
    NOT_AVAILABLE = 3


_EXECUTING = ("ACTIVE", "EXECUTING")
_STOPPED = ("READY", "INTERRUPTED", "FEED_HOLD", "STOPPED", "PROGRAM_COMPLETED", "PROGRAM_STOPPED", "OPTIONAL_STOP", "WAIT")
_NOT_EXECUTING = (*_STOPPED, "NOTEXECUTING", "NOT_EXECUTING")


def item_states(
    execution: Sequence[str],
    *,
    controller_mode: Sequence[str] | None = None,
    availability: Sequence[str] | None = None,
    emergency_stop: Sequence[str] | None = None,
    condition: Sequence[str] | None = None,
) -> Codes:
    """Give the item state of each moment from the words of MTConnect or OPC 40501-1.

    Parameters
    ----------
    execution : sequence of str, length n
        ``ACTIVE``, ``READY``, ... A word that is not known, or ``UNAVAILABLE``, is not available.
    controller_mode, availability, emergency_stop, condition : sequence of str, length n, optional
        What the machine does not tell, says nothing against its executing.

    Returns
    -------
    ndarray of int, shape (n,)
        Codes of `ItemState`. Executing asks for execution and for the automatic mode; a fault or a triggered emergency stop is
        out of service, whatever else is said.

    References
    ----------
    ANSI/MTC1.4 Part 2 (values of EXECUTION); OPC 40501-1 v1.02, 8 (state and operation mode).
    """
    words = np.array([word.upper().replace(" ", "_") for word in execution])
    states = np.full(len(words), int(ItemState.NOT_AVAILABLE), np.int64)
    states[np.isin(words, _NOT_EXECUTING)] = ItemState.NOT_EXECUTING
    runs = np.isin(words, _EXECUTING)
    states[runs & _says(controller_mode, "AUTOMATIC", like=words, otherwise=True)] = ItemState.EXECUTING
    states[runs & ~_says(controller_mode, "AUTOMATIC", like=words, otherwise=True)] = ItemState.NOT_EXECUTING
    out = _says(emergency_stop, "TRIGGERED", like=words) | _says(condition, "FAULT", like=words)
    states[out] = ItemState.OUT_OF_SERVICE
    states[_says(availability, "UNAVAILABLE", like=words)] = ItemState.NOT_AVAILABLE
    return states


def states_of(window: Window) -> Codes:
    """Give the item state at each step of a window, shape (n,).

    A fault of the controller counts only while nothing is executed: a control that goes on is not out of service. A step in
    which the state changed is not known and keeps the state before it.
    """
    execution = carried(window["execution"])
    states = np.full(len(window), int(ItemState.NOT_AVAILABLE), np.int64)
    states[~np.isnan(execution)] = ItemState.NOT_EXECUTING
    active = execution == 0
    mode = carried(window["operation_mode"])
    # Automatic, also with a hand on the wheel; a machine that does not tell its mode is in automatic while it executes.
    states[active & (np.isnan(mode) | np.isin(mode, (1, 3)))] = ItemState.EXECUTING
    stopped = carried(window["emergency_stop"]) == 1
    states[stopped | ((carried(window["controller_condition"]) == 2) & ~active)] = ItemState.OUT_OF_SERVICE
    states[carried(window["availability"]) == 0] = ItemState.NOT_AVAILABLE
    return states


class Spans(NamedTuple):
    """Stretches in one state, one after the other; each of shape (k,)."""

    start_seconds: FloatArray
    end_seconds: FloatArray
    state: Codes

    @property
    def seconds(self) -> FloatArray:
        return self.end_seconds - self.start_seconds


def spans(times_seconds: FloatArray, states: Codes, *, end_seconds: float) -> Spans:
    """Join moments in one state to stretches.

    Parameters
    ----------
    times_seconds : ndarray, shape (n,)
        When each state began; in any order, since gateways deliver late ones late.
    end_seconds : float
        When the last one ended.
    """
    order = np.argsort(times_seconds, kind="stable")
    times, of = times_seconds[order], states[order]
    first = np.concatenate([[True], of[1:] != of[:-1]]) if len(of) else np.zeros(0, bool)
    starts = times[first]
    return Spans(starts, np.append(starts[1:], end_seconds) if len(starts) else starts, of[first])


def debounced(found: Spans, *, seconds: float = DEBOUNCE_SECONDS) -> Spans:
    """Give stretches that last; a shorter one belongs to the one before it, the first keeps its own state."""
    if not len(found.state):
        return found
    lasts = found.seconds >= seconds
    lasts[0] = True
    return spans(found.start_seconds[lasts], found.state[lasts], end_seconds=float(found.end_seconds[-1]))


def micro_stops(found: Spans, *, interrupted: int, seconds: float = MICRO_STOP_SECONDS) -> Flags:
    """Tell which stretches are short interruptions; a gap in which the next part is loaded is none."""
    is_short: Flags = (found.state == interrupted) & (found.seconds < seconds)
    return is_short


STOP_LABELS: dict[str, Label] = {
    "executing": label("加工", "Executing"),
    "loading": label("上下料", "Loading"),
    "waiting": label("等待", "Waiting"),
    "interrupted": label("程序中断", "Interrupted"),
    "setup": label("换线调整", "Setting up"),
    "maintenance": label("维修保养", "Maintenance"),
    "fault": label("故障停机", "Stopped by a fault"),
    "emergency_stop": label("急停", "Emergency stop"),
    "unavailable": label("断电或离线", "Off or not reached"),
}
"""What a machine's time goes into, most wanted first; the names of `reasons_of`."""
REASONS = tuple(STOP_LABELS)
_LOADING_SECONDS = 300.0
"""Longer between two parts it is no longer loading (engineering default)."""


def reasons_of(window: Window) -> Codes:
    """Give at each step what the time goes into, as an index into `REASONS`, shape (n,)."""
    states = states_of(window)
    functional, execution = carried(window["functional_mode"]), carried(window["execution"])
    reasons = np.full(len(window), REASONS.index("waiting"), np.int64)
    reasons[execution == 1] = REASONS.index("interrupted")
    reasons[np.isin(functional, (1, 2))] = REASONS.index("setup")
    reasons[states == ItemState.EXECUTING] = REASONS.index("executing")
    reasons[functional == 3] = REASONS.index("maintenance")
    reasons[states == ItemState.OUT_OF_SERVICE] = REASONS.index("fault")
    reasons[carried(window["emergency_stop"]) == 1] = REASONS.index("emergency_stop")
    reasons[states == ItemState.NOT_AVAILABLE] = REASONS.index("unavailable")
    seconds: FloatArray = np.arange(len(window), dtype=np.float64) * window.step_seconds
    found = spans(seconds, reasons, end_seconds=len(window) * window.step_seconds)
    is_loading = (found.state == REASONS.index("waiting")) & (found.seconds <= _LOADING_SECONDS)
    named = np.where(is_loading, REASONS.index("loading"), found.state)
    lengths = np.rint(found.seconds / window.step_seconds).astype(np.int64)
    return np.repeat(named, lengths)


def seconds_by_reason(window: Window, reasons: Codes) -> FloatArray:
    """Sum up the time of each of `REASONS`, in s."""
    summed: FloatArray = np.bincount(reasons, minlength=len(REASONS)).astype(np.float64) * window.step_seconds
    return summed


def _says(words: Sequence[str] | None, word: str, *, like: npt.NDArray[np.str_], otherwise: bool = False) -> Flags:
    if words is None:
        return np.full(len(like), otherwise)
    return np.array([one.upper().replace(" ", "_") == word for one in words], bool)


def carried(codes: FloatArray) -> FloatArray:
    """Carry a state over steps in which it changed; what comes before the first known one stays unknown, shape (n,)."""
    index = np.maximum.accumulate(np.where(np.isnan(codes), -1, np.arange(len(codes))))
    filled: FloatArray = np.where(index >= 0, codes[index], np.nan)
    return filled
