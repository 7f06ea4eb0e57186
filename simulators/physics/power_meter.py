"""A three-phase power meter in a feeder: what it shows of voltages, currents and powers, and what it counts.

Apparent power is voltage times current of each phase, so that distortion counts; the demand is the mean of a quarter of an hour,
taken as a first-order lag. Limits: power flows one way; no neutral current.
"""

import numpy as np

from simulators.dice import Array
from simulators.machine import Values, lag
from simulators.physics.three_phase import Phasors, line_volts, power_factor, unbalance_percent

_DEMAND_SECONDS = 900.0


class PowerMeter:
    """The meters of n feeders."""

    def __init__(self, *, energy_kwh: Array, reactive_kvarh: Array, apparent_kvah: Array) -> None:
        self._energy_kwh, self._reactive_kvarh, self._apparent_kvah = energy_kwh, reactive_kvarh, apparent_kvah
        self._demand_kw = np.zeros_like(energy_kwh)

    def see(self, *, volts: Phasors, power_kva: Phasors, amperes: Array) -> None:
        """Meet a moment: voltages and complex powers of the phases, and the currents with their distortion."""
        self._volts, self._amperes = volts, amperes
        self._kw, self._kvar, self._kva = power_kva.real, power_kva.imag, np.abs(volts) * amperes / 1000

    def begin_demand(self) -> None:
        """Take the present power for that of the last quarter of an hour."""
        self._demand_kw = self._kw.sum(axis=1)

    def count(self, seconds: float) -> None:
        hours, kw = seconds / 3600, self._kw.sum(axis=1)
        self._energy_kwh = self._energy_kwh + kw * hours
        self._reactive_kvarh = self._reactive_kvarh + self._kvar.sum(axis=1) * hours
        self._apparent_kvah = self._apparent_kvah + self._kva.sum(axis=1) * hours
        self._demand_kw = lag(self._demand_kw, kw, seconds, _DEMAND_SECONDS)

    def values(self) -> Values:
        between, nothing = line_volts(self._volts), np.zeros_like(self._demand_kw)
        kw, kva = self._kw.sum(axis=1), self._kva.sum(axis=1)
        values: Values = {
            "active_power": kw,
            "reactive_power": self._kvar.sum(axis=1),
            "apparent_power": kva,
            "power_factor": power_factor(kw, kva),
            "voltage_unbalance": unbalance_percent(between),
            "current_unbalance": unbalance_percent(self._amperes),
            "current_n": nothing,
            "energy_total": self._energy_kwh,
            "energy_import": self._energy_kwh,
            "energy_export": nothing,
            "reactive_energy_import": self._reactive_kvarh,
            "reactive_energy_export": nothing,
            "apparent_energy": self._apparent_kvah,
            "active_power_demand": self._demand_kw,
        }
        of_phases = {
            "voltage": np.abs(self._volts),
            "current": self._amperes,
            "active_power": self._kw,
            "reactive_power": self._kvar,
            "apparent_power": self._kva,
            "power_factor": power_factor(self._kw, self._kva),
        }
        values |= {f"{name}_{phase}": of[:, k] for name, of in of_phases.items() for k, phase in enumerate("abc")}
        return values | dict(zip(("voltage_ab", "voltage_bc", "voltage_ca"), between.T, strict=True))
