"""Broken rotor bars by the sidebands of the supply's line in a motor's current: f (1 ± 2 k s)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from analytics.current_signature.line_spectrum import MAIN_LOBE_LINES, LineSpectrum, line_spectrum
from analytics.result import NotEvaluated, Why

LEAST_LOAD_SHARE = 0.35
"""At less load the rotor's currents are small and the slip is hardly known: both hide a broken bar."""
HIGHEST_FLOOR_DB = -57.0
"""Noise must lie below the weakest sideband that says something (54 dB below the line), or it is read as one."""
CLEAR_OF_FLOOR_DB = 10.0
SUPPLY_HZ = (5.0, 400.0)


class Sidebands(NamedTuple):
    """Lines to both sides of the supply's line, and what they stand on."""

    supply_hz: float
    supply_a: float
    """Amplitude of the line."""
    slip: float
    """As the sidebands show it where they are clear, else as it was given."""
    lower_db: float
    upper_db: float
    """Below the line (positive)."""
    floor_db: float
    """Below the line: what lies between and around the sidebands."""
    spectrum: LineSpectrum

    @property
    def below_db(self) -> float:
        """Mean of both sides: the left one is the rotor's, the right one the answer of the speed, less with more inertia."""
        return (self.lower_db + self.upper_db) / 2

    @property
    def is_clear(self) -> bool:
        """Both stand out of the floor; otherwise `below_db` only tells that they are not higher."""
        return min(self.floor_db - self.lower_db, self.floor_db - self.upper_db) >= CLEAR_OF_FLOOR_DB


def broken_bar_sidebands(
    samples: ArrayLike,
    *,
    rate_hz: float,
    speed_rpm: float,
    pole_pairs: int | None = None,
    load_share: float | None = None,
    speed_uncertainty_rpm: float = 1.0,
) -> Sidebands:
    """Read the sidebands of one phase's current.

    Parameters
    ----------
    samples : array_like, shape (n,)
        Current of one phase, in any unit.
    rate_hz, speed_rpm : float
        Sampling rate [Hz], and speed of the shaft meanwhile [rpm].
    pole_pairs : int, optional
        By speed and frequency where it is left out.
    load_share : float, optional
        Share of the rated torque; checked where it is known.
    speed_uncertainty_rpm : float
        So far the sidebands are sought around the place that the speed gives.

    Raises
    ------
    NotEvaluated
        ``WEAK_RECORDING``: a hole, no supply line, too little load, no slip; shorter than four periods of the slip frequency
        ``2 s f``, so that the line's own lobe covers the sidebands; or noise (a jittering clock, a supply that wanders) where the
        sidebands should be.

    References
    ----------
    W. T. Thomson and M. Fenger, IEEE Ind. Appl. Mag. 7 (2001), doi:10.1109/2943.930988; A. Bellini et al., "Advances in
    diagnostic techniques for induction machines", IEEE Trans. Ind. Electron. 55 (2008), doi:10.1109/TIE.2008.2007527 (both
    sidebands).
    """
    if load_share is not None and not load_share >= LEAST_LOAD_SHARE:
        raise NotEvaluated(Why.WEAK_RECORDING, f"load {100 * load_share:.0f} % < {100 * LEAST_LOAD_SHARE:.0f} %")
    spectrum = line_spectrum(samples, rate_hz=rate_hz)
    if np.isnan(spectrum.amplitudes).any() or not spectrum.amplitudes.max() > 0:
        raise NotEvaluated(Why.WEAK_RECORDING, "no current, or a hole in the record")
    supply_hz, supply_a = spectrum.highest(SUPPLY_HZ[0], min(SUPPLY_HZ[1], 0.45 * rate_hz))
    pairs = pole_pairs or max(1, int(60 * supply_hz / speed_rpm + 0.2))
    slip = 1 - speed_rpm * pairs / (60 * supply_hz)
    apart_hz = 2 * slip * supply_hz
    needed_hz = MAIN_LOBE_LINES * spectrum.resolution_hz
    if apart_hz < needed_hz:
        seconds = f"{1 / spectrum.resolution_hz:.1f} s"
        needs = f"{MAIN_LOBE_LINES / apart_hz:.1f} s" if apart_hz > 0 else "slip > 0"
        raise NotEvaluated(Why.WEAK_RECORDING, f"{seconds} < {needs} (4 / 2sf)")
    reach_hz = min(max(spectrum.resolution_hz, 2 * speed_uncertainty_rpm * pairs / 60), 0.25 * apart_hz)
    (lower_hz, lower), (upper_hz, upper) = (
        spectrum.highest(supply_hz + side * apart_hz - reach_hz, supply_hz + side * apart_hz + reach_hz) for side in (-1, 1)
    )
    lower_db, upper_db, floor_db = (
        float(-20 * np.log10(max(amplitude, 1e-15 * supply_a) / supply_a))
        for amplitude in (lower, upper, _floor(spectrum, supply_hz, apart_hz, reach_hz))
    )
    found = Sidebands(supply_hz, supply_a, slip, lower_db, upper_db, floor_db, spectrum)
    if -floor_db > HIGHEST_FLOOR_DB:
        raise NotEvaluated(Why.WEAK_RECORDING, f"noise beside the line only {floor_db:.0f} dB below it")
    return found._replace(slip=(upper_hz - lower_hz) / (4 * supply_hz)) if found.is_clear else found


def load_swing_share(power: ArrayLike, *, rate_hz: float, at_hz: float) -> float:
    """Share by which the active power swings at a frequency.

    A load that swings at about ``2 s f`` (a slow compressor, a mill) makes the same lines in the current as broken bars. Then the
    power swings by as much as the current: sidebands of m below the line by themselves are a swing by ``2 m``. Compare with
    `explains`.

    Parameters
    ----------
    power : array_like, shape (n,)
        Active power over time, sampled fast enough for the swing.
    at_hz : float
        Where to look: ``2 s f``. [Hz]

    Raises
    ------
    NotEvaluated
        If the record is too short for it, too slow, or the mean power is not positive.
    """
    values = np.asarray(power, dtype=float)
    mean = values.mean() if values.size else float("nan")
    if not mean > 0:
        raise NotEvaluated(Why.WEAK_RECORDING, "no active power, or a hole in the record")
    seconds = values.size / rate_hz
    if not MAIN_LOBE_LINES / seconds <= at_hz <= 0.4 * rate_hz:
        raise NotEvaluated(Why.WEAK_RECORDING, f"{seconds:.1f} s at {rate_hz:g} Hz do not show {at_hz:.2f} Hz")
    spectrum = line_spectrum(values, rate_hz=rate_hz)
    _, amplitude = spectrum.highest(at_hz - spectrum.resolution_hz, at_hz + spectrum.resolution_hz)
    return float(amplitude / mean)


def explains(swing_share: float, sidebands: Sidebands) -> bool:
    """Tell whether a swing of the load accounts for at least half of the sidebands."""
    by_bars = 10 ** (-sidebands.lower_db / 20) + 10 ** (-sidebands.upper_db / 20)
    return swing_share >= 0.5 * by_bars


def _floor(spectrum: LineSpectrum, supply_hz: float, apart_hz: float, reach_hz: float) -> float:
    """Median beside the sidebands, out of reach of them and of the line's own lobe."""
    lobe_hz = MAIN_LOBE_LINES * spectrum.resolution_hz
    offsets = np.abs(spectrum.frequencies_hz - supply_hz)
    near = (offsets > lobe_hz) & (offsets < 2 * apart_hz - reach_hz) & (np.abs(offsets - apart_hz) > lobe_hz)
    if not near.any():
        # Barely long enough: what lies beyond the second sideband will do.
        near = (offsets > 2 * apart_hz + lobe_hz) & (offsets < 2 * apart_hz + 4 * lobe_hz)
    return float(np.median(spectrum.amplitudes[near]))
