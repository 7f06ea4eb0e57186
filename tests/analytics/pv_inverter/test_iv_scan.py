import numpy as np
import pytest

from analytics.pv_inverter.iv_scan import expected_reading, read_curve, signs_of
from analytics.pv_inverter.single_diode import Diode, current_a, in_weather, points
from analytics.pv_inverter.translation import Coefficients, Curve, translated
from analytics.result import NotEvaluated
from analytics.window import FloatArray

MODULE = Diode(*(np.array(one) for one in (9.312997, 2.028466e-10, 0.267742, 831.965881, 1.560398)))
DIODES = 3


def scan(diode: Diode, *, noise: float = 0.001, seed: int = 0) -> Curve:
    """Trace a curve as a tracer does, with a tenth of a per cent of noise."""
    voltage = np.linspace(0, float(points(diode).open_circuit_v), 120)
    dice = np.random.default_rng(seed)
    current = current_a(diode, voltage)
    return Curve(voltage, current + noise * float(current[0]) * dice.standard_normal(len(voltage)))


def with_shade(light: float) -> Curve:
    """One of three substrings in less light, its bypass diode at -0.5 V."""
    share = Diode(MODULE.photocurrent_a, MODULE.saturation_a, MODULE.series_ohm / 3, MODULE.shunt_ohm / 3, MODULE.ideality_v / 3)
    current = np.linspace(float(points(MODULE).short_circuit_a) - 0.0001, 0, 4000)

    def voltages(diode: Diode) -> FloatArray:
        grid = np.linspace(-0.5, float(points(diode).open_circuit_v), 3000)
        found: FloatArray = np.interp(current, current_a(diode, grid)[::-1], grid[::-1], left=grid[-1], right=-0.5)
        return found

    voltage = 2 * voltages(share) + voltages(share._replace(photocurrent_a=share.photocurrent_a * light))
    grid = np.linspace(0, voltage[-1], 120)
    return Curve(grid, np.interp(grid, voltage, current))


@pytest.fixture
def sound_peers() -> list[Curve]:
    return [scan(MODULE, seed=seed) for seed in range(1, 4)]


def test_the_reading_of_a_sound_curve_is_that_of_its_model() -> None:
    exact, reading = points(MODULE), read_curve(scan(MODULE))
    assert reading.short_circuit_a == pytest.approx(float(exact.short_circuit_a), rel=0.003)
    assert reading.open_circuit_v == pytest.approx(float(exact.open_circuit_v), rel=0.003)
    assert reading.fill_factor == pytest.approx(float(exact.fill_factor), rel=0.01)
    assert reading.steps == 0


@pytest.mark.parametrize(
    ("diode", "sign"),
    [
        (MODULE, "sound"),
        (MODULE._replace(photocurrent_a=MODULE.photocurrent_a * 0.9), "current_low"),
        (MODULE._replace(shunt_ohm=np.array(20.0)), "shunt_resistance_low"),
        (MODULE._replace(series_ohm=MODULE.series_ohm * 2.5), "series_resistance_high"),
        (
            MODULE._replace(
                ideality_v=MODULE.ideality_v * 2 / 3, series_ohm=MODULE.series_ohm * 2 / 3, shunt_ohm=MODULE.shunt_ohm * 2 / 3
            ),
            "voltage_low",
        ),
    ],
)
def test_a_scan_shows_what_was_done_to_the_module(diode: Diode, sign: str, sound_peers: list[Curve]) -> None:
    found = signs_of(read_curve(scan(diode)), expected_reading(sound_peers), diodes=DIODES)
    assert found[0][0] == sign


@pytest.mark.parametrize("light", [0.4, 0.6, 0.8])
def test_a_bypassed_substring_shows_as_a_step(light: float, sound_peers: list[Curve]) -> None:
    reading = read_curve(with_shade(light))
    assert reading.steps == 1
    assert ("mismatch_steps", 1.0) in signs_of(reading, expected_reading(sound_peers), diodes=DIODES)


def test_a_curve_of_another_light_and_warmth_is_brought_home() -> None:
    """IEC 60891 procedure 1 from 850 W/m² and 45 °C, against the model at 1000 W/m² and 25 °C: within 1 %."""
    warm = in_weather(MODULE, light_w_m2=np.array(850.0), cell_celsius=np.array(45.0), light_per_k=0.00391)
    exact = points(MODULE)
    beta = float(points(in_weather(MODULE, light_w_m2=np.array(1000.0), cell_celsius=np.array(35.0), light_per_k=0.00391))[0])
    coefficients = Coefficients(0.00391, (beta - float(exact.open_circuit_v)) / 10, 0.267742, 0.0012)
    moved = translated(scan(warm, noise=0.0), coefficients, light_w_m2=850, celsius=45)
    assert float((moved.voltage_v * moved.current_a).max()) == pytest.approx(float(exact.best_w), rel=0.01)
    assert read_curve(moved).open_circuit_v == pytest.approx(float(exact.open_circuit_v), rel=0.01)


@pytest.mark.parametrize(("light", "celsius"), [(400.0, 25.0), (50.0, 25.0), (np.nan, 25.0), (900.0, np.nan)])
def test_a_curve_of_too_little_or_unknown_light_is_not_translated(light: float, celsius: float) -> None:
    with pytest.raises(NotEvaluated):
        translated(scan(MODULE), Coefficients(0.004, -0.12, 0.27), light_w_m2=light, celsius=celsius)


def test_a_scan_that_begins_late_or_ends_early_is_not_read() -> None:
    whole = scan(MODULE)
    with pytest.raises(NotEvaluated, match="short circuit"):
        read_curve(Curve(whole.voltage_v[40:], whole.current_a[40:]))
    with pytest.raises(NotEvaluated, match="open circuit"):
        read_curve(Curve(whole.voltage_v[:90], whole.current_a[:90]))
    with pytest.raises(NotEvaluated, match="rising"):
        read_curve(Curve(whole.voltage_v[::-1], whole.current_a))


def test_two_peers_are_too_few(sound_peers: list[Curve]) -> None:
    with pytest.raises(NotEvaluated, match="three"):
        expected_reading(sound_peers[:2])
