"""What one machine told over a span of time, on an even grid: the input of every analytic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.result import NotEvaluated, Why
from device_profiles.kind import Kind, load_kind
from telemetry.bundle import MICROSECONDS

FloatArray = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Record(NamedTuple):
    """One high-rate record."""

    start_us: int
    rate_hz: float
    samples: FloatArray


@dataclass(frozen=True, kw_only=True)
class Window:
    """Values of one machine at ``start_us``, ``start_us + step``, ...

    Parameters
    ----------
    values : mapping of str to ndarray, shape (n,)
        Of each signal, in the kind's unit, its mean over each step (``step_seconds`` from the grid's instant on); of a state the
        one that held throughout, NaN where it changed; of counters and codes the highest (`store.grids`). NaN where there is no
        good value. They may be kept as float32, and are given as float64.
    rated : mapping of str to float
        What stands on the nameplate, in the units that the spec asks for.
    records : mapping of str to sequence of Record
        High-rate records that began in the window, oldest first.
    """

    kind: str
    start_us: int
    step_seconds: float
    values: Mapping[str, FloatArray | npt.NDArray[np.float32]]
    rated: Mapping[str, float] = field(default_factory=dict)
    records: Mapping[str, Sequence[Record]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(next(iter(self.values.values()), ()))

    def __contains__(self, signal: str) -> bool:
        return signal in self.values

    def __getitem__(self, signal: str) -> FloatArray:
        """Give a signal; one that the machine does not send is NaN throughout."""
        found = self.values.get(signal)
        return np.full(len(self), np.nan) if found is None else np.asarray(found, np.float64)

    @property
    def _kind(self) -> Kind:
        return load_kind(self.kind)

    @cached_property
    def times_us(self) -> npt.NDArray[np.int64]:
        return self.start_us + np.arange(len(self), dtype=np.int64) * round(self.step_seconds * MICROSECONDS)

    @property
    def end_us(self) -> int:
        return self.start_us + len(self) * round(self.step_seconds * MICROSECONDS)

    @property
    def start(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.start_us)

    @property
    def days(self) -> float:
        return len(self) * self.step_seconds / 86_400

    def family(self, family: str) -> FloatArray:
        """Give the signals of every part, ``exhaust_temperature_cylinder_{cylinder}``, as an array of shape (parts, n)."""
        return np.array([self[name] for name in self._kind.members[family]])

    def state_is(self, *states: str) -> Flags:
        """Tell where the machine is in one of these states; nowhere while its state is unknown."""
        signal = self._kind.state_signal
        assert signal is not None  # the ten kinds have one
        codes = [state.code for state in self._kind.signals[signal].states if state.name in states]
        assert len(codes) == len(states), f"{self.kind} has not all of {states}"
        return np.isin(self[signal], codes)

    def rating(self, name: str) -> float:
        """Give a nameplate value.

        Raises
        ------
        NotEvaluated
            If nobody has filled it in.
        """
        if name not in self.rated:
            raise NotEvaluated(Why.NO_NAMEPLATE, name)
        return self.rated[name]

    def between(self, start_us: int, end_us: int) -> "Window":
        """Cut out ``[start_us, end_us)``; a view, nothing is copied."""
        step_us = round(self.step_seconds * MICROSECONDS)
        first, last = (min(max(-((self.start_us - at) // step_us), 0), len(self)) for at in (start_us, end_us))
        return Window(
            kind=self.kind,
            start_us=self.start_us + first * step_us,
            step_seconds=self.step_seconds,
            values={name: column[first:last] for name, column in self.values.items()},
            rated=self.rated,
            records={
                name: [record for record in of if start_us <= record.start_us < end_us] for name, of in self.records.items()
            },
        )

    def steps(self, seconds: float) -> int:
        """Give how many steps a span is, at least one."""
        return max(1, round(seconds / self.step_seconds))
