"""The current's record: its lines and their levels beside the fundamental."""

import numpy as np
import pytest

from simulators.dice import Array
from simulators.physics.current_record import RATE_HZ, ROTOR_BARS, Drawn, record

SOUND = Drawn(
    amperes=250.0,
    line_hz=50.0,
    speed_hz=24.75,
    slip=0.01,
    rated_a=277.0,
    broken_bars=0.0,
    static_gap=0.0,
    moving_gap=0.0,
    shorted_turns=0.0,
    distortion=0.016,
)


def made(drawn: Drawn, seed: int = 1) -> Array:
    return record(drawn, unlike_bars=1.0, dice=np.random.default_rng(seed))


def level_db(samples: Array, hertz: float) -> float:
    """Level of the strongest line within 0.15 Hz beside the fundamental's; a Blackman window hides no line beside another."""
    lines = np.abs(np.fft.rfft(samples * np.blackman(len(samples))))
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    return float(20 * np.log10(lines[np.abs(frequencies - hertz) <= 0.15].max() / lines.max()))


def test_the_fundamental_has_the_level_of_the_ammeter() -> None:
    samples = made(SOUND._replace(distortion=0.0))
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(250, rel=1e-3)
    assert len(samples) / RATE_HZ == 20.0


def test_a_sound_rotors_sidebands_lie_more_than_54_db_below() -> None:
    # Thomson: "excellent" below 60 dB, good from 54
    assert level_db(made(SOUND), 49.0) == pytest.approx(-58.4, abs=1)
    assert level_db(made(SOUND), 51.0) < -58


@pytest.mark.parametrize(("severity", "lower_db"), [(1.0, -32.0), (0.5, -37.6), (0.25, -42.8)])
def test_broken_bars_raise_the_sidebands_at_twice_the_slip(severity: float, lower_db: float) -> None:
    samples = made(SOUND._replace(broken_bars=severity))
    assert level_db(samples, 49.0) == pytest.approx(lower_db, abs=1)
    assert level_db(samples, 51.0) == pytest.approx(lower_db - 3.4, abs=1)
    assert level_db(samples, 48.0) == pytest.approx(lower_db - 10.5, abs=1)
    swing = 0.04 * severity  # what the machine's own current swings by
    assert 10 ** (level_db(samples, 49.0) / 20) + 10 ** (level_db(samples, 51.0) / 20) == pytest.approx(swing, abs=0.004)


def test_sidebands_lie_closer_the_smaller_the_slip() -> None:
    assert level_db(made(SOUND._replace(slip=0.004, broken_bars=1.0)), 49.6) == pytest.approx(-32, abs=1)


def test_static_eccentricity_raises_the_slots_lines_and_a_dynamic_one_their_neighbours() -> None:
    slots_hz, beside_hz = ROTOR_BARS * 24.75 - 50, (ROTOR_BARS - 1) * 24.75 - 50
    sound, static, moving = (made(drawn) for drawn in (SOUND, SOUND._replace(static_gap=1.0), SOUND._replace(moving_gap=1.0)))
    assert level_db(static, slots_hz) - level_db(sound, slots_hz) > 15
    assert level_db(moving, slots_hz) - level_db(sound, slots_hz) < 2
    assert level_db(moving, beside_hz) - level_db(sound, beside_hz) > 15
    assert level_db(static, beside_hz) - level_db(sound, beside_hz) < 2
    assert level_db(moving, 50 - 24.75) - level_db(sound, 50 - 24.75) > 15


def test_shorted_turns_show_in_the_third_harmonic_and_the_supply_in_the_fifth() -> None:
    assert level_db(made(SOUND._replace(shorted_turns=1.0)), 150) == pytest.approx(20 * np.log10(0.03), abs=0.5)
    assert level_db(made(SOUND), 250) == pytest.approx(20 * np.log10(0.75 * 0.016), abs=0.5)


def test_a_motor_without_current_shows_only_noise() -> None:
    assert np.abs(made(SOUND._replace(amperes=0.0))).max() < 0.2
