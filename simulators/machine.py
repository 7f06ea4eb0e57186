"""What all simulated machines have in common: n of a kind side by side in arrays, time, chance, faults and sensors.

A kind's machine is a subclass in ``machines/<kind>.py``, named after the kind (``pv_inverter`` holds ``PvInverter``). It moves
its state in `_step` and tells the physical truth in `true_values`; the sensors of ``SENSORS`` make readings of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import numpy as np

from device_profiles.kind import Kind, load_kind
from simulators.dice import Array, Dice, Flags
from simulators.machine_faults import MachineFault, MachineFaults
from simulators.sensors import Sensor, Sensors, Values
from telemetry.errors import ConfigError

__all__ = ["Array", "Flags", "Machines", "Values", "lag"]


class Machines(ABC):
    """n machines of one kind, each with hidden parameters of its own; every array has the shape ``(n,)`` or ``(n, parts)``."""

    KIND: ClassVar[str]
    LONGEST_STEP_SECONDS: ClassVar[float]
    """The model is not moved further than this at once: it stays stable, and its control loops behave."""
    FAULTS: ClassVar[Mapping[str, MachineFault]]
    SENSORS: ClassVar[Mapping[str, Sensor]]
    """How each measured signal is measured; counters, states and what the controller computes have none and are exact."""

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        self.n, self.start, self.now = len(seeds), start, start
        self.seeds = tuple(seeds)
        self.kind: Kind = load_kind(self.KIND)
        self.dice = Dice(seeds)
        self.faults = MachineFaults(self.FAULTS, n=self.n, parts={name: part.all_names for name, part in self.kind.parts.items()})
        self.sensors = Sensors(self.SENSORS, seeds)

    @property
    def seconds(self) -> float:
        """Time since the start, on the machines' clock."""
        return (self.now - self.start).total_seconds()

    @property
    def hour(self) -> float:
        """Local time of day, 0 to 24."""
        return self.now.hour + self.now.minute / 60 + self.now.second / 3600

    def step(self, seconds: float) -> None:
        """Let simulated time pass."""
        while seconds > 1e-9:
            part = min(seconds, self.LONGEST_STEP_SECONDS)
            self.now += timedelta(seconds=part)
            self.faults.advance(self.now)
            self._step(part)
            seconds -= part

    def values(self) -> Values:
        """Read every signal of the kind but the waveforms, in the kind's units; NaN is "no value". Nothing changes by it."""
        return self.sensors.read(self.true_values(), seconds=self.seconds)

    def record(self, signal: str, machine: int) -> tuple[float, Array]:
        """Take a record of a waveform signal, now: its sampling rate in Hz, and the samples in the signal's unit.

        It is computed when somebody asks, and does not change what the machines do; asked twice at one moment, it is the same.

        Raises
        ------
        ConfigError
            If the machines record no such signal.
        """
        del machine
        raise ConfigError(f"a {self.KIND} records no {signal!r}")

    @abstractmethod
    def _step(self, seconds: float) -> None:
        """Move the state by at most ``LONGEST_STEP_SECONDS``; ``now`` and the faults are there already."""

    @abstractmethod
    def true_values(self) -> Values:
        """Tell every signal of the kind but the waveforms as it really is: arrays of shape ``(n,)``, lists of n texts."""

    def hidden(self, middle: float, spread: float, *, lowest: float | None = None) -> Array:
        """Draw a parameter that differs from machine to machine: normal, ``spread`` as a share, cut at three spreads."""
        drawn = middle * (1 + spread * np.clip(self.dice.normal(), -3, 3))
        return drawn if lowest is None else np.maximum(drawn, lowest)

    def full(self, value: float) -> Array:
        """The same number for every machine."""
        return np.full(self.n, float(value))


def lag(value: Array, target: Array | float, seconds: float, time_constant_seconds: Array | float) -> Array:
    """Let a value follow its target with a first-order lag; exact for any step while the target stands."""
    return value + (target - value) * -np.expm1(-seconds / np.asarray(time_constant_seconds))
