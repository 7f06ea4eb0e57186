"""Spectrum of a motor's current in which weak lines close to the supply's line can be read."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

MAIN_LOBE_LINES = 4.0
"""Half the width of the window's main lobe, in lines of the record: closer to a line nothing else can be seen."""
_WINDOW = (0.35875, 0.48829, 0.14128, 0.01168)
"""Blackman-Harris, four terms: side lobes 92 dB down. A Hann window's would cover what is sought 40 to 60 dB below the line."""
_PADDING = 4


class LineSpectrum(NamedTuple):
    """Amplitudes of a record, finely spaced."""

    step_hz: float
    amplitudes: FloatArray
    """Peak values in the samples' unit, of a sine its amplitude."""
    resolution_hz: float
    """One over the record's length."""

    @property
    def frequencies_hz(self) -> FloatArray:
        return np.arange(len(self.amplitudes), dtype=np.float64) * self.step_hz

    def between(self, low_hz: float, high_hz: float) -> FloatArray:
        """Amplitudes of all lines from ``low_hz`` to ``high_hz``, at least the nearest one."""
        first = int(np.clip(round(low_hz / self.step_hz), 0, len(self.amplitudes) - 1))
        last = int(np.clip(round(high_hz / self.step_hz), first, len(self.amplitudes) - 1))
        return self.amplitudes[first : last + 1]

    def highest(self, low_hz: float, high_hz: float) -> tuple[float, float]:
        """Frequency and amplitude of the highest line of a span, between the lines by a parabola through the logarithms."""
        first = int(np.clip(round(low_hz / self.step_hz), 1, len(self.amplitudes) - 2))
        peak = first + int(np.argmax(self.between(low_hz, high_hz)))
        peak = min(max(peak, 1), len(self.amplitudes) - 2)
        left, top, right = np.log(np.maximum(self.amplitudes[peak - 1 : peak + 2], 1e-300))
        bend = left - 2 * top + right
        shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
        # On a slope the parabola's top lies outside the span; then the line itself is meant.
        shift = shift if abs(shift) <= 0.5 else 0.0
        return (peak + shift) * self.step_hz, float(np.exp(top - 0.25 * (left - right) * shift))


def line_spectrum(samples: ArrayLike, *, rate_hz: float) -> LineSpectrum:
    """Amplitude spectrum with the four-term Blackman-Harris window, the (weighted) mean taken out.

    Parameters
    ----------
    samples : array_like, shape (n,)
        Evenly sampled record; a NaN in it makes all amplitudes NaN.
    rate_hz : float
        Sampling rate. [Hz]

    Raises
    ------
    ValueError
        If the record is no row of at least 16 samples, or the rate is not positive.

    References
    ----------
    F. J. Harris, Proc. IEEE 66 (1978), doi:10.1109/PROC.1978.10837, table 1.
    """
    record = np.asarray(samples, dtype=float)
    if record.ndim != 1 or record.size < 16 or not rate_hz > 0:
        raise ValueError(f"a record of shape {record.shape} at {rate_hz:g} Hz has no spectrum")
    n = record.size
    turn = 2 * np.pi * np.arange(n) / n
    window = np.sum([(-1) ** k * weight * np.cos(k * turn) for k, weight in enumerate(_WINDOW)], axis=0)
    # The plain mean of a broken number of periods is not zero; taking it out would add a line of its own.
    centred = record - (window @ record) / window.sum()
    size = _PADDING * n
    amplitudes: FloatArray = np.abs(np.fft.rfft(centred * window, size)) * 2 / window.sum()
    return LineSpectrum(rate_hz / size, amplitudes, rate_hz / n)
