"""What stands between a machine and its registers: sensors with noise, an offset of their own, a resolution, and faults.

Offset and gain error are drawn once for each sensor of each machine: two healthy machines never read alike, and a threshold that
works on one is no artefact of a perfect reading.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from simulators.dice import Array, Dice
from telemetry.units import conversion

SPIKE_SHARE = 0.02
Values = dict[str, Array | list[str]]
"""Of each signal one number a machine, or one text a machine."""


class Sensor(NamedTuple):
    """How well a signal is measured; all in the signal's unit, or as a share of the reading."""

    noise: float = 0.0
    """Standard deviation of each reading."""
    relative_noise: float = 0.0
    """The same as a share of the value, so that what stands still reads still."""
    offset: float = 0.0
    """Standard deviation, over machines, of the sensor's constant offset."""
    gain: float = 0.0
    """Standard deviation, over machines, of its gain error, as a share."""
    resolution: float = 0.0
    lowest: float = -math.inf
    highest: float = math.inf


class SensorFaultSize(NamedTuple):
    """What a sensor does wrong; see `simulators.faults.SensorFault` for how it is ordered."""

    how: Literal["stuck", "dead", "bias", "drift", "noise", "spike", "swapped", "wrong_unit"]
    amount: float = 0.0
    """In the signal's unit: the offset of a bias, the drift per hour, the standard deviation of noise, the height of spikes."""
    other: str = ""
    """For ``swapped`` the signal whose reading it gives, for ``wrong_unit`` the unit in which it answers."""


class Sensors:
    """The sensors of n machines of one kind."""

    def __init__(self, sensors: Mapping[str, Sensor], seeds: Sequence[int]) -> None:
        self._names = list(sensors)
        self._dice = Dice(seeds, stream=1)
        n, count = len(seeds), len(self._names)
        rows = {key: np.array([[getattr(s, key)] for s in sensors.values()]).reshape(count, 1) for key in Sensor._fields}
        self._noise, self._relative_noise = rows["noise"], rows["relative_noise"]
        self._resolution, self._lowest, self._highest = rows["resolution"], rows["lowest"], rows["highest"]
        self._is_rounded = bool(np.any(self._resolution))
        self._step = np.where(self._resolution > 0, self._resolution, 1.0)
        drawn = self._dice.normals(2 * count).T if count else np.empty((0, n))
        self._offset = rows["offset"] * drawn[:count]
        self._gain = 1 + rows["gain"] * drawn[count:]
        self._faults: dict[int, dict[str, _Faulty]] = {}

    def read(self, true: Values, *, seconds: float) -> Values:
        """Read all sensors; signals without one are exact. ``seconds`` is the time on the machine's clock since its start."""
        read: Values = {name: list(of) if isinstance(of, list) else of.copy() for name, of in true.items()}
        if self._names:
            count = len(self._names)
            values = np.array([true[name] for name in self._names], dtype=float)
            measured = values * self._gain + self._offset
            measured += self._noise * self._dice.normals(count).T
            measured += self._relative_noise * np.abs(values) * self._dice.normals(count).T
            if self._is_rounded:
                measured = np.where(self._resolution > 0, np.round(measured / self._step) * self._step, measured)
            np.clip(measured, self._lowest, self._highest, out=measured)
            read.update(zip(self._names, measured, strict=True))
        for machine, faults in self._faults.items():
            self._spoil(read, machine, faults, seconds)
        return read

    def strike(self, signal: str, size: SensorFaultSize, *, machine: int, unit: str, seconds: float) -> None:
        """Spoil a sensor from now on; one sensor has one fault at a time."""
        self._faults.setdefault(machine, {})[signal] = _Faulty(size, unit, seconds)

    def mend(self, signal: str, *, machine: int) -> None:
        self._faults.get(machine, {}).pop(signal, None)

    def _spoil(self, read: Values, machine: int, faults: Mapping[str, "_Faulty"], seconds: float) -> None:
        right = {name: float(read[name][machine]) for name in {*faults, *(f.size.other for f in faults.values())} & read.keys()}
        for signal, faulty in faults.items():
            value = right[signal]
            other = right.get(faulty.size.other, value)
            column = np.array(read[signal], dtype=float)
            column[machine] = faulty.reading(value, other, seconds, self._dice.events[machine])
            read[signal] = column


class _Faulty:
    """One spoilt sensor."""

    def __init__(self, size: SensorFaultSize, unit: str, since_seconds: float) -> None:
        self.size, self._since = size, since_seconds
        self._stuck_at: float | None = None
        self._conversion = conversion(unit, size.other) if size.how == "wrong_unit" else (1.0, 0.0)

    def reading(self, value: float, other: float, seconds: float, dice: np.random.Generator) -> float:
        match self.size.how:
            case "stuck":
                self._stuck_at = value if self._stuck_at is None else self._stuck_at
                return self._stuck_at
            case "dead":
                return math.nan
            case "swapped":
                return other
            case "wrong_unit":
                factor, shift = self._conversion
                return value * factor + shift
            case _:
                return value + self.size.amount * self._share(seconds, dice)

    def _share(self, seconds: float, dice: np.random.Generator) -> float:
        """Tell how much of its amount is added to this reading."""
        match self.size.how:
            case "drift":
                return (seconds - self._since) / 3600
            case "noise":
                return float(dice.standard_normal())
            case "spike":
                return float(dice.random() < SPIKE_SHARE)
            case _:
                return 1.0
