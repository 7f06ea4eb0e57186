"""Low-voltage induction motor, 160 kW, 4 poles, 400 V, 50 Hz, that drives a pump through a soft starter or a fan through a drive.

The motor is the equivalent circuit of the textbooks (`simulators.physics.induction_motor`). An unbalanced supply is resolved into
symmetrical components (`three_phase`); winding, frame and bearings are warmed by the losses (`motor_heat`); what shakes the
machine is in `rotor_vibration`, what a drive makes of the feeder's current in `rectifier_drive`, and the feeder's meter in
`power_meter`; records are made of all this when somebody asks (`motor_records`). Fan and pump follow the affinity laws (with a
drive) or a straight line of torque over flow (throttled).

Sources: full-load figures after catalogues of 315 frames (Motive Delphi 07 04 rev. 03, page 21; IEC 60034-30-1 for IE3),
vibration levels after ISO 20816-3, effects of unbalance after IEC 60034-26 and NEMA MG 1, 14.36.
Limits of the model, besides those of its parts: electrically everything is steady, so a start is a current and a time, not a
transient; one motor size; constant V/f; insulation is measured at standstill and does not age.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

import numpy as np

from simulators.machine import Array, Flags, Machines, Values, lag
from simulators.machine_faults import MachineFault
from simulators.physics import motor_records, rectifier_drive
from simulators.physics.demand import Demand
from simulators.physics.induction_motor import (
    GRID_HZ,
    PHASE_V,
    RATED_A,
    RATED_EFFICIENCY_PERCENT,
    RATED_KW,
    RATED_RPM,
    RATED_TORQUE_NM,
    Circuit,
)
from simulators.physics.motor_heat import MotorHeat
from simulators.physics.power_meter import PowerMeter
from simulators.physics.rolling_bearing import RollingBearing
from simulators.physics.rotor_vibration import BEARING_DAMAGE, Causes, bearing_signs, by_bearing, sound_mm_s, velocity_mm_s
from simulators.physics.three_phase import phases
from simulators.physics.wander import wander
from simulators.physics.weather import Weather
from simulators.sensors import Sensor

STOPPED, STARTING, RUNNING, FAULT = range(4)

_FAULT_TEMPERATURE_C, _RESET_TEMPERATURE_C, _WARM_C, _DRIVE_WARM_C = 148.0, 90.0, 138.0, 85.0
_MOTOR_HOT, _DRIVE_HOT = 1, 2
"""Numbers of the faults and warnings that the drive (or the motor protection) shows."""
_SHORTEST_STOP_SECONDS = 1800.0
_BEARINGS = ("drive", "non_drive")
_START_SECONDS, _RAMP_HZ_PER_SECOND, _LOWEST_HZ = 12.0, 2.0, 25.0
_SWING_SECONDS = np.array([600.0, 30.0, 90.0, 40.0])


class Motor(Machines):
    """n motors, each with its driven machine, its feeder and its meter."""

    KIND = "motor"
    LONGEST_STEP_SECONDS = 30.0
    BEARINGS: ClassVar[Mapping[str, RollingBearing]] = {
        "drive": RollingBearing(balls=8, ball_diameter_mm=33.338, pitch_diameter_mm=147.5),
        "non_drive": RollingBearing(balls=8, ball_diameter_mm=28.575, pitch_diameter_mm=125.0),
    }
    """Deep-groove bearings 6319 and 6316: bore and width after ISO 15, balls of the usual sizes."""
    FAULTS: ClassVar[Mapping[str, MachineFault]] = {
        "broken_rotor_bar": MachineFault(
            "转子断条", "Broken rotor bars", "rotor resistance +40 %, current and 1x vibration swing with the slip"
        ),
        "inter_turn_short": MachineFault(
            "定子匝间短路",
            "Inter-turn short circuit",
            "negative-sequence current 9 % of the rated one, phase a +0.5 kW, insulation -98 %",
        ),
        "eccentricity_static": MachineFault(
            "静态气隙偏心", "Static eccentricity", "vibration at twice the line frequency +3.2 mm/s, current distortion +1.5 %"
        ),
        "eccentricity_dynamic": MachineFault(
            "动态气隙偏心", "Dynamic eccentricity", "vibration at the speed of rotation +3 mm/s, current distortion +1 %"
        ),
        "bearing_outer": MachineFault(
            "轴承外圈损伤",
            "Bearing outer race damage",
            "shock +12 g, acceleration +9 m/s², velocity +1.8 mm/s, +9 K",
            part="bearing",
        ),
        "bearing_inner": MachineFault(
            "轴承内圈损伤",
            "Bearing inner race damage",
            "shock +9 g, acceleration +7 m/s², velocity +1.5 mm/s, +9 K",
            part="bearing",
        ),
        "bearing_ball": MachineFault(
            "轴承滚动体损伤", "Bearing ball damage", "shock +7 g, acceleration +6 m/s², velocity +1.2 mm/s, +9 K", part="bearing"
        ),
        "bearing_cage": MachineFault(
            "轴承保持架损伤", "Bearing cage damage", "shock +5 g, acceleration +4 m/s², velocity +1 mm/s, +9 K", part="bearing"
        ),
        "imbalance": MachineFault(
            "转子不平衡", "Imbalance", "radial vibration +3.4 mm/s at full speed, with the square of the speed"
        ),
        "misalignment": MachineFault(
            "不对中",
            "Misalignment",
            "vibration +3.6 mm/s axial and +2.2 mm/s radial, most at the drive end, drive-end bearing +7 K",
        ),
        "looseness": MachineFault("地脚松动", "Looseness", "vertical vibration +3.6 mm/s, unsteady"),
        "voltage_unbalance": MachineFault("电源电压不平衡", "Unbalanced supply voltage", "negative-sequence voltage +3.2 %"),
        "cooling_blocked": MachineFault("冷却风道堵塞", "Cooling air blocked", "cooling air -65 %"),
        "overload": MachineFault("过载", "Overload", "load torque +28 %"),
        "lubrication_poor": MachineFault(
            "润滑不良", "Poor lubrication", "bearing friction x 2.2, acceleration +8 m/s², shock +2 g", part="bearing"
        ),
    }
    SENSORS: ClassVar[Mapping[str, Sensor]] = {
        "active_power": Sensor(relative_noise=0.002, gain=0.003, lowest=0.0, highest=320.0),
        "motor_power": Sensor(relative_noise=0.004, gain=0.01, lowest=0.0, highest=320.0),
        "motor_current": Sensor(relative_noise=0.003, gain=0.006, lowest=0.0, highest=640.0),
        "speed": Sensor(noise=0.3, lowest=0.0),
        "torque": Sensor(relative_noise=0.005, gain=0.015, lowest=0.0),
        "torque_percent": Sensor(relative_noise=0.005, gain=0.015, lowest=0.0),
        **{f"voltage_{p}": Sensor(relative_noise=0.0005, gain=0.001, lowest=0.0) for p in ("a", "b", "c", "ab", "bc", "ca")},
        **{f"current_{p}": Sensor(relative_noise=0.001, gain=0.002, lowest=0.0, highest=1200.0) for p in "abc"},
        "voltage_unbalance": Sensor(noise=0.01, lowest=0.0),
        "current_unbalance": Sensor(relative_noise=0.02, lowest=0.0),
        "frequency": Sensor(noise=0.002),
        **{f"thd_{q}_{p}": Sensor(relative_noise=0.02, gain=0.02, lowest=0.0) for q in ("voltage", "current") for p in "abc"},
        "output_frequency": Sensor(resolution=0.01),
        "output_voltage": Sensor(relative_noise=0.002, gain=0.004, lowest=0.0),
        "dc_link_voltage": Sensor(relative_noise=0.001, gain=0.004, lowest=0.0),
        "drive_temperature": Sensor(noise=0.1, offset=0.8),
        **{f"winding_temperature_{k}": Sensor(noise=0.15, offset=0.8) for k in range(1, 7)},
        **{f"bearing_temperature_{b}": Sensor(noise=0.1, offset=0.6) for b in _BEARINGS},
        "cooling_air_in_temperature": Sensor(noise=0.1, offset=0.4),
        "cooling_air_out_temperature": Sensor(noise=0.15, offset=0.4),
        "ambient_temperature": Sensor(noise=0.1, offset=0.4),
        **{
            f"vibration_velocity_{b}_{d}": Sensor(noise=0.01, relative_noise=0.03, gain=0.03, lowest=0.0)
            for b in _BEARINGS
            for d in "hva"
        },
        **{f"vibration_acceleration_{b}": Sensor(noise=0.02, relative_noise=0.05, gain=0.04, lowest=0.0) for b in _BEARINGS},
        **{f"shock_value_{b}": Sensor(noise=0.02, relative_noise=0.08, gain=0.05, lowest=0.0) for b in _BEARINGS},
    }

    def __init__(self, *, seeds: Sequence[int], start: datetime) -> None:
        super().__init__(seeds=seeds, start=start)
        self.has_drive = self.dice.uniform() < 0.5
        self.circuit = Circuit(
            stator=self.hidden(0.0082, 0.03),
            stator_leakage=self.hidden(0.088, 0.04),
            magnetizing=self.hidden(2.45, 0.05),
            rotor=self.hidden(0.0078, 0.05),
            rotor_leakage=self.hidden(0.105, 0.04),
            negative_sequence=self.hidden(0.114, 0.05),
            iron_kw=self.hidden(1.6, 0.06),
            friction_kw=self.hidden(0.85, 0.08),
            additional_kw=self.hidden(1.15, 0.08),
        )
        self._size = self.hidden(0.90, 0.025)
        self._torque_at_no_flow = self.hidden(0.42, 0.08)
        self._tap = self.hidden(1.005, 0.006)
        self._unbalance = self.hidden(0.0035, 0.25, lowest=0.0005)
        self._unbalance_angle = np.exp(1j * self.dice.uniform(0, 2 * np.pi))
        self._voltage_thd_percent = self.hidden(1.8, 0.2)
        frame_kw_per_k, winding_kw_per_k = self.hidden(0.155, 0.05), self.hidden(0.070, 0.05)
        air_kg_per_second = self.hidden(0.62, 0.06)
        self._sensor_place = 1 + 0.02 * self.dice.normals(6)
        bearing_k = np.stack([self.hidden(17, 0.1), self.hidden(14, 0.1)], axis=1)
        self._base_mm_s = np.clip(0.55 * np.exp(0.22 * self.dice.normals(6)), 0.25, 1.1).reshape(self.n, 2, 3)
        self._residual_imbalance_mm_s = self.hidden(0.55, 0.25, lowest=0.1)
        self._base_m_s2 = np.clip(1.6 * np.exp(0.2 * self.dice.normals(2)), 0.8, 3.0)
        self._grease_interval_hours = self.hidden(3000, 0.1)
        self._insulation_mohm = self.hidden(520, 0.25, lowest=150)
        self._is_two_shift = self.dice.uniform() < 0.25
        self._start_current_share = self.hidden(3.0, 0.06)

        self.weather = Weather(self.dice, start)
        self.demand = Demand(self.dice, start)
        self._swings = np.zeros((self.n, 4))
        """Slow random walks of unit spread: supply voltage, frequency, load, and the phase of what is loose."""
        self._pole_pass = np.zeros(self.n)
        self._state = np.where(self._is_wanted(), RUNNING, STOPPED)
        self._in_state_seconds = self.full(3600)
        self._rest_seconds = self.full(0)
        self._hertz = np.where(self.has_drive, self._wanted_hertz(), GRID_HZ)
        self._speed_rpm = np.where(self._is_on(), 29.7 * self._hertz, 0.0)
        self._run_hours = self.dice.uniform(2_000, 40_000)
        self._starts = np.floor(self._run_hours / self.dice.uniform(15, 120))
        self._grease_hours = self.dice.uniform(0, 1) * self._grease_interval_hours
        self._measured_mohm = self._insulation_mohm.copy()
        energy_kwh = self._run_hours * self.dice.uniform(85, 110)
        self._meter = PowerMeter(energy_kwh=energy_kwh, reactive_kvarh=0.6 * energy_kwh, apparent_kvah=1.17 * energy_kwh)
        air_c = self._room_c()
        self.heat = MotorHeat(
            frame_kw_per_k=frame_kw_per_k,
            winding_kw_per_k=winding_kw_per_k,
            air_kg_per_second=air_kg_per_second,
            bearing_k=bearing_k,
            air_c=air_c,
        )
        self._drive_c = air_c
        self._supply()
        self._turn(0.0)
        self._meter.begin_demand()
        self._warm_up()

    def _step(self, seconds: float) -> None:
        self.weather.step(self.now, seconds)
        self.demand.step(self.now, seconds)
        self._swings = wander(self._swings, self.dice.normals(4), seconds, _SWING_SECONDS)
        self._operate(seconds)
        self._supply()
        self._turn(seconds)
        self._warm(seconds)
        self._count(seconds)

    def _is_on(self) -> Flags:
        return np.asarray((self._state == RUNNING) | (self._state == STARTING))

    def _is_wanted(self) -> Flags:
        is_shift = 6 <= self.hour < 22 and self.now.weekday() < 6
        return ~self._is_two_shift | is_shift

    def _wanted_hertz(self) -> Array:
        return np.minimum(np.maximum(GRID_HZ * self.demand.share / 0.95, _LOWEST_HZ), GRID_HZ)

    def _room_c(self) -> Array:
        """Tell the temperature of the hall, which follows the weather at half its swing and is heated in winter."""
        return 12 + 0.55 * self.weather.temperature_c

    def _operate(self, seconds: float) -> None:
        """Start and stop: shifts, changes to the standby set, and the thermal protection with its reset."""
        comes = self.dice.happens(seconds, mean_seconds=6 * 86_400) & (self._state == RUNNING)
        self._rest_seconds = np.where(comes, self.dice.uniform(1800, 9000), np.maximum(self._rest_seconds - seconds, 0))
        wants = self._is_wanted() & (self._rest_seconds == 0)
        before, in_state = self._state, self._in_state_seconds + seconds
        is_up = np.where(self.has_drive, self._hertz >= 0.6 * _LOWEST_HZ, in_state > _START_SECONDS)
        is_hot = self.heat.winding_c > _FAULT_TEMPERATURE_C
        is_cool = (self.heat.winding_c < _RESET_TEMPERATURE_C) & (in_state > _SHORTEST_STOP_SECONDS)
        is_on = self._is_on()
        state = np.where((before == STARTING) & is_up, RUNNING, before)
        state = np.where((before == STOPPED) & wants, STARTING, state)
        state = np.where(((before == FAULT) & is_cool) | (is_on & ~wants), STOPPED, state)
        self._state = np.where(is_on & is_hot, FAULT, state)
        self._starts += (self._state == STARTING) & (before != STARTING)
        self._in_state_seconds = np.where(self._state == before, in_state, 0.0)

    def _supply(self) -> None:
        """Phase voltages at the feeder: positive sequence (real) and negative sequence, as phasors of phase a."""
        night_share = 0.004 if self.hour < 6 or self.hour >= 22 else 0.0
        self._grid_hertz = GRID_HZ + 0.02 * self._swings[:, 1]
        self._positive_v = PHASE_V * (self._tap + night_share + 0.005 * self._swings[:, 0])
        share = self._unbalance * (1 + 0.1 * self._swings[:, 3]) + 0.032 * self.faults["voltage_unbalance"]
        self._negative_v = self._positive_v * share * self._unbalance_angle
        self._phase_v = phases(self._positive_v, self._negative_v)

    def _load_nm(self) -> Array:
        """Torque that pump or fan takes: a throttled pump by flow, a fan with a drive by the square of the speed."""
        flow = np.minimum(self.demand.share, 1.02)
        throttled = self._torque_at_no_flow + (1 - self._torque_at_no_flow) * flow
        density = np.minimum(293 / (273 + self.weather.temperature_c), 1.06)
        affine = density * (self._speed_rpm / RATED_RPM) ** 2
        share = np.where(self.has_drive, affine, throttled) * (1 + 0.012 * self._swings[:, 2])
        return RATED_TORQUE_NM * self._size * share * (1 + 0.28 * self.faults["overload"])

    def _turn(self, seconds: float) -> None:
        """Find slip, currents and losses of the motor, then what the feeder's meter sees."""
        is_on, is_starting = self._is_on(), (self._state == STARTING) & ~self.has_drive
        ramp = _RAMP_HZ_PER_SECOND * seconds
        wanted = np.where(is_on, np.minimum(np.maximum(self._wanted_hertz(), self._hertz - ramp), self._hertz + ramp), 0.0)
        self._hertz = np.where(self.has_drive, wanted, np.where(is_on, self._grid_hertz, 0.0))
        hertz = np.maximum(self._hertz, 3.0)
        motor_v = np.where(self.has_drive, PHASE_V * np.minimum(hertz / GRID_HZ, 1.0) + 4.0, self._positive_v)

        hot = self.circuit.at(self.heat.winding_c, broken_bars=0.4 * self.faults["broken_rotor_bar"])
        self._torque_nm = np.where(is_on & ~is_starting, self._load_nm(), 0.0)
        harmonics = np.where(self.has_drive, 0.12, 0.0)
        point = hot.load_point(phase_v=motor_v, hertz=hertz, torque_nm=self._torque_nm, extra_share=harmonics)

        self._slip = point.slip
        shorted_a = 0.09 * RATED_A * self.faults["inter_turn_short"]
        negative_a = np.where(self.has_drive, 0.0, self._negative_v / hot.negative_ohms) - 1j * shorted_a
        self._pole_pass = np.mod(self._pole_pass + 4 * np.pi * point.slip * hertz * seconds, 2 * np.pi)
        self._swing = 1 + 0.04 * self.faults["broken_rotor_bar"] * np.sin(self._pole_pass)
        start_a = RATED_A * self._start_current_share * np.exp(-1j * np.arccos(0.35))
        positive_a = np.where(is_starting, start_a, point.current_a) * is_on
        negative_a = negative_a * is_on
        self._motor_a = phases(positive_a, negative_a)
        shorted_kw = 0.5 * self.faults["inter_turn_short"] * is_on
        self._winding_kw = 0.001 * np.abs(self._motor_a) ** 2 * hot.stator[:, None] + shorted_kw[:, None] * np.array([1, 0, 0])
        self._rest_kw = np.where(is_on, point.rest_kw, 0.0) + hot.negative_rotor_kw(negative_a)
        accelerating = RATED_RPM * np.minimum(self._in_state_seconds / _START_SECONDS, 1.0)
        turning = np.where(is_starting, accelerating, 30 * hertz * (1 - point.slip))
        self._speed_rpm = np.where(is_on, turning, lag(self._speed_rpm, 0.0, seconds, 12.0))
        self._motor_v = np.where(is_on, motor_v, 0.0)
        self._feed(shorted_kw)

    def _feed(self, shorted_kw: Array) -> None:
        """Currents and powers of the feeder's phases; a drive draws a current of its own, distorted and nearly in phase."""
        motor_v = np.where(self.has_drive[:, None], phases(self._motor_v, np.zeros_like(self._motor_v)), self._phase_v)
        motor_power = motor_v * self._motor_a.conj() / 1000 + shorted_kw[:, None] / 3
        self._motor_kw = motor_power.real.sum(axis=1)
        drive_power, line_a = rectifier_drive.feed(self._motor_kw, positive_v=self._positive_v, negative_v=self._negative_v)
        with_drive = self.has_drive[:, None]
        power_kva = np.where(with_drive, drive_power, motor_power)
        eccentric = 1.5 * self.faults["eccentricity_static"] + 1.0 * self.faults["eccentricity_dynamic"]
        drive_thd = rectifier_drive.distortion_percent(np.minimum(self._motor_kw / RATED_KW, 1.0))
        thd = np.where(self.has_drive, drive_thd, 0.9 * self._voltage_thd_percent + eccentric)
        self._current_thd_percent = np.where(np.abs(power_kva).sum(axis=1) > 0, thd, 0.0)
        rms = np.sqrt(1 + (self._current_thd_percent / 100) ** 2)
        amperes = np.abs(np.where(with_drive, line_a, self._motor_a * self._swing[:, None])) * rms[:, None]
        self._meter.see(volts=self._phase_v, power_kva=power_kva, amperes=amperes)

    def _warm_up(self) -> None:
        """Bring a motor that has been running to the temperatures of its load."""
        for _ in range(4):
            self._warm(20_000.0)
            self._turn(0.0)

    def _warm(self, seconds: float) -> None:
        air_c = self._room_c()
        friction_k = np.zeros((self.n, 2))
        for severity in self._damages().values():
            friction_k += 9 * severity**2
        friction_k[:, 0] += 7 * self.faults["misalignment"]
        self.heat.warm(
            seconds,
            winding_kw=self._winding_kw.sum(axis=1),
            rest_kw=self._rest_kw,
            air_c=air_c,
            speed=self._speed_rpm / RATED_RPM,
            air_share=1 - 0.65 * self.faults["cooling_blocked"],
            friction_factor=1 + 1.2 * self.faults["lubrication_poor"],
            friction_k=friction_k,
        )
        current_share = np.minimum(np.abs(self._motor_a).mean(axis=1) / RATED_A, 2.0)
        self._drive_c = lag(self._drive_c, air_c + np.where(self.has_drive, 8 + 26 * current_share**2, 4.0), seconds, 300.0)

    def _damages(self) -> dict[str, Array]:
        """Severities of the bearings' damages that are there, shape ``(n, 2)``."""
        return {name: self.faults[name] for name in BEARING_DAMAGE if self.faults.has(name)}

    def _count(self, seconds: float) -> None:
        self._meter.count(seconds)
        run_hours = self._is_on() * (seconds / 3600)
        self._run_hours += run_hours
        self._grease_hours += run_hours
        is_greased = self._grease_hours > self._grease_interval_hours
        self._grease_hours = np.where(is_greased, 0.0, self._grease_hours)
        self.heat.work_in_grease(seconds, is_greased)
        damp = self.weather.humidity_percent / 100
        mohm = self._insulation_mohm * (1.25 - 0.6 * damp) * (1 - 0.98 * self.faults["inter_turn_short"])
        self._measured_mohm = np.where(self._is_on(), self._measured_mohm, mohm)

    def _causes(self) -> Causes:
        """Tell what shakes the machines."""
        speed = self._speed_rpm / RATED_RPM
        loose_noise = np.clip(1 + 0.25 * self._swings[:, 3], 0.4, 1.6)
        once = self._residual_imbalance_mm_s + 3.4 * self.faults["imbalance"]
        once = (once * speed**2 + 3.0 * self.faults["eccentricity_dynamic"] * speed) * (1 + 3 * (self._swing - 1))
        once = np.hypot(once, 1.5 * self.faults["broken_rotor_bar"] * (1 + 0.5 * np.sin(self._pole_pass)) * speed)
        pull = 3.2 * self.faults["eccentricity_static"] + 0.9 * self.faults["inter_turn_short"]
        return Causes(
            once_a_turn=once,
            misaligned=3.6 * self.faults["misalignment"] * speed,
            loose=3.6 * self.faults["looseness"] * loose_noise * speed,
            magnetic=pull + np.where(self.has_drive, 0.0, 40 * np.abs(self._negative_v) / self._positive_v),
        )

    def _vibration_mm_s(self) -> Array:
        """Velocities by bearing (drive, non-drive) and direction (horizontal, vertical, axial), shape ``(n, 2, 3)``."""
        return velocity_mm_s(self._base_mm_s, self._causes(), self._damages(), speed=self._speed_rpm / RATED_RPM)

    def record(self, signal: str, machine: int) -> tuple[float, Array]:
        if signal not in self.kind.waveform_signals:
            return super().record(signal, machine)
        moment = motor_records.Moment(
            speed_rpm=self._speed_rpm,
            hertz=self._hertz,
            slip=self._slip,
            phase_a=np.abs(self._motor_a[:, 0]),
            distortion=np.where(self.has_drive, 0.02, 0.009 * self._voltage_thd_percent),
            sound_mm_s=sound_mm_s(self._base_mm_s, self._speed_rpm / RATED_RPM),
            sound_m_s2=self._base_m_s2,
            causes=by_bearing(self._causes()),
            faults={name: self.faults[name] for name in self.FAULTS},
        )
        number = self.kind.waveform_signals.index(signal)
        own = np.random.default_rng((self.seeds[machine], 2, number))
        dice = np.random.default_rng((self.seeds[machine], 3, number, round(1000 * self.seconds)))
        if signal == "current_waveform_a":
            return motor_records.current(moment, machine, own=own, dice=dice)
        bearing = signal.removeprefix("acceleration_waveform_")
        place = (machine, _BEARINGS.index(bearing))
        return motor_records.acceleration(moment, place, self.BEARINGS[bearing], own=own, dice=dice)

    def true_values(self) -> Values:
        air_c = self._room_c()
        return {
            "state": self._state.astype(float),
            **self._meter.values(),
            **self._distortions(),
            "frequency": self._grid_hertz,
            **self._drive_values(),
            **self._temperatures(),
            **self._vibrations(),
            "speed": self._speed_rpm,
            "torque": self._torque_nm,
            "torque_percent": 100 * self._torque_nm / RATED_TORQUE_NM,
            "ambient_temperature": air_c,
            "start_count": self._starts.copy(),
            "run_hours": self._run_hours.copy(),
            "lubrication_hours": self._grease_hours,
            "insulation_resistance": self._measured_mohm,
            "rated_power": self.full(RATED_KW),
            "rated_current": self.full(RATED_A),
            "rated_speed": self.full(RATED_RPM),
            "rated_efficiency": self.full(RATED_EFFICIENCY_PERCENT),
            "serial_number": [f"SY160M4-{seed:06d}" for seed in self.seeds],
        }

    def _distortions(self) -> Values:
        """No two phases are distorted alike."""
        voltage, current = self._voltage_thd_percent, self._current_thd_percent
        values: Values = {}
        for k, phase in enumerate("abc"):
            values[f"thd_voltage_{phase}"] = voltage * (1 + 0.03 * (k - 1)) + 0.1 * self._swings[:, 0]
            values[f"thd_current_{phase}"] = current * (1 + 0.02 * (k - 1))
        return values

    def _drive_values(self) -> Values:
        return {
            "motor_current": np.abs(self._motor_a).mean(axis=1) * self._swing,
            "motor_power": self._motor_kw,
            "output_frequency": self._hertz,
            "output_voltage": np.sqrt(3) * self._motor_v,
            "dc_link_voltage": np.where(self.has_drive, 1.35 * np.sqrt(3) * self._positive_v * (1 + 0.03 * ~self._is_on()), 0.0),
            "drive_temperature": self._drive_c,
            "drive_fault_code": np.where(self._state == FAULT, float(_MOTOR_HOT), 0.0),
            "drive_warning_code": self._warning_code(),
            "has_drive": self.has_drive.astype(float),
        }

    def _temperatures(self) -> Values:
        winding_c = self.heat.winding_sensors_c(self._winding_kw, self._sensor_place)
        return {
            **{f"winding_temperature_{k + 1}": sensor_c for k, sensor_c in enumerate(winding_c.T)},
            **{f"bearing_temperature_{bearing}": self.heat.bearing_c[:, b] for b, bearing in enumerate(_BEARINGS)},
            "cooling_air_in_temperature": self._room_c() + 1.5,
            "cooling_air_out_temperature": self.heat.air_out_c + 1.5,
        }

    def _vibrations(self) -> Values:
        velocity = self._vibration_mm_s()
        acceleration, shock = bearing_signs(
            self._base_m_s2,
            self._damages(),
            poor_grease=self.faults["lubrication_poor"],
            speed=self._speed_rpm / RATED_RPM,
        )
        values: Values = {}
        for b, bearing in enumerate(_BEARINGS):
            values |= {f"vibration_velocity_{bearing}_{d}": velocity[:, b, k] for k, d in enumerate("hva")}
            values[f"vibration_acceleration_{bearing}"] = acceleration[:, b]
            values[f"shock_value_{bearing}"] = shock[:, b]
        return values

    def _warning_code(self) -> Array:
        is_hot = [self.heat.winding_c > _WARM_C, self._drive_c > _DRIVE_WARM_C]
        return np.select(is_hot, [float(_MOTOR_HOT), float(_DRIVE_HOT)], 0.0)
