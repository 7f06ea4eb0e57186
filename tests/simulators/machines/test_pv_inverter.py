"""What a string inverter and its roof can and cannot do, and what each fault shows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from device_profiles.kind import load_kind
from simulators.fleet import JINAN
from simulators.machine_faults import Growth
from simulators.machines.pv_inverter import FAULT, RUNNING, SHUTTING_DOWN, SLEEPING, STANDBY, STARTING, THROTTLED, PvInverter
from simulators.physics.solar_roof import ARRAY_KWP, STRINGS, TRACKERS

Column = npt.NDArray[np.float64]
Table = dict[str, Column]
Row = dict[str, float]
KIND = load_kind("pv_inverter")
MIDSUMMER = datetime(2026, 6, 21, tzinfo=JINAN)
AUTUMN_MORNING = datetime(2026, 10, 12, 8, 40, tzinfo=JINAN)
SEEDS = range(12)
DAY_STEP_SECONDS = 120.0


def live(machine: PvInverter, *, hours: float, every_seconds: float = 60.0, true: bool = False) -> Table:
    """Let time pass and give each signal, shape ``(rows, n)``."""
    rows = []
    for _ in range(round(hours * 3600 / every_seconds)):
        machine.step(every_seconds)
        rows.append(machine.true_values() if true else machine.values())
    return {name: np.array([row[name] for row in rows]) for name in KIND.numeric_signals}


@cache
def day(month: int) -> Table:
    return live(PvInverter(seeds=SEEDS, start=datetime(2026, month, 21, tzinfo=JINAN)), hours=24, every_seconds=DAY_STEP_SECONDS)


@cache
def sunniest(start: datetime) -> int:
    """Find the seed whose roof has the clearest sky in the first hours after the start."""
    light = live(PvInverter(seeds=range(40), start=start), hours=3, every_seconds=300, true=True)["poa_irradiance"]
    return int(np.argmax(light.min(axis=0) if light.any(axis=0).all() and light[0].any() else light.sum(axis=0)))


@cache
def spring_morning() -> Table:
    """Cool air and a high sun bring some roofs to their rating."""
    return live(PvInverter(seeds=range(40), start=datetime(2026, 4, 20, 6, tzinfo=JINAN)), hours=7, every_seconds=120, true=True)


def test_strings_and_trackers_are_those_of_the_kind() -> None:
    assert KIND.parts["string"].count == STRINGS
    assert KIND.parts["mppt"].count == TRACKERS


def test_an_inverter_sleeps_at_night_and_gives_nothing() -> None:
    night = {name: column[: 3 * 30] for name, column in day(6).items()}
    assert set(night["state"].flat) == {SLEEPING}
    for name in ("active_power", "dc_power", "dc_voltage", "mppt_power_1", "string_voltage_1", "current_a", "reactive_power"):
        assert not night[name].any(), name
    assert np.isnan(night["power_factor"]).all()


def test_an_inverter_wakes_with_a_pause_for_starting_and_falls_asleep_by_fading() -> None:
    def states_from(hour: int) -> list[float]:
        machine = PvInverter(seeds=[1], start=MIDSUMMER + timedelta(hours=hour))
        column = live(machine, hours=2.5, every_seconds=30, true=True)["state"][:, 0]
        return [float(column[0]), *(float(after) for before, after in pairwise(column) if after != before)]

    assert states_from(4)[:3] == [SLEEPING, STARTING, RUNNING]
    assert states_from(18)[-2:] == [SHUTTING_DOWN, SLEEPING]


def test_an_inverter_put_up_at_noon_is_at_work_and_knows_its_morning() -> None:
    values = PvInverter(seeds=SEEDS, start=MIDSUMMER + timedelta(hours=12)).values()
    assert np.all(np.asarray(values["active_power"]) > 5)
    assert np.all(np.asarray(values["energy_day"]) > 30)


def test_an_inverter_never_gives_more_than_it_takes_nor_more_than_its_rating() -> None:
    for month in (1, 6):
        table = day(month)
        works = table["active_power"] > 5
        efficiency = table["active_power"][works] / table["dc_power"][works]
        assert efficiency.min() > 0.96
        assert efficiency.max() < 1
        assert table["active_power"].max() < 101


def test_its_efficiency_by_the_european_weights_is_that_of_good_inverters() -> None:
    # Sheets of 100 kW string inverters (Huawei SUN2000-100KTL, Sungrow SG110CX) promise 98.4 to 98.5 %.
    share, efficiency = spring_morning()["active_power"] / 100, spring_morning()["inverter_efficiency"]
    weights = {0.05: 0.03, 0.1: 0.06, 0.2: 0.13, 0.3: 0.1, 0.5: 0.48, 1.0: 0.2}
    at = {load: float(np.median(efficiency[np.abs(share - load) < 0.01])) for load in weights}
    assert sum(weight * at[load] for load, weight in weights.items()) == pytest.approx(0.984, abs=0.003)


def test_energies_are_the_integrals_of_the_powers_that_are_reported() -> None:
    machine = PvInverter(seeds=[3, 4], start=MIDSUMMER + timedelta(hours=4))
    before = machine.true_values()
    table = live(machine, hours=7, true=True)
    for energy, power in (("energy_total", "active_power"), ("energy_dc_total", "dc_power"), ("mppt_energy_7", "mppt_power_7")):
        gained = table[energy][-1] - np.asarray(before[energy])
        assert gained == pytest.approx(table[power].sum(axis=0) / 60, rel=1e-6), energy
    assert table["energy_day"][-1] == pytest.approx(table["energy_total"][-1] - np.asarray(before["energy_total"]), rel=1e-6)
    assert np.all(np.diff(table["energy_total"], axis=0) >= 0)


def test_the_energy_of_the_day_begins_anew_at_midnight() -> None:
    table = live(PvInverter(seeds=[1], start=MIDSUMMER + timedelta(hours=22)), hours=4, every_seconds=600)
    assert table["energy_day"][0] > 50
    assert table["energy_day"][-1] == 0
    assert table["peak_power_day"][-1] == 0


def test_strings_add_up_to_trackers_and_trackers_to_the_inverter() -> None:
    table = live(PvInverter(seeds=[5], start=MIDSUMMER + timedelta(hours=9)), hours=1, true=True)
    for k in range(1, TRACKERS + 1):
        strings = table[f"string_current_{2 * k - 1}"] + table[f"string_current_{2 * k}"]
        assert strings == pytest.approx(table[f"mppt_current_{k}"])
        assert table[f"mppt_power_{k}"] == pytest.approx(table[f"mppt_voltage_{k}"] * strings / 1000)
    assert sum(table[f"mppt_power_{k}"] for k in range(1, TRACKERS + 1)) == pytest.approx(table["dc_power"])
    assert table["dc_voltage"] * table["dc_current"] / 1000 == pytest.approx(table["dc_power"])


def test_three_phases_give_the_power_that_is_reported() -> None:
    table = day(6)
    works = table["active_power"] > 5
    phases_kw = sum(table[f"voltage_{p}"] * table[f"current_{p}"] for p in "abc")[works] / 1000  # type: ignore[index]
    assert (phases_kw * table["power_factor"][works]) == pytest.approx(table["active_power"][works], rel=0.025)


def test_healthy_strings_stand_close_together() -> None:
    # Trade convention: a spread of string currents below 5 % is a stable plant; healthy peers read 0.92 to 1.0 of their median.
    table = day(6)
    bright = table["poa_irradiance"] > 400
    currents = np.stack([table[f"string_current_{k}"][bright] for k in range(1, STRINGS + 1)])
    assert (currents.std(axis=0) / currents.mean(axis=0)).max() < 0.05
    ratios = currents / np.median(currents, axis=0)
    assert ratios.min() > 0.95
    assert 0.004 < ratios.std(axis=0).mean() < 0.02


def test_roofs_perform_as_good_new_plants_do() -> None:
    # IEC 61724-1: performance ratio = yield / irradiation in sun hours; good plants of the last years lie between 0.75 and 0.95.
    for month in (1, 6, 10):
        table = day(month)
        sun_hours = table["poa_irradiance"].sum(axis=0) / 1000 * DAY_STEP_SECONDS / 3600
        ratio = table["energy_day"].max(axis=0) / ARRAY_KWP / sun_hours
        assert ratio.min() > 0.75, month
        assert ratio.max() < (0.95 if month > 1 else 1.0), month  # cold modules


def test_a_clear_spring_noon_drives_some_inverters_to_their_rating() -> None:
    table = spring_morning()
    clipped = table["state"] == THROTTLED
    assert clipped.any()
    assert set(table["derate_mode"][clipped]) == {2}
    assert table["active_power"][clipped] == pytest.approx(100)


@pytest.mark.parametrize("month", [1, 6, 10])
def test_a_healthy_inverter_stays_within_its_normal_ranges(month: int) -> None:
    table = day(month)
    codes = {state.name: state.code for state in KIND.signals["state"].states}
    for name, signal in KIND.signals.items():
        if name not in table or np.isnan(table[name]).all():
            continue
        applies = np.isin(table["state"], [codes[state] for state in signal.applies_in]) if signal.applies_in else True
        values = table[name][applies & ~np.isnan(table[name])]
        if signal.normal:
            assert np.mean((values < signal.normal[0]) | (values > signal.normal[1])) < 0.001, name
        for alarm in signal.alarms:
            assert not ((values < alarm.value) if "low" in alarm.limit else (values > alarm.value)).any(), name


def test_short_steps_and_long_ones_bring_the_same_yield() -> None:
    def yields_kwh(every_seconds: float) -> float:
        roofs = PvInverter(seeds=range(50), start=MIDSUMMER + timedelta(hours=11))
        before = np.asarray(roofs.true_values()["energy_total"])
        for _ in range(int(3600 / every_seconds)):
            roofs.step(every_seconds)
        return float(np.mean(np.asarray(roofs.true_values()["energy_total"]) - before))

    assert yields_kwh(6) == pytest.approx(yields_kwh(60), rel=0.06)


@cache
def life(fault: str, part: str, start: datetime, hours: float) -> Row:
    """Let a machine under a clear sky live with a fault, or with none, and give what is true at the end."""
    machine = PvInverter(seeds=[sunniest(start)], start=start)
    if fault:
        machine.faults.order(fault, Growth(), at=start, part=part)
    machine.step(hours * 3600)
    values = machine.true_values()
    return {name: float(np.asarray(values[name])[0]) for name in KIND.numeric_signals}


def ratio(row: Row, string: int) -> float:
    """String's current as a share of the median of its peers."""
    return row[f"string_current_{string}"] / float(np.median([row[f"string_current_{k}"] for k in range(1, STRINGS + 1)]))


def relative(name: str, faulty: Row, healthy: Row) -> float:
    return faulty[name] / healthy[name]


NOON = MIDSUMMER + timedelta(hours=11)
Sign = Callable[[Row, Row], bool]
SIGNS: list[tuple[str, str, datetime, float, Sign]] = [
    ("string_open", "5", NOON, 1, lambda f, _h: f["string_current_5"] == 0 and f["string_voltage_5"] > 400),
    ("string_open", "5", NOON, 1, lambda f, _h: f["fuse_ok"] == 0 and f["alarm_2"] == 1 << 4 and f["alarm_1"] == 1 << 12),
    ("string_open", "20", NOON, 1, lambda f, h: f["alarm_3"] == 1 << 3 and h["alarm_3"] == 0),
    ("string_shading", "3", AUTUMN_MORNING, 1, lambda f, h: ratio(f, 3) < 0.85 < ratio(h, 3)),
    ("string_shading", "3", AUTUMN_MORNING.replace(hour=10), 3, lambda f, h: abs(ratio(f, 3) - ratio(h, 3)) < 1e-6),
    ("bypass_short", "1", NOON, 1, lambda f, h: ratio(f, 1) < ratio(h, 1) - 0.03),
    ("bypass_short", "1", NOON, 1, lambda f, h: 0.96 < relative("mppt_voltage_1", f, h) < 0.98),
    ("module_crack", "9", NOON, 1, lambda f, h: ratio(f, 9) < ratio(h, 9) - 0.02),
    ("hot_spot", "24", NOON, 1, lambda f, h: ratio(f, 24) < ratio(h, 24) - 0.015),
    ("pid", "11", NOON, 1, lambda f, h: ratio(f, 11) < 0.95 * ratio(h, 11)),
    ("mppt_missed", "2", NOON, 1, lambda f, h: 0.75 < relative("mppt_voltage_2", f, h) < 0.85),
    ("mppt_missed", "2", NOON, 1, lambda f, h: relative("mppt_power_2", f, h) < 0.93 and f["mppt_power_3"] == h["mppt_power_3"]),
    ("soiling", "", datetime(2026, 1, 5, 17, tzinfo=JINAN), 10, lambda f, h: f["soiling_ratio"] < h["soiling_ratio"] - 0.003),
    ("snow", "", datetime(2026, 1, 5, 11, tzinfo=JINAN), 1, lambda f, h: relative("poa_irradiance", f, h) == 1),
    ("snow", "", datetime(2026, 1, 5, 11, tzinfo=JINAN), 1, lambda f, _h: f["active_power"] < 5 and f["mppt_voltage_1"] > 400),
    ("degradation", "", NOON, 1, lambda f, h: 0.87 < relative("dc_power", f, h) < 0.94),
    ("inverter_trip", "", NOON, 1, lambda f, _h: f["state"] == FAULT and f["active_power"] == 0 and f["fault_code"] == 10),
    ("inverter_trip", "", NOON, 1, lambda f, h: f["dc_voltage"] > 1.1 * h["dc_voltage"]),
    ("inverter_efficiency_drop", "", NOON, 1, lambda f, h: 0.04 < h["inverter_efficiency"] - f["inverter_efficiency"] < 0.055),
    ("inverter_efficiency_drop", "", NOON, 1, lambda f, h: f["heatsink_temperature"] > h["heatsink_temperature"] + 10),
    ("cooling_blocked", "", NOON, 1, lambda f, h: f["internal_temperature"] > 70 > h["internal_temperature"]),
    ("cooling_blocked", "", NOON, 3, lambda f, h: f["active_power"] < h["active_power"] and f["derate_mode"] == 6),
    (
        "insulation_drop",
        "",
        MIDSUMMER + timedelta(hours=21),
        10,
        lambda f, h: f["insulation_resistance"] < 500 and h["insulation_resistance"] > 1000,
    ),
    ("curtailment", "", NOON, 1, lambda f, _h: f["active_power"] == pytest.approx(40) and f["power_setpoint"] == 40),
    ("curtailment", "", NOON, 1, lambda f, _h: f["state"] == THROTTLED and f["derate_mode"] == 7),
    ("curtailment", "", NOON, 1, lambda f, h: f["dc_voltage"] > h["dc_voltage"] and abs(ratio(f, 1) - ratio(h, 1)) < 0.01),
    ("clock_shift", "", MIDSUMMER + timedelta(hours=20), 1.2, lambda f, h: f["energy_day"] == 0 and h["energy_day"] > 50),
    ("counter_reset", "", NOON, 1, lambda f, h: 0 < f["energy_total"] < 110 and f["energy_dc_total"] == h["energy_dc_total"]),
    ("loose_terminal", "", NOON, 1, lambda f, h: f["combiner_temperature"] > h["combiner_temperature"] + 12),
]


@pytest.mark.parametrize(("fault", "part", "start", "hours", "shows"), SIGNS)
def test_a_fault_shows_its_signature(fault: str, part: str, start: datetime, hours: float, shows: Sign) -> None:
    assert shows(life(fault, part, start, hours), life("", "", start, hours))


def test_every_fault_has_a_signature() -> None:
    assert {sign[0] for sign in SIGNS} == set(PvInverter.FAULTS)


def test_a_leaky_string_loses_more_in_weak_light() -> None:
    morning, noon = life("pid", "11", AUTUMN_MORNING.replace(hour=6, minute=0), 1), life("pid", "11", NOON, 1)
    for row in (morning, noon):
        assert row["mppt_voltage_6"] < row["mppt_voltage_7"]
    assert morning["mppt_power_6"] / morning["mppt_power_7"] < 0.98 * noon["mppt_power_6"] / noon["mppt_power_7"]


def test_a_wet_morning_keeps_an_inverter_with_bad_insulation_from_starting() -> None:
    start = datetime(2026, 7, 21, 22, tzinfo=JINAN)
    machines = PvInverter(seeds=SEEDS, start=start)
    for i in SEEDS:
        machines.faults.order("insulation_drop", Growth(), at=start, machine=i)
    table = live(machines, hours=14, every_seconds=120, true=True)
    waits = table["state"] == STANDBY
    assert waits.any()
    assert set(table["fault_code"][waits]) == {20}
    assert set(table["alarm_1"][waits]) == {1}
    assert (table["active_power"][-1] > 0).any()


def test_a_tripped_inverter_comes_back_when_it_is_mended() -> None:
    machine = PvInverter(seeds=[sunniest(NOON)], start=NOON)
    machine.faults.order("inverter_trip", Growth(for_seconds=600), at=NOON)
    machine.step(300)
    assert machine.true_values()["state"] == [FAULT]
    machine.step(900)
    assert np.isin(machine.true_values()["state"], [RUNNING, THROTTLED]).all()


def test_rain_or_people_clean_a_dirty_roof() -> None:
    roofs = PvInverter(seeds=range(40), start=datetime(2026, 7, 1, tzinfo=JINAN))
    before = np.asarray(roofs.true_values()["soiling_ratio"])
    roofs.step(1.5 * 86_400)
    after, rain = (np.asarray(roofs.true_values()[name]) for name in ("soiling_ratio", "rain"))
    assert (after > before + 0.01).any()
    assert after.min() > 0.94
    assert (rain >= 0).all()
