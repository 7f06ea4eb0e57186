"""The accelerometer's record: lines where the kinematics put them, and levels that are those of the machine's other sensors."""

from typing import Any

import numpy as np
import pytest

from simulators.dice import Array
from simulators.physics.rolling_bearing import RollingBearing
from simulators.physics.vibration_record import RATE_HZ, Housing, Shaking, record

BEARING = RollingBearing(balls=8, ball_diameter_mm=33.338, pitch_diameter_mm=147.5)
HOUSING = Housing(BEARING, resonance_hz=3000.0, damping=0.04, slip=0.01)
TURN_HZ = 24.5
"""A line of a spectrum of two seconds."""
SOUND = Shaking(
    speed_hz=TURN_HZ,
    line_hz=50.0,
    base_mm_s=0.5,
    once_mm_s=0.0,
    misaligned_mm_s=0.0,
    loose_mm_s=0.0,
    magnetic_mm_s=0.0,
    pole_pass_hz=1.0,
    pole_pass_depth=0.0,
    moving_gap=0.0,
    rough_m_s2=1.5,
    dry_m_s2=0.0,
    damages={},
)
# Turns of a part per turn of the shaft, with a cage that is 1 % slower than its kinematics.
CAGE = 0.5 * (1 - 33.338 / 147.5) * 0.99
MET = {
    "bearing_outer": 8 * CAGE,
    "bearing_inner": 8 * (1 - CAGE),
    "bearing_ball": 147.5 / 33.338 * (1 - (33.338 / 147.5) ** 2) * 0.99,
    "bearing_cage": CAGE,
}


def made(shaking: Shaking, seed: int = 1) -> Array:
    return record(shaking, HOUSING, np.random.default_rng(seed))


def spectrum(samples: Array) -> tuple[Array, Array]:
    """Root mean squares of lines, with a Hann window; the test's own."""
    window = np.hanning(len(samples))
    lines: Array = np.abs(np.fft.rfft((samples - samples.mean()) * window)) * np.sqrt(2) / window.sum()
    return np.asarray(np.fft.rfftfreq(len(samples), 1 / RATE_HZ), np.float64), lines


def line(samples: Array, hertz: float) -> float:
    """Velocity of the strongest line within 1 Hz, in mm/s."""
    frequencies, lines = spectrum(samples)
    near = np.abs(frequencies - hertz) <= 1
    return float(np.max(lines[near] / (2 * np.pi * frequencies[near])) * 1000)


def envelope(samples: Array) -> tuple[Array, Array]:
    """Spectrum of the squared record around the resonance: strokes show at the frequency at which they come."""
    transform = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    band = np.fft.irfft(np.where((frequencies > 2000) & (frequencies < 4500), transform, 0), len(samples))
    return spectrum(band**2)


def stands_out(samples: Array, hertz: float) -> float:
    """Tell how far the envelope's line within 1.5 % rises over what is usual below 400 Hz."""
    frequencies, lines = envelope(samples)
    near = np.abs(frequencies - hertz) <= max(0.015 * hertz, 0.6)
    return float(lines[near].max() / np.median(lines[(frequencies > 4) & (frequencies < 400)]))


def test_a_sound_bearing_has_the_level_of_its_sensor_and_no_line_of_its_parts() -> None:
    samples = made(SOUND)
    transform, frequencies = np.fft.rfft(samples), np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    high = np.sqrt(2 * np.sum(np.abs(transform[frequencies > 1000]) ** 2)) / len(samples)
    assert high == pytest.approx(1.5, rel=0.02)
    for turns in MET.values():
        assert stands_out(samples, turns * TURN_HZ) < 6


@pytest.mark.parametrize("damage", MET)
def test_a_damage_shows_in_the_envelope_at_its_own_frequency_with_the_slip_and_at_no_others(damage: str) -> None:
    samples = made(SOUND._replace(damages={damage: (6.0, 0.0)}))
    own = stands_out(samples, MET[damage] * TURN_HZ)
    others = {name: stands_out(samples, turns * TURN_HZ) for name, turns in MET.items() if name != damage}
    assert own > 12
    if damage == "bearing_ball":
        # It passes the load zone once a turn of the cage, so that line is there too, and sidebands as far as the inner ring's.
        assert own > 1.5 * max(others["bearing_outer"], others["bearing_inner"]), others
    else:
        assert own > 3 * max(others.values()), others
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(7.5, rel=0.05), "1.5 of a sound bearing and 6 more"


def test_the_inner_ring_is_struck_where_the_load_is_so_its_line_has_sidebands_of_the_speed() -> None:
    inner, outer = (made(SOUND._replace(damages={name: (6.0, 0.0)})) for name in ("bearing_inner", "bearing_outer"))
    frequencies, of_inner = envelope(inner)
    _, of_outer = envelope(outer)
    met_hz = MET["bearing_inner"] * TURN_HZ
    for side_hz in (met_hz - TURN_HZ, met_hz + TURN_HZ):
        near = np.abs(frequencies - side_hz) <= 1.5
        assert of_inner[near].max() > 0.3 * of_inner[np.abs(frequencies - met_hz) <= 2].max()
    turn = np.abs(frequencies - TURN_HZ) <= 0.6
    assert of_inner[turn].max() / of_inner.max() > 3 * of_outer[turn].max() / of_outer.max()


def test_strokes_ring_in_the_resonance_of_the_housing() -> None:
    frequencies, lines = spectrum(made(SOUND._replace(damages={"bearing_outer": (9.0, 0.0)})))
    smooth = np.convolve(lines**2, np.ones(200) / 200, "same")
    assert frequencies[np.argmax(smooth)] == pytest.approx(3000, abs=150)


ORDERS = [
    # a cause of 3 mm/s, and the lines of at least so much
    ({"once_mm_s": 3.0}, {1: 2.9}),
    ({"misaligned_mm_s": 3.0}, {1: 1.2, 2: 2.2, 3: 1.0}),
    ({"loose_mm_s": 3.0}, {0.5: 0.4, 1: 1.0, 2: 0.8, 3: 0.6, 4: 0.4}),
    ({"magnetic_mm_s": 3.0}, {100 / TURN_HZ: 2.9}),
]


@pytest.mark.parametrize(("cause", "orders"), ORDERS)
def test_each_cause_shakes_at_its_orders_with_its_velocity(cause: dict[str, Any], orders: dict[float, float]) -> None:
    samples = made(SOUND._replace(**cause))
    for order, least in orders.items():
        assert line(samples, order * TURN_HZ) > least, order
    if len(orders) == 1:
        others = [line(samples, order * TURN_HZ) for order in (1, 2, 3, 5) if order not in orders]
        assert max(others) < 0.6


def test_broken_bars_modulate_the_speed_of_rotation_with_the_pole_pass_frequency() -> None:
    # 2 s resolve 0.5 Hz; the sidebands of a depth of 0.4 are 0.2 of the line
    samples = made(SOUND._replace(once_mm_s=3.0, pole_pass_hz=3.0, pole_pass_depth=0.4))
    assert [line(samples, TURN_HZ + side) for side in (-3.0, 3.0)] == pytest.approx([0.6, 0.6], abs=0.15)


def test_a_bearing_without_grease_hisses_above_5_khz() -> None:
    frequencies, dry = spectrum(made(SOUND._replace(dry_m_s2=8.0)))
    _, sound = spectrum(made(SOUND))

    def more(low: float, high: float) -> float:
        band = (frequencies > low) & (frequencies < high)
        return float(np.sum(dry[band] ** 2) / np.sum(sound[band] ** 2))

    assert more(6000, 10_000) > 20
    assert more(10, 900) == pytest.approx(1, abs=0.2)


def test_a_machine_that_stands_still_shows_only_the_sensors_noise_and_the_same_dice_make_the_same_record() -> None:
    assert np.sqrt(np.mean(made(SOUND._replace(speed_hz=0.0)) ** 2)) == pytest.approx(0.02, rel=0.05)
    assert np.array_equal(made(SOUND, 5), made(SOUND, 5))
    assert not np.array_equal(made(SOUND, 5), made(SOUND, 6))
