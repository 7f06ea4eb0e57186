"""What an excavator can and cannot do, held against figures that are not ours."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from device_profiles.kind import load_kind
from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusProfile, Table, load_profile
from simulators.fleet import JINAN
from simulators.machine_faults import Growth
from simulators.machines.construction_machine import LOCKED, TAMPERED, TANK_L, ConstructionMachine
from simulators.physics.excavator_power import RATED_KW
from simulators.physics.excavator_work import DIG, IDLE, LOAD, OFF, TRAVEL, WARMING_UP

Readings = dict[str, npt.NDArray[np.float64]]
Moments = Callable[[Readings], npt.NDArray[np.bool_]]
MONDAY_MORNING = datetime(2026, 7, 13, 5, tzinfo=JINAN)
WEDNESDAY_MORNING = datetime(2026, 7, 15, 9, tzinfo=JINAN)
HAVERSINE_KM = 6371.0


def numbers(machine: ConstructionMachine) -> Readings:
    """Give the true signals of this moment, shape ``(n,)``."""
    values = machine.true_values()
    return {name: np.asarray(values[name], dtype=float) for name in machine.kind.numeric_signals}


def run(machine: ConstructionMachine, *, hours: float, every_seconds: float = 60.0) -> Readings:
    """Live on and give the true signals, shape ``(rows, n)``."""
    rows = []
    for _ in range(round(hours * 3600 / every_seconds)):
        machine.step(every_seconds)
        rows.append(machine.true_values())
    return {name: np.array([row[name] for row in rows], dtype=float) for name in machine.kind.numeric_signals}


@cache
def summer() -> tuple[ConstructionMachine, Readings]:
    """Give thirty healthy machines, and their Monday and Tuesday in July."""
    machine = ConstructionMachine(seeds=range(30), start=MONDAY_MORNING)
    return machine, run(machine, hours=36)


@cache
def winter() -> Readings:
    """Give a day of thirty healthy machines in January."""
    machine = ConstructionMachine(seeds=range(30), start=datetime(2026, 1, 20, 5, tzinfo=JINAN))
    return run(machine, hours=15, every_seconds=120)


def week() -> Readings:
    return summer()[1]


@cache
def days() -> tuple[list[str], Readings]:
    """A day until midnight of the same six machines, healthy and with each fault from the morning on, side by side."""
    faults = ["", *ConstructionMachine.FAULTS]
    machine = ConstructionMachine(seeds=list(range(1, 7)) * len(faults), start=WEDNESDAY_MORNING)
    for index in range(6, machine.n):
        machine.faults.order(faults[index // 6], Growth(severity=1.0), at=machine.now, machine=index)
    return faults, run(machine, hours=15)


def day(fault: str = "") -> Readings:
    faults, table = days()
    first = 6 * faults.index(fault)
    return {name: values[:, first : first + 6] for name, values in table.items()}


def grown(readings: Readings, counter: str) -> npt.NDArray[np.float64]:
    return np.asarray(readings[counter][-1] - readings[counter][0])


def at_work(readings: Readings) -> npt.NDArray[np.bool_]:
    return np.asarray(readings["state"] >= TRAVEL)


def running(readings: Readings) -> npt.NDArray[np.bool_]:
    return np.asarray(readings["engine_running"] == 1)


def standing(readings: Readings) -> npt.NDArray[np.bool_]:
    return np.asarray(readings["engine_running"] == 0)


def always(readings: Readings) -> npt.NDArray[np.bool_]:
    return np.asarray(readings["state"] >= OFF)


# --- figures of others ---------------------------------------------------------------------------------------------------


def test_an_hour_of_the_engine_burns_what_machines_of_the_class_burn() -> None:
    # Caterpillar Performance Handbook, hourly fuel tables, excavators of 20 to 22 t: low 8 to 14, medium 11 to 20 L/h.
    used = grown(week(), "fuel_total") / grown(week(), "engine_hours")
    assert 8 < used.min() < used.max() < 20
    assert used.mean() == pytest.approx(12.5, abs=2.5)


def test_work_burns_15_to_25_litres_and_idling_2_to_5() -> None:
    # Published field figures: 20 t at earthmoving and truck loading 15 to 25 L/h; idling 2 to 5 L/h, telematics reports about 4.
    rate, state = week()["fuel_rate"], week()["state"]
    assert 15 < rate[(state == DIG) | (state == LOAD)].mean() < 25
    idling = rate[state == IDLE]
    assert 2 < np.percentile(idling, 1) < np.percentile(idling, 99) < 5


def test_a_quarter_to_nearly_a_half_of_the_engine_hours_are_idle() -> None:
    # Idling of about 40 % is the usual benchmark of telematics; a council's excavator of 20 t (IPWEA, 2016) came from 41 to 20 %.
    share = grown(week(), "idle_hours") / grown(week(), "engine_hours")
    assert 0.25 < share.mean() < 0.45
    assert 0.15 < share.min() < share.max() < 0.5


def test_near_full_power_a_kilowatt_hour_takes_a_quarter_of_a_litre() -> None:
    # 205 to 225 g/kWh at 0.84 kg/L, as engines of this size are published: 0.244 to 0.268 L/kWh.
    table = week()
    power_kw = table["torque_percent"] / 100 * 750 * table["engine_speed"] / 9549
    near_full = power_kw > 0.85 * RATED_KW
    assert near_full.any()
    assert (table["fuel_rate"] / np.maximum(power_kw, 1))[near_full].mean() == pytest.approx(0.25, abs=0.015)


def test_no_machine_gives_more_than_its_engine_and_pumps_can() -> None:
    # Data sheet of the Cat 320 (2018): 121 kW net, 429 L/min, 35 MPa, 5.7 km/h.
    table = week()
    power_kw = table["torque_percent"] / 100 * 750 * table["engine_speed"] / 9549
    assert power_kw.max() < 121
    hydraulic_kw = table["hydraulic_flow"] * (table["hydraulic_pressure_1"] + table["hydraulic_pressure_2"]) / 2 / 60
    assert np.all(hydraulic_kw <= power_kw)
    assert table["hydraulic_flow"].max() < 429
    assert table["hydraulic_pressure_1"].max() <= 35
    assert table["travel_speed"].max() < 5.7


def test_a_bucket_cycle_is_slower_than_a_contest_and_a_bucket_holds_what_its_size_says() -> None:
    # 130 cycles in 30 min were counted with a 29-t machine at full speed (Link-Belt against Cat, 2009): 13.8 s.
    # 1.19 m³, filled to 85 to 105 %, of loose earth of 1.4 to 1.8 t/m³: 1.4 to 2.3 t.
    table = week()
    is_loading = table["state"] == LOAD
    cycles = table["cycle_time"][is_loading]
    assert 13.8 < np.percentile(cycles, 1) < np.percentile(cycles, 99) < 24
    buckets = grown(table, "payload_total") / grown(table, "load_count")
    assert 1.4 < buckets.min() < buckets.max() < 2.3
    expected = np.sum(60 / table["cycle_time"] * is_loading, axis=0)
    assert grown(table, "load_count") == pytest.approx(expected, rel=0.02)


def test_carbon_dioxide_of_a_shift_is_that_of_its_fuel() -> None:
    # 2.68 kg/L of diesel: a machine of the class emits 25 to 45 kg an hour of its engine.
    per_hour = 2.68 * grown(week(), "fuel_total") / grown(week(), "engine_hours")
    assert 22 < per_hour.mean() < 45


# --- balances, counters, places ------------------------------------------------------------------------------------------


def test_the_fuel_counter_is_the_integral_of_the_rate_and_the_tank_loses_what_is_burnt() -> None:
    table = {name: values[4 * 60 : 7 * 60] for name, values in week().items()}  # from nine to twelve
    burnt = grown(table, "fuel_total")
    assert burnt == pytest.approx(table["fuel_rate"][1:].sum(axis=0) / 60, rel=0.001)
    lost = -grown(table, "fuel_level") / 100 * TANK_L
    was_filled = np.any(np.diff(table["fuel_level"], axis=0) > 0, axis=0)
    assert not was_filled.all()
    assert lost[~was_filled] == pytest.approx(burnt[~was_filled], rel=0.001)


def test_the_fuel_truck_fills_a_standing_machine_before_it_runs_dry() -> None:
    table = week()
    fills = np.diff(table["fuel_level"], axis=0) > 0
    assert fills.any(axis=0).mean() > 0.8
    assert not np.any(fills & (table["engine_running"][1:] == 1))
    assert table["fuel_level"].min() > 15


def test_counters_only_grow_and_idle_hours_are_hours_of_the_engine() -> None:
    table = week()
    for name, signal in load_kind("construction_machine").signals.items():
        if signal.role == "counter":
            assert np.all(np.diff(table[name], axis=0) >= 0), name
    assert grown(table, "engine_hours") == pytest.approx(running(table)[1:].sum(axis=0) / 60, abs=0.02)
    assert np.all(np.diff(table["idle_hours"], axis=0) <= np.diff(table["engine_hours"], axis=0) + 1e-9)
    assert np.all(grown(table, "non_operating_idle_hours") < grown(table, "idle_hours"))


def test_a_machine_stays_on_its_site_and_moves_only_when_it_travels() -> None:
    machine, table = summer()
    site = machine.site
    latitude, longitude = site.centre_deg.T
    north_km = np.radians(table["latitude"] - latitude) * HAVERSINE_KM
    east_km = np.radians(table["longitude"] - longitude) * HAVERSINE_KM * np.cos(np.radians(latitude))
    along = (east_km * np.cos(site.turned) + north_km * np.sin(site.turned)) * 1000
    across = (north_km * np.cos(site.turned) - east_km * np.sin(site.turned)) * 1000
    assert np.all(np.abs(along) <= 1.001 * site.half_sides_m[:, 0])
    assert np.all(np.abs(across) <= 1.001 * site.half_sides_m[:, 1])
    moved = np.hypot(np.diff(along, axis=0), np.diff(across, axis=0))
    assert moved[table["travel_speed"][1:] == 0].max() < 0.5
    driven = table["travel_speed"][1:] / 3.6 * 60
    assert np.all(np.abs(moved - driven) <= np.maximum(0.005 * driven, 0.5))


def test_nobody_works_at_four_in_the_morning_and_the_machine_is_locked() -> None:
    machine = ConstructionMachine(seeds=range(20), start=MONDAY_MORNING.replace(hour=3))
    table = run(machine, hours=1, every_seconds=300)
    assert np.all(table["state"] == OFF)
    assert np.all(table["lock_state"] == LOCKED)
    assert np.all(table["fuel_rate"] == 0)
    assert np.all(table["engine_speed"] == 0)


def test_in_the_morning_a_cold_machine_warms_up_before_it_works() -> None:
    table = winter()
    for index in np.flatnonzero(running(table).any(axis=0)):
        state = table["state"][:, index]
        first = int(np.argmax(state != OFF))
        assert state[first] == WARMING_UP
        assert table["coolant_temperature"][state >= TRAVEL, index].min() > 45


@pytest.mark.parametrize("month", [1, 7])
def test_healthy_machines_stay_in_their_normal_ranges(month: int) -> None:
    table, signals = week() if month == 7 else winter(), load_kind("construction_machine").signals
    codes = {state.name: state.code for state in signals["state"].states}
    for name, signal in signals.items():
        if signal.normal is None:
            continue
        applies = np.isin(table["state"], [codes[state] for state in signal.applies_in or codes])
        values = table[name][applies]
        assert np.mean((values < signal.normal[0]) | (values > signal.normal[1])) < 0.02, name
        for alarm in signal.alarms:
            assert not np.any(values > alarm.value if alarm.limit.startswith("high") else values < alarm.value), name
    assert not table["diagnostic_spn"].any()


def test_a_machine_does_not_care_with_which_step_it_is_moved() -> None:
    begin: dict[float, Readings] = {}
    end: dict[float, Readings] = {}
    for step_seconds in (15.0, 60.0):
        machine = ConstructionMachine(seeds=range(400), start=WEDNESDAY_MORNING)
        begin[step_seconds] = numbers(machine)
        for _ in range(round(2 * 3600 / step_seconds)):
            machine.step(step_seconds)
        end[step_seconds] = numbers(machine)
    for name in ("fuel_total", "engine_hours", "payload_total"):
        fine, coarse = (np.mean(end[step][name] - begin[step][name]) for step in (15.0, 60.0))
        assert coarse == pytest.approx(fine, rel=0.08), name
    for name in ("coolant_temperature", "hydraulic_oil_temperature"):
        assert end[60.0][name].mean() == pytest.approx(end[15.0][name].mean(), abs=2), name


# --- faults --------------------------------------------------------------------------------------------------------------

SIGNATURES: list[tuple[str, str, Moments, float, float]] = [
    # fault, signal, when, and between which differences from the healthy machine its mean moves
    ("coolant_leak", "coolant_temperature", at_work, 3, 12),
    ("coolant_leak", "coolant_level", always, -65, -55),
    ("radiator_clog", "coolant_temperature", at_work, 1.5, 10),
    ("oil_pressure_drop", "lube_oil_pressure", at_work, -300, -200),
    ("injector_wear", "fuel_rate", at_work, 0.5, 1.6),
    ("injector_wear", "exhaust_temperature", at_work, 25, 45),
    ("hyd_pump_wear", "hydraulic_oil_temperature", at_work, 4, 12),
    ("hyd_pump_wear", "hydraulic_flow", at_work, -45, -25),
    ("hyd_pump_wear", "cycle_time", at_work, 2, 5),
    ("alternator_fail", "battery_voltage", running, -7, -3),
    ("gps_jam", "gps_speed", at_work, -1, -0.02),
    ("antenna_tamper", "antenna_ok", always, -1, -1),
    ("geofence_violation", "main_power_ok", always, -1, -1),
    ("sensor_wiring", "coolant_temperature", at_work, -140, -120),
]


@pytest.mark.parametrize(("fault", "signal", "when", "low", "high"), SIGNATURES)
def test_a_fault_moves_its_signature(fault: str, signal: str, when: Moments, low: float, high: float) -> None:
    healthy, faulty = day(), day(fault)
    difference = faulty[signal][when(faulty)].mean() - healthy[signal][when(healthy)].mean()
    assert low <= difference <= high


@pytest.mark.parametrize(
    ("fault", "spn", "fmis"),
    [
        ("coolant_leak", 111, {1}),
        ("oil_pressure_drop", 100, {1}),
        ("alternator_fail", 168, {18}),
        ("sensor_wiring", 110, {3}),
    ],
)
def test_a_fault_sets_its_diagnostic_code(fault: str, spn: int, fmis: set[int]) -> None:
    table = day(fault)
    is_set = table["diagnostic_spn"] == spn
    assert is_set.any(axis=0).all()
    assert set(table["diagnostic_fmi"][is_set]) <= fmis | {16}
    assert table["diagnostic_count"][is_set].min() >= 1


def test_a_clogged_radiator_hurts_more_at_high_load_than_idling() -> None:
    def rise(when: Moments) -> float:
        healthy, faulty = day(), day("radiator_clog")
        difference = faulty["coolant_temperature"][when(faulty)].mean() - healthy["coolant_temperature"][when(healthy)].mean()
        return float(difference)

    assert rise(lambda table: np.asarray(table["state"] == LOAD)) > 1.5 * rise(lambda table: np.asarray(table["state"] == IDLE))


def test_thieves_take_a_third_of_the_tank_at_night_and_the_counter_does_not_see_it() -> None:
    table = day("fuel_theft")
    falls = -np.diff(table["fuel_level"], axis=0) * standing(table)[1:] * standing(table)[:-1]
    assert np.sum(np.maximum(falls, 0), axis=0) == pytest.approx(np.full(6, 35.0), abs=0.5)
    within_five_minutes = table["fuel_level"][:-5] - table["fuel_level"][5:]
    assert within_five_minutes.max(axis=0).min() > 5
    assert grown(table, "fuel_total") == pytest.approx(grown(day(), "fuel_total"), rel=0.05)


def test_a_jammed_position_is_frozen_and_jumps_while_the_antenna_is_in_order() -> None:
    table = day("gps_jam")
    assert np.all(table["antenna_ok"] == 1)
    moved_m = np.abs(np.diff(table["latitude"], axis=0)) * 111_132
    assert np.mean(moved_m == 0) > 0.9
    assert moved_m.max() > 300
    assert np.all(np.diff(day("antenna_tamper")["latitude"], axis=0) == 0)


def test_a_stolen_machine_is_nine_kilometres_away_and_works_there() -> None:
    table = day("geofence_violation")
    north_km = (table["latitude"] - day()["latitude"]) * 111.132
    east_km = (table["longitude"] - day()["longitude"]) * 111.132 * np.cos(np.radians(36.7))
    away_km = np.hypot(north_km, east_km)
    assert away_km[-1] == pytest.approx(np.full(6, 9.0), abs=0.5)
    assert table["gps_speed"].max() == pytest.approx(45)
    assert np.all(table["lock_state"] == TAMPERED)
    assert not np.any(running(table) & (table["gps_speed"] > 10))


def test_reset_counters_begin_at_nothing_and_are_right_again_when_repaired() -> None:
    machine = ConstructionMachine(seeds=[1], start=WEDNESDAY_MORNING)
    healthy = ConstructionMachine(seeds=[1], start=WEDNESDAY_MORNING)
    number = machine.faults.order("counter_reset", Growth(severity=1.0), at=machine.now)
    table = run(machine, hours=2)
    assert table["engine_hours"][0, 0] < 0.1
    assert 0 < table["engine_hours"][-1, 0] <= 2
    assert table["fuel_total"][-1, 0] < 60
    machine.faults.cancel(number, at=machine.now)
    machine.step(60)
    healthy.step(2 * 3600 + 60)
    assert machine.true_values()["engine_hours"] == pytest.approx(healthy.true_values()["engine_hours"])


def test_a_tampered_hour_meter_stands_while_the_engine_burns_fuel() -> None:
    table = day("hour_meter_tamper")
    assert not grown(table, "engine_hours").any()
    assert np.all(grown(table, "fuel_total") > 40)


def test_excessive_idling_doubles_the_idle_share() -> None:
    shares = [grown(day(fault), "idle_hours").sum() / grown(day(fault), "engine_hours").sum() for fault in ("", "excess_idle")]
    assert shares[1] > 1.6 * shares[0]
    assert shares[1] > 0.5


def test_a_machine_that_overheats_is_left_idling_until_it_has_cooled() -> None:
    machine = ConstructionMachine(seeds=range(6), start=datetime(2026, 7, 15, 13, tzinfo=JINAN))
    for index in range(machine.n):
        for fault in ("radiator_clog", "coolant_leak"):
            machine.faults.order(fault, Growth(severity=1.0), at=machine.now, machine=index)
    table = run(machine, hours=4)
    assert table["coolant_temperature"].max() > 103
    assert table["coolant_temperature"].max() < 112
    assert np.any(table["diagnostic_fmi"] == 16)


def test_every_fault_is_tried_here() -> None:
    elsewhere = {"fuel_theft", "counter_reset", "hour_meter_tamper", "excess_idle"}
    assert {row[0] for row in SIGNATURES} | elsewhere == ConstructionMachine.FAULTS.keys()


def test_whatever_happens_to_a_machine_fits_into_the_gateways_registers() -> None:
    profile = load_profile("construction_machine/j1939_gateway")
    assert isinstance(profile, ModbusProfile)
    codec = BlockCodec(profile, profile.points, table=Table.HOLDING, start=0, count=36)
    own = BlockCodec(profile, profile.points, table=Table.HOLDING, start=100, count=30)
    names = ["", *ConstructionMachine.FAULTS]
    machine = ConstructionMachine(seeds=range(len(names)), start=datetime(2026, 1, 14, 5, tzinfo=JINAN))
    for index, fault in enumerate(names):
        if fault:
            machine.faults.order(fault, Growth(severity=1.0), at=machine.now, machine=index)
    for _ in range(60):
        machine.step(600)
        values = machine.values()
        for index in range(machine.n):
            of_one = {name: of[index] if isinstance(of, list) else float(of[index]) for name, of in values.items()}
            codec.encode(of_one)
            own.encode(of_one)
