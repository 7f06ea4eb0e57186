"""The diesel generator set against published figures, its fault table, and what a plant would expect of it."""

from datetime import datetime
from functools import cache
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pytest

from simulators.fleet import JINAN
from simulators.machine_faults import Growth
from simulators.machines.diesel_engine import COOLING_DOWN, CRANKING, RUNNING, STOPPED, WARMING_UP, DieselEngine

DISPLACEMENT_M3 = 0.02315  # Cummins QSK23-G3, sheet FR-50011: 6 cylinders, bore and stroke 170 mm
LOWER_HEATING_VALUE_MJ_PER_KG = 42.7
HEALTHY_SEEDS = tuple(range(12))
Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@cache
def a_day(month: int) -> dict[str, Array]:
    """Give a healthy day (in winter and summer a morning), a row a minute: of each signal the shape (minutes, machines)."""
    machine = DieselEngine(seeds=HEALTHY_SEEDS, start=datetime(2026, month, 15, 4, tzinfo=JINAN))
    rows = []
    for _ in range((14 if month == 5 else 7) * 60):
        machine.step(60)
        rows.append({**machine.values(), "shaft": machine.shaft_kw, "air": 3600 * machine.gas.air})
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


def steady(day: dict[str, Array], shaft_kw: float) -> Flags:
    """Find the minutes in which a set has run for ten minutes near one power."""
    is_near: Flags = (np.abs(day["shaft"] - shaft_kw) < 0.07 * shaft_kw) & (day["state"] == RUNNING)
    kept = is_near.copy()
    for back in range(1, 10):
        kept[back:] &= is_near[:-back]
    kept[:10] = False
    return kept


def test_two_hundred_grams_per_kilowatt_hour_are_an_efficiency_of_42_155_percent() -> None:
    day = a_day(5)
    rows = day["state"] == RUNNING
    grams = 1000 * day["fuel_rate"][rows] / day["shaft"][rows]
    efficiency = 3600 / (grams * LOWER_HEATING_VALUE_MJ_PER_KG) * 100
    nearest = np.argmin(np.abs(grams - 200))
    assert efficiency[nearest] == pytest.approx(42.155, abs=0.2)


@pytest.mark.parametrize(("shaft_kw", "kg_per_kwh"), [(175, 0.223), (351, 0.206), (526, 0.196), (537, 0.198)])
def test_fuel_follows_the_published_sheet_of_the_qsk23_g3_within_4_percent(shaft_kw: float, kg_per_kwh: float) -> None:
    """Cummins FR-50011, 1500 rpm: 25, 50 and 75 % of prime power, and continuous power."""
    day = a_day(5)
    rows = steady(day, shaft_kw)
    assert rows.sum() > 20
    found = (day["fuel_rate"][rows] / day["shaft"][rows]).mean()
    assert found == pytest.approx(kg_per_kwh, rel=0.04)


@pytest.mark.parametrize(("shaft_kw", "kg_per_kwh"), [(222, 0.210), (333, 0.201), (444, 0.198)])
def test_fuel_is_near_that_of_a_smaller_engine_of_the_class_within_8_percent(shaft_kw: float, kg_per_kwh: float) -> None:
    """Cummins QSX15-G8, FR-10550, 1500 rpm."""
    day = a_day(5)
    rows = steady(day, shaft_kw)
    assert (day["fuel_rate"][rows] / day["shaft"][rows]).mean() == pytest.approx(kg_per_kwh, rel=0.08)


def test_at_full_load_pressure_air_and_exhaust_are_those_of_the_class() -> None:
    """Perkins 2806A-E18TAG1A at 1500 rpm: 23.8 bar, air 22 times the fuel, ratio 2.81; ours is the larger, leaner engine."""
    day = a_day(5)
    rows = steady(day, 537)
    brake_mean_bar = day["shaft"][rows] * 1000 * 2 / (DISPLACEMENT_M3 * 25) / 1e5
    assert np.all((brake_mean_bar > 17) & (brake_mean_bar < 20))
    ratio = day["air"][rows] / day["fuel_rate"][rows]
    assert np.all((ratio > 20) & (ratio < 35))
    assert np.median(day["boost_pressure"][rows] / day["ambient_pressure"][rows]) == pytest.approx(2.9, abs=0.3)
    for name in ("exhaust_temperature_after_turbine", "exhaust_temperature_before_turbine"):
        assert 390 < np.median(day[name][rows]) < 560
    assert np.all((day["coolant_temperature"][rows] > 75) & (day["coolant_temperature"][rows] < 95))
    assert np.all(day["exhaust_temperature_before_turbine"][rows] > day["exhaust_temperature_after_turbine"][rows] + 50)


def test_torque_follows_from_power_and_speed() -> None:
    day = a_day(5)
    rows = steady(day, 400)
    rated_nm = 537e3 / (2 * np.pi * 25)
    torque_nm = day["shaft"][rows] * 1000 / (2 * np.pi * 1500 / 60)
    assert day["torque_percent"][rows] == pytest.approx(100 * torque_nm / rated_nm, rel=1e-6)


def test_a_willans_line_fits_and_its_offset_is_the_friction() -> None:
    day = a_day(5)
    rows = (day["state"] == RUNNING) & (day["active_power"] > 50) & (day["lube_oil_temperature"] > 85)
    slope, offset = np.polyfit(day["shaft"][rows], day["fuel_rate"][rows], 1)
    friction_mean_bar = offset / slope * 1000 * 2 / (DISPLACEMENT_M3 * 25) / 1e5
    assert 0.175 < slope < 0.2
    assert 0.7 < friction_mean_bar < 1.6  # Heywood, figure 13-7: motored direct-injection diesels


def test_the_fuels_heat_is_found_again_within_a_tenth_of_a_percent() -> None:
    machine = DieselEngine(seeds=[1, 2, 3], start=datetime(2026, 4, 15, 5, tzinfo=JINAN))
    given, gone, held = np.zeros(3), np.zeros(3), machine.cooling.stored_heat_kj()
    for _ in range(6 * 120):
        machine.step(30)
        flows = machine.heat_flows()
        given += 30 * (flows["fuel"] + flows["heater"])
        gone += 30 * sum(flows[name] for name in ("shaft", "exhaust", "charge_air", "coolant", "radiation"))
    assert gone + machine.cooling.stored_heat_kj() - held == pytest.approx(given, rel=1e-3)


@pytest.mark.parametrize("month", [1, 5, 7])
def test_healthy_sets_stay_normal_and_far_from_every_alarm(month: int) -> None:
    day = a_day(month)
    kind = DieselEngine(seeds=[1], start=datetime(2026, 1, 1, tzinfo=JINAN)).kind
    codes = {state.name: state.code for state in kind.signals["state"].states}
    assert kind.signals.keys() == day.keys() - {"shaft", "air"}
    for name, signal in kind.signals.items():
        if signal.normal is None:
            continue
        states = [codes[state] for state in signal.applies_in] or list(codes.values())
        values = day[name][np.isin(day["state"], states)]
        assert np.mean((values < signal.normal[0]) | (values > signal.normal[1])) < 0.01, name
        for alarm in signal.alarms:
            is_beyond = values > alarm.value if alarm.limit.startswith("high") else values < alarm.value
            assert not is_beyond.any(), (name, alarm.limit)


def test_counters_only_grow_and_agree_with_their_rates() -> None:
    day = a_day(5)
    for name, rate in (("energy_total", "active_power"), ("fuel_total", "fuel_rate")):
        assert np.all(np.diff(day[name], axis=0) >= 0)
        grown, summed = day[name][-1] - day[name][0], day[rate][1:].sum(axis=0) / 60
        assert grown == pytest.approx(summed, rel=0.02)
    for name in ("run_hours", "start_count"):
        assert np.all(np.diff(day[name], axis=0) >= 0)
    assert np.all(day["start_count"][-1] > day["start_count"][0])


def test_the_phases_add_up_and_the_frequency_is_that_of_four_poles() -> None:
    day = a_day(5)
    rows = day["state"] == RUNNING
    phases = sum(day[f"active_power_{phase}"][rows] for phase in "abc")
    assert phases == pytest.approx(day["active_power"][rows], rel=0.02, abs=0.5)
    assert day["generator_frequency"][rows] == pytest.approx(day["engine_speed"][rows] / 30, rel=3e-3)
    apparent = np.sqrt(3) * day["generator_voltage"][rows] * day["generator_current"][rows] / 1000
    assert apparent == pytest.approx(day["apparent_power"][rows], rel=0.005)
    assert np.hypot(day["active_power"][rows], day["generator_reactive_power"][rows]) == pytest.approx(
        day["apparent_power"][rows], rel=0.02
    )


def test_a_start_goes_by_cranking_and_warming_up_to_load_and_a_stop_by_cooling_down() -> None:
    states: list[float] = []
    for hour in (7, 17):  # its shift begins at 7:35 and ends at 17:41
        machine = DieselEngine(seeds=[1], start=datetime(2026, 4, 15, hour, tzinfo=JINAN))
        for _ in range(120):
            machine.step(30)
            states.append(float(machine.true_values()["state"][0]))
    seen = [state for state, _ in groupby(states)]
    assert seen[:5] == [STOPPED, CRANKING, WARMING_UP, RUNNING, COOLING_DOWN]


def test_a_load_step_dips_the_speed_and_the_governor_brings_it_back() -> None:
    machine = DieselEngine(seeds=HEALTHY_SEEDS, start=datetime(2026, 4, 15, 9, tzinfo=JINAN))
    rows = []
    for _ in range(600):
        machine.step(1)
        values = machine.true_values()
        rows.append((values["engine_speed"], values["active_power"]))
    speeds, powers = np.moveaxis(np.array(rows, dtype=float), 1, 0)
    rises_kw = powers[2:-40] - powers[:-42]
    jump, one = np.unravel_index(int(np.argmax(rises_kw)), rises_kw.shape)
    assert rises_kw[jump, one] > 50
    assert speeds[jump : jump + 6, one].min() < 1500 - 4
    assert speeds[jump + 22 : jump + 42, one].mean() == pytest.approx(1500, abs=2)


def test_the_length_of_the_step_changes_little() -> None:
    ends = []
    for seconds in (20.0, 60.0):
        burned = 0.0
        machine = DieselEngine(seeds=HEALTHY_SEEDS, start=datetime(2026, 4, 15, 6, tzinfo=JINAN))
        for _ in range(int(14_400 / seconds)):
            machine.step(seconds)
            burned += seconds * machine.gas.fuel.sum()
        ends.append(burned)
    assert ends[0] == pytest.approx(ends[1], rel=0.1)  # other draws of load, the same duty


PARTS = {"injector_dead": "3", "injector_dribble": "2", "ring_or_valve_leak": "5"}


@cache
def all_running_means() -> dict[str, dict[str, float]]:
    """Of each fault and of none give the mean of each signal while running, over a morning of one set."""
    names = ["", *DieselEngine.FAULTS]
    machine = DieselEngine(seeds=[3] * len(names), start=datetime(2026, 4, 15, 5, tzinfo=JINAN))
    for index, fault in enumerate(names):
        if fault:
            machine.faults.order(fault, Growth(), at=machine.now, machine=index, part=PARTS.get(fault, ""))
    rows = []
    for _ in range(5 * 60):
        machine.step(60)
        rows.append(machine.true_values())
    table = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    runs = table["state"] == RUNNING
    return {
        fault: {name: float(of[runs[:, index], index].mean()) for name, of in table.items()} for index, fault in enumerate(names)
    }


def running_means(fault: str = "") -> dict[str, float]:
    return all_running_means()[fault]


SIGNATURES = [
    ("injector_dead", "exhaust_temperature_cylinder_3", -200),
    ("injector_dead", "maximum_pressure_cylinder_3", -10),
    ("injector_dead", "half_order_speed_ripple", 1.0),
    ("injector_dead", "fuel_rate", 0.2),
    ("injector_dead", "rack_position", 3),
    ("injector_dribble", "exhaust_temperature_cylinder_2", 30),
    ("injector_dribble", "maximum_pressure_cylinder_2", -3),
    ("injector_dribble", "fuel_rate", 0.8),
    ("injector_dribble", "half_order_speed_ripple", 0.1),
    ("ring_or_valve_leak", "exhaust_temperature_cylinder_5", 25),
    ("ring_or_valve_leak", "compression_pressure_cylinder_5", -10),
    ("ring_or_valve_leak", "maximum_pressure_cylinder_5", -10),
    ("ring_or_valve_leak", "crankcase_pressure", 350),
    ("air_filter_clogged", "intake_filter_pressure_drop", 1.5),
    ("air_filter_clogged", "boost_pressure", -2),
    ("air_filter_clogged", "exhaust_temperature_before_turbine", 4),
    ("air_filter_clogged", "fuel_rate", 0.02),
    ("fuel_filter_clogged", "fuel_pressure", -0.5),
    ("fuel_filter_clogged", "fuel_filter_pressure_drop", 50),
    ("turbocharger_fouling", "boost_pressure", -8),
    ("turbocharger_fouling", "exhaust_temperature_after_turbine", 20),
    ("turbocharger_fouling", "maximum_pressure_cylinder_1", -3),
    ("turbocharger_fouling", "compression_pressure_cylinder_1", -3),
    ("turbocharger_fouling", "fuel_rate", 0.1),
    ("charge_cooler_fouling", "scavenge_air_temperature", 15),
    ("charge_cooler_fouling", "exhaust_temperature_before_turbine", 25),
    ("charge_cooler_fouling", "boost_pressure", -1),
    ("charge_cooler_fouling", "compression_pressure_cylinder_1", -0.4),
    ("thermostat_stuck_open", "coolant_temperature", -25),
    ("thermostat_stuck_closed", "coolant_temperature", 1),
    ("coolant_leak", "coolant_level", -50),
    ("coolant_leak", "coolant_temperature", 0.3),
    ("lube_degradation", "lube_oil_pressure", -0.6),
    ("lube_degradation", "lube_oil_temperature", 2),
    ("battery_weak", "battery_voltage", -0.8),
]


@pytest.mark.parametrize(("fault", "signal", "least"), SIGNATURES)
def test_a_fault_moves_what_its_signature_says(fault: str, signal: str, least: float) -> None:
    moved = running_means(fault)[signal] - running_means()[signal]
    assert moved * np.sign(least) >= abs(least)


@pytest.mark.parametrize(
    ("fault", "signal", "most"),
    [
        ("injector_dead", "compression_pressure_cylinder_3", 2.5),
        ("injector_dead", "crankcase_pressure", 5),
        ("injector_dribble", "crankcase_pressure", 5),
        ("lube_degradation", "fuel_rate", 0.4),
        ("thermostat_stuck_open", "boost_pressure", 6),
        ("battery_weak", "fuel_rate", 0.4),
    ],
)
def test_a_fault_leaves_alone_what_it_cannot_touch(fault: str, signal: str, most: float) -> None:
    assert running_means(fault)[signal] == pytest.approx(running_means()[signal], abs=most)


def test_every_fault_has_a_signature() -> None:
    assert {fault for fault, *_ in SIGNATURES} == DieselEngine.FAULTS.keys()


def test_a_thermostat_stuck_shut_trips_the_set_and_the_operator_resets_it() -> None:
    machine = DieselEngine(seeds=[3], start=datetime(2026, 7, 15, 9, tzinfo=JINAN))
    machine.faults.order("thermostat_stuck_closed", Growth(severity=1.0, for_seconds=7200), at=machine.now)
    codes, states, hottest_c = [], [], 0.0
    for _ in range(5 * 60):
        machine.step(60)
        values = machine.true_values()
        codes.append(int(values["diagnostic_codes"][0]))
        states.append(int(values["state"][0]))
        hottest_c = max(hottest_c, float(values["coolant_temperature"][0]))
    tripped = codes.index(110 * 32)  # SPN 110, FMI 0: coolant above its most severe limit
    assert states[tripped] == STOPPED
    assert hottest_c < 106
    assert codes[-1] == 0
    assert states[-1] == RUNNING


def test_a_mended_set_is_as_good_as_before() -> None:
    sick, healthy = (DieselEngine(seeds=[3], start=datetime(2026, 4, 15, 8, tzinfo=JINAN)) for _ in range(2))
    sick.faults.order("turbocharger_fouling", Growth(severity=1.0, for_seconds=3600), at=sick.now)
    sick.step(3 * 3600)
    healthy.step(3 * 3600)
    for signal in ("boost_pressure", "exhaust_temperature_after_turbine", "coolant_temperature"):
        assert sick.true_values()[signal] == pytest.approx(healthy.true_values()[signal], rel=0.01)
