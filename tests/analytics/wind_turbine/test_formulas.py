"""Air, bins, energy, rotor and fatigue: answers that are known from standards or worked out by hand."""

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from analytics.wind_turbine.air import (
    air_density_kg_per_m3,
    disc_area_m2,
    normalised_power_kw,
    normalised_speed_mps,
    power_coefficient,
)
from analytics.wind_turbine.energy_yield import annual_energy_mwh, annual_energy_uncertainty_mwh
from analytics.wind_turbine.fatigue import (
    Cycles,
    damage_equivalent_range,
    miner_sum,
    narrow_band_equivalent_range,
    rainflow,
    turning_points,
)
from analytics.wind_turbine.power_curve import Accuracy, completeness, method_of_bins, power_uncertainty_kw
from analytics.wind_turbine.rotor_speed import rotor_equivalent_speed_mps, segment_shares, shear_exponent
from analytics.wind_turbine.turbulence import mean_power_kw, zero_turbulence_curve
from analytics.window import FloatArray

CURVES = Path(__file__).parents[3] / ".." / "shared" / "data" / "wind_power_curves"


@pytest.mark.parametrize(
    ("kelvin", "pascal", "humidity", "density"),
    [(288.15, 101_325, 0, 1.225012), (288.15, 101_325, 0.5, 1.221231), (303.15, 95_000, 0.6, 1.080584)],
)
def test_the_density_of_moist_air(kelvin: float, pascal: float, humidity: float, density: float) -> None:
    """Worked out apart from the equation of IEC 61400-12-1:2017, 9.1.5."""
    found = air_density_kg_per_m3(
        temperature_celsius=kelvin - 273.15, pressure_kpa=pascal / 1000, humidity_percent=100 * humidity
    )
    assert float(found) == pytest.approx(density, abs=1e-6)


def test_air_that_cannot_be_has_no_density() -> None:
    found = air_density_kg_per_m3(
        temperature_celsius=[15, -300, np.nan, 15], pressure_kpa=[1.0, 101, 101, 101], humidity_percent=[50, 50, 50, 140]
    )
    assert np.isnan(found).all()


def test_thin_air_needs_more_wind_for_the_same_power() -> None:
    """At (10/11)³ of the standard density 11 m/s carry what 10 m/s carry at the standard one."""
    density = 1.225 * (10 / 11) ** 3
    assert float(normalised_speed_mps(speed_mps=11.0, density_kg_per_m3=density)) == pytest.approx(10.0)
    assert float(normalised_power_kw(power_kw=1000.0, density_kg_per_m3=1.225 / 2)) == pytest.approx(2000.0)


def test_the_reference_turbine_has_the_power_coefficients_of_its_table() -> None:
    """NREL's 5 MW turbine: the table gives C_p of the rotor's aerodynamics beside the electrical power (its 0.944 included)."""
    if not CURVES.exists():
        pytest.skip("needs ../shared/data/wind_power_curves")
    speed, power, coefficient = _reference("NREL_Reference_5MW_126.csv")[:, :3].T
    found = power_coefficient(power_kw=power, speed_mps=speed, area_m2=disc_area_m2(126.0))
    below_rated = (speed >= 6) & (speed <= 11)
    assert np.ptp(found[below_rated] / coefficient[below_rated]) < 0.03


@pytest.mark.parametrize(("mean_mps", "expected_mwh"), [(6, 10_729.42), (8, 18_544.80), (10, 24_456.41)])
def test_the_annual_energy_of_the_reference_turbine(mean_mps: float, expected_mwh: float) -> None:
    """Every row of NREL's 5 MW table as a bin, V_0 = V_1 - 0.5 with no power, Rayleigh; within 0.01 MWh."""
    if not CURVES.exists():
        pytest.skip("needs ../shared/data/wind_power_curves")
    speed, power = _reference("NREL_Reference_5MW_126.csv")[:, :2].T
    assert annual_energy_mwh(speed_mps=speed, power_kw=power, mean_mps=mean_mps) == pytest.approx(expected_mwh, abs=0.01)


def test_a_curve_that_was_not_measured_to_cut_out_is_held_on() -> None:
    """1000 kW from 0 to 25 m/s is 8760 MWh times the share of wind below 25 m/s."""
    speed = np.arange(0.5, 10.5, 0.5)
    power = np.full(len(speed), 1000.0)
    held = annual_energy_mwh(speed_mps=speed, power_kw=power, mean_mps=8, to_mps=25)
    below = 1 - np.exp(-np.pi / 4 * (25 / 8) ** 2)
    first = 1 - np.exp(-np.pi / 4 * (0.5 / 8) ** 2)
    assert held == pytest.approx(8760 * (below - first / 2), rel=1e-9)
    assert annual_energy_mwh(speed_mps=speed, power_kw=power, mean_mps=8) < held


def test_random_errors_average_out_and_systematic_ones_add_up() -> None:
    """Of a curve held constant: a common error of 10 kW is 1 % of 1000 kW, and so of the energy."""
    speed, power = np.arange(3.0, 20.0, 0.5), np.full(34, 1000.0)
    energy = annual_energy_mwh(speed_mps=speed, power_kw=power, mean_mps=7)
    ten, none = np.full(34, 10.0), np.zeros(34)
    together = annual_energy_uncertainty_mwh(speed_mps=speed, random_kw=none, systematic_kw=ten, mean_mps=7)
    by_chance = annual_energy_uncertainty_mwh(speed_mps=speed, random_kw=ten, systematic_kw=none, mean_mps=7)
    assert together == pytest.approx(0.01 * energy)
    assert by_chance < 0.4 * together


@pytest.mark.parametrize("speed", [[], [5.0, 4.0], [5.0, 5.0]])
def test_a_curve_out_of_order_has_no_energy(speed: list[float]) -> None:
    with pytest.raises(ValueError, match="order of speed"):
        annual_energy_mwh(speed_mps=speed, power_kw=np.ones(len(speed)), mean_mps=7)
    with pytest.raises(ValueError, match="mean wind speed"):
        annual_energy_mwh(speed_mps=[4.0, 5.0], power_kw=[1.0, 2.0], mean_mps=0)


def test_bins_lie_about_multiples_and_need_their_records() -> None:
    speed = [4.9, 5.0, 5.24, 5.25, 5.3, 5.5, 9.0, np.nan]
    power = [1.0, 2.0, 3.0, 10.0, 20.0, 30.0, 99.0, 5.0]
    curve = method_of_bins(speed_mps=speed, power_kw=power)
    assert curve.centre_mps.tolist() == [5.0, 5.5]
    assert curve.power_kw.tolist() == [2.0, 20.0]
    assert curve.records.tolist() == [3, 3]
    assert curve.deviation_kw.tolist() == [1.0, 10.0]
    with pytest.raises(ValueError, match="bins of 0"):
        method_of_bins(speed_mps=speed, power_kw=power, bin_mps=0)


def test_a_bins_uncertainty_is_made_of_scatter_and_instruments() -> None:
    """Three bins of slope 200 kW/(m/s), scatter 30 kW of 9 records, u_P 5 kW, u_V 0.1 m/s, u_T 1 K, u_B 0.5 kPa, by hand."""
    step = np.tile([-30.0, 0, 30], 3) * np.sqrt(8 / 6)
    speed = np.concatenate([np.full(9, 5.0), np.full(9, 6.0), np.full(9, 7.0)])
    power = np.concatenate([200 + step, 400 + step, 600 + step])
    curve = method_of_bins(speed_mps=speed, power_kw=power, bin_mps=1)
    found = power_uncertainty_kw(curve, Accuracy(power_kw=5, speed_mps=0.1, temperature_celsius=1, pressure_kpa=0.5))
    by_hand = [np.sqrt(10**2 + 5**2 + 20**2 + (p / 288.15) ** 2 + (p / 101.325 * 0.5) ** 2) for p in (200, 400, 600)]
    assert found == pytest.approx(by_hand)


def test_a_curve_is_complete_when_its_range_is_filled() -> None:
    """From cut-in less 1 m/s to 1.5 times the speed at 85 % of rated power, and 180 h."""
    speed = np.repeat(np.arange(2.0, 15.5, 0.5), 50)
    power = np.clip(500 * (speed - 4), 0, 2000)  # 85 % at 7.4 m/s: to 11.1 m/s
    whole = completeness(method_of_bins(speed_mps=speed, power_kw=power), rated_kw=2000, cut_in_mps=3)
    assert whole.is_complete
    assert (whole.from_mps, whole.to_mps) == pytest.approx((2.0, 11.1))
    assert whole.hours == pytest.approx(27 * 50 / 6)
    holed = method_of_bins(speed_mps=speed[speed != 9], power_kw=power[speed != 9])
    assert completeness(holed, rated_kw=2000, cut_in_mps=3).missing_mps == (9.0,)
    short = completeness(method_of_bins(speed_mps=speed[::10], power_kw=power[::10]), rated_kw=2000, cut_in_mps=3)
    assert not short.is_complete
    weak = completeness(method_of_bins(speed_mps=speed, power_kw=power / 2), rated_kw=2000, cut_in_mps=3)
    assert not weak.is_complete


def test_segments_of_a_rotor_add_up_to_its_disc() -> None:
    shares = segment_shares(heights_m=[60, 80, 100, 120, 140], hub_height_m=100, diameter_m=90)
    assert shares.sum() == pytest.approx(1)
    assert shares == pytest.approx(shares[::-1])
    assert segment_shares(heights_m=[80, 120], hub_height_m=100, diameter_m=90) == pytest.approx([0.5, 0.5])
    for wrong in ([100, 80], [40, 100], []):
        with pytest.raises(ValueError, match="heights"):
            segment_shares(heights_m=wrong, hub_height_m=100, diameter_m=90)


def test_a_rotor_in_even_wind_feels_that_wind() -> None:
    shares = segment_shares(heights_m=[60, 100, 140], hub_height_m=100, diameter_m=90)
    even = np.full((3, 1), 8.0)
    assert rotor_equivalent_speed_mps(speeds_mps=even, shares=shares) == pytest.approx([8])
    turned = rotor_equivalent_speed_mps(speeds_mps=even, shares=shares, veer_degrees=np.full((3, 1), 10.0))
    assert turned == pytest.approx([8 * np.cos(np.radians(10))])


def test_the_shear_exponent_of_a_power_law() -> None:
    """V(80) / V(40) = 2^0.2."""
    found = shear_exponent(lower_mps=[5.0, 0.0], upper_mps=[5 * 2**0.2, 5.0], lower_m=40, upper_m=80)
    assert found[0] == pytest.approx(0.2)
    assert np.isnan(found[1])
    with pytest.raises(ValueError, match="heights"):
        shear_exponent(lower_mps=1.0, upper_mps=1.0, lower_m=80, upper_m=40)


def test_a_curve_without_power_has_none_without_turbulence() -> None:
    with pytest.raises(ValueError, match="without power"):
        zero_turbulence_curve(speed_mps=[4.0, 5.0], power_kw=[0.0, 0.0], turbulence=0.1, area_m2=100)
    assert np.isnan(mean_power_kw(speed_mps=[np.nan, 8.0], turbulence=[0.1, 0.0], grid_kw=np.ones(500))).all()


def test_rainflow_counts_the_standards_example() -> None:
    """ASTM E1049-85, figure 6: -2 1 -3 5 -1 3 -4 4 -2; ranges 3: 0.5, 4: 1.5, 6: 0.5, 8: 1, 9: 0.5 cycles."""
    cycles = rainflow([-2, 1, -3, 5, -1, 3, -4, 4, -2])
    table = {float(size): float(cycles.counts[cycles.ranges == size].sum()) for size in np.unique(cycles.ranges)}
    assert table == {3: 0.5, 4: 1.5, 6: 0.5, 8: 1.0, 9: 0.5}


def test_rainflow_agrees_with_counting_point_by_point() -> None:
    """The standard's own three-point rule, one point after the other, on random signals, equal ranges among them."""
    for seed in range(6):
        dice = np.random.default_rng(seed)
        signal = dice.normal(size=300) if seed % 2 else dice.integers(0, 6, 300).astype(float)
        found, slow = rainflow(signal), _three_point(turning_points(signal))
        for exponent in (1, 3, 10):
            assert float(found.counts @ found.ranges**exponent) == pytest.approx(sum(c * s**exponent for s, c in slow))


def test_rainflow_of_nothing_is_nothing() -> None:
    for signal in ([], [1.0], [np.nan, np.nan], [2.0, 2.0, 2.0]):
        assert rainflow(signal).counts.sum() == 0
    assert rainflow([0.0, np.nan, 5.0]).ranges.tolist() == [5.0]


def test_equal_cycles_are_their_own_equivalent() -> None:
    cycles = Cycles(np.full(100, 7.0), np.zeros(100), np.ones(100))
    assert damage_equivalent_range(cycles, exponent=4, equivalent_cycles=100) == pytest.approx(7)
    # Sixteen times as few cycles of twice the range, at an exponent of 4.
    assert damage_equivalent_range(cycles, exponent=4, equivalent_cycles=100 / 16) == pytest.approx(14)
    with pytest.raises(ValueError, match="exponent"):
        damage_equivalent_range(cycles, exponent=0, equivalent_cycles=1)


def test_miners_sum_of_a_million_cycles_is_one() -> None:
    cycles = Cycles(np.array([50.0, 100.0]), np.zeros(2), np.array([1e6, 1e6]))
    # Half the range wears 2^3 times less.
    assert miner_sum(cycles, exponent=3, range_at_a_million=100) == pytest.approx(1 + 1 / 8)
    with pytest.raises(ValueError, match="slope"):
        miner_sum(cycles, exponent=3, range_at_a_million=0)


def test_a_narrow_band_signal_has_the_equivalent_of_its_cycles() -> None:
    """A swinging structure, counted cycle by cycle, against its rms alone: within 3 %."""
    dice = np.random.default_rng(4)
    rate_hz, own_hz, damping = 20.0, 0.3, 0.01
    angle, radius = 2 * np.pi * own_hz / rate_hz, 1 - damping * 2 * np.pi * own_hz / rate_hz
    from scipy.signal import lfilter

    signal = lfilter([1.0], [1, -2 * radius * np.cos(angle), radius**2], dice.normal(size=500_000))
    signal /= signal.std()
    cycles = rainflow(signal[10_000:])
    counted = damage_equivalent_range(cycles, exponent=4, equivalent_cycles=float(cycles.counts.sum()))
    # Small ripples add cycles without damage; count those that cross the mean.
    counted *= (cycles.counts.sum() / (len(signal) * own_hz / rate_hz)) ** (1 / 4)
    assert counted == pytest.approx(narrow_band_equivalent_range([1.0, np.nan], exponent=4), rel=0.03)
    assert np.isnan(narrow_band_equivalent_range([np.nan], exponent=4))


def _three_point(points: FloatArray) -> list[tuple[float, float]]:
    """Count by ASTM E1049-85, 5.4.4, as it stands there."""
    stack: list[float] = []
    counted: list[tuple[float, float]] = []
    for point in points.tolist():
        stack.append(point)
        while len(stack) >= 3:
            newest, before = abs(stack[-1] - stack[-2]), abs(stack[-2] - stack[-3])
            if newest < before:
                break
            if len(stack) == 3:
                counted.append((before, 0.5))
                stack.pop(0)
            else:
                counted.append((before, 1.0))
                last = stack.pop()
                del stack[-2:]
                stack.append(last)
    return counted + [(abs(b - a), 0.5) for a, b in pairwise(stack)]


def _reference(name: str) -> FloatArray:
    with (CURVES / name).open() as text:
        _, *rows = csv.reader(text)
    return np.array([[float(cell) for cell in row] for row in rows])
