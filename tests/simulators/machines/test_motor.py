"""The motor against catalogues, standards and laws that our code did not make."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pytest

from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusProfile, Table, load_profile
from simulators.dice import Array
from simulators.fleet import JINAN
from simulators.machine_faults import Growth
from simulators.machines.motor import FAULT, RUNNING, STARTING, STOPPED, Motor
from simulators.physics.induction_motor import PHASE_V, RATED_TORQUE_NM

MONDAY = datetime(2026, 6, 22, 8, tzinfo=JINAN)
SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
DIRECT, WITH_DRIVE = [1, 2, 7], [0, 3, 4, 5, 6]
"""Which of the seeds have a soft starter, and which a drive; a test holds them to it."""


def motors(seeds: Sequence[int] = SEEDS, *, start: datetime = MONDAY, faults: Sequence[str] = ("",)) -> Motor:
    """Motors of all seeds with no fault, then all with the next, and so on."""
    machines = Motor(seeds=[seed for _ in faults for seed in seeds], start=start)
    for index, fault in enumerate(fault for fault in faults for _ in seeds):
        if fault:
            part = "drive" if Motor.FAULTS[fault].part else ""
            machines.faults.order(fault, Growth(), at=start, machine=index, part=part)
    return machines


def live(machines: Motor, *, hours: float, every_seconds: float = 60, signals: Sequence[str] = ()) -> dict[str, Array]:
    """Live on and give some true signals, or all numbers, shape ``(rows, n)``."""
    rows = []
    for _ in range(round(hours * 3600 / every_seconds)):
        machines.step(every_seconds)
        rows.append(machines.true_values())
    return {name: np.array([row[name] for row in rows]) for name in signals or machines.kind.numeric_signals}


def split(table: dict[str, Array], faults: Sequence[str]) -> dict[str, dict[str, Array]]:
    """Give the table of each fault's motors."""
    parts = {name: np.split(values, len(faults), axis=1) for name, values in table.items()}
    return {fault: {name: of[place] for name, of in parts.items()} for place, fault in enumerate(faults)}


@cache
def all_after_four_hours() -> dict[str, dict[str, Array]]:
    """Of every fault and of none the mean of each signal over the last half hour, by machine."""
    names = ["", *Motor.FAULTS]
    machines = motors(faults=names)
    machines.step(3.5 * 3600)
    table = live(machines, hours=0.5, every_seconds=30)
    return {fault: {n: of.mean(axis=0) for n, of in part.items()} for fault, part in split(table, names).items()}


def after_four_hours(fault: str) -> dict[str, Array]:
    return all_after_four_hours()[fault]


@cache
def half_a_day() -> dict[str, Array]:
    """Ten hours of healthy motors from the morning on."""
    return live(motors(), hours=10, every_seconds=120)


def test_winding_at_full_load_warms_by_about_what_class_b_allows() -> None:
    # IEC 60034-1: class B 80 K; scaled to the rated load by the square of the current, which holds above half of it
    machines, table = motors(), half_a_day()
    full = machines.full
    full_load = machines.circuit.load_point(phase_v=full(PHASE_V), hertz=full(50), torque_nm=full(RATED_TORQUE_NM))
    rise = np.mean([table[f"winding_temperature_{k}"] for k in range(1, 7)], axis=0) - table["ambient_temperature"]
    heat = (table["motor_current"] / np.abs(full_load.current_a)) ** 2
    assert 60 < np.mean(rise[:, DIRECT]) / np.mean(heat[:, DIRECT]) < 95


def test_power_of_a_fan_with_a_drive_follows_the_cube_of_the_speed() -> None:
    table = half_a_day()
    for machine in WITH_DRIVE:
        at_work = (table["state"][:, machine] == RUNNING) & (table["speed"][:, machine] > 700)
        shaft = np.log(table["torque"][at_work, machine] * table["speed"][at_work, machine])
        slope = np.polyfit(np.log(table["speed"][at_work, machine]), shaft, 1)[0]
        assert slope == pytest.approx(3, abs=0.2)


def test_one_percent_of_voltage_unbalance_makes_six_to_ten_percent_of_current_unbalance() -> None:
    # NEMA MG 1, 14.36
    sick = after_four_hours("voltage_unbalance")
    ratio = (sick["current_unbalance"] / sick["voltage_unbalance"])[DIRECT]
    assert np.all((ratio > 6) & (ratio < 10))


def test_the_temperature_rise_grows_by_about_twice_the_square_of_the_voltage_unbalance() -> None:
    # NEMA MG 1, 14.36, a rule of thumb for the hottest phase: taken within a factor of two
    sick, sound = after_four_hours("voltage_unbalance"), after_four_hours("")

    def rise(table: dict[str, Array]) -> Array:
        hottest: Array = np.max([table[f"winding_temperature_{k}"] for k in range(1, 7)], axis=0)
        return (hottest - table["ambient_temperature"])[DIRECT]

    more_percent = 100 * (rise(sick) / rise(sound) - 1)
    rule_percent = 2 * sick["voltage_unbalance"][DIRECT] ** 2
    assert np.all((more_percent > 0.5 * rule_percent) & (more_percent < 2 * rule_percent))


SIGNATURES: list[tuple[str, str, list[int], float, float]] = [
    # fault, signal, machines that show it, the change's lower and upper limit
    ("broken_rotor_bar", "speed", DIRECT, -7.0, -1.5),
    ("broken_rotor_bar", "vibration_velocity_drive_h", [*DIRECT, *WITH_DRIVE], 0.4, 2.5),
    ("inter_turn_short", "current_unbalance", DIRECT, 3, 15),
    ("inter_turn_short", "voltage_unbalance", DIRECT, -0.05, 0.05),
    ("inter_turn_short", "winding_temperature_1", [*DIRECT, *WITH_DRIVE], 12, 50),
    ("inter_turn_short", "winding_temperature_4", [*DIRECT, *WITH_DRIVE], -1, 12),
    ("eccentricity_static", "vibration_velocity_drive_v", [*DIRECT, *WITH_DRIVE], 1.5, 4),
    ("eccentricity_static", "thd_current_a", DIRECT, 1, 2),
    ("eccentricity_dynamic", "vibration_velocity_drive_h", [*DIRECT, *WITH_DRIVE], 1.2, 4),
    ("bearing_outer", "shock_value_drive", [*DIRECT, *WITH_DRIVE], 6, 15),
    ("bearing_outer", "shock_value_non_drive", [*DIRECT, *WITH_DRIVE], -0.01, 0.01),
    ("bearing_inner", "shock_value_drive", [*DIRECT, *WITH_DRIVE], 4, 12),
    ("bearing_ball", "shock_value_drive", [*DIRECT, *WITH_DRIVE], 3, 9),
    ("bearing_cage", "vibration_acceleration_drive", [*DIRECT, *WITH_DRIVE], 1.5, 5),
    ("bearing_cage", "bearing_temperature_drive", [*DIRECT, *WITH_DRIVE], 5, 12),
    ("imbalance", "vibration_velocity_drive_h", [*DIRECT, *WITH_DRIVE], 1.2, 4),
    ("imbalance", "vibration_velocity_drive_a", [*DIRECT, *WITH_DRIVE], 0, 1),
    ("misalignment", "vibration_velocity_drive_a", [*DIRECT, *WITH_DRIVE], 1.5, 4),
    ("misalignment", "bearing_temperature_drive", [*DIRECT, *WITH_DRIVE], 4, 9),
    ("looseness", "vibration_velocity_drive_v", [*DIRECT, *WITH_DRIVE], 1.5, 4.5),
    ("voltage_unbalance", "voltage_unbalance", [*DIRECT, *WITH_DRIVE], 2, 4.5),
    ("voltage_unbalance", "vibration_velocity_drive_v", DIRECT, 0.3, 2),
    ("cooling_blocked", "winding_temperature_1", [*DIRECT, *WITH_DRIVE], 15, 90),
    ("cooling_blocked", "cooling_air_out_temperature", [*DIRECT, *WITH_DRIVE], 5, 40),
    ("cooling_blocked", "motor_current", [*DIRECT, *WITH_DRIVE], -3, 3),
    ("overload", "motor_current", [*DIRECT, *WITH_DRIVE], 20, 90),
    ("overload", "winding_temperature_1", [*DIRECT, *WITH_DRIVE], 8, 60),
    ("lubrication_poor", "vibration_acceleration_drive", [*DIRECT, *WITH_DRIVE], 3, 9),
    ("lubrication_poor", "bearing_temperature_drive", [*DIRECT, *WITH_DRIVE], 9, 30),
]


@pytest.mark.parametrize(("fault", "signal", "machines", "low", "high"), SIGNATURES)
def test_a_fault_moves_its_sign(fault: str, signal: str, machines: list[int], low: float, high: float) -> None:
    change = (after_four_hours(fault)[signal] - after_four_hours("")[signal])[machines]
    assert np.all((change > low) & (change < high)), change


def test_every_fault_has_a_sign_in_the_table() -> None:
    assert {row[0] for row in SIGNATURES} == set(Motor.FAULTS)


def test_imbalance_grows_with_the_square_of_the_speed() -> None:
    start = MONDAY + timedelta(hours=6)
    faults = ["imbalance", ""]
    sick, sound = split(live(motors(start=start, faults=faults), hours=6, every_seconds=300), faults).values()
    for machine in WITH_DRIVE:
        at_work = (sick["state"][:, machine] == RUNNING) & (sick["speed"][:, machine] > 700)
        squares = [table["vibration_velocity_drive_h"][at_work, machine] ** 2 for table in (sick, sound)]
        added = np.sqrt(squares[0] - squares[1])
        slope = np.polyfit(np.log(sick["speed"][at_work, machine]), np.log(added), 1)[0]
        assert slope == pytest.approx(2, abs=0.05)


def test_the_slip_under_broken_bars_is_larger_at_the_same_torque() -> None:
    sick, sound = after_four_hours("broken_rotor_bar"), after_four_hours("")
    assert sick["torque"][DIRECT] == pytest.approx(sound["torque"][DIRECT], rel=0.01)
    growth = (30 * sick["frequency"] - sick["speed"]) / (30 * sound["frequency"] - sound["speed"])
    assert growth[DIRECT] == pytest.approx(np.full(3, 1.4), abs=0.06)


def test_the_meter_is_consistent_with_itself() -> None:
    table = half_a_day()
    for quantity in ("active_power", "reactive_power", "apparent_power"):
        phases = sum(table[f"{quantity}_{phase}"] for phase in "abc")
        assert table[quantity] == pytest.approx(phases, rel=1e-9)
    assert table["apparent_power_a"] == pytest.approx(table["voltage_a"] * table["current_a"] / 1000, rel=1e-9)
    assert np.all(table["apparent_power"] >= table["active_power"] - 1e-9)
    assert table["power_factor"] * table["apparent_power"] == pytest.approx(table["active_power"], rel=1e-9)
    assert np.all(table["motor_power"][:, WITH_DRIVE] < table["active_power"][:, WITH_DRIVE])
    assert table["motor_power"][:, DIRECT] == pytest.approx(table["active_power"][:, DIRECT])


def test_energy_is_the_integral_of_the_power_that_is_reported() -> None:
    table = live(motors(), hours=2, every_seconds=30)
    counted = table["energy_total"][-1] - table["energy_total"][0]
    assert counted == pytest.approx(table["active_power"][1:].sum(axis=0) / 120, rel=1e-3)


def test_a_motor_of_two_shifts_starts_in_the_morning_and_stops_at_night() -> None:
    machines = motors(range(30), start=datetime(2026, 6, 22, 5, 50, tzinfo=JINAN))
    stopped = np.flatnonzero(np.asarray(machines.true_values()["state"]) == STOPPED)
    assert 2 <= len(stopped) <= 15
    morning = live(machines, hours=0.5, every_seconds=5)
    night = live(motors(range(30), start=datetime(2026, 6, 22, 21, 50, tzinfo=JINAN)), hours=0.4, every_seconds=10)
    for machine in stopped:
        states = morning["state"][:, machine]
        assert [state for state, _ in itertools.groupby(states)] == [STOPPED, STARTING, RUNNING]
        assert morning["start_count"][-1, machine] - morning["start_count"][0, machine] == 1
        hours = (morning["run_hours"][-1] - morning["run_hours"][0])[machine]
        assert hours == pytest.approx(np.sum(states != STOPPED) / 720, abs=0.01)
        start_a = morning["motor_current"][states == STARTING, machine].max()
        assert start_a < 277 if morning["has_drive"][0, machine] else start_a == pytest.approx(830, rel=0.2)
        assert night["state"][-1, machine] == STOPPED
        assert night["active_power"][-1, machine] < 0.2
        assert night["speed"][-1, machine] < 1


def test_the_motor_protection_trips_a_motor_that_runs_too_hot_and_lets_it_start_again_when_it_is_cool() -> None:
    machines = motors([3])
    for fault in ("cooling_blocked", "overload"):
        machines.faults.order(fault, Growth(for_seconds=3 * 3600), at=MONDAY)
    table = live(machines, hours=6.5, every_seconds=120)
    states = table["state"][:, 0]
    first = int(np.argmax(states == FAULT))
    assert table["winding_temperature_1"][first - 1, 0] > 140
    assert table["drive_fault_code"][first, 0] > 0
    assert table["motor_current"][first, 0] == 0
    assert states[-1] == RUNNING
    assert table["drive_fault_code"][-1, 0] == 0


def test_a_repaired_motor_is_as_good_as_before() -> None:
    machines = motors(faults=["overload", ""])
    machines.step(3600)
    machines.faults.cancel(at=machines.now)
    sick, sound = split(live(machines, hours=4, every_seconds=1800), ["overload", ""]).values()
    for signal in ("motor_current", "winding_temperature_3", "speed", "bearing_temperature_drive"):
        assert sick[signal][-1] == pytest.approx(sound[signal][-1], rel=0.005), signal


def test_healthy_motors_stay_in_zone_a_or_b_and_below_class_f_in_winter_and_summer() -> None:
    for month in (1, 7):
        table = live(motors(range(10), start=datetime(2026, month, 15, 6, tzinfo=JINAN)), hours=6, every_seconds=600)
        vibration = np.max([values for name, values in table.items() if name.startswith("vibration_velocity")])
        assert vibration < 2.3  # below the boundary of zones B and C for 15 to 300 kW, rigid (ISO 20816-3), with room
        assert max(table[f"winding_temperature_{k}"].max() for k in range(1, 7)) < 125
        assert table["torque_percent"].max() < 103
        at_work = table["state"] == RUNNING
        assert 0.5 < at_work.mean() <= 1
        assert 40 < np.mean(table["torque_percent"][at_work]) < 85


def test_a_greased_bearing_is_warmer_for_some_hours_and_no_longer() -> None:
    signals = ("lubrication_hours", "bearing_temperature_drive", "ambient_temperature")
    table = live(motors(range(800)), hours=7, every_seconds=300, signals=signals)
    greased = np.argwhere(np.diff(table["lubrication_hours"], axis=0) < 0)
    assert len(greased) >= 1
    warmer = []
    for row, machine in greased:
        if row + 24 < len(table["lubrication_hours"]):
            over_air = table["bearing_temperature_drive"][:, machine] - table["ambient_temperature"][:, machine]
            warmer.append(over_air[row + 12 : row + 24].mean() - over_air[max(row - 12, 0) : row + 1].mean())
    assert 2 < np.mean(warmer) < 7


def test_half_the_motors_have_a_drive_and_only_those_have_a_dc_link() -> None:
    values = motors(range(200)).true_values()
    has_drive = np.asarray(values["has_drive"], dtype=bool)
    assert has_drive.mean() == pytest.approx(0.5, abs=0.1)
    assert np.array_equal(np.asarray(values["dc_link_voltage"]) > 0, has_drive)
    eight = np.asarray(motors().true_values()["has_drive"])
    assert np.flatnonzero(eight == 0).tolist() == DIRECT


def test_each_drive_can_say_whatever_the_motor_does() -> None:
    codecs = []
    for model in ("siemens_v20", "siemens_g120", "abb_acs355", "abb_acs580"):
        profile = load_profile(f"motor/{model}")
        assert isinstance(profile, ModbusProfile)
        first, last = min(p.address for p in profile.points), max(p.address for p in profile.points)
        codecs.append(BlockCodec(profile, profile.points, table=Table.HOLDING, start=first, count=last - first + 1))
    start = MONDAY - timedelta(hours=2, minutes=10)
    machines = motors(range(20), start=start, faults=["", "overload", "cooling_blocked"])
    for _ in range(40):
        machines.step(30)
        values = machines.values()
        for machine, codec in itertools.product(range(machines.n), codecs):
            single = {name: of[machine] for name, of in values.items()}
            single |= {name: int(single[name]) % modulus for name, modulus in codec.moduli.items()}
            codec.encode(single)


# --- high-rate records ------------------------------------------------------------------------------------------------------


def test_a_record_agrees_with_what_the_other_sensors_show_at_the_moment() -> None:
    names = ["", "bearing_outer", "bearing_inner", "lubrication_poor", "imbalance", "misalignment", "broken_rotor_bar"]
    machines = motors([1, 4], faults=names)
    machines.step(2 * 3600)
    values = machines.true_values()
    for machine in range(machines.n):
        rate_hz, samples = machines.record("acceleration_waveform_drive", machine)
        lines, hertz = np.fft.rfft(samples) / len(samples), np.fft.rfftfreq(len(samples), 1 / rate_hz)
        high = np.sqrt(2 * np.sum(np.abs(lines[hertz > 1000]) ** 2))
        assert high == pytest.approx(values["vibration_acceleration_drive"][machine], rel=0.03)
        band = (hertz >= 10) & (hertz <= 1000)
        velocity = 1000 * np.sqrt(2 * np.sum(np.abs(lines[band] / (2 * np.pi * hertz[band])) ** 2))
        assert velocity == pytest.approx(values["vibration_velocity_drive_v"][machine], rel=0.35)
        _, current = machines.record("current_waveform_a", machine)
        # The swing of broken bars is slower than the record; the meter shows it at its moment.
        assert np.sqrt(np.mean(current**2)) == pytest.approx(values["motor_current"][machine], rel=0.05)


def test_a_damaged_bearing_is_heard_at_its_own_end_alone() -> None:
    machines = motors([2], faults=["", "bearing_outer"])
    machines.step(3600)
    levels = {
        end: [float(np.std(machines.record(f"acceleration_waveform_{end}", machine)[1])) for machine in (0, 1)]
        for end in ("drive", "non_drive")
    }
    assert levels["drive"][1] > 4 * levels["drive"][0]
    assert levels["non_drive"][1] == pytest.approx(levels["non_drive"][0], rel=0.1)


def test_records_differ_from_moment_to_moment_and_from_end_to_end_and_are_the_same_for_the_same_moment() -> None:
    machines = motors([2])
    machines.step(600)
    first, again = (machines.record("acceleration_waveform_drive", 0)[1] for _ in range(2))
    other = machines.record("acceleration_waveform_non_drive", 0)[1]
    machines.step(60)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, machines.record("acceleration_waveform_drive", 0)[1])
    assert not np.array_equal(first, other)


def test_a_motor_that_stands_still_records_noise_alone() -> None:
    machines = motors([2], start=MONDAY.replace(hour=8))
    machines._state[:], machines._hertz[:], machines._speed_rpm[:] = STOPPED, 0.0, 0.0  # noqa: SLF001 - no fault stops it at once
    machines._turn(0.0)  # noqa: SLF001
    for signal in machines.kind.waveform_signals:
        assert np.abs(machines.record(signal, 0)[1]).max() < 0.3, signal
