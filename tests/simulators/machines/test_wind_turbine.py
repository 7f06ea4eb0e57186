"""The wind turbine against the published reference turbine, its faults, and what a wind farm would expect."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device_profiles.kind import load_kind
from simulators.dice import Array
from simulators.fleet import JINAN
from simulators.machine_faults import Growth
from simulators.machines.wind_turbine import (
    CONVERTER,
    FAULT,
    GEAR_RATIO,
    MAINTENANCE,
    PITCH,
    RATED_KW,
    RUNNING,
    STORM,
    UNTWISTING,
    WindTurbine,
)
from simulators.physics.wind import air_density

SUMMER, WINTER = datetime(2026, 6, 22, 8, tzinfo=JINAN), datetime(2026, 1, 12, 8, tzinfo=JINAN)
CURVE = Path(__file__).parents[4] / "shared" / "data" / "wind_power_curves" / "NREL_Reference_5MW_126.csv"
PUBLISHED_KW = {
    4: 177.67,
    5: 403.9,
    6: 737.59,
    7: 1187.18,
    8: 1771.17,
    9: 2518.55,
    10: 3448.38,
    11: 4562.5,
    12: 5000,
    15: 5000,
    20: 5000,
}
"""Electrical power of the NREL 5 MW reference turbine: github.com/NREL/turbine-models, its 5 MW file, BSD-3-Clause."""
SEEDS = list(range(1, 13))
PARTS = {"blade": "2", "winding": "v"}
Lives = dict[str, Any]
"""Of each signal one number a turbine, or a row of them a moment."""


def turbines(seeds: list[int] = SEEDS, *, start: datetime = SUMMER, calm: bool = False) -> WindTurbine:
    """Make turbines; ``calm`` takes the turbulence away."""
    machine = WindTurbine(seeds=seeds, start=start)
    if calm:
        machine.wind.turbulence_reference = np.zeros(machine.n)
    return machine


def blow(machine: WindTurbine, front: float | Array, *, seconds: float) -> None:
    """Run on in a wind that keeps its strength; ``front`` is standard normal, at 0 the wind is the site's median."""
    for _ in range(round(seconds / 300)):
        machine.wind.front = np.full(machine.n, front)
        machine.step(300)


def numbers(machine: WindTurbine, signal: str) -> Array:
    return np.asarray(machine.true_values()[signal], dtype=float)


def means(machine: WindTurbine, front: float, *, seconds: float) -> dict[str, Array]:
    """Run on in a wind that keeps its strength, and give the mean of every signal, of each machine."""
    rows = []
    for _ in range(round(seconds / 60)):
        machine.wind.front = np.full(machine.n, front)
        machine.step(60)
        rows.append({name: np.asarray(of, dtype=float) for name, of in machine.true_values().items()})
    return {name: np.mean([row[name] for row in rows], axis=0) for name in rows[0]}


def life_of(machine: WindTurbine, *, hours: float) -> Lives:
    """Let turbines live, with a row of readings every five minutes."""
    rows = []
    for _ in range(round(hours * 12)):
        machine.step(300)
        rows.append(machine.values())
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


def density_at(machine: WindTurbine) -> Array:
    air = machine.true_values()
    temperature_c, pressure_kpa, humidity_percent = (
        np.asarray(air[name], dtype=float) for name in ("ambient_temperature", "ambient_pressure", "ambient_humidity")
    )
    return air_density(temperature_c, pressure_kpa, humidity_percent)


@pytest.fixture(scope="module")
def summer() -> Lives:
    return life_of(WindTurbine(seeds=range(60), start=SUMMER), hours=24)


@pytest.fixture(scope="module")
def winter() -> Lives:
    """The coldest hours, of more turbines."""
    return life_of(WindTurbine(seeds=range(150), start=WINTER - timedelta(hours=8)), hours=8)


@pytest.fixture(scope="module")
def ten_minutes() -> Array:
    """Wind (at the density of 1.225 kg/m³) and power of ten minutes each, all the time at work and not curtailed."""
    fronts = np.repeat((-1.0, 0.0, 0.6, 1.2, 1.8, 3.2), 60)
    machine = turbines(list(range(1, 61)) * 6, calm=True)
    blow(machine, fronts, seconds=900)
    rows = []
    for _ in range(4):
        machine.wind.front = fronts
        steps = []
        for _ in range(20):
            machine.step(30)
            values = machine.true_values()
            air = density_at(machine)
            free = (np.asarray(values["state"]) == RUNNING) & (np.asarray(values["power_setpoint"]) == RATED_KW)
            steps.append(np.array([np.asarray(values["wind_speed"]) * np.cbrt(air / 1.225), values["active_power"], free]))
        means_of = np.mean(steps, axis=0)
        rows.append(means_of[:2, means_of[2] == 1])
    return np.concatenate(rows, axis=1)


@pytest.mark.parametrize(("mps", "kw"), PUBLISHED_KW.items())
def test_ten_minute_means_lie_on_the_published_power_curve(ten_minutes: Array, mps: float, kw: float) -> None:
    """Bins of IEC 61400-12-1 at 1.225 kg/m³, within 5 % of rated power; the curve is taken at each ten minutes' wind."""
    wind, power = ten_minutes
    in_bin = np.abs(wind - mps) < 0.5
    assert in_bin.sum() >= 3
    expected = np.interp(wind[in_bin], list(PUBLISHED_KW), list(PUBLISHED_KW.values()))
    assert power[in_bin].mean() - expected.mean() == pytest.approx(0, abs=0.05 * RATED_KW)
    assert expected.mean() == pytest.approx(kw, abs=0.25 * RATED_KW)


@pytest.mark.skipif(not CURVE.exists(), reason="the published power curve is not on this machine")
def test_every_half_metre_per_second_lies_on_the_whole_published_curve(ten_minutes: Array) -> None:
    """Within 1.5 % of rated power; 6 % at the knee, where Heier's surface takes 2 % less and gusts above the rating are lost."""
    with CURVE.open() as file:
        rows = [(float(row["Wind Speed [m/s]"]), float(row["Power [kW]"])) for row in csv.DictReader(file)]
    wind, power = ten_minutes
    expected = np.interp(wind, [row[0] for row in rows], [row[1] for row in rows])
    bins = np.round(wind * 2)
    for place in np.unique(bins[(wind > 3) & (wind < 20)]):
        in_bin = bins == place
        if in_bin.sum() >= 3:
            tolerance = 0.06 if 10 < place / 2 < 12.5 else 0.015
            assert (power - expected)[in_bin].mean() == pytest.approx(0, abs=tolerance * RATED_KW), place / 2


def test_turbulence_rounds_the_knee_of_the_curve() -> None:
    """IEC 61400-12-1:2017, annex M: where the curve bends down, turbulence costs energy."""
    kw = []
    for calm in (True, False):
        machine = turbines(list(range(40)), calm=calm)
        blow(machine, 1.25, seconds=900)
        kw.append(means(machine, 1.25, seconds=1800)["active_power"].mean())
    assert 0.01 * RATED_KW < kw[0] - kw[1] < 0.12 * RATED_KW


def test_speeds_are_those_of_the_definition_report() -> None:
    """NREL/TP-500-38060, table 1-1: rotor 6.9 to 12.1 rpm, generator 1173.7 rpm at rated speed, gearbox 97:1."""
    weak, strong = turbines(calm=True), turbines(calm=True)
    blow(weak, -0.9, seconds=1800)
    blow(strong, 2.2, seconds=1800)
    runs = numbers(weak, "state") == RUNNING
    assert numbers(weak, "rotor_speed")[runs].min() == pytest.approx(6.9, abs=0.15)
    at_rated = numbers(strong, "active_power") > 0.99 * RATED_KW
    assert at_rated.any()
    assert numbers(strong, "rotor_speed")[at_rated] == pytest.approx(12.1, rel=0.01)
    assert numbers(strong, "generator_speed")[at_rated] == pytest.approx(1173.7, rel=0.01)
    assert numbers(strong, "generator_speed") == pytest.approx(GEAR_RATIO * numbers(strong, "rotor_speed"))
    assert numbers(strong, "pitch_angle_1")[at_rated].min() > 1


def test_a_vane_that_is_ten_degrees_off_costs_four_and_a_half_percent() -> None:
    """Power of the air goes with cos³ of the yaw error: 1 - cos³(10°) = 4.49 %, on top of what the dead band costs anyway."""
    machine = turbines(list(range(1, 61)) * 2)
    order(machine, "yaw_offset", only=slice(60, 120))
    blow(machine, -0.1, seconds=1800)
    healthy_kw, faulty_kw = means(machine, -0.1, seconds=7200)["active_power"].reshape(2, 60).sum(axis=1)
    assert 1 - faulty_kw / healthy_kw == pytest.approx(0.0449, abs=0.012)


def test_a_days_energy_is_what_the_published_curve_makes_of_its_wind(summer: Lives) -> None:
    """Rayleigh winds of 6 to 8 m/s give it 10.7 to 18.5 GWh a year (method of IEC 61400-12-1): 25 to 42 % of its rating."""
    curve = np.interp(summer["wind_speed"], [3, *PUBLISHED_KW, 25], [40.5, *PUBLISHED_KW.values(), 5000], left=0)
    expected = np.minimum(curve, summer["power_setpoint"])[1:].sum() / 12
    sold = np.ptp(summer["energy_export"], axis=0).sum()
    assert sold / expected == pytest.approx(0.95, abs=0.05)
    assert 0.18 < sold / (RATED_KW * 24 * len(summer["energy_export"][0])) < 0.45


def test_the_counters_are_the_integral_of_the_power() -> None:
    machine = turbines()
    before = machine.true_values()
    fed, drawn = np.zeros(machine.n), np.zeros(machine.n)
    for _ in range(240):
        machine.wind.front = np.full(machine.n, -1.4)
        machine.step(30)
        power = numbers(machine, "active_power")
        fed, drawn = fed + np.maximum(power, 0) / 120, drawn + np.maximum(-power, 0) / 120
    after = machine.true_values()
    assert np.asarray(after["energy_export"]) - before["energy_export"] == pytest.approx(fed, rel=1e-3)
    assert np.asarray(after["energy_import"]) - before["energy_import"] == pytest.approx(drawn, rel=1e-3)
    assert fed.sum() > 0
    assert drawn.sum() > 0


def test_currents_voltages_and_power_fit_together() -> None:
    machine = turbines()
    blow(machine, 0.8, seconds=1200)
    values = {name: np.asarray(of, dtype=float) for name, of in machine.true_values().items()}
    runs = values["state"] == RUNNING
    apparent = sum(values[f"voltage_{p}"] * values[f"current_{p}"] for p in "abc") / np.sqrt(3) / 1000
    assert apparent[runs] == pytest.approx(np.hypot(values["active_power"], values["reactive_power"])[runs], rel=0.02)
    assert (values["power_factor"] * apparent)[runs] == pytest.approx(values["active_power"][runs], rel=0.02)


def test_healthy_turbines_stay_in_their_normal_ranges(summer: Lives, winter: Lives) -> None:
    for seen in (summer, winter):
        runs, outside = seen["state"] == RUNNING, {}
        for name, signal in load_kind("wind_turbine").signals.items():
            values = seen[name][runs] if signal.applies_in else seen[name].ravel()
            if signal.normal:
                outside[name] = np.sum(~((values >= signal.normal[0]) & (values <= signal.normal[1]))) / runs.size
            for alarm in signal.alarms:
                beyond = values > alarm.value if alarm.limit.startswith("high") else values < alarm.value
                assert not np.any(beyond), (name, alarm.limit)
        assert {name: share for name, share in outside.items() if share > 0.002} == {}


def test_most_turbines_are_at_work_when_they_are_put_up() -> None:
    machine = WindTurbine(seeds=list(range(50)), start=SUMMER)
    assert np.mean(numbers(machine, "state") == RUNNING) > 0.9
    assert np.mean(numbers(machine, "active_power") > 300) > 0.9


def test_a_storm_stops_the_turbines_and_they_come_back_after_it() -> None:
    machine = turbines(list(range(40)))
    blow(machine, 4.0, seconds=2400)
    storms = numbers(machine, "state") == STORM
    assert storms.any()
    assert np.all(numbers(machine, "active_power")[storms] < 0)
    assert np.all(numbers(machine, "pitch_angle_1")[storms] > 80)
    blow(machine, 0.5, seconds=2400)
    assert np.mean(numbers(machine, "state")[storms] == RUNNING) > 0.9


def test_the_cable_is_untwisted_before_it_is_damaged() -> None:
    machine = turbines()
    seen = False
    for _ in range(120):
        machine.wind.direction_deg += 10  # a wind that goes round and round
        machine.step(60)
        assert np.all(np.abs(numbers(machine, "cable_twist")) < 720)
        seen |= bool(np.any(numbers(machine, "state") == UNTWISTING))
    assert seen


def test_every_turbine_is_serviced_once_in_half_a_year() -> None:
    machine = WindTurbine(seeds=SEEDS, start=SUMMER.replace(hour=10))
    days = np.zeros(machine.n)
    for _ in range(182):
        machine.step(30)
        days += numbers(machine, "state") == MAINTENANCE
        machine.now += SUMMER.replace(day=23) - SUMMER
    assert np.all(days == 1)


def order(machine: WindTurbine, fault: str, *, only: slice = slice(None)) -> None:
    part = PARTS.get(machine.FAULTS[fault].part, "")
    for place in range(machine.n)[only]:
        machine.faults.order(fault, Growth(), at=machine.now, machine=place, part=part)


@pytest.fixture(scope="module")
def moved() -> dict[str, Lives]:
    """What each fault moves in a good wind (in frost for ice): means of half an hour, less those of the same turbines without."""
    icing = [fault for fault in WindTurbine.FAULTS if "icing" in fault]
    others = [fault for fault in WindTurbine.FAULTS if fault not in icing]
    return {**moved_by(icing, WINTER), **moved_by(others, SUMMER)}


def moved_by(faults: list[str], start: datetime) -> dict[str, Lives]:
    machine = turbines(SEEDS[:7] * (len(faults) + 1), start=start)
    places = {fault: slice(7 * index, 7 * index + 7) for index, fault in enumerate(faults, start=1)}
    for fault, place in places.items():
        order(machine, fault, only=place)
    blow(machine, 1.0, seconds=7200)
    seen = means(machine, 1.0, seconds=1800)
    return {fault: {signal: of[place] - of[:7] for signal, of in seen.items()} for fault, place in places.items()}


@pytest.mark.parametrize(
    ("fault", "signal", "lowest", "highest"),
    [
        ("pitch_asymmetry", "pitch_angle_2", 2.9, 3.1),
        ("pitch_asymmetry", "tower_acceleration_x", 0.15, 0.6),
        ("pitch_battery_weak", "pitch_battery_voltage_2", -65, -55),
        ("anemometer_bias", "wind_speed", 0.6, 1.5),
        ("anemometer_icing", "wind_speed", -6, -2),
        ("blade_icing", "active_power", -1700, -500),
        ("blade_icing", "tower_acceleration_x", 0.15, 0.7),
        ("blade_icing", "ice_detected", 0.99, 1.01),
        ("power_curve_degradation", "active_power", -400, -80),
        ("gearbox_bearing_wear", "gearbox_bearing_temperature_drive", 10, 20),
        ("gearbox_bearing_wear", "gearbox_bearing_temperature_non_drive", -1, 1),
        ("gearbox_bearing_wear", "vibration_velocity_gearbox", 1.5, 5),
        ("oil_cooler_fouling", "gearbox_oil_temperature", 1.0, 20),
        ("oil_cooler_fouling", "gearbox_bearing_temperature_drive", 1.0, 20),
        ("oil_cooler_fouling", "gearbox_bearing_temperature_non_drive", 1.0, 20),
        ("generator_bearing", "generator_bearing_temperature_drive", 15, 30),
        ("generator_bearing", "generator_bearing_temperature_non_drive", -1, 1),
        ("generator_bearing", "vibration_velocity_generator", 1.5, 5),
        ("winding_overheat", "generator_winding_temperature_v", 8, 45),
        ("winding_overheat", "generator_winding_temperature_u", -1, 1),
        ("winding_overheat", "current_b", -250, -50),
        ("generator_cooling", "generator_winding_temperature_u", 8, 40),
        ("generator_cooling", "generator_winding_temperature_w", 8, 40),
        ("generator_cooling", "current_b", -1, 1),
        ("hydraulic_leak", "hydraulic_pressure", -8, -3),
        ("hydraulic_leak", "hydraulic_oil_level", -31, -29),
        ("converter_trip", "state", FAULT - RUNNING - 0.01, FAULT - RUNNING + 0.01),
        ("converter_trip", "fault_code", CONVERTER - 1, CONVERTER + 1),
        ("curtailment", "power_setpoint", -3600, -3400),
        ("curtailment", "active_power", -3600, -900),
        ("curtailment", "curtailment_active", 0.99, 1.01),
        ("counter_reset", "energy_export", -1e9, -1e6),
    ],
)
def test_a_fault_moves_what_it_is_known_by(
    moved: dict[str, Lives], fault: str, signal: str, lowest: float, highest: float
) -> None:
    assert lowest < np.median(moved[fault][signal]) < highest, "of the median turbine"


def test_a_blade_that_sticks_stops_the_turbine_until_it_is_freed() -> None:
    machine = turbines()
    blow(machine, 1.8, seconds=600)
    order(machine, "pitch_stuck")
    stuck_deg = numbers(machine, "pitch_angle_2")
    blow(machine, 2.4, seconds=3600)
    assert numbers(machine, "pitch_angle_2") == pytest.approx(stuck_deg)
    stopped = numbers(machine, "fault_code") == PITCH
    assert stopped.mean() > 0.7
    assert np.all(numbers(machine, "active_power")[stopped] < 0)
    machine.faults.cancel(at=machine.now)
    blow(machine, 0.5, seconds=2 * 3600)
    assert np.mean(numbers(machine, "state") == RUNNING) > 0.7


def test_small_steps_and_large_ones_find_the_same_balance() -> None:
    """Without turbulence, half seconds and half minutes give the power of the published curve, within 3 % of rated."""
    for every in (0.5, 30.0):
        machine = turbines(calm=True)
        for _ in range(round(180 / every)):
            machine.wind.front = np.full(machine.n, 0.3)
            machine.step(every)
        across = np.cos(np.radians(machine.wind.direction_deg - numbers(machine, "nacelle_position")))
        normalised = machine.wind.mean_mps * (density_at(machine) / 1.225) ** (1 / 3)  # IEC 61400-12-1
        free = np.interp(normalised * across, list(PUBLISHED_KW), list(PUBLISHED_KW.values()))
        runs = numbers(machine, "state") == RUNNING
        behind = numbers(machine, "active_power") - np.minimum(free, numbers(machine, "power_setpoint"))
        assert np.median(behind[runs]) == pytest.approx(0, abs=0.03 * RATED_KW)
