"""What a current transformer at the motor's terminals records of one phase in twenty seconds, in A.

The fundamental carries what the machine's state puts on it: sidebands at f (1 ± 2 k s) of a rotor whose bars are broken, or are
only not quite alike; lines of the slots at (R ± n) f_r ± f, which a static eccentricity raises (n = 0) and a dynamic one
accompanies (n = 1), f ± f_r with it; harmonics of the supply or of the drive; a third harmonic of shorted turns. After W. T.
Thomson and M. Fenger, "Current signature analysis to detect induction motor faults", IEEE Ind. Appl. Mag. 7 (2001).

Limits: steady within the record; of a drive only its low harmonics, for the switching lies above the sampling rate; bearings do
not show.
"""

from typing import NamedTuple

import numpy as np

from simulators.dice import Array

RATE_HZ, SECONDS = 2500.0, 20.0
_N = int(RATE_HZ * SECONDS)
ROTOR_BARS = 40
_STANDING_A, _NOISE_SHARE = 0.02, 0.0008
_LOWER, _UPPER = 0.024, 0.016
"""Sidebands of severity 1, together the swing of the current's level; the speed's ripple makes the upper one the smaller."""
_ALIKE, _SECOND = 0.0012, 0.3
_HARMONICS = {5: 0.75, 7: 0.50, 11: 0.33, 13: 0.28}
"""Shares of the distortion; the sum of their squares is 1."""


class Drawn(NamedTuple):
    """What one motor draws at a moment; frequencies in Hz, severities from 0 to 1."""

    amperes: float
    """Of the phase, root mean square."""
    line_hz: float
    speed_hz: float
    slip: float
    rated_a: float
    broken_bars: float
    static_gap: float
    moving_gap: float
    shorted_turns: float
    distortion: float
    """Harmonics of the supply or the drive, as a share of the fundamental."""


def record(drawn: Drawn, *, unlike_bars: float, dice: np.random.Generator) -> Array:
    """Make a record; ``unlike_bars`` is about 1, and larger where a sound rotor's bars differ more than usual."""
    noise = _STANDING_A + (_NOISE_SHARE * drawn.rated_a if drawn.amperes else 0.0)
    samples = noise * dice.standard_normal(_N)
    if not drawn.amperes or not drawn.line_hz:
        return samples
    time = np.arange(_N) / RATE_HZ
    lines = [(drawn.line_hz, 1.0), *_sidebands(drawn, unlike_bars), *_gap_lines(drawn)]
    lines += [(order * drawn.line_hz, share * drawn.distortion) for order, share in _HARMONICS.items()]
    lines.append((3 * drawn.line_hz, 0.03 * drawn.shorted_turns))
    for hertz, share in lines:
        if share and 0 < hertz < RATE_HZ / 2:
            samples += np.sqrt(2) * drawn.amperes * share * np.sin(2 * np.pi * (hertz * time + dice.random()))
    return samples


def _sidebands(drawn: Drawn, unlike_bars: float) -> list[tuple[float, float]]:
    """Lines beside the fundamental, at once and twice the pole-pass frequency."""
    apart_hz = 2 * drawn.slip * drawn.line_hz
    lower = _ALIKE * unlike_bars + _LOWER * drawn.broken_bars
    upper = 0.7 * _ALIKE * unlike_bars + _UPPER * drawn.broken_bars
    return [
        line
        for k, weight in ((1, 1.0), (2, _SECOND))
        for line in ((drawn.line_hz - k * apart_hz, weight * lower), (drawn.line_hz + k * apart_hz, weight * upper))
    ]


def _gap_lines(drawn: Drawn) -> list[tuple[float, float]]:
    """Lines of the slots and of the turning rotor; together 1.5 % of a static and 1 % of a dynamic eccentricity."""
    found = []
    for sign in (-1, 1):
        found.append((ROTOR_BARS * drawn.speed_hz + sign * drawn.line_hz, 0.0015 + 0.0106 * drawn.static_gap))
        found.append((drawn.line_hz + sign * drawn.speed_hz, 0.0005 + 0.005 * drawn.moving_gap))
        sides_hz = [bars * drawn.speed_hz + sign * drawn.line_hz for bars in (ROTOR_BARS - 1, ROTOR_BARS + 1)]
        found += [(side_hz, 0.0002 + 0.0035 * drawn.moving_gap) for side_hz in sides_hz]
    return found
