"""Cuts told apart by tool and programmed feed, each beside its own healthy reference: power, vibration, load of the axes.

Power of a cut says something only beside the same cut: over all feeds the mean power of worn and of fresh tools is equal. Where
the program is not known, the tool's number and the programmed feed name the operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from analytics.cnc_machine.cutting import at_full_feed
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray, Window

AXES = ("x", "y", "z")
MEASURES = ("log_power", "vibration", *(f"load_{axis}" for axis in AXES))
"""Of each cut; the power's logarithm is brought to a feed override of 100 %."""
_LEAST_ROWS, _LEAST_LATEST, _LATEST = 15, 5, 15
_MOST_OPERATIONS = 200
_FEED_STEPS = 10_000.0
"""Feeds that differ by less than one such part are one operation's. A programmed feed comes back exactly; the mean of a step in
which it changed is one of many values, each of which is rare."""
_TOOL = 10_000_000
"""Numbers of operations of one tool; tool and feed share one number."""
_TURNING_RPM = 50.0
_LEAST_IDLE_ROWS = 30


class Cuts(NamedTuple):
    """The rows of a window in which a tool cuts with its spindle at the programmed speed; k of them."""

    rows: npt.NDArray[np.int64]
    operation: npt.NDArray[np.int64]
    """A number for tool and feed together."""
    rpm: FloatArray
    measures: FloatArray
    """Shape (measures, k)."""


def cuts_of(window: Window, *, rapid_mm_per_min: float) -> Cuts:
    """Give the cuts of a window; what moves faster than half of the rapid feed cuts nothing."""
    feed, rpm = window["path_feedrate_commanded"], window["spindle_speed"]
    with np.errstate(invalid="ignore"):
        cuts = window.state_is("active") & (rpm > _TURNING_RPM) & (feed > 0) & (feed < 0.5 * rapid_mm_per_min)
        cuts &= (np.abs(window["spindle_override"] - 100) < 0.5) & (window["is_warm_up"] != 1)
    cuts &= ~np.isnan(window["tool_number"])
    rows = np.flatnonzero(cuts)
    tool = window["tool_number"][rows].astype(np.int64)
    operation = tool * _TOOL + np.rint(_FEED_STEPS * np.log(feed[rows])).astype(np.int64)
    power = window["spindle_power"][rows]
    with np.errstate(invalid="ignore", divide="ignore"):
        log_power = np.log(np.where(power > 0, power, np.nan))
    measures = [at_full_feed(log_power, window["feed_override"][rows]), window["vibration_velocity_spindle"][rows]]
    measures += [window[f"axis_load_{axis}"][rows] for axis in AXES]
    return Cuts(rows, operation, rpm[rows], np.array(measures))


class Compared(NamedTuple):
    """Operations beside their references; each of shape (k,), of ``differences`` (measures, k)."""

    tool: npt.NDArray[np.int64]
    rpm: FloatArray
    first_row: npt.NDArray[np.int64]
    differences: FloatArray

    def of(self, measure: str) -> FloatArray:
        """Give a measure's differences, those that are known."""
        values: FloatArray = self.differences[MEASURES.index(measure)]
        return values[~np.isnan(values)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutReference:
    """What each operation takes while healthy."""

    rapid_mm_per_min: float
    operations: npt.NDArray[np.int64]
    middles: FloatArray
    """Shape (measures, operations)."""
    idle_vibration: tuple[float, float] | None
    """Of a spindle that turns and does not cut: mm/s at a standstill, and by rpm."""

    @classmethod
    def learn(cls, history: Window) -> Self:
        """Learn from healthy days.

        Raises
        ------
        NotEvaluated
            If no operation came often enough.
        """
        feeds = history["path_feedrate_commanded"]
        if not np.nan_to_num(feeds).any():
            raise NotEvaluated(Why.NOT_TRAINED, "path_feedrate_commanded")
        rapid = float(np.nanmax(feeds))
        cuts = cuts_of(history, rapid_mm_per_min=rapid)
        operations, counts = np.unique(cuts.operation, return_counts=True)
        kept = np.sort(
            operations[np.argsort(-counts, kind="stable")[: min(_MOST_OPERATIONS, int((counts >= _LEAST_ROWS).sum()))]]
        )
        if not len(kept):
            raise NotEvaluated(Why.NOT_TRAINED, "no cut came often enough")
        middles = np.array([[_median(row[cuts.operation == one]) for one in kept] for row in cuts.measures])
        idle = np.flatnonzero(_turns_idle(history, rapid))
        vibration, rpm = history["vibration_velocity_spindle"][idle], history["spindle_speed"][idle]
        known = ~np.isnan(vibration)
        line = np.polynomial.polynomial.polyfit(rpm[known], vibration[known], 1) if known.sum() >= _LEAST_IDLE_ROWS else None
        return cls(
            rapid_mm_per_min=rapid,
            operations=kept,
            middles=middles,
            idle_vibration=None if line is None else (float(line[0]), float(line[1])),
        )

    def compare(self, window: Window, *, from_row: int = 0) -> Compared:
        """Hold the newest rows of each operation against its reference."""
        cuts = cuts_of(window, rapid_mm_per_min=self.rapid_mm_per_min)
        found: list[tuple[int, float, int]] = []
        differences: list[FloatArray] = []
        for number, one in enumerate(self.operations):
            at = np.flatnonzero((cuts.operation == one) & (cuts.rows >= from_row))[-_LATEST:]
            if len(at) >= _LEAST_LATEST:
                found.append((int(one) // _TOOL, float(cuts.rpm[at].mean()), int(cuts.rows[at[0]])))
                differences.append(np.array([_median(row[at]) for row in cuts.measures]) - self.middles[:, number])
        tool, rpm, first = zip(*found, strict=True) if found else ((), (), ())
        return Compared(
            np.array(tool, np.int64),
            np.array(rpm, np.float64),
            np.array(first, np.int64),
            np.array(differences).T if differences else np.empty((len(MEASURES), 0)),
        )

    def idle_rise_mm_per_s(self, window: Window, *, from_row: int = 0) -> float:
        """Give how much more the spindle vibrates than while healthy where it turns and does not cut; NaN if it is not seen."""
        rows = np.flatnonzero(_turns_idle(window, self.rapid_mm_per_min))
        rows = rows[rows >= from_row][-2 * _LATEST :]
        if self.idle_vibration is None or len(rows) < _LEAST_LATEST:
            return float("nan")
        expected = self.idle_vibration[0] + self.idle_vibration[1] * window["spindle_speed"][rows]
        return _median(window["vibration_velocity_spindle"][rows] - expected)

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            "rapid_mm_per_min": self.rapid_mm_per_min,
            "operations": self.operations.tolist(),
            "middles": [[None if np.isnan(value) else float(value) for value in row] for row in self.middles],
            "idle_vibration": None if self.idle_vibration is None else list(self.idle_vibration),
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        idle = model["idle_vibration"]
        return cls(
            rapid_mm_per_min=model["rapid_mm_per_min"],
            operations=np.array(model["operations"], np.int64),
            middles=np.array(model["middles"], np.float64),
            idle_vibration=None if idle is None else (idle[0], idle[1]),
        )


def _turns_idle(window: Window, rapid_mm_per_min: float) -> Flags:
    """Tell where the spindle turns and the tool is in the air: rapid moves and stops of the feed."""
    feed, rpm = window["path_feedrate_commanded"], window["spindle_speed"]
    with np.errstate(invalid="ignore"):
        turns: Flags = window.state_is("active") & (rpm > _TURNING_RPM) & (window["is_warm_up"] != 1)
        turns &= (feed >= 0.5 * rapid_mm_per_min) & (np.abs(window["spindle_override"] - 100) < 0.5)
    return turns


def _median(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")
