import numpy as np
import numpy.typing as npt
import pytest

from analytics.current_signature.broken_bars import broken_bar_sidebands, explains, load_swing_share
from analytics.current_signature.line_spectrum import line_spectrum
from analytics.current_signature.rotor_bar_bands import band_of, read_bands
from analytics.result import NotEvaluated, Why

FloatArray = npt.NDArray[np.float64]
RATE_HZ = 4000.0
SLIP = 0.0125
SPEED_RPM = 1500 * (1 - SLIP)


def current(
    *,
    lower_db: float = 120,
    upper_db: float = 120,
    seconds: float = 12.0,
    supply_hz: float = 50.013,
    slip: float = SLIP,
    noise: float = 1e-4,
) -> FloatArray:
    """A line of 280 A with sidebands so far below it, in noise; the supply is no whole number of lines."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    dice = np.random.default_rng(1)
    samples: FloatArray = np.cos(2 * np.pi * supply_hz * times + 0.3) + noise * dice.normal(size=len(times))
    for side, below_db in ((-1, lower_db), (1, upper_db)):
        samples += 10 ** (-below_db / 20) * np.cos(2 * np.pi * supply_hz * (1 + 2 * side * slip) * times + 1.1)
    return 280 * samples


def speed_at(supply_hz: float, slip: float = SLIP) -> float:
    return 30 * supply_hz * (1 - slip)


def test_sidebands_are_read_to_a_tenth_of_a_decibel_and_give_the_slip() -> None:
    found = broken_bar_sidebands(current(lower_db=38, upper_db=44), rate_hz=RATE_HZ, speed_rpm=speed_at(50.013))
    assert found.supply_hz == pytest.approx(50.013, abs=1e-3)
    assert found.supply_a == pytest.approx(280, rel=2e-3)
    assert (found.lower_db, found.upper_db, found.below_db) == pytest.approx((38, 44, 41), abs=0.1)
    assert found.slip == pytest.approx(SLIP, rel=5e-3)
    assert found.is_clear


def test_a_current_that_swings_by_m_has_sidebands_of_half_of_it_to_both_sides() -> None:
    """Closed form: (1 + m cos(2 s w t)) cos(w t) has m/2 at both sides; 2 % are 40 dB below the line."""
    times = np.arange(int(12 * RATE_HZ)) / RATE_HZ
    samples = (1 + 0.02 * np.cos(2 * np.pi * 2 * SLIP * 50 * times)) * np.cos(2 * np.pi * 50 * times)
    found = broken_bar_sidebands(samples, rate_hz=RATE_HZ, speed_rpm=SPEED_RPM)
    assert (found.lower_db, found.upper_db) == pytest.approx((40, 40), abs=0.05)


def test_a_speed_that_is_half_a_turn_wrong_still_finds_them() -> None:
    found = broken_bar_sidebands(current(lower_db=40, upper_db=46), rate_hz=RATE_HZ, speed_rpm=speed_at(50.013) - 0.5)
    assert (found.lower_db, found.upper_db) == pytest.approx((40, 46), abs=0.1)


def test_a_sound_rotor_only_shows_that_there_is_nothing() -> None:
    found = broken_bar_sidebands(current(), rate_hz=RATE_HZ, speed_rpm=speed_at(50.013))
    assert not found.is_clear
    assert found.below_db > 70


@pytest.mark.parametrize("pole_pairs", [1, 2, 3, 4])
def test_pole_pairs_follow_from_speed_and_frequency(pole_pairs: int) -> None:
    speed_rpm = 60 * 50.013 * (1 - SLIP) / pole_pairs
    found = broken_bar_sidebands(
        current(lower_db=40, upper_db=40), rate_hz=RATE_HZ, speed_rpm=speed_rpm, speed_uncertainty_rpm=0.5
    )
    assert found.below_db == pytest.approx(40, abs=0.1)


@pytest.mark.parametrize(
    ("samples", "load_share", "detail"),
    [
        (current(lower_db=36, upper_db=36, seconds=2.0), 0.9, "4 / 2sf"),  # 4 / 1.25 Hz are 3.2 s
        (current(lower_db=36, upper_db=36), 0.3, "load 30 %"),
        (current(lower_db=36, upper_db=36), float("nan"), "load"),
        (current(lower_db=36, upper_db=36, noise=0.3), 0.9, "noise"),
        (np.zeros(48_000), 0.9, "no current"),
        (np.full(48_000, np.nan), 0.9, "hole"),
    ],
)
def test_weak_recordings_are_refused(samples: FloatArray, load_share: float, detail: str) -> None:
    with pytest.raises(NotEvaluated, match=detail) as told:
        broken_bar_sidebands(samples, rate_hz=RATE_HZ, speed_rpm=speed_at(50.013), load_share=load_share)
    assert told.value.why is Why.WEAK_RECORDING


def test_a_jittering_clock_makes_skirts_and_is_refused() -> None:
    dice = np.random.default_rng(2)
    times = np.arange(int(12 * RATE_HZ)) / RATE_HZ + np.cumsum(dice.normal(0, 2e-6, int(12 * RATE_HZ)))
    with pytest.raises(NotEvaluated, match="noise"):
        broken_bar_sidebands(np.cos(2 * np.pi * 50 * times), rate_hz=RATE_HZ, speed_rpm=SPEED_RPM)


def test_a_shaft_faster_than_its_field_has_no_slip_to_read() -> None:
    with pytest.raises(NotEvaluated, match="slip"):
        broken_bar_sidebands(current(), rate_hz=RATE_HZ, speed_rpm=1502, pole_pairs=2)


def test_a_swinging_load_accounts_for_its_sidebands_and_a_steady_power_does_not() -> None:
    found = broken_bar_sidebands(current(lower_db=40, upper_db=40), rate_hz=RATE_HZ, speed_rpm=speed_at(50.013))
    at_hz = 2 * found.slip * found.supply_hz
    times = np.arange(0, 12, 0.05)
    dice = np.random.default_rng(3)
    swinging = 150 * (1 + 0.02 * np.cos(2 * np.pi * at_hz * times))
    share = load_swing_share(swinging, rate_hz=20, at_hz=at_hz)
    assert share == pytest.approx(0.02, rel=0.02)
    assert explains(share, found)
    assert not explains(load_swing_share(150 + 0.2 * dice.normal(size=240), rate_hz=20, at_hz=at_hz), found)


@pytest.mark.parametrize("power", [np.full(20, 150.0), np.full(400, np.nan), np.zeros(400), np.array([])])
def test_a_power_that_cannot_show_a_swing_is_refused(power: FloatArray) -> None:
    with pytest.raises(NotEvaluated):
        load_swing_share(power, rate_hz=20, at_hz=1.25)


def test_bands_go_from_good_to_broken_and_are_marked_unverified() -> None:
    assert [band_of(below_db).state for below_db in (60, 54, 50, 45, 40, 30, -1)] == [
        "good",
        "good",
        "fair",
        "watch",
        "suspect",
        "broken",
        "broken",
    ]
    assert not any(band.verified for band in read_bands())


def test_the_windows_side_lobes_are_ninety_decibels_below_a_line() -> None:
    """Blackman-Harris, four terms: side lobes at most -92 dB, main lobe four lines to each side."""
    times = np.arange(4000) / 1000
    spectrum = line_spectrum(np.cos(2 * np.pi * 50.11 * times), rate_hz=1000)
    away = np.abs(spectrum.frequencies_hz - 50.11) > 4.2 * spectrum.resolution_hz
    assert 20 * np.log10(spectrum.amplitudes[away].max()) < -90
    assert spectrum.highest(40, 60) == pytest.approx((50.11, 1.0), abs=2e-3)


def test_a_record_that_is_none_has_no_spectrum() -> None:
    with pytest.raises(ValueError, match="no spectrum"):
        line_spectrum(np.zeros((2, 100)), rate_hz=1000)
