"""Modules and strings, held against pvlib 0.16.1 and against curves computed to many digits."""

from datetime import datetime

import numpy as np
import pytest

from simulators.dice import Array
from simulators.fleet import JINAN
from simulators.physics.photovoltaics import CS6K_275M, Diode, module_temperature_c, throttled_v
from simulators.physics.sun import clear_sky_w_m2, on_plane, sun_at
from simulators.physics.trackers import Weakness, track, track_weak


def module(*, light_w_m2: Array, cell_c: Array, modules: float = 1) -> Diode:
    one = np.ones_like(light_w_m2)
    return Diode.at(CS6K_275M, light_w_m2=light_w_m2, cell_c=cell_c, modules=modules, series=one, leak_s=0 * one)


def best(diode: Diode) -> tuple[Array, Array]:
    """Power and voltage at the maximum power point."""
    junction = diode.best_junction_v()
    voltage = diode.terminals_v(junction)
    return voltage * diode.current_a(junction)[0], voltage


# W/m², °C, W, V at the maximum, open-circuit V: pvlib's calcparams_cec and singlediode for Canadian_Solar_Inc__CS6K_275M
CEC = np.array(
    [
        (50, -5, 14.687, 33.441, 38.067),
        (50, 25, 12.708, 28.874, 33.626),
        (50, 50, 11.034, 25.105, 29.892),
        (50, 70, 9.685, 22.123, 26.885),
        (200, -5, 61.530, 34.986, 40.013),
        (200, 25, 54.006, 30.613, 35.789),
        (200, 50, 47.629, 26.999, 32.236),
        (200, 70, 42.477, 24.136, 29.374),
        (600, -5, 187.717, 35.599, 41.554),
        (600, 25, 166.054, 31.391, 37.503),
        (600, 50, 147.686, 27.914, 34.094),
        (600, 70, 132.838, 25.161, 31.346),
        (1000, -5, 310.868, 35.423, 42.271),
        (1000, 25, 275.440, 31.300, 38.300),
        (1000, 50, 245.418, 27.898, 34.958),
        (1000, 70, 221.163, 25.206, 32.264),
        (1200, -5, 370.778, 35.238, 42.527),
        (1200, 25, 328.548, 31.149, 38.584),
        (1200, 50, 292.778, 27.776, 35.266),
        (1200, 70, 263.891, 25.110, 32.591),
    ]
)

# light A, saturation A, series Ω, shunt Ω, n Ns Vth V, then W and V at the maximum and open-circuit V: rows 1, 8, 20 and 32 of
# pvlib's tests/data/precise_iv_curves1 and 2 (BSD-3-Clause)
PRECISE = np.array(
    [
        (1.0, 5e-10, 0.1, 300.0, 1.8683644, 28.714816, 33.93689, 39.74811),
        (1.0, 5e-10, 1.0, 3000.0, 2.4048254, 40.556638, 43.45837, 51.46112),
        (8.0, 5e-10, 0.1, 3000.0, 2.4048254, 368.132983, 48.43235, 56.49776),
        (8.0, 3e-08, 1.0, 3000.0, 2.4048254, 244.20123, 33.39313, 46.65256),
        (0.5, 1e-09, 0.1, 300.0, 4.6760494, 18.446115, 68.96383, 89.42203),
        (0.5, 1e-09, 1.0, 3000.0, 5.3954416, 40.643502, 91.37494, 107.66945),
        (2.5, 1e-09, 0.1, 3000.0, 5.3954416, 234.984203, 100.33323, 116.67037),
        (2.5, 1e-08, 1.0, 3000.0, 5.3954416, 201.477283, 86.71062, 104.25597),
    ]
)


def test_a_module_gives_what_pvlib_computes_for_the_same_light_and_temperature() -> None:
    diode = module(light_w_m2=CEC[:, 0], cell_c=CEC[:, 1])
    power, voltage = best(diode)
    assert power == pytest.approx(CEC[:, 2], rel=1e-4)
    assert voltage == pytest.approx(CEC[:, 3], rel=1e-4)
    assert diode.open_circuit_v() == pytest.approx(CEC[:, 4], rel=1e-4)


def test_two_steps_of_newton_find_the_maximum_of_precise_curves() -> None:
    diode = Diode(*PRECISE.T[:5])
    power, voltage = best(diode)
    is_leaky = PRECISE[:, 3] * PRECISE[:, 0] < 2 * PRECISE[:, 7]  # the shunt takes half of the current: worse than any module
    assert list(power[~is_leaky]) == pytest.approx(list(PRECISE[~is_leaky, 5]), rel=1e-5)
    assert list(power[is_leaky]) == pytest.approx(list(PRECISE[is_leaky, 5]), rel=5e-3)
    assert list(voltage[~is_leaky]) == pytest.approx(list(PRECISE[~is_leaky, 6]), rel=1e-3)
    assert diode.open_circuit_v() == pytest.approx(PRECISE[:, 7], rel=3e-3)


def test_a_module_in_full_sun_and_a_light_wind_is_31_kelvin_warmer_than_the_air() -> None:
    # pvlib.temperature.faiman(1000, 25, 1)
    assert float(module_temperature_c(np.array(1000.0), np.array(25.0), np.array(1.0))) == pytest.approx(56.4070, abs=1e-4)


@pytest.mark.parametrize(
    ("day", "turbidity", "air_c", "hours", "power_w"),
    [  # the whole chain in pvlib: position, Ineichen, Erbs, Hay-Davies, ASHRAE, Faiman at 2 m/s, CEC; tilt 25°, azimuth 170°
        (
            "2026-04-15",
            3.6,
            14.0,
            range(7, 19),
            (52.073, 120.531, 180.097, 223.519, 249.323, 257.507, 248.274, 221.751, 178.508, 121.213, 59.124, 15.455),
        ),
        (
            "2026-06-21",
            4.3,
            28.0,
            range(6, 19),
            (20.957, 63.987, 117.024, 164.916, 200.848, 222.662, 229.896, 222.568, 200.855, 165.474, 118.903, 68.081, 28.631),
        ),
    ],
)
def test_a_module_gives_on_a_clear_day_what_pvlib_computes(
    day: str, turbidity: float, air_c: float, hours: range, power_w: tuple[float, ...]
) -> None:
    for hour, expected in zip(hours, power_w, strict=True):
        at = datetime.fromisoformat(f"{day} {hour:02d}:00").replace(tzinfo=JINAN)
        sun = sun_at(at, latitude_deg=36.65, longitude_deg=117.0)
        level = clear_sky_w_m2(sun, np.array([turbidity]))
        light = on_plane(sun, level, tilt_deg=np.array([25.0]), azimuth_deg=np.array([170.0]))
        cell_c = module_temperature_c(light.total_w_m2, np.array([air_c]), np.array([2.0]))
        power, _ = best(module(light_w_m2=light.useful_w_m2, cell_c=cell_c))
        assert float(power[0]) == pytest.approx(expected, rel=0.01), at


def test_two_strings_that_differ_a_little_lose_next_to_nothing_on_one_tracker() -> None:
    pair = module(light_w_m2=np.array([[800.0, 780.0]]), cell_c=np.array([[40.0, 42.0]]), modules=17)
    point = track(pair, alive=np.ones((1, 2)), missed=np.zeros((1, 1)))
    alone = best(pair)[0].sum() / 1000
    assert float(point.power_kw[0, 0]) == pytest.approx(alone, rel=5e-4)
    assert float(point.power_kw[0, 0]) <= alone


def test_the_voltage_above_the_maximum_gives_the_share_of_power_that_is_wanted() -> None:
    string = module(light_w_m2=CEC[:, 0], cell_c=CEC[:, 1], modules=17)
    power, voltage = best(string)
    open_v = string.open_circuit_v()
    for share in (0.9, 0.7, 0.4, 0.1):
        found = throttled_v(np.full(len(CEC), share), voltage, open_v)
        scan = np.linspace(voltage, open_v, 2001)
        given = scan * string.current_at(scan, np.broadcast_to(string.best_junction_v(), scan.shape), steps=8)
        exact = np.array([np.interp(share, -given[::-1, i] / -power[i], scan[::-1, i]) for i in range(len(CEC))])
        assert found == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize(("weak", "light"), [(1 / 17, 0.85), (0.4, 0.2), (0.2, 0.5), (1 / 51, 0.55)])
def test_a_partly_shaded_string_gives_what_a_scan_of_its_series_circuit_finds(weak: float, light: float) -> None:
    conditions = {"light_w_m2": np.array([[900.0, 900.0]]), "cell_c": np.array([[45.0, 45.0]])}
    pair = module(**conditions, modules=17)
    shares = np.array([[weak, 0.0]])
    weakness = Weakness(np.zeros((1, 2)), shares, np.array([[light, 1.0]]), diodes=51.0)
    point = track_weak(pair, weakness, alive=np.ones((1, 2)), missed=np.zeros((1, 1)))
    assert float(point.power_kw[0, 0]) == pytest.approx(scanned_kw(weak=weak, light=light), rel=0.02)


def scanned_kw(*, weak: float, light: float) -> float:
    """Scan a shaded string beside a whole one: cells in series carry one current, or their bypass diodes drop 0.5 V each."""
    one = module(light_w_m2=np.array([900.0]), cell_c=np.array([45.0]))
    dim = module(light_w_m2=np.array([900.0 * light]), cell_c=np.array([45.0]))
    current = np.linspace(0, float(one.light_a[0]) * 0.9995, 6000)

    def voltage(diode: Diode) -> Array:
        junction = np.linspace(-5, 45, 60_000)
        through = diode.current_a(junction)[0]
        return np.interp(-current, -through, junction) - current * float(diode.series_ohm[0])

    part = np.where(current < float(dim.light_a[0]), voltage(dim), -1.5)
    whole_v = 17 * voltage(one)
    shaded_v = 17 * ((1 - weak) * voltage(one) + weak * np.maximum(part, -1.5))
    common_v = np.linspace(100, float(whole_v.max()), 6000)
    total = np.interp(-common_v, -whole_v, current) + np.interp(-common_v, -shaded_v, current, right=0.0)
    return float((common_v * total).max() / 1000)
