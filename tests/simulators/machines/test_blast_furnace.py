"""What a blast furnace of 2500 m³ can and cannot do, held against figures that are not ours."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusProfile, Table, load_profile
from simulators.fleet import JINAN
from simulators.machine_faults import Growth
from simulators.machines.blast_furnace import BLOWING, OFF_BLAST, REDUCED_BLAST, BlastFurnace
from simulators.physics import blast_furnace_balances as balances

Numbers = npt.NDArray[np.float64]
Record = dict[str, Numbers]
MONDAY = datetime(2026, 6, 22, 8, tzinfo=JINAN)
DAYS = 3


def run(machine: BlastFurnace, *, hours: float, every_seconds: float = 300.0) -> Record:
    """Live on and give the signals as they are read, shape ``(rows, n)``."""
    rows = []
    for _ in range(round(hours * 3600 / every_seconds)):
        machine.step(every_seconds)
        rows.append(machine.values())
    return {name: np.array([row[name] for row in rows], dtype=float) for name in machine.kind.numeric_signals}


@cache
def lived() -> tuple[BlastFurnace, Record]:
    machine = BlastFurnace(seeds=range(1, 9), start=MONDAY)
    return machine, run(machine, hours=24 * DAYS)


def healthy() -> Record:
    return lived()[1]


def grown(record: Record, name: str) -> Numbers:
    return np.asarray(record[name][-1] - record[name][0])


def at_full_blast(record: Record, name: str) -> Numbers:
    return np.asarray(record[name][record["state"] == BLOWING])


# --- balances as pure functions --------------------------------------------------------------------------------------------


def test_a_textbooks_exercise_of_gas_and_slag_comes_out() -> None:
    # A classic exercise: 160 kg Fe2O3, 54 SiO2, 20 Al2O3, 100 CaCO3 and 78 of carbon with 266 m³ of air make pig iron of
    # 95 % Fe, 4 % C, 1 % Si. Answers: 117.8 kg of pig, 25.06 % CO, 18.04 % CO2, 56.90 % N2, 127.5 kg of slag.
    pig_kg = 160 / 159.69 * 2 * balances.IRON / 0.95
    silicon_kg, limestone = 0.01 * pig_kg, 100 / 100.09
    gas = balances.top_gas(
        carbon=np.array([78 / balances.CARBON + limestone - 0.04 * pig_kg / balances.CARBON]),
        oxygen=np.array([3 * 160 / 159.69 + 2 * limestone + 2 * silicon_kg / balances.SILICON + 2 * 0.21 * 266 / 22.414]),
        hydrogen=np.zeros(1),
        nitrogen=np.array([0.79 * 266 / 22.414]),
        hydrogen_utilization=np.zeros(1),
    )
    assert pig_kg == pytest.approx(117.80, abs=0.01)
    assert (gas.co2 / (gas.co + gas.co2)).item() == pytest.approx(0.4185, abs=0.0001)
    found = [(100 * part / gas.dry).item() for part in (gas.co, gas.co2, gas.n2)]
    assert found == pytest.approx([25.06, 18.04, 56.90], abs=0.02)
    oxides_kg = np.array([54 + 20 + limestone * 56.08])
    assert balances.slag_kg(oxides_kg, np.array([silicon_kg])).item() == pytest.approx(127.5, abs=0.1)


def test_a_kilogram_of_carbon_burns_to_1_867_volumes_of_gas_from_oxygen() -> None:
    # C + O2/2 = CO: 22.414 / 12.011 m³ of CO per kg, and so twice the oxygen's volume.
    none = np.zeros(1)
    oxygen_m3 = np.array([22.414 / 12.011 / 2])
    found = balances.bosh_gas_m3(blast_m3=none, oxygen_m3=oxygen_m3, humidity_g_per_m3=none, coal_hydrogen_kg=none)
    assert found.item() == pytest.approx(1.866, abs=0.001)


def test_air_of_25_degrees_and_half_saturated_holds_13_grams_of_water() -> None:
    # 3.169 kPa at saturation in steam tables; half of it in 101.325 kPa is 12.8 g in a m³ of dry air at 0 °C.
    water = balances.water_g_per_m3(air_c=np.array([25.0]), humidity_percent=np.array([50.0]), air_kpa=np.array([101.325]))
    assert water.item() == pytest.approx(12.77, abs=0.1)


# --- the healthy furnace against real ones -----------------------------------------------------------------------------------

REAL: list[tuple[str, float, float]] = [
    # least and most of the furnace whose records are public (GitHub ylkyc/ironmaking-zju, Zhejiang University)
    ("blast_volume", 320_000, 370_000),
    ("cold_blast_pressure", 0.42, 0.45),
    ("hot_blast_pressure", 0.40, 0.45),
    ("top_pressure", 217, 230),
    ("pressure_drop_total", 178, 211),
    ("hot_blast_temperature", 940, 1186),
    ("cold_blast_temperature", 201, 224),
    ("blast_humidity", 10, 17),
    ("oxygen_flow", 11_300, 18_400),
    ("oxygen_enrichment", 2.6, 4.0),
    ("coal_injection_rate", 33, 49),
    ("bosh_gas_volume", 7500, 8137),
    ("bosh_gas_index", 76, 83),
    ("blast_velocity", 242, 292),
    ("flame_temperature", 2081, 2294),
    *((f"top_temperature_{sector}", 125, 271) for sector in range(1, 5)),
    ("hot_metal_si", 0.17, 0.96),
    # usual for furnaces of this kind
    ("top_gas_co", 20, 25),
    ("top_gas_co2", 17, 22),
    ("gas_utilization", 45, 52),
    ("hot_metal_temperature", 1480, 1520),
]


@pytest.mark.parametrize(("signal", "low", "high"), REAL)
def test_a_healthy_furnace_works_where_a_real_one_does(signal: str, low: float, high: float) -> None:
    values = at_full_blast(healthy(), signal)
    assert np.mean((values >= low) & (values <= high)) > 0.95


def test_silicon_is_that_of_the_real_furnace_in_mean_and_spread() -> None:
    # Mean 0.465; a constant misses by 0.117 (root mean square) in the public records, whose campaign is longer than ours.
    silicon = at_full_blast(healthy(), "hot_metal_si")
    assert silicon.mean() == pytest.approx(0.465, abs=0.03)
    assert 0.06 < silicon.std() < 0.13


def test_output_and_fuel_are_those_of_gb_50427() -> None:
    # GB 50427: t/(m³ d) of effective volume, at most 2.5 by design from 2000 m³ on; fuel is the plain sum of coke and coal.
    record = healthy()
    iron_t = grown(record, "hot_metal_total")
    output = iron_t / (DAYS - 300 / 86_400) / 2500
    coke, coal = (1000 * grown(record, name) / iron_t for name in ("coke_total", "coal_total"))
    assert 2.0 < output.min() < output.mean() < 2.5
    assert output.max() < 2.55
    assert 330 < coke.min() < coke.max() < 400
    assert 140 < coal.min() < coal.max() < 185
    assert 500 < (coke + coal).mean() < 545
    assert 30 < (grown(record, "trt_energy_total") / iron_t).mean() < 55  # kWh/t of turbines behind dry cleaning


def test_bosh_gas_regressed_on_a_day_has_the_coefficients_of_stoichiometry() -> None:
    # The public records give 1.209, 1.997 and 44.37; by stoichiometry 1.21, 2.00 and 44.8 (2 x 22.4).
    machine, rows = BlastFurnace(seeds=range(8), start=MONDAY), []
    for _ in range(48):
        machine.step(1800)
        rows.append(machine.true_values())
    names = ("blast_volume", "oxygen_flow", "blast_humidity", "coal_injection_rate", "bosh_gas_volume")
    wind, oxygen, humidity, coal, bosh_gas = (np.array([row[name] for row in rows], dtype=float).ravel() for name in names)
    steam = humidity * (wind + oxygen) / 60 / 18_000
    columns = np.stack([wind / 60, oxygen / 60, steam, 11.2 * coal * 1000 / 60], axis=1)
    found, *_ = np.linalg.lstsq(columns, bosh_gas, rcond=None)
    assert found[0] == pytest.approx(1.21, abs=0.01)
    assert found[1] == pytest.approx(2.00, abs=0.02)
    assert found[2] == pytest.approx(44.8, abs=2)


def test_bosh_gas_agrees_with_the_readings_as_well_as_on_a_real_furnace() -> None:
    # The public records leave 13 m³/min of 7943.
    record = healthy()
    wind, oxygen, coal = record["blast_volume"] / 60, record["oxygen_flow"] / 60, record["coal_injection_rate"] * 1000 / 60
    steam = record["blast_humidity"] * (wind + oxygen) / 18_000
    error = record["bosh_gas_volume"] - 1.21 * wind - 2.00 * oxygen - 44.8 * steam - 11.2 * coal * 0.051
    assert np.abs(error).mean() < 20


def test_the_permeability_index_is_blast_over_pressure_drop() -> None:
    # The plant's own index: 100 x 10⁴ m³/h over kPa, within 1 %.
    found = at_full_blast(healthy(), "blast_volume") / 100 / at_full_blast(healthy(), "pressure_drop_total")
    ratio = found / at_full_blast(healthy(), "permeability_index")
    assert ratio.mean() == pytest.approx(1, abs=0.003)
    assert ratio.std() < 0.01


def test_pressure_drop_is_hot_blast_less_top_and_the_hearth_has_98_square_metres() -> None:
    record = healthy()
    difference = record["pressure_drop_total"] - (1000 * record["hot_blast_pressure"] - record["top_pressure"])
    assert difference.mean() == pytest.approx(0, abs=1.0)
    assert record["bosh_gas_volume"] / record["bosh_gas_index"] == pytest.approx(98.5, abs=0.1)


# --- balances of the machine -------------------------------------------------------------------------------------------------


def test_iron_charged_is_iron_tapped_and_in_stock_within_a_thousandth() -> None:
    after, before = lived()[0], BlastFurnace(seeds=range(1, 9), start=MONDAY)
    changes = {
        name: np.array(after.true_values()[name], dtype=float) - np.array(before.true_values()[name], dtype=float)
        for name in ("ore_total", "hot_metal_total")
    }
    hearth_t = 0.945 * (after.cast_house.hearth_t - before.cast_house.hearth_t)
    way_t = (after.burden.ore_kmol - before.burden.ore_kmol) * balances.IRON / 1000
    line_t = 32.8 * (before.burden.depth_m - after.burden.depth_m)  # a metre of mixed layers in a throat of 54 m²
    kept_t = hearth_t + way_t + line_t
    assert (0.945 * changes["hot_metal_total"] + kept_t).sum() == pytest.approx(0.585 * changes["ore_total"].sum(), rel=0.001)
    assert np.abs(kept_t).max() < 500


def test_iron_is_neither_made_nor_lost_in_the_furnace() -> None:
    machine = BlastFurnace(seeds=range(1, 5), start=MONDAY)
    machine.faults.order("hanging", Growth(), at=machine.now, machine=1)
    before = tapped(machine) + 0.945 * machine.cast_house.hearth_t
    reduced_kmol = machine.full(0.0)
    for _ in range(600):
        machine.step(60)
        reduced_kmol = reduced_kmol + machine.iron_kmol_per_min
    made_t = tapped(machine) + 0.945 * machine.cast_house.hearth_t - before
    assert made_t == pytest.approx(reduced_kmol * balances.IRON / 1000, rel=1e-6)


def tapped(machine: BlastFurnace) -> Numbers:
    return 0.945 * np.array(machine.true_values()["hot_metal_total"], dtype=float)


@pytest.mark.parametrize("fault", ["", "hanging", "cooling", "coal_lance_loss"])
def test_carbon_oxygen_hydrogen_and_nitrogen_close_within_a_thousandth(fault: str) -> None:
    machine = BlastFurnace(seeds=[1, 2, 3], start=MONDAY)
    if fault:
        machine.faults.order(fault, Growth(), at=machine.now, machine=1)
    machine.step(600)
    true = {name: np.array(value, dtype=float) for name, value in machine.true_values().items()}
    arrives = (1 - machine.blast_loss_share) / 60 / 22.414
    coal = true["coal_injection_rate"] * 1000 / 60
    steam = arrives * true["blast_humidity"] * (true["blast_volume"] + true["oxygen_flow"]) * 22.414 / 18_015
    carbon_in = machine.coke_carbon_kmol_per_min + 0.80 * coal / 12.011
    carbon_in_metal = 1000 * 0.046 / 12.011 * machine.iron_kmol_per_min * 55.845 / 945
    ore_oxygen = machine.iron_kmol_per_min * (1.455 + 0.024)
    oxygen_in = arrives * 2 * (0.21 * true["blast_volume"] + true["oxygen_flow"]) + steam + 0.05 * coal / 15.999 + ore_oxygen
    gas = machine.gas
    assert gas.co + gas.co2 + carbon_in_metal == pytest.approx(carbon_in, rel=1e-3)
    assert gas.co + 2 * gas.co2 + gas.h2o == pytest.approx(oxygen_in, rel=1e-3)
    assert gas.h2 + gas.h2o == pytest.approx(steam + 0.051 * coal / 2.016, rel=1e-3)
    assert gas.n2 == pytest.approx(arrives * 0.79 * true["blast_volume"], rel=1e-3)


def test_a_plants_own_account_of_carbon_closes_over_days() -> None:
    # Coke and coal against gas flow times analysis and carbon in the metal, all as read: plants hold it within 2 to 3 %.
    record = healthy()
    carbon_in_t = 0.875 * grown(record, "coke_total") + 0.80 * grown(record, "coal_total")
    gas_kg_per_h = record["bfg_flow"] * (record["top_gas_co"] + record["top_gas_co2"]) / 100 * 12.011 / 22.414
    carbon_out_t = gas_kg_per_h[1:].sum(axis=0) * 300 / 3600 / 1000 + 0.046 * grown(record, "hot_metal_total")
    assert carbon_out_t == pytest.approx(carbon_in_t, rel=0.03)
    assert carbon_out_t.sum() == pytest.approx(carbon_in_t.sum(), rel=0.01)


def test_ten_kilograms_of_coke_more_warm_the_hearth_once_they_have_come_down() -> None:
    # Rule of the trade: 40 to 60 kg/t of coke for a point of silicon, so 0.17 to 0.25 for 10 kg; operators take some back.
    usual, richer = (BlastFurnace(seeds=range(1, 7), start=MONDAY) for _ in range(2))
    richer.burden.coke_kg_per_kmol = richer.burden.coke_kg_per_kmol + 10 / 16.92
    rise_k: list[float] = []
    for _ in range(2):
        for machine in (usual, richer):
            machine.step(3600 * (2 if not rise_k else 18))
        rise_k.append(float(np.mean(richer.metal_c - usual.metal_c)))
    assert abs(rise_k[0]) < 2
    assert 0.08 < 0.0105 * rise_k[1] < 0.25


def test_coal_cools_first_and_warms_later() -> None:
    # The inverse response that every operator knows: coal lowers the flame at once, and spares coke for hours.
    machine = BlastFurnace(seeds=[3, 3], start=MONDAY)
    machine.faults.order("coal_lance_loss", Growth(severity=0.5), at=machine.now)
    machine.step(240)
    early_k = np.diff(machine.metal_c).item()
    machine.step(10 * 3600)
    assert early_k < 0 < np.diff(machine.metal_c).item()


# --- days of a furnace --------------------------------------------------------------------------------------------------------


def test_a_dozen_casts_a_day_of_half_a_thousand_tonnes() -> None:
    casts = np.sum(np.diff(healthy()["tap_open"], axis=0) == -1, axis=0) / DAYS
    assert 9 < casts.min() < casts.max() < 15
    mass = at_full_blast(healthy(), "hot_metal_mass")
    assert 400 < mass.mean() < 600
    slag_ratio = grown(healthy(), "slag_total") / grown(healthy(), "hot_metal_total")
    assert slag_ratio == pytest.approx(0.33, abs=0.03)  # 300 to 350 kg/t with sinter of the usual grade


def test_the_stock_line_saws_between_its_marks() -> None:
    line = at_full_blast(healthy(), "stockline_2")
    assert 0.4 < line.min() < line.max() < 1.8
    a_day = grown(healthy(), "charge_count") / DAYS
    assert 140 < a_day.min() < a_day.max() < 180


def test_one_stove_is_on_blast_and_gives_the_same_wind() -> None:
    record = healthy()
    firing = sum((record[f"stove_gas_flow_{stove}"] > 0).astype(int) for stove in range(1, 4))
    assert set(np.unique(np.asarray(firing))) == {1, 2}
    assert at_full_blast(record, "hot_blast_temperature").std() < 15


def test_two_furnaces_are_not_alike() -> None:
    means = healthy()["permeability_index"].mean(axis=0)
    assert means.std() > 0.1
    assert len(np.unique(np.round(healthy()["charge_sinter_mass"][0], 3))) == 8


def test_a_stop_and_a_cut_show_in_the_state_and_the_furnace_comes_back() -> None:
    machine = BlastFurnace(seeds=[1, 2], start=MONDAY)
    machine.cut_seconds, machine.cut_share = machine.full(4.1 * 3600), np.array([0.0, 0.75])
    record = run(machine, hours=4, every_seconds=60)
    assert set(record["state"][60:, 0]) == {OFF_BLAST}
    assert set(record["state"][60:, 1]) == {REDUCED_BLAST}
    assert record["blast_volume"][-1, 0] < 1
    assert record["hot_blast_pressure"][-1, 0] < 0.01
    assert np.ptp(record["hot_metal_total"][180:, 0]) == 0
    assert record["trt_power"][-1, 0] == 0
    back = run(machine, hours=6)
    assert set(back["state"][-12:].ravel()) == {BLOWING}
    assert np.all(back["hot_metal_temperature"][-1] > 1440)


def test_a_furnace_does_not_care_with_which_step_it_is_moved() -> None:
    coarse, fine = (
        run(BlastFurnace(seeds=[1, 2], start=MONDAY), hours=6, every_seconds=every_seconds) for every_seconds in (60.0, 10.0)
    )
    for name, within in (("hot_metal_total", 0.06), ("ore_total", 0.06), ("coal_total", 0.03), ("trt_energy_total", 0.03)):
        assert grown(coarse, name) == pytest.approx(grown(fine, name), rel=within), name


# --- faults --------------------------------------------------------------------------------------------------------------------

ORDER = list(BlastFurnace.FAULTS)
STRUCK = {"channelling": "2", "tuyere_leak": "3", "water_leak": "5", "hearth_erosion": "4", "stave_loss": "6"}


@cache
def faulty() -> Record:
    """Half a day of one furnace with each fault from its third hour; the last column has none."""
    machine = BlastFurnace(seeds=[4] * (len(ORDER) + 1), start=MONDAY)
    for index, fault in enumerate(ORDER):
        machine.faults.order(fault, Growth(from_seconds=7200), at=machine.now, machine=index, part=STRUCK.get(fault, ""))
    return run(machine, hours=14, every_seconds=60)


def change(fault: str, signals: Sequence[str]) -> Numbers:
    """Give the change of the mean in its last nine hours, of each signal."""
    late = {name: faulty()[name][300:] for name in signals}
    return np.array([values[:, ORDER.index(fault)].mean() - values[:, -1].mean() for values in late.values()])


SIGNATURES: list[tuple[str, str, float, float]] = [
    # fault, signal, and between which changes its mean moves
    ("channelling", "top_temperature_2", 75, 130),
    ("channelling", "permeability_index", 1.5, 7),
    ("channelling", "pressure_drop_total", -50, -15),
    ("channelling", "blast_volume", 5000, 30_000),
    ("channelling", "top_gas_co", 0.4, 3),
    ("channelling", "gas_utilization", -4, -0.7),
    ("channelling", "stockline_2", 0.2, 0.5),
    ("channelling", "stave_temperature_5", 4, 15),
    ("cooling", "pressure_drop_total", -25, -6),
    ("cooling", "blast_volume", 3000, 15_000),
    ("cooling", "permeability_index", 0.7, 3),
    ("cooling", "gas_utilization", -4, -1),
    ("cooling", "hot_metal_si", -0.6, -0.2),
    ("cooling", "hot_metal_temperature", -90, -35),
    ("heating", "pressure_drop_total", 5, 25),
    ("heating", "blast_volume", -12_000, -2500),
    ("heating", "permeability_index", -3, -0.6),
    ("heating", "gas_utilization", 1, 4),
    ("heating", "hot_metal_si", 0.25, 0.8),
    ("heating", "hot_metal_temperature", 25, 80),
    ("low_line", "stockline_1", 1.2, 1.8),
    ("low_line", "top_temperature_1", 80, 150),
    ("low_line", "permeability_index", 0.3, 2),
    ("tuyere_leak", "top_gas_h2", 0.4, 1),
    ("tuyere_leak", "tuyere_water_out_flow_3", -4, -3),
    ("tuyere_leak", "hot_metal_temperature", -80, -15),
    ("water_leak", "top_gas_h2", 0.4, 1),
    ("water_leak", "stave_water_makeup", 3, 4),
    ("hearth_erosion", "hearth_temperature_inner_4", 150, 350),
    ("hearth_erosion", "hearth_temperature_outer_4", 50, 120),
    ("stave_loss", "stave_temperature_6", 40, 80),
    ("stave_loss", "stave_water_out_temperature_6", 4, 9),
    ("coal_lance_loss", "coal_injection_rate", -9, -5),
    ("coal_lance_loss", "flame_temperature", 25, 60),
    ("coal_lance_loss", "hot_metal_temperature", -80, -25),
    ("gas_analyser_drift", "top_gas_co2", -2, -1.6),
    ("gas_analyser_drift", "gas_utilization", -3, -1.5),
]


@pytest.mark.parametrize(("fault", "signal", "low", "high"), SIGNATURES)
def test_a_fault_moves_its_signature(fault: str, signal: str, low: float, high: float) -> None:
    assert low < change(fault, [signal]).item() < high


@pytest.mark.parametrize("fault", ["water_leak", "hearth_erosion", "stave_loss", "gas_analyser_drift"])
def test_a_fault_of_walls_or_sensors_leaves_blast_and_burden_alone(fault: str) -> None:
    signals = ("pressure_drop_total", "blast_volume", "permeability_index", "stockline_1")
    healthy_means = np.array([faulty()[name][300:, -1].mean() for name in signals])
    assert np.abs(change(fault, signals) / healthy_means) == pytest.approx(0, abs=0.02)


def test_a_burden_that_hangs_stands_still_closes_the_bed_and_slips() -> None:
    hung, usual = (
        {name: values[:, column] for name, values in faulty().items()} for column in (ORDER.index("hanging"), len(ORDER))
    )
    stands, falls = slice(126, 144), slice(144, 152)
    assert np.ptp(hung["stockline_1"][stands]) < 0.25 < np.ptp(usual["stockline_1"][stands])
    assert hung["pressure_drop_total"][143] > 1.15 * usual["pressure_drop_total"][143]
    assert hung["permeability_index"][143] < 0.85 * usual["permeability_index"][143]
    assert hung["blast_volume"][143] < 0.96 * usual["blast_volume"][143]
    assert hung["gas_utilization"][143] < usual["gas_utilization"][143] - 5
    assert np.diff(hung["stockline_1"][140:152]).max() > 0.5
    assert hung["top_pressure"][falls].max() > usual["top_pressure"][falls].max() + 8
    assert hung["pressure_drop_total"][150] < usual["pressure_drop_total"][150]


def test_a_furnace_that_slips_drops_several_times_a_shift() -> None:
    drops = [np.sum(np.diff(faulty()["stockline_1"][120:, column]) > 0.5) for column in (ORDER.index("slip"), len(ORDER))]
    assert drops[0] >= 12
    assert drops[1] == 0


def test_every_fault_has_a_signature_that_is_checked() -> None:
    assert {fault for fault, *_ in SIGNATURES} | {"hanging", "slip"} == BlastFurnace.FAULTS.keys()


def test_a_mended_furnace_recovers() -> None:
    machine = BlastFurnace(seeds=[4, 4], start=MONDAY)
    machine.faults.order("heating", Growth(for_seconds=4 * 3600), at=machine.now)
    warm_k = np.diff(run(machine, hours=4)["hot_metal_temperature"][-1]).item()
    back_k = np.diff(run(machine, hours=14)["hot_metal_temperature"][-1]).item()
    assert abs(back_k) < 0.35 * abs(warm_k)


def test_every_value_fits_into_the_registers_whatever_is_wrong() -> None:
    profile = load_profile("blast_furnace/plc_modbus")
    assert isinstance(profile, ModbusProfile)
    count = max(point.address + point.width for point in profile.points)
    codec = BlockCodec(profile, profile.points, table=Table.HOLDING, start=0, count=count)
    for row in range(0, 840, 40):
        for column in range(len(ORDER) + 1):
            assert codec.encode({name: float(values[row, column]) for name, values in faulty().items()})
