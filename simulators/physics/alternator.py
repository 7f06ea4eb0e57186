"""The alternator of a generator set as its controller shows it: voltages, currents and powers of three phases.

The regulator holds the voltage within a droop of 0.4 % from no load to full load, once the speed allows; users load the phases
unevenly and with one power factor. Limits: settles at once; no harmonics, no short circuits.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.machine import Values
from simulators.physics.three_phase import line_volts_at_120_degrees

_PHASE_V, _DROOP_SHARE, _LEAST_V = 231.0, 0.004, 50.0


class Alternator(NamedTuple):
    """The alternators of n sets, and how the users load them."""

    phase_share: Array
    """Of the power, shape ``(n, 3)``."""
    phase_voltage: Array
    """As a factor, shape ``(n, 3)``."""
    power_factor: Array

    def values(self, load_kw: Array, *, load_share: Array, excitation: Array) -> Values:
        """Tell what the controller shows under a load; without excitation there is no voltage."""
        apparent_kva = load_kw / self.power_factor
        volts = (excitation * _PHASE_V * (1 - _DROOP_SHARE * load_share))[:, None] * self.phase_voltage
        amperes = 1000 * apparent_kva[:, None] * self.phase_share / np.maximum(volts, _LEAST_V)
        between = line_volts_at_120_degrees(volts)
        values: Values = {
            "generator_voltage": between.mean(axis=1),
            "generator_current": amperes.mean(axis=1),
            "generator_reactive_power": load_kw * np.sqrt(1 / self.power_factor**2 - 1),
            "apparent_power": apparent_kva,
        }
        of_phases = {"voltage": volts, "current": amperes, "active_power": load_kw[:, None] * self.phase_share}
        values |= {f"{name}_{phase}": of[:, k] for name, of in of_phases.items() for k, phase in enumerate("abc")}
        return values | dict(zip(("voltage_ab", "voltage_bc", "voltage_ca"), between.T, strict=True))
