"""Gas-fired boilers: heat, water, air and control, and what each fault does to them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np
import pytest

from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusProfile, Table, load_profile
from simulators.fleet import JINAN
from simulators.machine import Array
from simulators.machine_faults import Growth
from simulators.machines.boiler import PURGING, RUNNING, TRIPPED, Boiler

MORNING = datetime(2026, 6, 22, 9, tzinfo=JINAN)
Record = dict[str, Array]
"""Of each signal a row a moment and a column a boiler."""


def boilers(*, seeds: Sequence[int] = range(6), start: datetime = MORNING, faults: Sequence[str] = ("",)) -> Boiler:
    """Boilers of all seeds with no fault, then all with the next, and so on."""
    machine = Boiler(seeds=[seed for _ in faults for seed in seeds], start=start)
    for index, fault in enumerate(fault for fault in faults for _ in seeds):
        if fault:
            machine.faults.order(fault, Growth(severity=1.0), at=machine.now, machine=index)
    return machine


def record(machine: Boiler, *, hours: float, every_seconds: float = 60) -> Record:
    rows = []
    for _ in range(int(hours * 3600 / every_seconds)):
        machine.step(every_seconds)
        rows.append(machine.values())
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def split(rows: Record, faults: Sequence[str]) -> dict[str, Record]:
    """Give the record of each fault's boilers."""
    parts = {name: np.split(of, len(faults), axis=1) for name, of in rows.items()}
    return {fault: {name: of[index] for name, of in parts.items()} for index, fault in enumerate(faults)}


@pytest.fixture(scope="module")
def winter() -> Record:
    """A Sunday night and a Monday morning in December."""
    return record(boilers(seeds=range(12), start=datetime(2026, 12, 20, 21, tzinfo=JINAN)), hours=14, every_seconds=300)


@pytest.fixture(scope="module")
def shift() -> Record:
    """Four hours of a morning, each step of them; ``fuel`` and ``counter`` are the true fuel flow and its total."""
    machine = boilers(seeds=range(12))
    rows = []
    for _ in range(4 * 240):
        machine.step(15)
        true = machine.true_values()
        rows.append({**machine.values(), "fuel": np.array(true["fuel_flow"]), "counter": np.array(true["fuel_total"])})
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.fixture(scope="module")
def of_fault() -> dict[str, Record]:
    """Two hours with each fault and with none, of which the first half hour is left out."""
    names = ["", *Boiler.FAULTS]
    machine = boilers(faults=names)
    machine.step(1800)
    return split(record(machine, hours=1.5), names)


@pytest.fixture(scope="module")
def healthy(of_fault: dict[str, Record]) -> Record:
    return of_fault[""]


def test_air_fuel_and_oxygen_agree_with_stoichiometry(healthy: Record) -> None:
    ratio = healthy["combustion_air_flow"].mean(axis=0) / healthy["fuel_flow"].mean(axis=0)
    expected = 9.52 * 21 / (21 - healthy["flue_gas_oxygen"].mean(axis=0))
    assert ratio == pytest.approx(expected, rel=0.06)  # gas quality, meters and the short form


def siegert_percent(gas_c: Array, air_c: Array, oxygen: Array) -> Array:
    """Stack loss on the lower heating value; A2 and B for natural gas of EN 267 and the German 1. BImSchV."""
    return (gas_c - air_c) * (0.66 / (21 - oxygen) + 0.009)


def test_siegerts_formula_gives_the_loss_of_the_ordinance() -> None:
    assert siegert_percent(np.array([130.0]), np.array([20.0]), np.array([3.5]))[0] == pytest.approx(5.14, abs=0.01)


def test_efficiency_by_losses_agrees_with_efficiency_by_steam_over_fuel(shift: Record) -> None:
    mean = {name: of.mean(axis=0) for name, of in shift.items()}
    stack = siegert_percent(mean["flue_gas_temperature_economiser_out"], mean["ambient_temperature"], mean["flue_gas_oxygen"])
    # Surface loss of a 10 t/h boiler at its rating, by GB/T 10180: 1.7 %
    indirect = 100 - stack - 1.7 * 10 / mean["steam_flow"]
    # IAPWS-IF97: saturated steam of 1.1 MPa absolute 2781 kJ/kg, its water 781 kJ/kg; feedwater of 104 °C 436 kJ/kg
    useful_kw = (mean["steam_flow"] * (2781 - 436) + mean["blowdown_flow"] * (781 - 436)) / 3.6
    direct = 100 * useful_kw / (mean["fuel_flow"] * mean["fuel_lower_heating_value"] / 3600)
    assert ((indirect > 89) & (indirect < 96)).all()
    assert abs((direct - indirect).mean()) < 1.0
    assert np.abs(direct - indirect).max() < 3.0  # meters and gas quality differ from plant to plant
    assert np.median(np.abs(direct - indirect)) < 1.5


def test_heat_and_water_close_within_a_thousandth_whatever_is_wrong() -> None:
    machine = boilers(faults=["", "tube_leak", "blowdown_valve_passing", "air_shortage", "gas_side_fouling"])
    stored_kj, total_kj = machine.drum.stored_heat_kj, dict.fromkeys(machine.heat_kw, machine.full(0))
    assert set(machine.true_values()) == set(machine.kind.signals)
    for _ in range(2 * 240):
        machine.step(15)
        total_kj = {name: sum_kj + 15 * machine.heat_kw[name] for name, sum_kj in total_kj.items()}
    spent_kj = sum(total_kj[name] for name in ("steam", "blowdown", "leak", "stack", "unburnt", "surface"))
    gained_kj = machine.drum.stored_heat_kj - stored_kj
    assert total_kj["fuel"] + total_kj["feedwater"] - spent_kj == pytest.approx(gained_kj, abs=0.001 * total_kj["fuel"].min())


def test_water_in_equals_steam_and_blowdown_out_over_a_shift(shift: Record) -> None:
    into, steam, blown = (shift[name].mean(axis=0) for name in ("feedwater_flow", "steam_flow", "blowdown_flow"))
    assert into == pytest.approx(steam + blown, rel=0.02)  # two meters of 0.4 %
    assert shift["makeup_water_flow"].mean(axis=0) + shift["condensate_return_flow"].mean(axis=0) == pytest.approx(into, rel=0.03)


def test_the_fuel_counter_is_the_integral_of_the_fuel_flow_and_only_grows(shift: Record) -> None:
    assert (np.diff(shift["counter"], axis=0) >= 0).all()
    assert shift["counter"][-1] - shift["counter"][0] == pytest.approx(shift["fuel"][1:].sum(axis=0) * 15 / 3600, rel=1e-6)


def test_healthy_boilers_stay_normal_and_raise_no_alarm(winter: Record) -> None:
    is_running = winter["state"] == RUNNING
    for name, signal in Boiler(seeds=[1], start=MORNING).kind.signals.items():
        counts = is_running if signal.applies_in else np.ones_like(is_running)
        if signal.normal:
            is_outside = (winter[name] < signal.normal[0]) | (winter[name] > signal.normal[1])
            assert (is_outside & counts).mean() < 0.003, name
        for alarm in signal.alarms:
            beyond = winter[name] > alarm.value if alarm.limit.startswith("high") else winter[name] < alarm.value
            assert not (beyond & counts).any(), f"{name} {alarm.limit}"


def test_a_day_shows_shifts_soot_blowing_and_blowdown(winter: Record) -> None:
    assert not winter["trip_code"].any()
    assert (winter["state"] == RUNNING).mean() > 0.9
    load = winter["steam_flow"]
    assert (np.percentile(load, 95, axis=0) - np.percentile(load, 5, axis=0) > 3).all()
    assert (winter["soot_blow_active"].max(axis=0) == 1).all()
    assert (winter["blowdown_flow"].max(axis=0) > 0.4).all()
    assert (winter["blowdown_flow"].min(axis=0) < 0.05).all()
    assert (winter["boiler_water_conductivity"].max(axis=0) < 3300).all()


@pytest.mark.parametrize(("seconds", "hours"), [(1, 0.15), (5, 0.4), (15, 1.0), (60, 0.5)])
def test_the_loops_hold_pressure_level_and_oxygen_at_any_step(seconds: float, hours: float) -> None:
    rows = record(boilers(), hours=hours, every_seconds=seconds)
    burning = rows["state"] == RUNNING
    assert rows["steam_pressure"].min() > 0.9
    assert rows["steam_pressure"].max() < 1.15
    assert np.abs(rows["drum_level"]).max() < 45
    assert rows["flue_gas_oxygen"][burning].min() > 1.5
    assert rows["flue_gas_oxygen"][burning].max() < 7
    assert rows["steam_flow"].max() < 10.5


def test_two_boilers_are_not_alike(winter: Record) -> None:
    for name in ("flue_gas_temperature_stack", "emission_nox", "flue_gas_pressure_drop_economiser", "fan_current_forced"):
        assert winter[name].mean(axis=0).std() > 0.01 * winter[name].mean(), name


@pytest.fixture(scope="module")
def mended() -> Record:
    """Half an hour after the feedwater failed, and what came when it was there again."""
    machine = boilers(seeds=[1], faults=["feedwater_loss"])
    machine.step(1800)
    rows = [machine.true_values()]
    machine.faults.cancel(at=machine.now)
    for _ in range(400):
        machine.step(5)
        rows.append(machine.true_values())
    return {name: np.array([row[name] for row in rows])[:, 0] for name in rows[0]}


def test_a_boiler_without_feedwater_trips_on_low_water_and_comes_back_by_purging_and_igniting(mended: Record) -> None:
    assert mended["state"][0] == TRIPPED
    assert mended["trip_code"][0] == mended["low_water_interlock"][0] == 1
    assert mended["fuel_flow"][0] == 0
    assert [state for state, _ in groupby(mended["state"])] == [4, 0, 1, 2, 3]
    assert mended["steam_pressure"][-1] == pytest.approx(1.0, abs=0.1)


def test_a_purge_blows_air_without_fuel(mended: Record) -> None:
    is_purging = mended["state"] == PURGING
    assert (mended["combustion_air_flow"][is_purging] == 8000).all()
    assert (mended["fuel_flow"][is_purging] == 0).all()
    assert (mended["flame_signal"][is_purging] == 0).all()


def mean(name: str) -> Callable[[Record], Array]:
    return lambda rows: np.asarray(rows[name].mean(axis=0))


def spread(name: str) -> Callable[[Record], Array]:
    return lambda rows: np.asarray(rows[name].std(axis=0))


def unrest(name: str) -> Callable[[Record], Array]:
    """Spread from one reading to the next, which load changes hardly touch."""
    return lambda rows: np.asarray(np.diff(rows[name], axis=0).std(axis=0) / np.sqrt(2))


def makeup_beyond_blowdown(rows: Record) -> Array:
    return np.asarray((rows["makeup_water_flow"] - rows["blowdown_flow"]).mean(axis=0))


def lost_water(rows: Record) -> Array:
    """Water that no meter saw leave, as a share of the steam."""
    unseen = rows["feedwater_flow"] - rows["steam_flow"] - rows["blowdown_flow"]
    return np.asarray(unseen.mean(axis=0) / rows["steam_flow"].mean(axis=0))


def air_over_oxygen(rows: Record) -> Array:
    """Air a volume of fuel, against what the oxygen reading calls for."""
    ratio = rows["combustion_air_flow"].mean(axis=0) / rows["fuel_flow"].mean(axis=0)
    return np.asarray(ratio * (21 - rows["flue_gas_oxygen"].mean(axis=0)) / (9.52 * 21))


def oxygen_gained_on_the_way(rows: Record) -> Array:
    return np.asarray((rows["flue_gas_oxygen_stack"] - rows["flue_gas_oxygen"]).mean(axis=0))


def efficiency(rows: Record) -> Array:
    return np.asarray(rows["steam_flow"].mean(axis=0) / rows["fuel_flow"].mean(axis=0))


STACK, OXYGEN, MONOXIDE = mean("flue_gas_temperature_stack"), mean("flue_gas_oxygen"), mean("flue_gas_carbon_monoxide")
FAN, GAS_DROP = mean("fan_current_forced"), mean("flue_gas_pressure_drop_economiser")
TUBE, HARDNESS = mean("tube_metal_temperature_1"), mean("feedwater_hardness")

SIGNATURES = [  # by how much every boiler's figure rises at least, or falls
    ("gas_side_fouling", STACK, 15),
    ("gas_side_fouling", GAS_DROP, 50),
    ("gas_side_fouling", FAN, 0.4),
    ("gas_side_fouling", efficiency, -0.0001),
    ("water_side_scale", STACK, 4),
    ("water_side_scale", TUBE, 40),
    ("water_side_scale", HARDNESS, 0.04),
    ("excess_air_high", OXYGEN, 2),
    ("excess_air_high", STACK, 1),
    ("excess_air_high", GAS_DROP, 30),
    ("excess_air_high", FAN, 2),
    ("excess_air_high", efficiency, -0.00005),
    ("air_in_leakage", STACK, -5),
    ("air_in_leakage", mean("flue_gas_oxygen_stack"), 1.5),
    ("air_in_leakage", oxygen_gained_on_the_way, 1.5),
    ("air_shortage", OXYGEN, -1),
    ("air_shortage", MONOXIDE, 40),
    ("air_shortage", FAN, -0.5),
    ("air_shortage", unrest("flame_signal"), 1),
    ("air_shortage", unrest("furnace_pressure"), 1),
    ("burner_wear", MONOXIDE, 30),
    ("burner_wear", unrest("flame_signal"), 1),
    ("burner_wear", unrest("furnace_pressure"), 1),
    ("tube_leak", STACK, -2),
    ("tube_leak", lost_water, 0.025),
    ("tube_leak", mean("furnace_pressure"), 5),
    ("tube_leak", makeup_beyond_blowdown, 0.2),
    ("oxygen_sensor_bias", air_over_oxygen, -0.03),
    ("oxygen_sensor_bias", oxygen_gained_on_the_way, -1),
    ("oxygen_sensor_stuck", lambda rows: np.asarray(np.abs(np.diff(rows["flue_gas_oxygen"], axis=0)).mean(axis=0)), -0.005),
    ("damper_stuck", spread("flue_gas_oxygen"), 0.5),
    ("damper_stuck", spread("combustion_air_flow"), -200),
    ("flame_instability", unrest("flame_signal"), 3),
    ("flame_instability", mean("flame_signal"), -5),
    ("flame_instability", unrest("furnace_pressure"), 5),
    ("fuel_heating_value_shift", efficiency, -0.0005),
    ("feedwater_valve_stiction", spread("drum_level"), 0.5),
    ("blowdown_valve_passing", lost_water, 0.03),
    ("blowdown_valve_passing", mean("blowdown_drain_temperature"), 40),
    ("blowdown_valve_passing", mean("boiler_water_conductivity"), -10),
    ("feedwater_loss", mean("low_water_interlock"), 0.5),
]


@pytest.mark.parametrize(("fault", "sign", "least"), SIGNATURES)
def test_a_fault_leaves_its_signature(
    fault: str, sign: Callable[[Record], Array], least: float, healthy: Record, of_fault: dict[str, Record]
) -> None:
    change = sign(of_fault[fault]) - sign(healthy)
    assert (change * np.sign(least) > abs(least)).all(), change


def test_every_fault_has_a_signature_that_is_checked() -> None:
    assert {fault for fault, _, _ in SIGNATURES} == set(Boiler.FAULTS)


@pytest.mark.parametrize(
    ("fault", "untouched", "most"),
    [  # the zeros of a fault table are half of its information
        ("gas_side_fouling", OXYGEN, 0.1),
        ("gas_side_fouling", TUBE, 2),
        ("water_side_scale", OXYGEN, 0.1),
        ("water_side_scale", GAS_DROP, 5),
        ("air_in_leakage", FAN, 0.1),
        ("air_in_leakage", OXYGEN, 0.1),
        ("tube_leak", OXYGEN, 0.1),
        ("blowdown_valve_passing", STACK, 1),
        ("feedwater_valve_stiction", STACK, 0.5),
    ],
)
def test_a_fault_leaves_alone_what_it_has_nothing_to_do_with(
    fault: str, untouched: Callable[[Record], Array], most: float, healthy: Record, of_fault: dict[str, Record]
) -> None:
    assert np.abs(untouched(of_fault[fault]) - untouched(healthy)).max() < most


@pytest.fixture(scope="module")
def deposits() -> dict[str, Record]:
    """Twins of the same seeds without and with deposits, long enough for a soot-blow."""
    names = ["", "gas_side_fouling", "water_side_scale"]
    return split(record(boilers(seeds=range(12), faults=names), hours=4, every_seconds=120), names)


@pytest.mark.parametrize(("fault", "least", "most"), [("gas_side_fouling", 0.3, 0.7), ("water_side_scale", 0.85, 1.15)])
def test_soot_blowing_helps_against_soot_and_not_against_scale(
    fault: str, least: float, most: float, deposits: dict[str, Record]
) -> None:
    """Of what the fault adds to the stack temperature of a twin of the same seed, this much is left after the blow."""
    excess_k = deposits[fault]["flue_gas_temperature_stack"] - deposits[""]["flue_gas_temperature_stack"]
    blown = np.argmax(deposits[""]["soot_blow_active"], axis=0)
    those = np.flatnonzero((blown > 12) & (blown < len(excess_k) - 12))
    assert len(those) >= 3
    before = np.mean([excess_k[blown[i] - 10 : blown[i] - 2, i] for i in those])
    after = np.mean([excess_k[blown[i] + 4 : blown[i] + 12, i] for i in those])
    assert least < after / before < most


def test_a_repaired_boiler_recovers(healthy: Record) -> None:
    machine = boilers(faults=["gas_side_fouling"])
    machine.step(1800)
    machine.faults.cancel(at=machine.now)
    machine.step(600)
    assert np.array(machine.values()["flue_gas_temperature_stack"]).max() < healthy["flue_gas_temperature_stack"].max() + 5


@pytest.fixture(scope="module")
def moments() -> list[dict[str, float]]:
    """Readings of a morning of four boilers, three of which are in trouble."""
    machine = boilers(
        seeds=[2], faults=["", "damper_stuck", "feedwater_loss", "air_shortage"], start=MORNING - timedelta(hours=4)
    )
    found = []
    for _ in range(40):
        machine.step(120)
        values = machine.values()
        found += [{name: float(of[index]) for name, of in values.items()} for index in range(machine.n)]
    return found


@pytest.mark.parametrize("model", ["generic_plc", "siemens_s7_1200"])
def test_every_value_fits_into_the_registers_of_every_model(model: str, moments: list[dict[str, float]]) -> None:
    profile = load_profile(f"boiler/{model}")
    assert isinstance(profile, ModbusProfile)
    points = [point for point in profile.points if point.table is Table.HOLDING]
    count = max(point.address + point.width for point in points)
    codec = BlockCodec(profile, points, table=Table.HOLDING, start=0, count=count)
    for values in moments:
        for name, (value, _) in zip(codec.signals, codec.decode(codec.encode(values)), strict=True):
            assert value == pytest.approx(values[name], rel=1e-6, abs=1), name
