"""Vertical machining centres with a spindle of 15 kW, each working through the jobs of its own list.

The shop decides what a machine does next (`simulators.physics.job_shop`), a plan says how (`machining_plan`), and cuts obey
Kienzle and Taylor (`cutting`); here are what the machine draws and how warm it gets, its supplies, its measured parts, its
alarms, and what faults change. Readings are those of the end of the step.

Limits of the model, besides those of the parts it is made of: braking feeds nothing back, no pallets, temperatures are
first-order lags on friction, cut and the workshop's air. Times and powers are engineering defaults and not fitted to one machine.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from simulators.dice import Array
from simulators.machine import Flags, Machines, Values, lag
from simulators.machine_faults import MachineFault
from simulators.physics.cutting import POWER_PER_VB, VB_LIMIT_MM
from simulators.physics.job_shop import AIR_TOO_LOW, CONVEYOR_JAMMED, DOOR_OPEN, EMERGENCY_STOP, Hindrance, JobShop
from simulators.physics.machining_job import BROKEN_TOOL, SPINDLE_KW
from simulators.physics.machining_plan import (
    CHANGE_LOADS,
    IDLE_KW,
    INTERRUPTED,
    LOADS,
    MAINTENANCE,
    RAPID_MM_PER_MIN,
    RATES,
    RESET,
    REST_LOADS,
    SETTING_UP,
    Column,
    Plans,
    friction_kw,
    warm_up,
)
from simulators.physics.weather import Weather
from simulators.sensors import Sensor

TOLERANCE_MM = 0.02
AXES = ("x", "y", "z")
_STRUCK_VB_MM = 0.35
"""Flank wear that the fault ``tool_wear`` adds."""
_CONTROLLER_MODES = np.array([2.0, 0.0, 1.0, 3.0, 2.0])
"""The channel's mode (automatic, manual data input, manual, semi-automatic) in each operation mode."""
NORMAL, WARNING, FAULT = range(3)
GOOD, BAD = 1, 2
COOLANT_LOW, LUBRICANT_LOW, PROGRAM_STOP = 700_020, 700_021, 10_209
_ALARMS = {
    0: (NORMAL, "no alarm"),
    EMERGENCY_STOP: (FAULT, "emergency stop"),
    AIR_TOO_LOW: (FAULT, "air pressure too low"),
    CONVEYOR_JAMMED: (FAULT, "chip conveyor jammed"),
    DOOR_OPEN: (FAULT, "door not closed"),
    COOLANT_LOW: (WARNING, "coolant low"),
    LUBRICANT_LOW: (WARNING, "lubricant low"),
    PROGRAM_STOP: (WARNING, "program stop M0"),
}
_FLOOD = np.array([AIR_TOO_LOW, COOLANT_LOW, LUBRICANT_LOW, CONVEYOR_JAMMED, DOOR_OPEN])


class CncMachine(Machines):
    """n machining centres, each with its jobs, tools and operators."""

    KIND = "cnc_machine"
    LONGEST_STEP_SECONDS = 60.0
    FAULTS = {
        "tool_wear": MachineFault("刀具磨损", "Tool wear", "flank wear of every tool +0.35 mm, power of cuts +41 %"),
        "tool_break": MachineFault(
            "刀具折断", "Tool breakage", "from severity 0.5 the tool in use breaks: its cuts take half the power"
        ),
        "chatter": MachineFault("颤振", "Chatter", "vibration in cuts +4 mm/s at a spindle override of 100 %"),
        "spindle_bearing": MachineFault(
            "主轴轴承损伤", "Spindle bearing damage", "friction x 3.5, vibration +5 mm/s at 8000 rpm"
        ),
        "axis_overload": MachineFault(
            "导轨润滑不良", "Axis overload", "load of a moving axis +25 %, in rapid moves +70 %, 0.5 kW", part="axis"
        ),
        "coolant_low": MachineFault(
            "冷却液泄漏", "Coolant low", "loses 30 % of the tank an hour, nobody refills; tools wear twice as fast"
        ),
        "program_stop": MachineFault("程序停止", "Program stop", "from severity 0.5 the program stands at M0"),
        "feed_override_80": MachineFault("进给倍率偏低", "Feed override turned down", "from severity 0.5 parts are made at 80 %"),
        "long_load": MachineFault("上下料时间过长", "Long loading", "loading takes four times as long"),
        "alarm_flood": MachineFault("报警泛滥", "Alarm flood", "another alarm every 20 s, half of the parts stop for a minute"),
        "counter_reset": MachineFault("计数器清零", "Counter reset", "part counters start from 0 when severity passes 0.5"),
        "offline": MachineFault("机床断电", "Machine switched off", "from severity 0.5 nothing moves and no power is drawn"),
        "thermal_drift": MachineFault("热变形", "Thermal drift", "growth of the spindle with its temperature x 9"),
        "bad_parts_run": MachineFault("批量不良", "Run of bad parts", "60 % of the parts are 0.03 mm off"),
    }
    SENSORS = {
        "spindle_speed": Sensor(relative_noise=0.0003, lowest=0.0),
        "spindle_load": Sensor(noise=0.15, relative_noise=0.012, lowest=0.0),
        "spindle_power": Sensor(noise=0.01, relative_noise=0.01, gain=0.005, lowest=0.0),
        "spindle_torque": Sensor(relative_noise=0.012, gain=0.005, lowest=0.0),
        "spindle_temperature": Sensor(noise=0.05, offset=0.4, resolution=0.1),
        "vibration_velocity_spindle": Sensor(noise=0.01, relative_noise=0.05, gain=0.03, lowest=0.0),
        "path_feedrate": Sensor(relative_noise=0.001, lowest=0.0),
        **{f"axis_position_{axis}": Sensor(noise=0.0005) for axis in AXES},
        **{f"axis_load_{axis}": Sensor(noise=0.3, relative_noise=0.02, gain=0.02, lowest=0.0) for axis in AXES},
        **{f"axis_temperature_{axis}": Sensor(noise=0.05, offset=0.4, resolution=0.1) for axis in AXES},
        **{f"axis_following_error_{axis}": Sensor(noise=0.0004, relative_noise=0.02) for axis in AXES},
        "coolant_level": Sensor(noise=0.2, offset=0.5, lowest=0.0, highest=100.0),
        "coolant_flow": Sensor(relative_noise=0.01, gain=0.015, lowest=0.0),
        "coolant_temperature": Sensor(noise=0.1, offset=0.4),
        "lube_level": Sensor(noise=0.1, offset=0.5, lowest=0.0, highest=100.0),
        "hydraulic_pressure": Sensor(noise=0.01, gain=0.005, lowest=0.0),
        "air_pressure": Sensor(noise=1.5, gain=0.005, lowest=0.0),
        "machine_power": Sensor(relative_noise=0.003, gain=0.004, lowest=0.0),
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        n = self.n
        self._weather = Weather(self.dice, start)
        self._idle_share = self.hidden(1.0, 0.08)
        """Of the idle power and the friction."""
        self._efficiency = self.hidden(0.8, 0.03)
        operator_share = self.hidden(1.0, 0.15, lowest=0.6)
        self._heat_k_per_kw = self.hidden(12.0, 0.08)
        self._roughness = self.hidden(0.75, 0.12)
        self._growth_mm_per_k = self.hidden(0.0003, 0.15)
        self._air_kpa = self.hidden(620.0, 0.02)
        self._pump_seconds = self.hidden(95.0, 0.1)
        self._lag_mm_per_m_per_min = self.hidden(0.033, 0.08)
        self._coolant_percent, self._lube_percent = self.dice.uniform(60, 95), self.dice.uniform(40, 95)
        self._energy_kwh, self._power_on_hours = self.dice.uniform(1e4, 2e5), self.dice.uniform(2e3, 3e4)
        self._operating_s = self._power_on_hours * 3600 * self.dice.uniform(0.45, 0.7)
        self._cutting_s = self._operating_s * self.dice.uniform(0.5, 0.7)
        self._parts = np.floor(self._operating_s / self.dice.uniform(200, 500))
        self._bad = np.floor(self._parts * self.dice.uniform(0.004, 0.012))
        self._spindle_c, self._coolant_c = self._room_c() + 1.0, self._room_c()
        self._axis_c = np.repeat(self._room_c()[:, None] + 1.0, len(AXES), axis=1)
        self._probe_mm, self._quality = self.full(0.0), self.full(GOOD)
        self._cycle_s = np.zeros(n)
        """Run time of the last whole cycle."""
        self._broken_tool = np.zeros(n)
        """Number of the tool that broke; 0 for none."""
        self._was_broken, self._was_reset = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.shop = JobShop(self.dice, seeds, start, operator_share)
        self._plans = Plans(self._idle_share)
        for machine in range(n):
            self._plans.begin(machine, warm_up())

    # --- time ---------------------------------------------------------------------------------------------------------

    def _step(self, seconds: float) -> None:
        self._weather.step(self.now, seconds)
        self._break_tools()
        is_off, is_halted = self._halted()
        done = self._plans.advance(np.where(is_halted, 0.0, seconds), self._go_on)
        done[:, Column.BASE_KW] += np.where(is_halted & ~is_off, self._idle_share * IDLE_KW * seconds, 0.0)
        self._count_up(done, np.where(is_off, 0.0, seconds))
        self._heat(done / seconds, seconds)
        self._drain(done, seconds)
        self._reset_counters()

    def _go_on(self, machine: int, seconds_left: float) -> None:
        """Begin what comes after a plan that has ended."""
        if self.shop.makes_part[machine]:
            self._finish_part(machine)
        hindrance = Hindrance(
            jam_share=0.5 * self.faults["alarm_flood"][machine],
            feed_percent=80.0 if self.faults["feed_override_80"][machine] >= 0.5 else None,
            loading_factor=1 + 3 * self.faults["long_load"][machine],
            broken_tool=self._broken_tool[machine],
        )
        plan = self.shop.next_plan(machine, self.now - timedelta(seconds=seconds_left), hindrance)
        if plan[0, Column.FUNCTION] in (SETTING_UP, MAINTENANCE):
            self._refill(machine, is_serviced=plan[0, Column.FUNCTION] == MAINTENANCE)
        self._plans.begin(machine, plan)

    def _finish_part(self, machine: int) -> None:
        """Count a part that is done, measure it, and let its tools have worn."""
        batch = self.shop.batches[machine]
        self._cycle_s[machine] = self._plans.since_begin[machine, Column.IS_ACTIVE]
        wear_rate = 2.0 if self._coolant_percent[machine] < 15 else 1.0
        batch.job.wear(feed_percent=self.shop.overrides_percent[machine, 0], wear_rate=wear_rate)
        self._probe_mm[machine] = self._measure(machine, vb_mm=float(batch.job.vb_mm.max()))
        is_bad = abs(self._probe_mm[machine]) > TOLERANCE_MM
        self._quality[machine] = BAD if is_bad else GOOD
        self._parts[machine] += 1
        self._bad[machine] += is_bad
        batch.done += 1
        self.shop.makes_part[machine] = False

    def _measure(self, machine: int, *, vb_mm: float) -> float:
        """Give how far a part is off: the spindle has grown, tools are worn or broken; one in 200 has a reason of its own."""
        dice, faults = self.dice.events[machine], self.faults
        drift = 1 + 8 * faults["thermal_drift"][machine]
        growth = self._growth_mm_per_k[machine] * (self._spindle_c[machine] - 32.0) * drift
        worn = (vb_mm + _STRUCK_VB_MM * faults["tool_wear"][machine]) / VB_LIMIT_MM
        chance, size = dice.random(2)
        is_struck = dice.random() < 0.6 * faults["bad_parts_run"][machine]
        off = 0.03 * is_struck + 0.03 * (self._broken_tool[machine] > 0)
        scatter = 0.0025 * min(max(dice.standard_normal(), -3.0), 3.0)
        if chance < 0.005:
            return float((0.0205 + 0.0055 * size) * (-1 if chance < 0.0025 else 1))
        return float(growth + 0.004 * worn**2 + scatter + off)

    def _refill(self, machine: int, *, is_serviced: bool) -> None:
        if self._coolant_percent[machine] < 55 and not self.faults["coolant_low"][machine]:
            self._coolant_percent[machine] = 92.0
        if self._lube_percent[machine] < 35 or is_serviced:
            self._lube_percent[machine] = 95.0

    def _halted(self) -> tuple[Flags, Flags]:
        is_off = self.faults["offline"] >= 0.5
        return is_off, is_off | (self.faults["program_stop"] >= 0.5)

    def _machine_kw(self, rates: Array) -> Array:
        """Give the power drawn at these rates, or the work for integrals of them."""
        base, cut, friction, _, active, _ = rates.T
        sticky = 0.5 * self.faults["axis_overload"].sum(axis=1) * active
        worn = 2.5 * self.faults["spindle_bearing"] * friction + cut * self._wear_factor() / self._efficiency
        total: Array = base + sticky + worn
        return total

    def _wear_factor(self) -> Array:
        return 1 + POWER_PER_VB * _STRUCK_VB_MM * self.faults["tool_wear"]

    def _count_up(self, done: Array, seconds: Array) -> None:
        self._energy_kwh += self._machine_kw(done) / 3600
        self._power_on_hours += seconds / 3600
        self._cutting_s += done[:, Column.IS_CUT]
        self._operating_s += done[:, Column.IS_ACTIVE]

    def _heat(self, mean: Array, seconds: float) -> None:
        _, cut, friction, _, active, coolant = mean.T
        room = self._room_c()
        friction = friction * (1 + 2.5 * self.faults["spindle_bearing"])
        self._spindle_c = lag(self._spindle_c, room + 1 + self._heat_k_per_kw * friction + 0.9 * cut, seconds, 900.0)
        self._coolant_c = lag(self._coolant_c, room + 0.8 * cut + 1.5 * coolant, seconds, 3000.0)
        rise = np.array([3.0, 4.0, 6.0]) * active[:, None] + 14 * self.faults["axis_overload"]
        self._axis_c = lag(self._axis_c, room[:, None] + 1 + rise, seconds, 2400.0)

    def _drain(self, done: Array, seconds: float) -> None:
        lost = 2.5 * done[:, Column.IS_COOLANT] / 3600 + 30 * self.faults["coolant_low"] * seconds / 3600
        floor = np.where(self.faults["coolant_low"] > 0, 3.0, 35.0)
        self._coolant_percent = np.minimum(np.maximum(self._coolant_percent - lost, floor), 95.0)
        self._lube_percent = np.maximum(self._lube_percent - 0.5 * done[:, Column.IS_ACTIVE] / 3600, 25.0)

    def _room_c(self) -> Array:
        """Give the workshop's air: heated in winter, and warm in summer."""
        room_c: Array = 23.5 + 0.15 * (self._weather.temperature_c - 14.5)
        return room_c

    def _break_tools(self) -> None:
        is_broken = self.faults["tool_break"] >= 0.5
        if np.any(is_broken & ~self._was_broken):
            operations = self._plans.moment().operations
            for machine in np.flatnonzero(is_broken & ~self._was_broken).tolist():
                job = self.shop.batches[machine].job
                self._broken_tool[machine] = job.operations[operations[machine]].tool
                self._plans.weaken_cuts(machine, operations[machine], BROKEN_TOOL)
        self._broken_tool[~is_broken] = 0
        self._was_broken = is_broken

    def _reset_counters(self) -> None:
        is_reset = self.faults["counter_reset"] >= 0.5
        rises = is_reset & ~self._was_reset
        self._parts[rises] = self._bad[rises] = 0.0
        self._was_reset = is_reset

    # --- readings -----------------------------------------------------------------------------------------------------

    def true_values(self) -> Values:
        is_off, is_halted = self._halted()
        moment = self._plans.moment()
        rows, operations = moment.rows, moment.operations
        moves = np.where(is_halted, 0.0, 1.0)
        rates = rows[:, RATES] * moves[:, None]
        rates[:, Column.BASE_KW] += np.where(is_halted & ~is_off, self._idle_share * IDLE_KW, 0.0)
        feed = rows[:, Column.FEED] * moves
        position, velocity = moment.motion(feed)
        spindle = self._spindle(rows, moment.share, moves)
        loads = self._axis_loads(rows, velocity, rates)
        active_s = self._plans.since_begin[:, Column.IS_ACTIVE]
        feed_override, rapid_override, spindle_override = self.shop.overrides_percent.T.copy()
        return {
            "execution": np.where(is_off, RESET, np.where(is_halted, INTERRUPTED, rows[:, Column.EXECUTION])),
            "operation_mode": rows[:, Column.MODE],
            "availability": np.where(is_off, 0.0, 1.0),
            "emergency_stop": rows[:, Column.IS_STOPPED],
            "controller_mode": _CONTROLLER_MODES[rows[:, Column.MODE].astype(int)],
            "functional_mode": rows[:, Column.FUNCTION],
            **self.shop.texts(operations),
            **self.shop.numbers(operations),
            "part_count_total": self._parts.copy(),
            "part_count_good": self._parts - self._bad,
            "part_count_bad": self._bad.copy(),
            "spindle_override": spindle_override,
            "path_feedrate": feed,
            "path_feedrate_commanded": rows[:, Column.COMMANDED] * moves,
            "feed_override": feed_override,
            "rapid_override": rapid_override,
            **_by_axis("axis_position", position),
            **_by_axis("axis_velocity", velocity),
            **_by_axis("axis_load", loads),
            **_by_axis("axis_temperature", self._axis_c),
            **_by_axis("axis_following_error", velocity / 1000 * self._lag_mm_per_m_per_min[:, None]),
            "machine_power": self._machine_kw(rates),
            "energy_total": self._energy_kwh.copy(),
            "power_on_time": self._power_on_hours.copy(),
            "operating_time": self._operating_s.copy(),
            "cutting_time": self._cutting_s.copy(),
            "cycle_time": np.where(self.shop.makes_part & (active_s > 0), active_s, self._cycle_s),
            "spindle_temperature": self._spindle_c.copy(),
            "coolant_level": self._coolant_percent.copy(),
            "coolant_flow": rates[:, Column.IS_COOLANT] * 22.0 * np.clip(self._coolant_percent / 15.0, 0, 1),
            "coolant_temperature": self._coolant_c.copy(),
            "lube_level": self._lube_percent.copy(),
            **self._supplies(rows, is_off),
            "probe_result": self._probe_mm.copy(),
            "quality_flag": self._quality.copy(),
            "is_warm_up": rows[:, Column.IS_WARM_UP],
            **spindle,
            **self._alarms(rows),
            **self._conditions(spindle["vibration_velocity_spindle"], loads),
        }

    def _spindle(self, rows: Array, share: Array, moves: Array) -> dict[str, Array]:
        begins, ends = rows[:, Column.RPM_FROM], rows[:, Column.RPM_TO]
        rpm = (begins + (ends - begins) * share) * moves
        friction = self._idle_share * friction_kw(rpm) * (1 + 2.5 * self.faults["spindle_bearing"])
        cut = rows[:, Column.CUT_KW] * moves * self._wear_factor()
        speed_up = rows[:, Column.SPEED_UP_KW] * moves
        power = cut + friction + speed_up
        is_sung = (cut > 0) & (self.shop.overrides_percent[:, 2] == 100)
        vibration = self._roughness * (0.25 + 0.85 * rpm / 8000) + 0.06 * cut
        vibration += 5 * self.faults["spindle_bearing"] * rpm / 8000 + 4 * self.faults["chatter"] * is_sung
        return {
            "spindle_speed": rpm,
            "spindle_speed_commanded": ends * moves,
            "spindle_load": 100 * power / SPINDLE_KW,
            "spindle_power": power,
            "spindle_torque": 30_000 / math.pi * ((cut + friction) / np.maximum(rpm, 100) + 2 * speed_up / np.maximum(ends, 100)),
            "vibration_velocity_spindle": vibration,
        }

    def _axis_loads(self, rows: Array, velocity: Array, rates: Array) -> Array:
        loads = np.where(rates[:, Column.IS_ACTIVE, None] > 0, rows[:, LOADS], REST_LOADS)
        speed = np.max(np.abs(velocity), axis=1, keepdims=True) / RAPID_MM_PER_MIN
        sticky: Array = self.faults["axis_overload"] * (speed > 0) * (25 + 45 * speed)
        return loads + sticky

    def _supplies(self, rows: Array, is_off: Flags) -> dict[str, Array]:
        hydraulic = 5.4 - 0.8 * ((self.seconds / self._pump_seconds) % 1)
        is_changing = rows[:, Column.LOAD + 2] == CHANGE_LOADS[2]
        air = self._air_kpa - 35.0 * is_changing - 260.0 * (rows[:, Column.ALARM] == AIR_TOO_LOW)
        return {"hydraulic_pressure": np.where(is_off, 0.0, hydraulic), "air_pressure": air}

    def _alarms(self, rows: Array) -> Values:
        """Tell the alarm that a control shows: that of a stop, of a flood, or of what is low."""
        flood = _FLOOD[(int(self.seconds // 20) * 7 + np.arange(self.n)) % len(_FLOOD)]
        codes = np.where(self._coolant_percent < 20, COOLANT_LOW, 0)
        codes = np.where(self.faults["program_stop"] >= 0.5, PROGRAM_STOP, codes)
        codes = np.where(self.faults["alarm_flood"] > 0.1, flood, codes)
        codes = np.where(rows[:, Column.ALARM] > 0, rows[:, Column.ALARM].astype(int), codes)
        return {
            "alarm": [f"{code} {_ALARMS[code][1]}" for code in codes.tolist()],
            "controller_condition": np.array([float(_ALARMS[code][0]) for code in codes.tolist()]),
        }

    def _conditions(self, vibration: Array, loads: Array) -> dict[str, Array]:
        coolant = [self._coolant_percent < 8, self._coolant_percent < 20]
        return {
            "spindle_condition": np.where((vibration > 4.5) | (self._spindle_c > 65), WARNING, NORMAL).astype(float),
            "axis_condition": np.where(np.any(loads > 100, axis=1), WARNING, NORMAL).astype(float),
            "coolant_condition": np.select(coolant, [FAULT, WARNING], NORMAL).astype(float),
        }


def _by_axis(name: str, values: Array) -> dict[str, Array]:
    return {f"{name}_{axis}": values[:, index].copy() for index, axis in enumerate(AXES)}
