"""Replayed itself: hours of a machine that come again, found by the noise of its sensors (`registry.authenticity.noise`)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

from analytics.evidence import curve, series, table
from analytics.window import FloatArray, Window
from device_profiles.kind import Label, load_kind
from registry.authenticity.noise import Noise, noise_of
from registry.authenticity.suspicion import Method, Suspicion, told_time
from registry.authenticity.thresholds import DEFAULTS, Thresholds

_LEAST_HEARD = 0.15
"""Share of a block's values that must be noise: of a machine at rest nothing can be said."""
_SHOWN_ROWS = 300
JOINED = (2, 3, 4, 8)
"""Blocks that are judged together: a weak copy of a day stands out where one of three hours does not, and machines that work in
cycles of minutes fall into step for one block, not for two."""
_ALIKE = 4.0
"""Deviations from which one signal alone is alike."""
_ECHO_ROWS, _ECHO = (3, 120), 5.0
"""A signal that is like itself after so many rows, by so many deviations, runs in cycles; white noise comes to 3.5."""
_LEAST_WITNESSES = 4


class Match(NamedTuple):
    """The stretch of one noise that is most like a stretch of another."""

    score: float
    """Correlation, in deviations of that at all other shifts."""
    first_row: int
    """Of the earlier noise's stretch."""
    rows: int
    lag: int
    """Rows from it to the one that is like it."""
    share: float
    """Correlation as a share of the noise: 1 for a copy to the bit."""
    lags: npt.NDArray[np.int64]
    profile: FloatArray
    """Scores at all shifts, for the picture."""


def detect(window: Window, thresholds: Thresholds = DEFAULTS) -> list[Suspicion]:
    """Find the stretch that comes again most clearly.

    Cost: one transform of 16,384 points for each signal and block, a quarter of a second for a week of one machine on one core.
    """
    noise = noise_of(window, most_signals=thresholds.replay_signals)
    if len(noise.signals) < thresholds.least_signals:
        return []
    near = window.steps(60 * thresholds.replay_near_minutes)
    block = window.steps(3600 * thresholds.replay_block_hours)
    match = best_match(noise, noise, block=block, near=near, least_share=thresholds.replay_least_share)
    if match is None or match.score < thresholds.replay_score:
        return []
    if alike_share(noise, noise, match) < thresholds.replay_spread:
        return []
    first, second = sorted((match.first_row, match.first_row + match.lag))
    times = window.times_us
    hours, apart = match.rows * window.step_seconds / 3600, abs(match.lag) * window.step_seconds / 3600
    alike = alike_signals(noise, noise, match)
    name = alike[0][0]
    return [
        Suspicion(
            method=Method.REPLAYED_ITSELF,
            score=match.score,
            threshold=thresholds.replay_score,
            start_us=int(times[second]),
            end_us=int(times[min(second + match.rows, len(times)) - 1]) + round(window.step_seconds * 1e6),
            explanation=Label(
                zh=f"从 {told_time(int(times[second]))} 起约 {hours:.0f} 小时的数据重复了 {apart:.1f} 小时前的数据："
                f"连测量噪声都一样"
                f"（相关 {match.share:.0%}，为偶然水平的 {match.score:.0f} 倍标准差）。真实设备的噪声不会重来。",
                en=f"About {hours:.0f} h from {told_time(int(times[second]))} on repeat what came {apart:.1f} h before, "
                f"down to the noise "
                f"of the sensors (correlation {match.share:.0%}, {match.score:.0f} deviations above chance). Noise "
                f"never comes twice.",
            ),
            evidence=(
                overlaid((window, first), (window, second), name, match.rows),
                profile_curve(match, window.step_seconds),
                table(
                    Label(zh="噪声相同的测点", en="Signals of the same noise"),
                    ("测点 / signal", "相关 / correlation"),
                    alike[:20],
                ),
            ),
        )
    ]


def best_match(
    first: Noise, second: Noise, *, block: int, near: int, least_share: float, joined: Sequence[int] = JOINED
) -> Match | None:
    """Slide blocks of one machine's noise along another's, all signals together, and give the shift that stands out most.

    Parameters
    ----------
    first, second : Noise
        Of the same signals and as many rows.
    block : int
        Rows of a block.
    near : int
        Shifts up to so many rows are left out; -1 for none.
    joined : sequence of int
        How many blocks are judged together.

    Notes
    -----
    Each correlation is divided by what chance would give at that shift: the power of both where they lie over each other. How far
    it then lies above chance is measured against the same block at all other shifts (median absolute deviation): what comes again
    in cycles is at many shifts and raises the measure itself.
    """
    signals, n = first.values.shape
    if n < 2 * block:
        return None
    size = fft.next_fast_len(n + block, real=True)
    of_second = fft.rfft(second.values.astype(np.float32), size)
    blocks = n // block
    products = np.empty((blocks, n - block + 1), np.float32)
    together = np.empty((blocks, n - block + 1), np.float32)
    energies = np.empty(blocks)
    powers = [np.square(noise.values).mean(axis=0).astype(np.float32) for noise in (first, second)]
    power_second = fft.rfft(powers[1], size)
    for number in range(blocks):
        piece = first.values[:, number * block : (number + 1) * block].astype(np.float32)
        energies[number] = float(np.square(piece).sum())
        spectrum = np.einsum("sf,sf->f", of_second, fft.rfft(piece, size).conj())
        products[number] = fft.irfft(spectrum, size)[: n - block + 1]
        power_here = fft.rfft(powers[0][number * block : (number + 1) * block], size)
        together[number] = fft.irfft(power_second * power_here.conj(), size)[: n - block + 1]
    best: Match | None = None
    for span in joined:
        for number in range(blocks - span + 1):
            if energies[number : number + span].sum() < _LEAST_HEARD * signals * block * span:
                continue
            # Position p of block k is the shift p - k * block; span blocks are added at the same shift.
            width = n - span * block + 1
            total = np.sum([products[number + k, k * block : k * block + width] for k in range(span)], axis=0)
            lags = np.arange(width) - number * block
            power = np.sum([together[number + k, k * block : k * block + width] for k in range(span)], axis=0)
            # Of a stretch at rest nothing can be said, and chance is smaller there.
            far = (np.abs(lags) > near) & (power >= _LEAST_HEARD * block * span)
            if far.sum() < 2 * block:
                continue
            values = np.divide(total, np.sqrt(signals * np.maximum(power, 0)), out=np.zeros(width), where=far)
            chance = 1.4826 * float(np.median(np.abs(values[far])))
            at = int(values.argmax())
            score = float(values[at] / chance) if chance > 0 else 0.0
            share = float(total[at] / (signals * power[at])) if far[at] else 0.0
            if share >= least_share and (best is None or score > best.score):
                best = Match(score, number * block, span * block, int(lags[at]), share, lags, values / chance)
    return best


def alike_signals(first: Noise, second: Noise, match: Match) -> list[tuple[str, float]]:
    """Give the correlation of each signal's noise over a match, the most alike first."""
    one = first.values[:, match.first_row : match.first_row + match.rows]
    other = second.values[:, match.first_row + match.lag : match.first_row + match.lag + match.rows]
    size = np.sqrt(np.square(one).sum(axis=1) * np.square(other).sum(axis=1))
    products = (one * other).sum(axis=1)
    correlation = np.divide(products, size, out=np.zeros(len(size)), where=size > 0)
    return sorted(zip(first.signals, correlation.tolist(), strict=True), key=lambda pair: -pair[1])


def alike_share(first: Noise, second: Noise, match: Match) -> float:
    """Give the share of the signals that are alike each for itself, by the signs of their noise; 0 where too few are noise.

    A copy is alike in every signal that was copied and in every minute; what falls into step by chance owes it to a few rows with
    large values, or to a little in each of many signals. Signs see neither. A signal that also repeats within two hours of itself
    runs in cycles, and is no witness: ambient temperatures, mains and levels, whose noise no cycle makes, have to be alike too.
    """
    one = np.sign(first.values[:, match.first_row : match.first_row + match.rows])
    other = np.sign(second.values[:, match.first_row + match.lag : match.first_row + match.lag + match.rows])
    is_noise = _most_echo(one) < _ECHO
    if is_noise.sum() < _LEAST_WITNESSES:
        return 0.0
    products = one[is_noise] * other[is_noise]
    heard = np.maximum(np.abs(products).sum(axis=1), 1)
    return float(np.mean(products.sum(axis=1) / np.sqrt(heard) > _ALIKE))


def _most_echo(signs: FloatArray) -> FloatArray:
    """Give the most that each series is like itself a few minutes to two hours later, in deviations; shape (signals,)."""
    size = fft.next_fast_len(signs.shape[1] + _ECHO_ROWS[1], real=True)
    of_signs, of_heard = fft.rfft(signs, size), fft.rfft(np.abs(signs), size)
    lags = slice(*_ECHO_ROWS)
    products = fft.irfft(of_signs * of_signs.conj(), size)[:, lags]
    heard = fft.irfft(of_heard * of_heard.conj(), size)[:, lags]
    most: FloatArray = (products / np.sqrt(np.maximum(heard, 1))).max(axis=1)
    return most


def overlaid(original: tuple[Window, int], again: tuple[Window, int], name: str, rows: int) -> dict[str, Any]:
    """Lay two stretches (window and first row) over each other, on the clock of the later one: the first hours."""
    (first, first_row), (second, second_row) = original, again
    rows = min(rows, _SHOWN_ROWS)
    signal = load_kind(second.kind).signals[name]
    return series(
        signal.label,
        signal.unit,
        second.times_us[second_row : second_row + rows],
        {
            "原数据 / original": first[name][first_row : first_row + rows],
            "重复 / repeated": second[name][second_row : second_row + rows],
        },
    )


def profile_curve(match: Match, step_seconds: float) -> dict[str, Any]:
    """Draw how alike the stretch is at each shift: one peak above all that chance gives."""
    every = max(1, len(match.lags) // 1000)
    kept = np.unique(np.append(np.arange(0, len(match.lags), every), match.profile.argmax()))
    hours = match.lags[kept] * step_seconds / 3600
    return curve(
        Label(zh="噪声的相关随时间差", en="Correlation of the noise by shift"),
        x=(Label(zh="时间差", en="Shift"), "h"),
        y=(Label(zh="偏离偶然水平", en="Deviations above chance"), "σ"),
        lines={"相关 / correlation": (hours, match.profile[kept].astype(float))},
    )
