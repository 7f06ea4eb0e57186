"""What an accelerometer on a bearing's housing records in two seconds, in m/s²: the levels of `rotor_vibration` as a wave.

Shaft orders are sines whose velocities have the given levels: imbalance at the speed of rotation, misalignment at twice that,
looseness at its halves and multiples with an unsteady phase, magnetic pull at twice the line frequency. A damaged bearing is
struck each time that its parts meet, each stroke late or early by a hundredth and the cage slower than its kinematics by up to
1.5 %; the strokes ring in the housing's resonances. A spot of the inner ring, or of a ball, passes the load zone of the half
turn below and is struck in proportion to the load there (Stribeck's distribution: the power 1.5 of the deflection); a worn
pocket of the cage rattles by chance while it passes there. Late damage shows at the same frequencies in the velocity. After R. B.
Randall and J. Antoni, "Rolling element bearing diagnostics - A tutorial", Mech. Syst. Signal Process. 25 (2011).

The part above 1 kHz has the root mean square that the machine's high-frequency sensor shows.
Limits: constant speed within the record; no bars, slots and gears; nothing of one bearing is heard at the other.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from simulators.dice import Array
from simulators.physics.rolling_bearing import RollingBearing

RATE_HZ, SECONDS = 25_600.0, 2.0
_N = int(RATE_HZ * SECONDS)
_STANDING_M_S2 = 0.02
_TURNING_HZ = 1.0
_MISALIGNED = {1.0: 0.45, 2.0: 0.80, 3.0: 0.40}
_LOOSE = {0.5: 0.26, 1.0: 0.52, 1.5: 0.18, 2.0: 0.43, 2.5: 0.15, 3.0: 0.38, 4.0: 0.33, 5.0: 0.30, 6.0: 0.27}
"""Shares of the velocity by order of rotation; the sums of their squares are 1."""
_OF_BASE = {1.0: 0.45, 2.0: 0.35, 3.0: 0.25, 4.0: 0.20}
_BASE_NOISE = 0.75
"""Of what shakes a healthy machine, the rest of its orders."""
_LOW_HZ, _MIDDLE_HZ, _CARPET_HZ = 10.0, 1000.0, 5000.0
_OF_DAMAGE = {1: 0.75, 2: 0.5, 3: 0.43}
_RATTLES = 40
"""Strokes of a worn pocket in a turn of the cage."""
_SPACING_JITTER, _STROKE_JITTER, _LARGEST_SLIP = 0.01, 0.15, 0.015
_MODES = ((1.0, 1.0), (1.75, 0.3))
"""The housing's resonances as multiples of the first one, with their weights."""


class Housing(NamedTuple):
    """What differs from bearing to bearing and never changes."""

    bearing: RollingBearing
    resonance_hz: float
    damping: float
    slip: float
    """How much slower than its kinematics the cage turns, as a share."""

    @classmethod
    def of(cls, bearing: RollingBearing, dice: np.random.Generator) -> "Housing":
        return cls(bearing, dice.uniform(2200, 4400), dice.uniform(0.03, 0.06), dice.uniform(0.003, _LARGEST_SLIP))


class Shaking(NamedTuple):
    """What shakes one bearing at a moment; velocities are root mean squares in mm/s, accelerations in m/s²."""

    speed_hz: float
    line_hz: float
    base_mm_s: float
    once_mm_s: float
    """At the speed of rotation, with the pole-pass modulation of broken bars."""
    misaligned_mm_s: float
    loose_mm_s: float
    magnetic_mm_s: float
    pole_pass_hz: float
    pole_pass_depth: float
    moving_gap: float
    """How much of the magnetic pull turns with the rotor: dynamic eccentricity, as a share."""
    rough_m_s2: float
    """High-frequency noise of a sound bearing."""
    dry_m_s2: float
    """What a lack of grease adds, above 5 kHz most."""
    damages: Mapping[str, tuple[float, float]]
    """What ``bearing_outer``, ``_inner``, ``_ball`` and ``_cage`` add to the high-frequency acceleration and to the velocity."""


def record(shaking: Shaking, housing: Housing, dice: np.random.Generator) -> Array:
    """Make two seconds of acceleration; the same generator makes the same record."""
    if shaking.speed_hz < _TURNING_HZ:
        return _STANDING_M_S2 * dice.standard_normal(_N)
    time = np.arange(_N) / RATE_HZ
    sound = shaking.rough_m_s2 + shaking.dry_m_s2
    samples = _orders(shaking, housing, time, dice) + _noise(shaking, housing, dice)
    added = [acceleration for acceleration, _ in shaking.damages.values()]
    # The level grows by what the damages add; strokes and noise are independent, so their squares add up.
    power = (sound + sum(added)) ** 2 - sound**2
    for name, (acceleration, _) in shaking.damages.items():
        share = acceleration / np.sqrt(sum(one**2 for one in added))
        samples += np.sqrt(power) * share * _strokes(name, housing, shaking.speed_hz, dice)
    return samples


def _orders(shaking: Shaking, housing: Housing, time: Array, dice: np.random.Generator) -> Array:
    samples = np.zeros(_N)

    def add(hertz: float, velocity_mm_s: float, *, jitter: float = 0.0, swell: Array | float = 1.0) -> None:
        nonlocal samples
        phase = 2 * np.pi * (hertz * time + dice.random())
        if jitter:
            # A walk of the phase that forgets itself within about a turn.
            steps = dice.standard_normal(1 + int(SECONDS * shaking.speed_hz))
            phase = phase + jitter * np.interp(time, np.linspace(0, SECONDS, len(steps)), steps)
        amplitude = np.sqrt(2) * 2 * np.pi * hertz * velocity_mm_s / 1000
        samples = samples + amplitude * swell * np.sin(phase)

    turn = shaking.speed_hz
    swell = 1 + shaking.pole_pass_depth * np.sin(2 * np.pi * (shaking.pole_pass_hz * time + dice.random()))
    add(turn, shaking.once_mm_s, swell=swell)
    for order, share in _MISALIGNED.items():
        add(order * turn, share * shaking.misaligned_mm_s)
    for order, share in _LOOSE.items():
        add(order * turn, share * shaking.loose_mm_s, jitter=0.35)
    for order, share in _OF_BASE.items():
        add(order * turn, share * shaking.base_mm_s, jitter=0.1)
    add(2 * shaking.line_hz, shaking.magnetic_mm_s)
    for side in (-turn, turn):
        add(2 * shaking.line_hz + side, 0.3 * shaking.moving_gap * shaking.once_mm_s)
    for name, (_, velocity_mm_s) in shaking.damages.items():
        for order, share in _OF_DAMAGE.items():
            add(order * _met_hz(name, housing, turn), share * velocity_mm_s, jitter=0.2)
    return samples


def _noise(shaking: Shaking, housing: Housing, dice: np.random.Generator) -> Array:
    """Broadband noise: the machine's own up to 1 kHz, the bearing's above, and the hiss of a dry one."""
    hertz = _frequencies_hz()
    rough = _banded(hertz, _MIDDLE_HZ, 0.45 * RATE_HZ) * (0.4 + np.abs(_response(hertz, housing)))
    carpet = _banded(hertz, _MIDDLE_HZ, 0.48 * RATE_HZ) * np.where(hertz > _CARPET_HZ, 1.0, 0.35)
    low = _banded(hertz, _LOW_HZ, _MIDDLE_HZ)
    # Acceleration of an even density has a velocity that falls with the frequency: the band's lower end carries it.
    velocity = np.sqrt(np.sum(low**2 / np.maximum(2 * np.pi * hertz, 1.0) ** 2) / np.sum(low**2))
    low_m_s2 = _BASE_NOISE * shaking.base_mm_s / 1000 / velocity
    sound = shaking.rough_m_s2 + shaking.dry_m_s2
    hiss = np.sqrt(max(sound**2 - shaking.rough_m_s2**2, 0.0))
    return (
        _shaped(low, low_m_s2, dice) + _shaped(rough, shaking.rough_m_s2, dice) + _shaped(carpet, hiss, dice)
        + 0.01 * dice.standard_normal(_N)
    )  # fmt: skip


def _met_hz(damage: str, housing: Housing, speed_hz: float) -> float:
    """Tell how often the damaged part is met, with the slip of the cage."""
    bearing = housing.bearing
    lag = bearing.cage * housing.slip
    return (
        speed_hz
        * {
            "bearing_outer": bearing.outer - bearing.balls * lag,
            "bearing_inner": bearing.inner + bearing.balls * lag,  # it meets the balls by its lead over the cage
            "bearing_ball": bearing.ball * (1 - housing.slip),
            "bearing_cage": bearing.cage - lag,
        }[damage]
    )


def _strokes(damage: str, housing: Housing, speed_hz: float, dice: np.random.Generator) -> Array:
    """Give the ringing of a damaged bearing, with a root mean square of 1."""
    hertz, cage_hz = _met_hz(damage, housing, speed_hz), _met_hz("bearing_cage", housing, speed_hz)
    if damage == "bearing_cage":
        at = dice.uniform(0, SECONDS, int(_RATTLES * SECONDS * hertz))
    else:
        count = int(1.05 * SECONDS * hertz) + 4
        at = np.cumsum(1 + _SPACING_JITTER * dice.standard_normal(count)) / hertz - dice.random() / hertz
    heights = 1 + _STROKE_JITTER * dice.standard_normal(len(at))
    carried_hz = {"bearing_inner": speed_hz, "bearing_ball": cage_hz, "bearing_cage": cage_hz}.get(damage)
    if carried_hz is not None:
        heights = heights * _load(2 * np.pi * (carried_hz * at + dice.random()))
    at, heights = at[(at >= 0) & (at < SECONDS)], heights[(at >= 0) & (at < SECONDS)]
    place = at * RATE_HZ
    first = place.astype(int)
    train = np.zeros(_N + 1)
    np.add.at(train, first, heights * (1 - place + first))
    np.add.at(train, first + 1, heights * (place - first))
    ringing = np.fft.irfft(np.fft.rfft(train[:_N]) * _response(_frequencies_hz(), housing), _N)
    return np.asarray(ringing / max(float(np.sqrt(np.mean(ringing**2))), 1e-12))


def _load(angle: Array) -> Array:
    """Load at an angle from the middle of the load zone, which is a bit less than half a turn; a tenth is felt outside it."""
    return np.asarray(0.1 + 0.9 * np.maximum(1 - (1 - np.cos(angle)) / 0.9, 0.0) ** 1.5)


def _frequencies_hz() -> Array:
    return np.asarray(np.fft.rfftfreq(_N, 1 / RATE_HZ), np.float64)


def _response(hertz: Array, housing: Housing) -> Array:
    """Acceleration that a stroke makes of two modes of the housing, by frequency; 1 at the first resonance."""
    total = np.zeros(len(hertz), complex)
    for ratio, weight in _MODES:
        own = hertz / (ratio * housing.resonance_hz)
        total += weight * 2 * housing.damping * own**2 / (1 - own**2 + 2j * housing.damping * own)
    return np.asarray(total)


def _banded(hertz: Array, low_hz: float, high_hz: float) -> Array:
    return np.asarray((hertz >= low_hz) & (hertz < high_hz), float)


def _shaped(gain: Array, rms: float, dice: np.random.Generator) -> Array:
    """Give noise of a spectrum with a root mean square."""
    noise = np.fft.irfft(np.fft.rfft(dice.standard_normal(_N)) * gain, _N)
    return np.asarray(rms * noise / np.sqrt(np.mean(noise**2)))
