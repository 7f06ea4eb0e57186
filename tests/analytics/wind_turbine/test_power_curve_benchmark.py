"""The round robin of the Power Curve Working Group: its records through our functions must give its published results.

``Benchmark_expected_results.xml`` of the working group holds the results; its tolerance is 1e-4.
"""

import csv
import gzip
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from analytics.wind_turbine.air import disc_area_m2, normalised_speed_mps
from analytics.wind_turbine.power_curve import BinnedCurve, method_of_bins
from analytics.wind_turbine.rotor_speed import rotor_equivalent_speed_mps, segment_shares, shear_exponent
from analytics.wind_turbine.turbulence import GRID_MPS, mean_power_kw, turbulence_effect_kw, zero_turbulence_curve
from analytics.window import FloatArray

FOLDER = Path(__file__).parents[3] / ".." / "shared" / "data" / "wind_pcwg"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="needs ../shared/data/wind_pcwg")
HUB_M, DIAMETER_M, RATED_KW = 96.0, 90.0, 2000.0
AREA_M2 = disc_area_m2(DIAMETER_M)
BINS = (
    (4.01292, 63.723334, 12),
    (5.06244, 208.198620, 29),
    (6.01236, 372.770268, 37),
    (7.03736, 602.342540, 63),
    (7.98938, 886.302097, 81),
    (9.00868, 1182.258656, 67),
    (9.93401, 1521.605744, 61),
    (10.99312, 1783.239382, 65),
    (12.00858, 1923.309858, 70),
    (12.99722, 1958.546666, 63),
    (13.95039, 1976.577200, 68),
    (15.05412, 1981.239696, 33),
    (16.03944, 1983.056190, 21),
    (16.73271, 1984.156369, 11),
)
PREFIX = {1: "LiDAR - {:.1f}m Wind Speed Mean", 2: "Lidar_WindSpeed_{:.0f}m_Mean", 3: "LiDAR_WindSpeed_{:.0f}m_Mean"}
HEIGHTS_M = {
    1: (52.5, 67.5, 77.5, 87.5, 97.5, 107.5, 117.5, 127.5, 137.5),
    2: (59.0, 69.0, 79.0, 89.0, 99.0, 109.0, 119.0, 129.0, 139.0),
    3: (60.0, 70.0, 80.0, 90.0, 100.0, 110.0, 120.0, 140.0),
}
"""Those between the tips, at 51 and 141 m."""
HUB_SPEED = {1: "Mast - 96.0m Wind Speed Mean", 2: "Mast_WindSpeed_96m_Mean", 3: "Mast_WindSpeed_96m_Mean"}
TURBULENCE = {
    1: "Mast - 96.0m Turbulence Intensity",
    2: "Mast_WindSpeed_96m_Turbulence_Intensity",
    3: "Mast_WindSpeed_96m_Turbulence_Intensity",
}


@cache
def columns(name: str, *, is_whole: bool = True) -> dict[str, FloatArray]:
    """Read a set; the working group leaves out rows in which something is missing (-99.9 or -99.99)."""
    with gzip.open(FOLDER / f"{name}.dat.gz", "rt") as text:
        header, *rows = csv.reader(text, delimiter="\t")
    values = np.array([row[1:] for row in rows], float)
    values = values[(values > -99).all(axis=1)] if is_whole else np.where(values > -99, values, np.nan)
    return dict(zip(header[1:], values.T, strict=True))


@cache
def measured_curve() -> tuple[BinnedCurve, FloatArray, int]:
    """Bins of records with inner turbulence and shear, the mean intensity of each, and how many records passed."""
    of = columns("Dataset 1 (with actual power)", is_whole=False)
    speed = normalised_speed_mps(speed_mps=of["Turbine Wind Speed Mean"], density_kg_per_m3=of["Turbine Density"])
    intensity, power = of["Mast - 96.0m Turbulence Intensity"], of["Turbine Power"]
    shear = shear_exponent(
        lower_mps=of["Mast - 40.0m Wind Speed Mean"], upper_mps=of["Mast - 89.1m Wind Speed Mean"], lower_m=40, upper_m=89.1
    )
    kept = (intensity >= 0.1) & (intensity <= 0.14) & (shear >= 0.15) & (shear <= 0.25) & (power > 0)
    curve = method_of_bins(speed_mps=speed[kept], power_kw=power[kept], bin_mps=1.0, least_records=10)
    turbulence = np.array([intensity[kept][np.floor(speed[kept] + 0.5) == centre].mean() for centre in curve.centre_mps])
    return curve, turbulence, int(kept.sum())


@cache
def stated_curve() -> tuple[FloatArray, FloatArray]:
    """The maker's curve, stated at an intensity of 0.1."""
    levels = ET.parse(FOLDER / "PowerCurve.xml").getroot().iter("{http://www.pcwg.org}PowerCurveLevel")
    rows = np.array([[float(field.text or "nan") for field in level] for level in levels])
    assert (rows[:, 2] == 0.1).all()
    return rows[:, 0], rows[:, 1]


def stated_kw(speed_mps: FloatArray) -> FloatArray:
    speed, power = stated_curve()
    return np.asarray(np.interp(speed_mps, speed, power, left=0, right=0), np.float64)


def at_hub(profile: FloatArray, heights: tuple[float, ...]) -> FloatArray:
    """Speed at hub height by the power law between the two heights about it."""
    below = max(index for index, height in enumerate(heights) if height < HUB_M)
    low, high = profile[below], profile[below + 1]
    shear = shear_exponent(lower_mps=low, upper_mps=high, lower_m=heights[below], upper_m=heights[below + 1])
    return np.asarray(low * (HUB_M / heights[below]) ** shear, np.float64)


def equivalent(number: int, *, veer: bool = False) -> FloatArray:
    """Rotor-equivalent speed at the hub: the profile's ratio to its own speed at hub height, times that of the mast."""
    of = columns(f"Dataset {number}")
    heights = HEIGHTS_M[number]
    profile = np.array([of[PREFIX[number].format(height)] for height in heights])
    shares = segment_shares(heights_m=heights, hub_height_m=HUB_M, diameter_m=DIAMETER_M)
    angles: FloatArray = np.zeros_like(profile)
    if veer:
        angles = np.array([of[f"LiDAR - {height:.1f}m Windvane Mean"] for height in heights])
        below = max(index for index, height in enumerate(heights) if height < HUB_M)
        rise = (angles[below + 1] - angles[below] + 180) % 360 - 180
        angles = angles - (angles[below] + rise * (HUB_M - heights[below]) / (heights[below + 1] - heights[below]))
    ratio = rotor_equivalent_speed_mps(speeds_mps=profile, shares=shares, veer_degrees=angles) / at_hub(profile, heights)
    return np.asarray(of[HUB_SPEED[number]] * ratio, np.float64)


def with_turbulence_kw(number: int, speed_mps: FloatArray) -> FloatArray:
    """Stated power at each record's intensity."""
    speed, power = stated_curve()
    calm = zero_turbulence_curve(speed_mps=speed, power_kw=power, turbulence=0.1, area_m2=AREA_M2)
    intensity = columns(f"Dataset {number}")[TURBULENCE[number]]
    effect = turbulence_effect_kw(calm, speed_mps=speed_mps, turbulence=intensity, reference=0.1)
    return np.asarray(np.clip(stated_kw(speed_mps) + effect, 0, RATED_KW), np.float64)


def test_the_fourteen_bins_are_those_of_the_working_group() -> None:
    curve, _, passed = measured_curve()
    assert passed == 947
    assert curve.records.tolist() == [records for _, _, records in BINS]
    assert curve.speed_mps == pytest.approx([speed for speed, _, _ in BINS], abs=1e-5)
    assert curve.power_kw == pytest.approx([power for _, power, _ in BINS], abs=1e-6)


def test_the_curve_without_turbulence_is_that_of_the_working_group() -> None:
    curve, turbulence, _ = measured_curve()
    calm = zero_turbulence_curve(speed_mps=curve.speed_mps, power_kw=curve.power_kw, turbulence=turbulence, area_m2=AREA_M2)
    assert calm.rated_kw == pytest.approx(1984.15637016, abs=1e-4)
    assert calm.rated_mps == pytest.approx(10.608281, abs=1e-4)
    assert calm.cut_in_mps == pytest.approx(4.012920, abs=1e-4)


@pytest.mark.parametrize(
    ("number", "veer", "expected"), [(1, "", 0.005083), (1, "with veer", 0.004019), (2, "", -0.002431), (3, "", -0.003406)]
)
def test_the_rotor_equivalent_speed_changes_the_energy_as_in_the_benchmark(number: int, veer: str, expected: float) -> None:
    base = stated_kw(columns(f"Dataset {number}")[HUB_SPEED[number]]).sum()
    assert stated_kw(equivalent(number, veer=bool(veer))).sum() / base - 1 == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("number", "expected"), [(1, 0.000072), (2, 0.005831), (3, -0.012374)])
def test_turbulence_changes_the_energy_as_in_the_benchmark(number: int, expected: float) -> None:
    speed = columns(f"Dataset {number}")[HUB_SPEED[number]]
    assert with_turbulence_kw(number, speed).sum() / stated_kw(speed).sum() - 1 == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("number", "expected"), [(1, 0.005271), (2, 0.003464), (3, -0.015835)])
def test_both_together_change_the_energy_as_in_the_benchmark(number: int, expected: float) -> None:
    base = stated_kw(columns(f"Dataset {number}")[HUB_SPEED[number]]).sum()
    assert with_turbulence_kw(number, equivalent(number)).sum() / base - 1 == pytest.approx(expected, abs=1e-4)


def test_production_by_height_changes_the_energy_as_in_the_benchmark() -> None:
    """-0.00174386: each height's power by its share of the disc, less the power of the profile's own speed at the hub."""
    of, heights = columns("Dataset 1"), HEIGHTS_M[1]
    profile = np.array([of[PREFIX[1].format(height)] for height in heights])
    shares = segment_shares(heights_m=heights, hub_height_m=HUB_M, diameter_m=DIAMETER_M)
    base = stated_kw(of[HUB_SPEED[1]]).sum()
    more = (shares @ stated_kw(profile) - stated_kw(at_hub(profile, heights))).sum()
    assert more / base == pytest.approx(-0.00174386, abs=1e-4)


def test_a_mean_over_turbulence_of_a_line_is_the_line() -> None:
    """Far from its ends a normal wind about 20 m/s on P = 10 V gives 200 kW at any intensity."""
    line = 10 * GRID_MPS
    assert mean_power_kw(speed_mps=[20.0, 20.0], turbulence=[0.05, 0.2], grid_kw=line) == pytest.approx([200, 200], rel=1e-6)
