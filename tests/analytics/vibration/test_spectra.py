import numpy as np
import pytest

from analytics.vibration.spectra import envelope_spectrum_of, spectrum_of

RATE_HZ = 10_000
TIMES = np.arange(10_000) / RATE_HZ
"""One second: the lines of the spectrum stand at whole hertz."""


def test_a_sine_shows_its_amplitude_at_its_frequency_and_nothing_two_lines_away() -> None:
    frequencies_hz, amplitudes = spectrum_of(4 + 3 * np.sin(2 * np.pi * 50 * TIMES), rate_hz=RATE_HZ)
    assert frequencies_hz[50] == pytest.approx(50)
    assert amplitudes[50] == pytest.approx(3)
    # The Hann window's two neighbours have half of the line, every other line nothing; the mean of 4 is taken out.
    assert amplitudes[[49, 51]] == pytest.approx(1.5)
    assert np.delete(amplitudes, [49, 50, 51]) == pytest.approx(0, abs=1e-9)


def test_a_sine_between_two_lines_loses_at_most_the_hann_windows_scallop_loss_of_1_42_decibel() -> None:
    _frequencies, amplitudes = spectrum_of(np.sin(2 * np.pi * 50.5 * TIMES), rate_hz=RATE_HZ)
    assert amplitudes.max() == pytest.approx(10 ** (-1.42 / 20), rel=2e-3)


def test_the_highest_line_of_an_even_record_is_not_doubled() -> None:
    _frequencies, amplitudes = spectrum_of(np.tile([1.0, -1.0], 500), rate_hz=RATE_HZ)
    assert amplitudes[-1] == pytest.approx(1)


def test_the_envelope_of_a_modulated_carrier_shows_the_modulation() -> None:
    """A carrier of 2 at 3 kHz, modulated by a half at 87 Hz: the envelope is 2 + cos(87 Hz)."""
    carrier = 2 * (1 + 0.5 * np.cos(2 * np.pi * 87 * TIMES)) * np.sin(2 * np.pi * 3000 * TIMES)
    loud_elsewhere = 20 * np.sin(2 * np.pi * 50 * TIMES)
    frequencies_hz, amplitudes = envelope_spectrum_of(carrier + loud_elsewhere, rate_hz=RATE_HZ, low_hz=2500, high_hz=3500)
    peak = int(amplitudes.argmax())
    assert frequencies_hz[peak] == pytest.approx(87)
    assert amplitudes[peak] == pytest.approx(1)


def test_a_record_with_a_hole_has_no_spectrum_to_read() -> None:
    samples = np.sin(2 * np.pi * 50 * TIMES)
    samples[7] = np.nan
    assert np.isnan(spectrum_of(samples, rate_hz=RATE_HZ)[1]).all()
    assert np.isnan(envelope_spectrum_of(samples, rate_hz=RATE_HZ, low_hz=100, high_hz=200)[1]).all()


@pytest.mark.parametrize(
    ("samples", "rate_hz", "low_hz", "high_hz"),
    [([1.0, 2.0], 100, 1, 2), ([[1.0] * 8], 100, 1, 2), ([1.0] * 8, 0, 1, 2), ([1.0] * 8, 100, 60, 70), ([1.0] * 8, 100, 9, 9)],
)
def test_what_has_no_envelope_spectrum_is_refused(samples: list[float], rate_hz: float, low_hz: float, high_hz: float) -> None:
    with pytest.raises(ValueError, match=r"record|rate|band"):
        envelope_spectrum_of(samples, rate_hz=rate_hz, low_hz=low_hz, high_hz=high_hz)
