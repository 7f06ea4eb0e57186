"""Power of a hydraulic excavator: pressure and flow of two pumps, what the engine can give, its speed, torque and fuel.

The pumps' power is pressure times flow, cut to what the engine leaves them; fuel follows Willans' line, ``a(n) + b P``, which
ends at 0.24 L/kWh at rated power. Size and limits (121 kW, 1,650 and 1,800 rpm, 429 L/min, 35 MPa) are those of a published data
sheet of the 22-t class (Cat 320, ISO 9249 rating), the model is not of that make.

Limits: all of it settles at once; within a bucket cycle the power is that of the whole cycle; no particle filter.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.physics.excavator_work import DIG, IDLE, LOAD, OFF, SWING, TRAVEL, WARMING_UP, Operators

RATED_KW, MOST_FLOW_L_PER_MIN, MOST_PRESSURE_MPA = 121.0, 429.0, 35.0
_PUMP_EFFICIENCY, _USABLE_SHARE, _OWN_KW, _DROOP_RPM = 0.9, 0.95, 1.8, 40


class Duty(NamedTuple):
    """What a kind of work asks for."""

    pressure_mpa: float
    flow_share: float
    rpm: float


_DUTIES = {
    OFF: Duty(0.0, 0.0, 0.0),
    WARMING_UP: Duty(3.5, 0.14, 1150.0),
    IDLE: Duty(3.0, 0.08, 950.0),
    TRAVEL: Duty(16.0, 0.5, 1800.0),
    DIG: Duty(14.5, 0.5, 1650.0),
    LOAD: Duty(13.5, 0.58, 1650.0),
    SWING: Duty(12.0, 0.43, 1650.0),
}
_PRESSURE_MPA, _FLOW_SHARE, _RPM = np.array([_DUTIES[code] for code in sorted(_DUTIES)]).T
_TORQUE_RPM, _TORQUE_NM = np.array(
    [(600.0, 450.0), (950.0, 560.0), (1200.0, 700.0), (1400.0, 750.0), (1650.0, 690.0), (1800.0, 642.0), (2000.0, 500.0)]
).T


class ExcavatorPower:
    """n machines, each with its own engine, pumps and way of working."""

    def __init__(self, *, friction: Array, l_per_kwh: Array, intensity: Array, speed_share: Array, pump_slip: Array) -> None:
        self._friction, self._l_per_kwh, self._intensity, self._speed_share = friction, l_per_kwh, intensity, speed_share
        self._pump_slip = pump_slip
        self.slip_share: Array
        """Of the pumps' flow, lost inside them."""
        self.pressure_mpa: Array
        self.flow_l_per_min: Array
        self.pump_kw: Array
        self.engine_kw: Array
        self.rpm: Array
        self.torque_nm: Array
        self.load_share: Array
        """Of the torque that the engine can give at this speed."""
        self.fuel_l_per_h: Array

    @property
    def share(self) -> Array:
        """The engine's power as a share of its rating."""
        return self.engine_kw / RATED_KW

    @property
    def delivered_share(self) -> Array:
        """How much flow the pumps deliver against what they did when they were new."""
        return (1 - self.slip_share) / (1 - self._pump_slip)

    def settle(
        self, work: Operators, *, effort: Array, ground: Array, fan_share: Array, alternator_kw: Array, wear: Array, thirst: Array
    ) -> None:
        """Find pressures, flow, power, speed and fuel of this moment.

        ``effort`` is how hard the operator pulls, ``wear`` that of the pumps, ``thirst`` by what share more the engine burns.
        """
        is_on, is_working, state = work.is_on, work.is_working, work.state
        pull = np.where(is_working, 0.13 * np.clip(effort, -2.5, 2.5), 0.0)
        resists = np.where((state == DIG) | (state == LOAD), ground, 1.0)
        self.pressure_mpa = np.minimum(_PRESSURE_MPA[state] * resists * (1 + 0.6 * pull), MOST_PRESSURE_MPA)
        wanted_share = _FLOW_SHARE[state] * (1 + pull) * np.where(is_working, self._intensity, 1.0)
        aside_kw = np.where(is_on, _OWN_KW, 0.0) + np.where(is_on, 1.0 + 7.5 * fan_share**3, 0.0) + alternator_kw
        full_kw = self.pressure_mpa * MOST_FLOW_L_PER_MIN / 60 / _PUMP_EFFICIENCY
        most_share = np.minimum((_USABLE_SHARE * RATED_KW - aside_kw) / np.maximum(full_kw, 1e-9), 1.0)
        share = np.clip(wanted_share, 0.0, most_share)
        self.slip_share = self._pump_slip + 0.15 * wear
        self.flow_l_per_min = share * MOST_FLOW_L_PER_MIN * (1 - self.slip_share)
        self.pump_kw = share * full_kw
        self.engine_kw = self.pump_kw + aside_kw
        self.rpm = np.where(is_on, _RPM[state] * self._speed_share - _DROOP_RPM * self.share, 0.0)
        self._run_engine(thirst)

    def _run_engine(self, thirst: Array) -> None:
        thousands = self.rpm / 1000
        friction_l_per_h = (0.45 * thousands + 0.67 * thousands * thousands) * self._friction
        self.fuel_l_per_h = (friction_l_per_h + self._l_per_kwh * self.engine_kw) * (1 + thirst)
        self.torque_nm = self.engine_kw * 9549 / np.maximum(self.rpm, 1.0)
        self.load_share = np.minimum(self.torque_nm / np.interp(self.rpm, _TORQUE_RPM, _TORQUE_NM), 1.0)
