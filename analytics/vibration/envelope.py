"""Which part of a rolling bearing is damaged, by the lines of its vibration's envelope; nothing is learned or set by machine.

A damage strikes each time a ball meets it, and each stroke rings the structure at frequencies of its own. So the record is cut
into bands, and the energy of each band over time is searched for the bearing's lines:

1. Cepstral pre-whitening: the spectrum keeps its phases alone. Lines of shaft, gears and supply and the strongest resonance lose
   their weight, and what repeats without being strictly periodic stays.
2. Squared envelopes of bands that overlap by half, their spectra averaged over stretches of turns, on an axis of shaft orders.
3. Each line over the floor around it (median within an order to each side), as a logarithm: loud and quiet machines count alike.
4. A line's score is the mean over its harmonics, all at one slip within `SLIP`, and over the bands that show it best.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import next_fast_len

from analytics.vibration.bearing_lines import BearingGeometry, bearing_orders

FloatArray = NDArray[np.float64]

LOWEST_HZ, HIGHEST_HZ = 500.0, 10_000.0
"""Below the lowest, lines of the shaft are louder than any ringing; beyond the highest, mounts of sensors pass nothing on."""
BAND_HZ = 2000.0
"""Wide enough for the harmonics, which the envelope of a band can only show up to its width."""
SHOWING_BANDS = 3
"""A resonance fills a few bands, not all of them; and one band alone is chance."""
SLIP = 0.015
"""Balls slip by one or two percent, and a bearing of another make differs by as much."""
HARMONICS = 4
CAGE_HARMONICS = 3
STRETCH_TURNS = 60
"""So many turns tell lines apart that differ by a thirtieth of an order."""
LEAST_TURNS = 20
FLOOR_ORDERS = 1.0
LEAST_SCORE, LEAST_LEAD = 1.2, 0.5
"""Noise alone scores about 0.5, because the best slip and the best bands are looked for; 1.2 is twice its power."""

_PARTS = {"BPFO": "outer", "BPFI": "inner", "2BSF": "ball", "FTF": "cage"}
_STEPS_OF_SLIP = 61
_FINENESS = 2
"""Points a line of the averaged spectrum: between two lines nothing is lost."""


class EnvelopeSpectrum(NamedTuple):
    """Lines of the bands' envelopes over what is around them."""

    step_orders: float
    """Lines stand at multiples of it. [times the shaft's frequency]"""
    levels: FloatArray
    """Shape (bands, lines): natural logarithm of power over floor; zero at multiples of the shaft's frequency, which it turns."""
    bands_hz: tuple[tuple[float, float], ...]

    @property
    def orders(self) -> FloatArray:
        return np.arange(self.levels.shape[1], dtype=np.float64) * self.step_orders


class Damage(NamedTuple):
    """What the lines say."""

    part: str
    """``outer``, ``inner``, ``ball`` or ``cage``: the likeliest, even where it is not sure."""
    score: float
    lead: float
    """Over the next."""

    @property
    def is_sure(self) -> bool:
        return self.score >= LEAST_SCORE and self.lead >= LEAST_LEAD


def bearing_line_scores(
    samples: ArrayLike, *, rate_hz: float, speed_rpm: float, geometry: BearingGeometry
) -> Mapping[str, float]:
    """Score the lines of a bearing in one record.

    Parameters
    ----------
    samples : array_like, shape (n,)
        Acceleration, in any unit.
    rate_hz, speed_rpm : float
        Sampling rate [Hz], and speed of the shaft while it was taken [rpm].

    Returns
    -------
    mapping of str to float
        ``BPFO``, ``BPFI``, ``2BSF`` and ``FTF``: mean logarithm of power over floor. Of noise about 0.2 to 0.6, the shorter the
        record the more; of clear damage 1 to 4. All NaN where the record holds a NaN or never changes.

    Raises
    ------
    ValueError
        As of `envelope_spectrum`.
    """
    return line_scores(envelope_spectrum(samples, rate_hz=rate_hz, speed_rpm=speed_rpm, geometry=geometry), geometry)


def envelope_spectrum(samples: ArrayLike, *, rate_hz: float, speed_rpm: float, geometry: BearingGeometry) -> EnvelopeSpectrum:
    """Take the spectra of the squared envelopes of all bands, whitened and over their floor.

    Raises
    ------
    ValueError
        If the record is no row of samples, spans less than `LEAST_TURNS` turns, or is sampled too slowly for one band.

    References
    ----------
    P. Borghesani et al., "Application of cepstrum pre-whitening for the diagnosis of bearing faults under variable speed
    conditions", Mech. Syst. Signal Process. 36 (2013), doi:10.1016/j.ymssp.2012.11.001; W. A. Smith and R. B. Randall, "Rolling
    element bearing diagnostics using the Case Western Reserve University data: A benchmark study", Mech. Syst. Signal Process.
    64-65 (2015), doi:10.1016/j.ymssp.2015.04.021; J. Antoni, "Cyclic spectral analysis of rolling-element bearing signals: Facts
    and fictions", J. Sound Vib. 304 (2007), doi:10.1016/j.jsv.2007.02.029 (spectra of many bands' envelopes averaged).
    """
    record = np.asarray(samples, dtype=float)
    if record.ndim != 1 or not (rate_hz > 0 and speed_rpm > 0):
        raise ValueError(f"no record: shape {record.shape}, {rate_hz:g} Hz, {speed_rpm:g} rpm")
    shaft_hz, seconds = speed_rpm / 60, record.size / rate_hz
    if seconds * shaft_hz < LEAST_TURNS:
        raise ValueError(f"{seconds * shaft_hz:.0f} turns are too few, give at least {LEAST_TURNS}")
    bands_hz = _bands(min(HIGHEST_HZ, 0.49 * rate_hz))
    if not bands_hz:
        raise ValueError(f"{rate_hz:g} Hz are too slow for a band of {BAND_HZ:g} Hz above {LOWEST_HZ:g} Hz")
    highest = HARMONICS * max(bearing_orders(geometry)) * (1 + SLIP) + FLOOR_ORDERS
    turns = min(STRETCH_TURNS, seconds * shaft_hz / 2)
    step = 1 / (turns * _FINENESS)
    orders: FloatArray = np.arange(int(highest / step) + 2, dtype=np.float64) * step
    if np.isnan(record).any() or np.ptp(record) == 0:
        return EnvelopeSpectrum(step, np.full((len(bands_hz), len(orders)), np.nan), bands_hz)
    spectrum = np.fft.rfft(record - record.mean())
    spectrum /= np.maximum(np.abs(spectrum), 1e-12 * np.abs(spectrum).max())
    power = np.array([_band_power(spectrum, 1 / seconds, band, turns / shaft_hz, orders * shaft_hz) for band in bands_hz])
    floor = _floor(power, step)
    levels: FloatArray = np.log(np.maximum(power, 1e-30) / np.maximum(floor, 1e-30))
    # The shaft's own lines, as wide as the Hann window makes them, say nothing of the bearing.
    nearest = np.round(orders)
    levels[:, (np.abs(orders - nearest) * turns < 1.6) | (nearest == 0) & (orders * turns < 3)] = 0.0
    return EnvelopeSpectrum(step, levels, bands_hz)


def line_scores(spectrum: EnvelopeSpectrum, geometry: BearingGeometry) -> Mapping[str, float]:
    """Score a bearing's lines in a spectrum; see `bearing_line_scores`."""
    orders = bearing_orders(geometry)
    return {
        name: _comb(spectrum, getattr(orders, part), CAGE_HARMONICS if name == "FTF" else HARMONICS)
        for name, part in _PARTS.items()
    }


def damaged_part(scores: Mapping[str, float]) -> Damage | None:
    """Give the likeliest damaged part, and how far it leads; None where a score is unknown.

    Notes
    -----
    Balls carry unequally, so damage of a ring is modulated by the cage too. Hence the cage's line only counts by what it has over
    the lines of the rings. Without these it means something that travels with the cage: the cage itself, or a ball whose damage
    has turned away from the rings' tracks.
    """
    own = dict(scores)
    own["FTF"] -= max(own["BPFO"], own["BPFI"])
    if np.isnan(list(own.values())).any():
        return None
    first, second = sorted(own, key=lambda name: -own[name])[:2]
    if {first, second} == {"2BSF", "FTF"}:
        # These two agree with each other: what leads is what travels with the cage.
        second = max(("BPFO", "BPFI"), key=lambda name: own[name])
    return Damage(_PARTS[first], own[first], own[first] - own[second])


def _bands(highest_hz: float) -> tuple[tuple[float, float], ...]:
    lows = np.arange(LOWEST_HZ, highest_hz - BAND_HZ + 1e-9, BAND_HZ / 2)
    return tuple((float(low), float(low + BAND_HZ)) for low in lows)


def _band_power(
    spectrum: NDArray[np.complex128], line_hz: float, band_hz: tuple[float, float], stretch_seconds: float, at_hz: FloatArray
) -> FloatArray:
    """Power spectrum of a band's squared envelope, averaged over half-overlapping stretches, at given frequencies."""
    first, last = (round(edge / line_hz) for edge in band_hz)
    # Moved down to zero, the band needs few samples; twice its width, because the envelope is squared.
    size = next_fast_len(2 * (last - first))
    moved = np.zeros(size, complex)
    moved[: last - first] = spectrum[first:last]
    energy = np.abs(np.fft.ifft(moved)) ** 2
    energy /= energy.mean()
    rate_hz = size * line_hz
    length = min(int(stretch_seconds * rate_hz), size)
    starts = np.arange(0, size - length + 1, max(1, length // 2))
    stretches = energy[starts[:, None] + np.arange(length)]
    window = np.hanning(length)
    lines = np.fft.rfft((stretches - stretches.mean(axis=1, keepdims=True)) * window, _FINENESS * length, axis=1)
    power: FloatArray = np.interp(
        at_hz, np.arange(lines.shape[1]) * rate_hz / (_FINENESS * length), (np.abs(lines) ** 2).mean(axis=0)
    )
    return power


def _floor(power: FloatArray, step_orders: float) -> FloatArray:
    """Median of the lines within an order to each side, at every quarter of an order, and straight in between."""
    half = round(FLOOR_ORDERS / step_orders)
    padded = np.pad(power, ((0, 0), (half, half)), mode="reflect")
    centres = np.arange(0, power.shape[1], max(1, half // 4))
    medians = np.median(padded[:, centres[:, None] + np.arange(2 * half + 1)], axis=2)
    lines = np.arange(power.shape[1])
    return np.array([np.interp(lines, centres, band) for band in medians])


def _comb(spectrum: EnvelopeSpectrum, order: float, harmonics: int) -> float:
    """Mean level of a line's harmonics at the slip and in the bands where it is highest."""
    slips = np.linspace(1 - SLIP, 1 + SLIP, _STEPS_OF_SLIP)
    at = np.arange(1, harmonics + 1)[:, None] * (order * slips) / spectrum.step_orders
    left = at.astype(int)
    share = at - left
    levels = spectrum.levels
    found = (levels[:, left] * (1 - share) + levels[:, left + 1] * share).mean(axis=1)
    showing = np.sort(found, axis=0)[-SHOWING_BANDS:].mean(axis=0)
    return float(showing.max())
