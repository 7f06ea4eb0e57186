import numpy as np
import pytest

from analytics.current_signature.eccentricity import line_levels_db, slot_lines_hz, turning_lines_hz
from analytics.current_signature.line_spectrum import line_spectrum
from analytics.current_signature.sequences import (
    TURN,
    Sequences,
    phasors_of,
    sequences_of_magnitudes,
    sequences_of_phasors,
    shorted_turns,
)


def phases(positive: complex, negative: complex) -> tuple[complex, complex, complex]:
    return positive + negative, TURN**2 * positive + TURN * negative, TURN * positive + TURN**2 * negative


@pytest.mark.parametrize("degrees", [0, 37, 90, 145, 180, 250, 315])
def test_three_magnitudes_give_the_same_sequences_as_the_phasors(degrees: float) -> None:
    a, b, c = phases(200, 11 * np.exp(1j * np.radians(degrees)))
    for found in (sequences_of_phasors(a, b, c), sequences_of_magnitudes(abs(a), abs(b), abs(c))):
        assert found.positive == pytest.approx(200)
        assert found.negative == pytest.approx(11 * np.exp(1j * np.radians(degrees)))
        assert found.unbalance == pytest.approx(0.055)


def test_a_balanced_system_has_no_negative_sequence_and_a_lost_phase_has_as_much_as_positive() -> None:
    assert sequences_of_magnitudes(7, 7, 7).unbalance == pytest.approx(0, abs=1e-7)
    assert sequences_of_magnitudes(0, 7, 7).unbalance == pytest.approx(1)


def test_the_line_voltages_of_the_standards_example_close_a_triangle() -> None:
    """IEC 61000-4-30: sqrt((1 - sqrt(3 - 6 B)) / (1 + sqrt(3 - 6 B))) with B = sum of fourth powers / (sum of squares)²."""
    ab, bc, ca = 460.0, 467.0, 450.0
    beta = (ab**4 + bc**4 + ca**4) / (ab**2 + bc**2 + ca**2) ** 2
    root = np.sqrt(3 - 6 * beta)
    assert sequences_of_magnitudes(ab, bc, ca).unbalance == pytest.approx(np.sqrt((1 - root) / (1 + root)))


def test_magnitudes_that_close_no_triangle_and_unknown_ones_give_none() -> None:
    found = sequences_of_magnitudes([10, 10, np.nan, 0], [10, 2, 1, 0], [10, 3, 1, 0])
    assert np.isnan(found.unbalance).tolist() == [False, True, True, True]


def test_the_fundamental_of_a_waveform_is_found_beside_harmonics_and_an_offset() -> None:
    times = np.arange(2000) / 5000
    wave = 3 + 282 * np.cos(2 * np.pi * 50 * times - 0.6) + 20 * np.cos(2 * np.pi * 250 * times)
    phasor = phasors_of(np.stack([wave, np.where(times == 0, np.nan, wave)]), rate_hz=5000, supply_hz=50)
    assert phasor[0] == pytest.approx(282 * np.exp(-0.6j))
    assert np.isnan(phasor[1])


@pytest.mark.parametrize(("n", "rate_hz"), [(50, 5000), (5000, 90)])
def test_a_record_of_less_than_a_period_shows_no_fundamental(n: int, rate_hz: float) -> None:
    with pytest.raises(ValueError, match="no fundamental"):
        phasors_of(np.zeros(n), rate_hz=rate_hz, supply_hz=50)


@pytest.mark.parametrize(("phase", "turn"), [("a", 1), ("b", TURN), ("c", TURN**2)])
@pytest.mark.parametrize("lag_degrees", [5, 30, 60, 85])
def test_turns_shorted_in_a_phase_are_told_from_an_unbalanced_supply(phase: str, turn: complex, lag_degrees: float) -> None:
    """Physics of the test: a current in one phase beside the winding's, lagging its voltage; the supply draws V2 / Z2 besides."""
    power_factor, ohms = np.radians(31), 0.25 + 0.6j
    positive_v, negative_v = 230.0 + 0j, 4 * np.exp(2.2j)
    beside = 18 * np.exp(-1j * np.radians(lag_degrees))  # over its own phase's voltage
    # That current of one phase: a third of it in each sequence (the rest is zero sequence, which three wires do not carry).
    positive = 200 * np.exp(-1j * power_factor) + beside / 3
    negative = negative_v / ohms + beside * turn / 3
    lag = -np.angle(positive)
    currents = np.abs(phases(positive, negative))
    va, vb, vc = phases(positive_v, negative_v)
    found = shorted_turns(
        current=sequences_of_magnitudes(*currents),
        voltage=sequences_of_magnitudes(abs(va - vb), abs(vb - vc), abs(vc - va)),
        power_factor_degrees=np.degrees(lag),
        negative_ohms=ohms,
        line_voltage=True,
    )
    assert str(found.phase) == phase
    assert found.share == pytest.approx(6 / abs(positive), rel=1e-6)


def test_what_is_unknown_has_no_phase() -> None:
    unknown, known = Sequences(np.array(np.nan + 0j), np.array(np.nan + 0j)), sequences_of_magnitudes(1, 1, 1)
    found = shorted_turns(current=unknown, voltage=known, power_factor_degrees=30, negative_ohms=1j, line_voltage=False)
    assert np.isnan(found.share)
    assert str(found.phase) == ""


def test_slot_lines_of_an_eccentric_rotor_by_hand() -> None:
    """44 bars, 2 pole pairs, 50 Hz, slip 0.02: 50 (44 · 0.98 / 2 ± 1) = 1028 and 1128 Hz; turning, 24.5 Hz to each side."""
    static = slot_lines_hz(supply_hz=50, slip=0.02, pole_pairs=2, rotor_bars=44, turning_order=0, supply_orders=(1,))
    assert static == pytest.approx([1028, 1128])
    dynamic = slot_lines_hz(supply_hz=50, slip=0.02, pole_pairs=2, rotor_bars=44, turning_order=1, supply_orders=(1,))
    assert dynamic == pytest.approx([1003.5, 1052.5, 1103.5, 1152.5])
    assert turning_lines_hz(supply_hz=50, slip=0.02, pole_pairs=2, orders=1) == pytest.approx([25.5, 74.5])
    with pytest.raises(ValueError, match="no slot lines"):
        slot_lines_hz(supply_hz=50, slip=0.02, pole_pairs=2, rotor_bars=0, turning_order=0)


def test_levels_of_lines_are_told_below_the_supply_and_not_beyond_the_spectrum() -> None:
    times = np.arange(20_000) / 4000
    spectrum = line_spectrum(100 * np.cos(2 * np.pi * 50 * times) + np.cos(2 * np.pi * 1028 * times), rate_hz=4000)
    levels = line_levels_db(spectrum, np.array([1028.0, 2400.0]), supply_a=100)
    assert levels[0] == pytest.approx(40, abs=0.1)
    assert np.isnan(levels[1])
