"""The physics: what a machine of each kind can and cannot do."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from device_profiles.kind import SignalType, load_kind
from device_profiles.profile import profile_names
from simulators.fleet import JINAN, Equipment, machine_class, machine_kinds
from simulators.machines.boiler import HEATING_VALUE_KJ_PER_M3, Boiler
from simulators.machines.cnc_machine import CncMachine
from simulators.machines.pv_inverter import PvInverter, clear_sky_w_per_m2, sun
from simulators.settings import MachineSettings

Row = dict[str, float | str]
MIDSUMMER = datetime(2026, 6, 21, tzinfo=JINAN)


def day_of(kind: str, *, seed: int = 5, start: datetime = MIDSUMMER, every_seconds: float = 20, hours: float = 24) -> list[Row]:
    machine = machine_class(kind)(seed=seed, start=start)
    rows = []
    for _ in range(int(hours * 3600 / every_seconds)):
        machine.step(every_seconds)
        rows.append(machine.values())
    return rows


def column(rows: list[Row], name: str) -> list[float]:
    return [float(row[name]) for row in rows]


@pytest.fixture(scope="module")
def boiler_day() -> list[Row]:
    return day_of("boiler")


@pytest.fixture(scope="module")
def pv_day() -> list[Row]:
    return day_of("pv_inverter")


@pytest.fixture(scope="module")
def cnc_day() -> list[Row]:
    return day_of("cnc_machine", every_seconds=5)


def test_every_profile_has_a_machine_of_its_kind() -> None:
    assert {name.partition("/")[0] for name in profile_names()} <= set(machine_kinds())


@pytest.mark.parametrize("kind", machine_kinds())
def test_a_machine_gives_every_signal_of_its_kind_and_no_other(kind: str) -> None:
    values = machine_class(kind)(seed=1, start=MIDSUMMER).values()
    signals = load_kind(kind).signals
    assert values.keys() == signals.keys()
    for name, signal in signals.items():
        assert isinstance(values[name], str) == (signal.type is SignalType.TEXT), name


@pytest.mark.parametrize("kind", machine_kinds())
def test_the_same_seed_gives_the_same_day_and_another_seed_another(kind: str) -> None:
    first, second, other = (repr(day_of(kind, seed=seed, hours=1, every_seconds=60)) for seed in (7, 7, 8))
    assert first == second
    assert first != other


@pytest.mark.parametrize("kind", machine_kinds())
def test_reading_a_machine_does_not_change_what_it_does(kind: str) -> None:
    read, unread = (machine_class(kind)(seed=3, start=MIDSUMMER) for _ in range(2))
    for _ in range(600):
        read.step(2)
        read.values()
        unread.step(2)
    counters = [name for name, signal in load_kind(kind).signals.items() if signal.role == "counter"]
    assert [read.values()[name] for name in counters] == [unread.values()[name] for name in counters]


@pytest.mark.parametrize("kind", machine_kinds())
def test_counters_never_run_backwards(kind: str) -> None:
    rows = day_of(kind, hours=6)
    for name in (name for name, signal in load_kind(kind).signals.items() if signal.role == "counter"):
        values = column(rows, name)
        assert values == sorted(values), name
        assert values[-1] > values[0], name


@pytest.mark.parametrize("seed", range(3))
def test_a_boiler_holds_pressure_level_and_oxygen_through_load_changes(seed: int) -> None:
    rows = day_of("boiler", seed=seed, start=MIDSUMMER + timedelta(hours=3), hours=15, every_seconds=10)
    settled = rows[120:]
    assert max(column(rows, "steam_pressure")) < 1.2
    assert min(column(settled, "steam_pressure")) > 0.9
    assert max(map(abs, column(rows, "drum_level"))) < 45
    assert all(0 <= flow <= 10.5 for flow in column(rows, "steam_flow"))
    assert max(column(settled, "steam_flow")) - min(column(settled, "steam_flow")) > 4
    burning = [row for row in settled if row["state"] == 3]
    assert all(1.5 < oxygen < 7 for oxygen in column(burning, "flue_gas_oxygen"))
    assert not any(column(rows, "trip_code"))


def test_a_boiler_starts_by_purging_igniting_and_running() -> None:
    machine = Boiler(seed=1, start=MIDSUMMER + timedelta(hours=8))
    states: list[float] = []
    for _ in range(600):
        machine.step(1)
        state = float(machine.values()["state"])
        if not states or states[-1] != state:
            states.append(state)
    assert states == [0, 1, 2, 3]
    assert float(machine.values()["steam_pressure"]) == pytest.approx(1.0, abs=0.1)


def test_saturated_water_at_184_degrees_stands_under_one_megapascal_gauge() -> None:
    boiler = Boiler(seed=1, start=MIDSUMMER)
    boiler._water_c = 184.06  # noqa: SLF001 - IAPWS: 184.06 °C at 1.1 MPa absolute
    assert boiler.pressure_mpa == pytest.approx(1.1 - 0.1013, rel=0.002)


def test_a_boiler_turns_nine_tenths_of_its_fuel_into_steam_over_a_day(boiler_day: list[Row]) -> None:
    rows = boiler_day[90:]
    fuel_m3 = float(rows[-1]["fuel_total"]) - float(rows[0]["fuel_total"])
    steam_t = sum(column(rows, "steam_flow")) * 20 / 3600
    efficiency = steam_t * 1000 * (2780 - 4.19 * 104) / (fuel_m3 * HEATING_VALUE_KJ_PER_M3)
    assert 0.88 < efficiency < 0.96


def test_water_in_equals_steam_and_blowdown_out_over_a_day(boiler_day: list[Row]) -> None:
    rows = boiler_day[90:]
    into, out, blown = (sum(column(rows, name)) for name in ("feedwater_flow", "steam_flow", "blowdown_flow"))
    assert into == pytest.approx(out + blown, rel=0.003)


@pytest.mark.parametrize(
    ("at", "elevation_deg"),
    [  # solar noon of the solstices: 90° - latitude ± 23.44°
        (datetime(2026, 6, 21, 4, 14, tzinfo=UTC), 90 - 36.65 + 23.44),
        (datetime(2026, 12, 21, 4, 10, tzinfo=UTC), 90 - 36.65 - 23.44),
    ],
)
def test_the_sun_stands_over_jinan_as_the_latitude_says(at: datetime, elevation_deg: float) -> None:
    assert math.degrees(math.asin(sun(at)[0])) == pytest.approx(elevation_deg, abs=0.3)


def test_the_sun_rises_and_sets_in_jinan_on_time() -> None:
    # 21 June 2026, upper limb with refraction: 04:53 and 19:34; the geometric centre is about 5 minutes inside.
    light = [clear_sky_w_per_m2(MIDSUMMER + timedelta(minutes=minute)) > 0 for minute in range(24 * 60)]
    assert light.index(True) == pytest.approx(4 * 60 + 58, abs=5)
    assert 24 * 60 - light[::-1].index(True) == pytest.approx(19 * 60 + 29, abs=5)


def test_a_clear_noon_brings_about_a_kilowatt_per_square_metre() -> None:
    assert 900 < clear_sky_w_per_m2(MIDSUMMER + timedelta(hours=12)) < 1100


def test_an_inverter_sleeps_at_night_and_gives_nothing(pv_day: list[Row]) -> None:
    night = pv_day[: 3 * 180]
    assert {row["state"] for row in night} == {2}
    for name in ("active_power", "dc_power", "dc_voltage", "current_a", "reactive_power"):
        assert not any(column(night, name)), name
    assert all(math.isnan(float(row["power_factor"])) for row in night)


def test_an_inverter_never_gives_more_than_it_takes_nor_more_than_its_rating(pv_day: list[Row]) -> None:
    working = [row for row in pv_day if float(row["active_power"]) > 5]
    ratios = [float(row["active_power"]) / float(row["dc_power"]) for row in working]
    assert all(0.9 < ratio < 1 for ratio in ratios)
    assert max(column(pv_day, "active_power")) < 101
    assert len(working) > 180 * 10


def test_the_energy_counter_of_an_inverter_is_the_integral_of_its_power(pv_day: list[Row]) -> None:
    energy = float(pv_day[-1]["energy_total"]) - float(pv_day[0]["energy_total"])
    assert energy == pytest.approx(sum(column(pv_day, "active_power")) * 20 / 3600, rel=0.02)
    assert 200 < energy < 900


def test_three_phases_give_the_power_that_is_reported(pv_day: list[Row]) -> None:
    for row in pv_day[180 * 11 : 180 * 12]:
        phases = sum(float(row[f"voltage_{p}"]) * float(row[f"current_{p}"]) for p in "abc") / 1000
        assert phases * float(row["power_factor"]) == pytest.approx(float(row["active_power"]), rel=0.01)


def test_the_sun_does_not_care_in_which_time_zone_a_clock_is_read() -> None:
    noon = MIDSUMMER + timedelta(hours=12)
    assert clear_sky_w_per_m2(noon) == clear_sky_w_per_m2(noon.astimezone(UTC))


def test_a_machine_tool_works_through_parts_with_pauses(cnc_day: list[Row]) -> None:
    parts = column(cnc_day, "part_count_total")
    assert 150 < parts[-1] - parts[0] < 900
    assert all(0 <= after - before <= 1 for before, after in pairwise(parts))
    states = [row["execution"] for row in cnc_day]
    assert 0.5 < states.count(0.0) / len(states) < 0.95
    assert {row["operation_mode"] for row in cnc_day} >= {0.0, 1.0, 2.0}
    assert len({row["program"] for row in cnc_day}) > 1


def test_a_machine_tool_stays_within_its_drives(cnc_day: list[Row]) -> None:
    assert max(column(cnc_day, "spindle_speed")) < 12_000
    assert max(column(cnc_day, "spindle_load")) < 110
    assert max(column(cnc_day, "machine_power")) < 25
    assert min(column(cnc_day, "machine_power")) > 1
    assert max(column(cnc_day, "spindle_temperature")) < 55
    energy = float(cnc_day[-1]["energy_total"]) - float(cnc_day[0]["energy_total"])
    assert energy == pytest.approx(sum(column(cnc_day, "machine_power")) * 5 / 3600, rel=0.03)


def test_a_machine_tool_warms_up_first() -> None:
    machine = CncMachine(seed=2, start=MIDSUMMER)
    machine.step(60)
    assert machine.values()["is_warm_up"] == 1
    machine.step(60)
    assert machine.values()["is_warm_up"] == 0


def test_a_clock_that_runs_faster_moves_the_machine_faster() -> None:
    clock = [100.0]
    settings = MachineSettings(name="cnc", profile="cnc_machine/opc_40501", port=0, speed=60)
    equipment = Equipment(settings, now=lambda: MIDSUMMER, monotonic=lambda: clock[0])
    before = float(equipment.read()["power_on_time"])
    clock[0] += 60
    assert float(equipment.read()["power_on_time"]) - before == pytest.approx(1)


def test_an_inverter_put_up_at_midnight_may_start_its_clock_at_noon() -> None:
    at_noon = MachineSettings(name="pv", profile="pv_inverter/sunspec_103", port=0, start_time="12:00")
    clock = [0.0]
    equipment = Equipment(at_noon, now=lambda: MIDSUMMER, monotonic=lambda: clock[0])
    clock[0] += 30
    assert float(equipment.read()["active_power"]) > 5


def test_an_inverter_wakes_with_a_pause_for_starting() -> None:
    machine = PvInverter(seed=1, start=MIDSUMMER + timedelta(hours=4))
    states: list[float] = []
    for _ in range(3 * 720):
        machine.step(5)
        state = float(machine.values()["state"])
        if not states or states[-1] != state:
            states.append(state)
    assert states[:3] == [2, 3, 4]
