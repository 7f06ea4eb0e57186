"""Amplitude spectrum and envelope spectrum of one high-rate record."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def spectrum_of(samples: ArrayLike, *, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """One-sided amplitude spectrum with a Hann window.

    The mean is taken out first; amplitudes are corrected for the window's gain, so that a sine of amplitude A whose
    frequency is a line of the spectrum shows A (between two lines at worst 15 % less: scalloping of the Hann window).

    Parameters
    ----------
    samples : array_like, shape (n,)
        Evenly sampled record.
    rate_hz : float
        Sampling rate. [Hz]

    Returns
    -------
    frequencies_hz, amplitudes : ndarray, shape (n // 2 + 1,)
        Lines at multiples of ``rate_hz / n``, and peak amplitudes in the samples' unit; NaN where the record holds a NaN.

    Raises
    ------
    ValueError
        If the record has fewer than four samples or the rate is not positive.

    References
    ----------
    F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", Proc. IEEE 66 (1978),
    doi:10.1109/PROC.1978.10837: coherent gain 0.5 and scallop loss 1.42 dB of the Hann window.
    """
    record = _record(samples, rate_hz)
    n = record.size
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    amplitudes: FloatArray = np.abs(np.fft.rfft((record - record.mean()) * window)) * 2 / window.sum()
    amplitudes[0] /= 2
    if n % 2 == 0:
        amplitudes[-1] /= 2  # the mean and the Nyquist line have no second half
    frequencies_hz: FloatArray = np.arange(n // 2 + 1, dtype=np.float64) * (rate_hz / n)
    return frequencies_hz, amplitudes


def envelope_spectrum_of(samples: ArrayLike, *, rate_hz: float, low_hz: float, high_hz: float) -> tuple[FloatArray, FloatArray]:
    """Spectrum of the envelope within a band: what a resonance is struck by, such as the balls of a bearing.

    The band is cut out of the spectrum and its analytic signal (Hilbert transform) gives the envelope, whose spectrum is
    taken as by `spectrum_of`. A carrier of amplitude A modulated by a share m at f shows ``A m`` at f.

    Parameters
    ----------
    samples : array_like, shape (n,)
        Evenly sampled record.
    rate_hz, low_hz, high_hz : float
        Sampling rate and band edges, ``0 < low_hz < high_hz <= rate_hz / 2``. [Hz]

    Returns
    -------
    frequencies_hz, amplitudes : ndarray, shape (n // 2 + 1,)
        As of `spectrum_of`.

    Raises
    ------
    ValueError
        If the record is too short, or the band is empty or reaches above half the sampling rate.

    References
    ----------
    R. B. Randall and J. Antoni, "Rolling element bearing diagnostics - A tutorial", Mech. Syst. Signal Process. 25 (2011),
    section 3.2, doi:10.1016/j.ymssp.2010.07.017.
    """
    record = _record(samples, rate_hz)
    if not 0 < low_hz < high_hz <= rate_hz / 2:
        raise ValueError(f"band {low_hz:g}..{high_hz:g} Hz does not fit below {rate_hz / 2:g} Hz")
    n = record.size
    frequencies = np.fft.fftfreq(n, 1 / rate_hz)
    in_band = (frequencies >= low_hz) & (frequencies <= high_hz)
    # Only positive frequencies, doubled: the analytic signal, whose magnitude is the envelope.
    analytic = np.fft.ifft(np.where(in_band, 2 * np.fft.fft(record), 0))
    return spectrum_of(np.abs(analytic), rate_hz=rate_hz)


def _record(samples: ArrayLike, rate_hz: float) -> FloatArray:
    record = np.asarray(samples, dtype=float)
    if record.ndim != 1 or record.size < 4:
        raise ValueError(f"a record of shape {record.shape} has no spectrum; give at least four samples")
    if not rate_hz > 0:
        raise ValueError(f"a sampling rate of {rate_hz:g} Hz is not positive")
    return record
