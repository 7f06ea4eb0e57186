"""String inverters of 100 kW, each on a roof of 24 strings of 17 modules (112 kWp) in Jinan.

What the strings could give comes from `simulators.physics.solar_roof`. The inverter takes ``P_dc = P_ac + p0 + k1 P_ac + k2
P_ac²`` from them (98.7 % at best and 98.4 % by the European weights, as the sheets of such machines say) and limits its output
to rating, order and temperature: then it leaves the maximum power point to higher voltages. It wakes at 1.5 kW, starts for a
minute in which it measures the insulation, and falls asleep after five minutes below 1 kW.
Limits: no modules that follow the sun (the angles are "no value"), no ramp after a start, reactive power at a constant power
factor, losses independent of voltage, a grid that never fails; the temperatures of heat sink, housing, choke and combiner box
are first-order lags.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, Machines, Values, lag
from simulators.machine_faults import MachineFault
from simulators.physics.photovoltaics import throttled_v
from simulators.physics.solar_roof import ARRAY_KWP, ROOF_FAULTS, STRINGS, TRACKERS, SolarRoof
from simulators.physics.trackers import WorkingPoint, pairs, to_strings
from simulators.sensors import Sensor

RATING_KW = 100.0
OFF, SLEEPING, STARTING, RUNNING, THROTTLED, SHUTTING_DOWN, FAULT, STANDBY = range(1, 9)
NOT_DERATED, RATED_POWER, TEMPERATURE, POWER_ORDER = 0, 2, 6, 7
GROUND_FAULT, OVER_TEMPERATURE, STRING_FUSE, HARDWARE = 1 << 0, 1 << 7, 1 << 12, 1 << 15
"""SunSpec's event bits."""
CODE_HARDWARE, CODE_INSULATION, CODE_TEMPERATURE = 10, 20, 30

_LOSS_P0_KW, _LOSS_K1, _LOSS_K2 = 0.05, 0.009, 6e-5
_WAKE_KW, _SLEEP_KW = 1.5, 1.0
_STARTING_SECONDS, _FADING_SECONDS = 60.0, 300.0
_LEAST_INSULATION_KOHM = 50.0
_DERATE_C, _DERATE_PER_K, _HOTTEST_C, _COOL_AGAIN_C = 70.0, 0.05, 85.0, 65.0
_WARM_UP_SECONDS = 300.0
_WARM_SECONDS = np.array([[240.0], [600.0], [1800.0], [900.0]])  # heat sink, housing, choke, combiner box
_GRID_LEVEL = 1.005
_EXTRA_LOSS = 0.05
_PHASES, _LINES = ("a", "b", "c"), ("ab", "bc", "ca")


def _each(form: str, count: int, sensor: Sensor) -> dict[str, Sensor]:
    return {form.format(number): sensor for number in range(1, count + 1)}


class PvInverter(Machines):
    """n inverters with their strings, each under its own sky."""

    KIND = "pv_inverter"
    LONGEST_STEP_SECONDS = 60.0
    FAULTS: ClassVar = ROOF_FAULTS | {
        "inverter_trip": MachineFault("逆变器故障停机", "Inverter tripped", "stopped from severity 0.5"),
        "inverter_efficiency_drop": MachineFault(
            "逆变器效率下降", "Inverter efficiency drop", "5 % of the power is lost as well"
        ),
        "cooling_blocked": MachineFault("散热风道堵塞", "Cooling blocked", "thermal resistance x 3"),
        "insulation_drop": MachineFault(
            "绝缘下降", "Insulation drop", "insulation to 300 kΩ, below 50 kΩ when wet: no start before it has dried"
        ),
        "curtailment": MachineFault("调度限电", "Curtailment", "the order falls to 40 % of the rating"),
        "clock_shift": MachineFault(
            "时钟偏快", "Clock fast", "its clock is three hours ahead: the day's energy restarts at 21:00"
        ),
        "counter_reset": MachineFault("电量计数清零", "Counter reset", "the total of energy falls to zero when it comes"),
        "loose_terminal": MachineFault("汇流箱端子松动", "Loose terminal", "combiner box +45 K at full current"),
    }
    SENSORS: ClassVar = {
        "active_power": Sensor(relative_noise=0.0008, gain=0.002, lowest=0.0),
        "dc_power": Sensor(relative_noise=0.001, gain=0.003, lowest=0.0),
        "dc_voltage": Sensor(relative_noise=0.0005, gain=0.002),
        "dc_current": Sensor(relative_noise=0.001, gain=0.003),
        "inverter_efficiency": Sensor(relative_noise=0.0006, gain=0.002),
        "bus_voltage": Sensor(relative_noise=0.001, gain=0.002),
        "pv_negative_to_ground": Sensor(relative_noise=0.003, gain=0.01),
        "insulation_resistance": Sensor(relative_noise=0.002, gain=0.03, resolution=1.0, lowest=0.0),
        "residual_current": Sensor(noise=0.0005, offset=0.001, lowest=0.0),
        "internal_temperature": Sensor(noise=0.05, offset=0.5, resolution=0.1),
        "heatsink_temperature": Sensor(noise=0.1, offset=0.7, resolution=0.1),
        "transformer_temperature": Sensor(noise=0.1, offset=0.7, resolution=0.1),
        "combiner_temperature": Sensor(noise=0.1, offset=0.7, resolution=0.1),
        **{f"voltage_{name}": Sensor(relative_noise=0.0004, gain=0.001) for name in (*_LINES, *_PHASES)},
        **{f"current_{name}": Sensor(relative_noise=0.001, gain=0.002) for name in ("total", *_PHASES)},
        "frequency": Sensor(noise=0.003, offset=0.002),
        **_each("mppt_voltage_{}", TRACKERS, Sensor(relative_noise=0.0006, gain=0.002)),
        **_each("mppt_current_{}", TRACKERS, Sensor(relative_noise=0.0015, gain=0.003, lowest=0.0)),
        **_each("mppt_power_{}", TRACKERS, Sensor(relative_noise=0.0015, gain=0.003, lowest=0.0)),
        **_each("string_current_{}", STRINGS, Sensor(noise=0.006, relative_noise=0.002, offset=0.008, gain=0.004, lowest=0.0)),
        **_each("string_voltage_{}", STRINGS, Sensor(relative_noise=0.0008, gain=0.002)),
        **_each("combiner_current_{}", STRINGS, Sensor(noise=0.01, relative_noise=0.003, offset=0.01, gain=0.006, lowest=0.0)),
        "poa_irradiance": Sensor(noise=0.8, relative_noise=0.002, gain=0.012, lowest=0.0),
        "ghi": Sensor(noise=0.8, relative_noise=0.002, gain=0.012, lowest=0.0),
        "module_temperature": Sensor(noise=0.1, offset=0.6, resolution=0.1),
        "ambient_temperature": Sensor(noise=0.05, offset=0.3, resolution=0.1),
        "wind_speed": Sensor(noise=0.05, gain=0.03, resolution=0.1, lowest=0.0),
        "soiling_ratio": Sensor(noise=0.001, offset=0.002),
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        self.now = start.replace(hour=0, minute=0, second=0, microsecond=0)
        self._roof = SolarRoof(self.dice, self.faults, self.now)
        self._insulation_dry_kohm, self._leak_a = self.hidden(6500, 0.15), self.hidden(0.012, 0.15)
        self._losses, self._cooling = self.hidden(1.0, 0.06), self.hidden(1.0, 0.06)
        self._power_factor = self.dice.uniform(0.992, 0.9995)
        self._phase_share = 1 + 0.003 * np.clip(self.dice.normals(3), -2, 2)
        self._state: Array = self.full(SLEEPING)
        self._in_state_seconds = np.zeros(self.n)
        self._derate, self._fault_code = self.full(NOT_DERATED), np.zeros(self.n)
        self._is_hot, self._is_grounded, self._was_reset = (np.zeros(self.n, dtype=bool) for _ in range(3))
        self._measured_kohm = self._insulation_kohm()
        self._warm_c = np.tile(self._roof.weather.temperature_c, (4, 1))
        """Heat sink, inside of the housing, choke, combiner box."""
        self._grid, self._frequency_hz = np.full((self.n, 3), _GRID_LEVEL), self.full(50.0)
        self._tracker_v: Array = np.zeros((self.n, TRACKERS))
        self._string_a: Array = np.zeros((self.n, STRINGS))
        self._ac_kw, self._dc_kw = np.zeros(self.n), np.zeros(self.n)
        self._start_counters()
        self._live_since_midnight(start)

    def _start_counters(self) -> None:
        age_years = self._roof.age_years
        lifetime_kwh = ARRAY_KWP * 1230 * age_years * self.hidden(1.0, 0.03)
        self._tracker_kwh = lifetime_kwh[:, None] / TRACKERS * (1 + 0.01 * np.clip(self.dice.normals(TRACKERS), -3, 3))
        self._energy_kwh = self._tracker_kwh.sum(axis=1) * 0.983
        self._grid_hours = 4250 * age_years * self.hidden(1.0, 0.02)
        self._day, self._energy_day_kwh, self._peak_kw = self._clock_day(), np.zeros(self.n), np.zeros(self.n)

    def _live_since_midnight(self, start: datetime) -> None:
        """Come to the start as the day has made it: state, temperatures, and the energy of the day."""
        while self.now < start:
            seconds = min((start - self.now).total_seconds(), _WARM_UP_SECONDS)
            self.now += timedelta(seconds=seconds)
            self._step(seconds)

    def _step(self, seconds: float) -> None:
        self._roof.step(self.now, seconds)
        self._move_grid(seconds)
        point = self._roof.working_point()
        self._choose_state(point, seconds)
        self._convert(point)
        self._warm(seconds)
        self._count(seconds)

    def _move_grid(self, seconds: float) -> None:
        draws = self.dice.normals(5)
        slow, fast = math.exp(-seconds / 600), math.exp(-seconds / 60)
        swing = 0.008 * (0.9 * draws[:, :1] + 0.3 * draws[:, 1:4])
        self._grid = _GRID_LEVEL + (self._grid - _GRID_LEVEL) * slow + math.sqrt(1 - slow * slow) * swing
        self._frequency_hz = 50 + (self._frequency_hz - 50) * fast + 0.015 * math.sqrt(1 - fast * fast) * draws[:, 4]

    def _choose_state(self, point: WorkingPoint | None, seconds: float) -> None:
        state, hot_c = self._state, self._warm_c[1]
        self._in_state_seconds = self._in_state_seconds + seconds
        self._is_hot = np.where(self._is_hot, hot_c > _COOL_AGAIN_C, hot_c >= _HOTTEST_C)
        is_tripped = self.faults["inverter_trip"] >= 0.5
        available_kw = self._available_kw(point)
        is_dim, is_bright = available_kw < _SLEEP_KW, available_kw > _WAKE_KW
        is_measuring = (state == STARTING) | (state == STANDBY)
        self._measured_kohm = np.where(is_measuring, self._insulation_kohm(), self._measured_kohm)
        self._is_grounded = is_measuring & (self._measured_kohm < _LEAST_INSULATION_KOHM)
        is_producing = (state == RUNNING) | (state == THROTTLED)
        is_fading = state == SHUTTING_DOWN
        rules = [
            (is_tripped | self._is_hot, FAULT),
            (state == FAULT, SLEEPING),
            ((state == SLEEPING) & is_bright, STARTING),
            (is_measuring & is_dim, SLEEPING),
            (self._is_grounded, STANDBY),
            (state == STANDBY, STARTING),
            ((state == STARTING) & (self._in_state_seconds >= _STARTING_SECONDS), RUNNING),
            (is_producing & is_dim, SHUTTING_DOWN),
            (is_fading & is_bright, RUNNING),
            (is_fading & (self._in_state_seconds >= _FADING_SECONDS), SLEEPING),
        ]
        self._state = _first_of(rules, state)
        self._in_state_seconds = np.where(self._state == state, self._in_state_seconds, 0.0)
        causes = [(is_tripped, CODE_HARDWARE), (self._is_hot, CODE_TEMPERATURE), (self._is_grounded, CODE_INSULATION)]
        self._fault_code = _first_of(causes, np.zeros(self.n))

    def _available_kw(self, point: WorkingPoint | None) -> Array:
        return point.power_kw.sum(axis=1) if point else np.zeros(self.n)

    def _convert(self, point: WorkingPoint | None) -> None:
        """Draw from the strings what the grid may take, and limit it to rating, order and temperature."""
        if point is None:
            self._tracker_v, self._string_a = np.zeros((self.n, TRACKERS)), np.zeros((self.n, STRINGS))
            self._ac_kw, self._dc_kw, self._derate = np.zeros(self.n), np.zeros(self.n), self.full(NOT_DERATED)
            return
        available_kw = self._available_kw(point)
        order_kw = RATING_KW * self._order()
        cool_kw = RATING_KW * np.clip(1 - _DERATE_PER_K * (self._warm_c[1] - _DERATE_C), 0.3, 1)
        limit_kw = np.minimum(order_kw, cool_kw)
        slope = 1 + _LOSS_K1 * self._losses + _EXTRA_LOSS * self.faults["inverter_efficiency_drop"]
        limit_dc_kw = _LOSS_P0_KW + limit_kw * (slope + _LOSS_K2 * limit_kw)
        share = self._is_on_grid() * np.minimum(limit_dc_kw / np.maximum(available_kw, 1e-6), 1.0)
        self._tracker_v = throttled_v(share[:, None], point.best_v, point.open_v)
        drawn = share[:, None] * point.best_v / np.maximum(self._tracker_v, 1e-6)
        self._string_a = point.current_a * to_strings(drawn)
        self._dc_kw = self._tracker_kw().sum(axis=1)
        beyond_p0_kw = np.maximum(self._dc_kw - _LOSS_P0_KW, 0.0)
        self._ac_kw = 2 * beyond_p0_kw / (slope + np.sqrt(slope * slope + 4 * _LOSS_K2 * beyond_p0_kw))
        is_producing = (self._state == RUNNING) | (self._state == THROTTLED)
        is_throttled = is_producing & (available_kw > limit_dc_kw)
        self._state = np.where(is_throttled, THROTTLED, np.where(is_producing, RUNNING, self._state))
        reasons = [(~is_throttled, NOT_DERATED), (cool_kw < order_kw, TEMPERATURE), (order_kw < RATING_KW, POWER_ORDER)]
        self._derate = _first_of(reasons, self.full(RATED_POWER))

    def _warm(self, seconds: float) -> None:
        air_c, sunshine = self._roof.weather.temperature_c, self._roof.light.total_w_m2 / 1000
        outside_kw = 0.6 * _EXTRA_LOSS * self.faults["inverter_efficiency_drop"] * self._ac_kw  # in cables and contacts
        heat = self._cooling * (1 + 2 * self.faults["cooling_blocked"]) * (self._dc_kw - self._ac_kw - outside_kw)
        loose_k = 3 + 45 * self.faults["loose_terminal"]
        targets = [
            air_c + 3 * sunshine + 17 * heat,
            air_c + 3 + 4 * sunshine + 11 * heat,
            air_c + 8 + 40 * (self._ac_kw / RATING_KW) ** 2,
            air_c + 2 + 7 * sunshine + loose_k * (self._dc_kw / RATING_KW) ** 2,
        ]
        self._warm_c = lag(self._warm_c, np.array(targets), seconds, _WARM_SECONDS)

    def _count(self, seconds: float) -> None:
        hours = seconds / 3600
        today = self._clock_day()
        is_new_day, self._day = today != self._day, today
        self._energy_day_kwh = np.where(is_new_day, 0.0, self._energy_day_kwh) + self._ac_kw * hours
        self._peak_kw = np.maximum(np.where(is_new_day, 0.0, self._peak_kw), self._ac_kw)
        is_reset = self.faults["counter_reset"] >= 0.5
        self._energy_kwh = np.where(is_reset & ~self._was_reset, 0.0, self._energy_kwh) + self._ac_kw * hours
        self._was_reset = is_reset
        self._tracker_kwh = self._tracker_kwh + self._tracker_kw() * hours
        self._grid_hours = self._grid_hours + self._is_on_grid() * hours

    def _is_on_grid(self) -> Flags:
        on_grid: Flags = (self._state == RUNNING) | (self._state == THROTTLED) | (self._state == SHUTTING_DOWN)
        return on_grid

    def _tracker_kw(self) -> Array:
        power_w: Array = self._tracker_v * pairs(self._string_a).sum(axis=2)
        return power_w / 1000

    def _order(self) -> Array:
        return 1 - 0.6 * self.faults["curtailment"]

    def _clock_day(self) -> Array:
        """Tell the day on the inverters' own clocks."""
        return np.floor(self.now.toordinal() + (self.hour + 3 * self.faults["clock_shift"]) / 24)

    def _insulation_kohm(self) -> Array:
        sound = self._insulation_dry_kohm / (1 + 1.2 * self._roof.wetness)
        return sound / (1 + self.faults["insulation_drop"] * (20 + 150 * self._roof.wetness))

    def true_values(self) -> Values:
        return {**self._conversion(), **self._health(), **self._grid_side(), **self._parts(), **self._surroundings()}

    def _conversion(self) -> Values:
        apparent_kva = self._ac_kw / self._power_factor
        direct_a, mean_v = self._string_a.sum(axis=1), self._tracker_v.mean(axis=1)
        return {
            "state": self._state,
            "active_power": self._ac_kw,
            "reactive_power": np.sqrt(apparent_kva**2 - self._ac_kw**2),
            "apparent_power": apparent_kva,
            "power_factor": np.where(apparent_kva > 0, self._power_factor, math.nan),  # 0 / 0: "not available"
            "energy_day": self._energy_day_kwh,
            "energy_total": self._energy_kwh,
            "peak_power_day": self._peak_kw,
            "operating_hours": self._grid_hours,
            "dc_power": self._dc_kw,
            "dc_voltage": np.where(direct_a > 0, 1000 * self._dc_kw / np.maximum(direct_a, 1e-9), mean_v),
            "dc_current": direct_a,
            "energy_dc_total": self._tracker_kwh.sum(axis=1),
            "inverter_efficiency": np.where(self._dc_kw > 0, self._ac_kw / np.maximum(self._dc_kw, 1e-9), 0.0),
            "derate_mode": self._derate,
            "power_setpoint": 100 * self._order(),
        }

    def _health(self) -> Values:
        highest_v = self._tracker_v.max(axis=1)
        bus_v = np.where(self._is_on_grid(), np.maximum(1.02 * highest_v + 8, 640.0), highest_v)
        filters_a = self._leak_a * (1 + 0.8 * self._roof.wetness) * (highest_v > 0)
        heatsink_c, housing_c, choke_c, combiner_c = self._warm_c
        dead = self._dead_strings()
        return {
            "bus_voltage": bus_v,
            "pv_negative_to_ground": -bus_v / 2,
            "insulation_resistance": self._measured_kohm,
            "residual_current": filters_a + highest_v / 2 / (1000 * self._insulation_kohm()),
            "internal_temperature": housing_c,
            "heatsink_temperature": heatsink_c,
            "transformer_temperature": choke_c,
            "combiner_temperature": combiner_c,
            "fuse_ok": (self.faults["string_open"] < 0.5).all(axis=1).astype(float),
            "spd_ok": np.ones(self.n),
            "alarm_1": self._events(),
            "alarm_2": dead[:, :16] @ 2.0 ** np.arange(16),
            "alarm_3": dead[:, 16:] @ 2.0 ** np.arange(STRINGS - 16),
            "fault_code": self._fault_code,
            "vendor_state": 100 + self._state,
            "serial_number": [f"SY100K-{seed:06d}" for seed in self.seeds],
        }

    def _grid_side(self) -> Values:
        phases_v = 230 * self._grid * self._phase_share
        phases_a = 1000 * self._ac_kw[:, None] / self._power_factor[:, None] / 3 / phases_v
        return {
            **{f"voltage_{line}": _line(phases_v[:, i], phases_v[:, (i + 1) % 3]) for i, line in enumerate(_LINES)},
            **{f"voltage_{phase}": phases_v[:, i] for i, phase in enumerate(_PHASES)},
            **{f"current_{phase}": phases_a[:, i] for i, phase in enumerate(_PHASES)},
            "current_total": phases_a.sum(axis=1),
            "frequency": self._frequency_hz,
        }

    def _parts(self) -> Values:
        return {
            **_numbered("mppt_voltage", self._tracker_v),
            **_numbered("mppt_current", pairs(self._string_a).sum(axis=2)),
            **_numbered("mppt_power", self._tracker_kw()),
            **_numbered("mppt_energy", self._tracker_kwh),
            **_numbered("string_current", self._string_a),
            **_numbered("string_voltage", to_strings(self._tracker_v)),
            **_numbered("combiner_current", self._string_a),
        }

    def _surroundings(self) -> Values:
        roof, no_tracker = self._roof, self.full(math.nan)
        return {
            "poa_irradiance": roof.light.total_w_m2,
            "ghi": roof.ghi_w_m2,
            "module_temperature": roof.module_c,
            "ambient_temperature": roof.weather.temperature_c,
            "wind_speed": roof.sky.wind_m_s,
            "rain": roof.sky.rain_day_mm,
            "soiling_ratio": 1 - roof.soiling_loss,
            "tracker_angle": no_tracker,
            "tracker_target": no_tracker,
        }

    def _events(self) -> Array:
        fuse = (self.faults["string_open"] >= 0.5).any(axis=1)
        is_tripped = self.faults["inverter_trip"] >= 0.5
        events = [
            (GROUND_FAULT, self._is_grounded),
            (OVER_TEMPERATURE, self._is_hot),
            (STRING_FUSE, fuse),
            (HARDWARE, is_tripped),
        ]
        return np.asarray(np.sum([bit * present for bit, present in events], axis=0, dtype=float))

    def _dead_strings(self) -> Array:
        """Tell, while the sun shines and the inverter works, which strings lag far behind the others."""
        is_telling = (self._roof.light.total_w_m2 > 200) & self._is_on_grid()
        lags: Flags = self._string_a < 0.2 * self._string_a.mean(axis=1)[:, None]
        return np.asarray(lags & is_telling[:, None], dtype=float)


def _numbered(name: str, values: Array) -> Values:
    return {f"{name}_{number}": values[:, number - 1] for number in range(1, values.shape[1] + 1)}


def _line(first_v: Array, second_v: Array) -> Array:
    """Give the voltage between two phases that are a third of a turn apart."""
    squared = first_v * first_v + second_v * second_v + first_v * second_v
    return np.asarray(np.sqrt(squared))


def _first_of(rules: Sequence[tuple[Flags, int]], otherwise: Array) -> Array:
    """Give the code of the first rule that holds; for a few machines several times faster than numpy's select."""
    code = otherwise
    for holds, then in reversed(rules):
        code = np.where(holds, float(then), code)
    return code
