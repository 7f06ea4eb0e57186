"""An oil-injected screw compressor's block: what the air end delivers, what turning it takes, and the pressure in its sump.

The air end displaces air in proportion to its speed; a slip that hangs on the pressure ratio flows back. The work is isentropic
on what is displaced (ISO 1217:2009, annex on specific energy: ``w = p1 k/(k-1) ((p2/p1)^((k-1)/k) - 1)``), plus friction. A bar
less then saves 6 to 7 %. Unloaded, a closed inlet valve throttles it, and its sump blows down through a small valve.

Limits: one stage; built-in volume ratio and pressure are taken as matched; no pulsation; a drive is faster than a step and solved
as settled.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, lag
from simulators.physics.air_network import RATED_FLOW_M3_PER_MIN

_EXPONENT = 0.4 / 1.4
_IDLE_INLET_KPA, _IDLE_SUMP_MPA = 15.0, 0.12
_FILL_SECONDS, _BLOW_SECONDS = 1.5, 18.0
_PIPES_KPA = 18.0  # besides the separator, between sump and receiver at rated flow


def isentropic_work(inlet_kpa: Array, outlet_kpa: Array) -> Array:
    """Give the work of compressing without loss, in kW per m³/min of inlet air."""
    return inlet_kpa / 60 / _EXPONENT * ((outlet_kpa / inlet_kpa) ** _EXPONENT - 1)


class AirEnd(NamedTuple):
    """The air ends of n blocks."""

    displacement: Array
    """At rated speed. [m³/min]"""
    slip_share: Array
    """Of the displacement, at 0.67 MPa."""
    efficiency: Array
    friction_kw: Array
    lowest_speed: Array
    """With a drive, as a share of the rated one."""
    motor_slip: Array
    """On the grid, loaded."""
    has_drive: Flags


class Running(NamedTuple):
    """What the control has the blocks do; none of these is standing still."""

    is_loaded: Flags
    is_idle: Flags
    is_starting: Flags


class Troubles(NamedTuple):
    """What clogs and wears: pressure drops at rated flow, and severities."""

    filter_kpa: Array
    separator_kpa: Array
    wear: Array
    coupling_slip: Array
    inlet_valve_leak: Array
    minimum_pressure_valve: Array


class ScrewBlock:
    """The blocks of n compressors: air end, inlet valve, sump and separator."""

    def __init__(self, air_end: AirEnd, *, network_mpa: Array) -> None:
        self._air_end = air_end
        self.sump_mpa = network_mpa + 0.05
        self.turning = np.ones_like(network_mpa)
        """Speed as a share of the rated one."""

    def settle(
        self, running: Running, troubles: Troubles, *, network_mpa: Array, inlet_kpa: Array, wanted_m3_per_min: Array
    ) -> None:
        """Find speed and flow; a drive takes the speed that delivers what is wanted."""
        air_end, self._troubles, self._inlet_kpa = self._air_end, troubles, inlet_kpa
        is_turning = running.is_loaded | running.is_idle
        displacement = air_end.displacement * (1 - 0.06 * troubles.coupling_slip)
        slip_share = air_end.slip_share * (1 + 1.3 * troubles.wear)
        slip = air_end.displacement * slip_share * np.sqrt((network_mpa + 0.13) / 0.8)
        density = 1 - troubles.filter_kpa / inlet_kpa
        wanted = (wanted_m3_per_min / density + slip) / displacement
        driven = np.minimum(np.maximum(np.where(running.is_loaded, wanted, 0.0), air_end.lowest_speed), 1.0)
        self.wanted_speed = np.where(air_end.has_drive, driven, 1.0)
        on_the_grid = 1 - air_end.motor_slip * np.where(running.is_loaded, 1.0, 0.35)
        speed = np.where(air_end.has_drive, driven, on_the_grid)
        self.turning = np.where(is_turning, speed, np.where(running.is_starting, 0.5 * air_end.lowest_speed, 0.0))
        self._displaced = displacement * self.turning
        self.capacity_m3_per_min = np.maximum(np.where(is_turning, self._displaced, displacement) - slip, 0.0) * density
        """What it delivers when it is loaded, at inlet conditions."""
        self.flow_share = self.capacity_m3_per_min / RATED_FLOW_M3_PER_MIN
        self._friction_kw = air_end.friction_kw * (1 + 0.25 * troubles.wear) * self.turning * self.turning

    def loaded_sump_mpa(self, network_mpa: Array) -> Array:
        drop_kpa = (self._troubles.separator_kpa + _PIPES_KPA) * self.flow_share * self.flow_share
        return np.asarray(network_mpa + drop_kpa / 1000)

    def blow(self, seconds: float, running: Running, *, network_mpa: Array) -> None:
        """Move the sump's pressure: it fills in seconds and blows down more slowly."""
        idle_mpa = np.where(running.is_idle, _IDLE_SUMP_MPA * (1 + self._troubles.inlet_valve_leak), 0.0)
        blow_seconds = _BLOW_SECONDS * (1 + 2.5 * self._troubles.minimum_pressure_valve)
        target_mpa = np.where(running.is_loaded, self.loaded_sump_mpa(network_mpa), idle_mpa)
        self.sump_mpa = lag(self.sump_mpa, target_mpa, seconds, np.where(running.is_loaded, _FILL_SECONDS, blow_seconds))

    def shaft_kw(self, sump_mpa: Array, *, is_loaded: Flags | bool) -> Array:
        """Power of the shaft against a pressure in the sump."""
        loaded_kpa = self._inlet_kpa - self._troubles.filter_kpa * self.flow_share * self.flow_share
        idle_kpa = _IDLE_INLET_KPA * (1 + self._troubles.inlet_valve_leak)
        inlet_kpa = np.where(is_loaded, loaded_kpa, idle_kpa)
        work = isentropic_work(inlet_kpa, np.maximum(1000 * sump_mpa + self._inlet_kpa, inlet_kpa))
        return work * self._displaced / self._air_end.efficiency + self._friction_kw
