"""Replayed another: machines of one kind whose noise is the same, at any shift, scaled or with noise laid on top.

Comparing each with each would cost the square of the fleet. So each machine is sketched first: its signals are put together into
a few sums, the moments at which a sum is farthest off are its landmarks, and the noise around a landmark is a short vector. A
copy has most landmarks of its original, shifted; vectors of the whole fleet are compared by one product of matrices, and only the
few machines that come nearest are correlated in full (`registry.authenticity.replay.best_match`).

Up to 400 machines of a kind each two are compared by their sums at all shifts instead, which finds weaker copies.

Cost for N machines of a kind and a week (worked out, not measured at that size): sketches N x 0.1 s; products (28 N)² x 320 x 4
operations, 35 min for 10,000 machines at 50 GFLOP/s; candidates N x 4 x 0.25 s. The checks of each machine alone take N x 1 s. A
city of 100,000 machines of ten kinds takes about 60 h of one core: a weekly check of two cores over two nights, less with more.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

from analytics.evidence import table
from analytics.general.at_work import measured_signals
from analytics.window import FloatArray, Window
from device_profiles.kind import Label, Role
from registry.authenticity.noise import Noise, noise_of
from registry.authenticity.replay import JOINED, Match, alike_signals, best_match, overlaid, profile_curve
from registry.authenticity.suspicion import Method, Suspicion, told_time
from registry.authenticity.thresholds import DEFAULTS, Thresholds

_SUMS = 4
_LANDMARK_HOURS = 6.0
"""One landmark in about so many hours for each sum: the farthest off within as much before and after."""
_AROUND_ROWS = 6
"""Rows before and after a landmark that are its vector."""
_COPIED_BLOCKS = JOINED[2:]
"""Half a day at least: two machines that cycle may fall into step for some hours."""
_COMPARE_ALL = 400
"""Up to so many machines of a kind each is compared with each: 80,000 pairs take a minute and a half."""
Vectors = npt.NDArray[np.float32]


class Sketch(NamedTuple):
    """What of a machine is compared with the fleet."""

    key: str
    vectors: tuple[Vectors, ...]
    """For each sum of signals the vectors of its landmarks, shape (landmarks, length), of length 1 each."""
    spectra: npt.NDArray[np.complex64]
    """Transforms of the sums, shape (sums, size / 2 + 1), by which two machines are compared at all shifts."""
    size: int


class Copy(NamedTuple):
    """Two machines whose noise is the same."""

    first: str
    second: str
    match: Match
    noise: tuple[Noise, Noise]


def shared_noise(window: Window, thresholds: Thresholds = DEFAULTS) -> Noise:
    """Take the noise that only the machine itself has: what surrounds it, such as the grid, may be that of its neighbour too."""
    return noise_of(window, most_signals=2 * thresholds.replay_signals, leave_out=(Role.AMBIENT,))


def sketch(key: str, kind: str, noise: Noise, *, step_seconds: float) -> Sketch:
    """Sketch a machine. Which signals go into which sum depends on the kind alone, so that it is the same for all of it."""
    noise = _aligned(noise, measured_signals(kind))
    reach = max(1, round(_LANDMARK_HOURS * 3600 / step_seconds / 2))
    found = []
    for number in range(_SUMS):
        part = noise.values[number::_SUMS]
        if not len(part):
            found.append(np.empty((0, 0), np.float32))
            continue
        found.append(_landmark_vectors(part, reach))
    size = fft.next_fast_len(2 * noise.values.shape[1], real=True)
    totals = np.array([_signs(noise.values[number::_SUMS]) for number in range(_SUMS)], np.float32)
    return Sketch(key, tuple(found), fft.rfft(totals, size).astype(np.complex64), size)


def candidates(sketches: Sequence[Sketch], most: int) -> set[tuple[str, str]]:
    """Name, for each machine, the ``most`` others that have the most alike landmark; pairs in the order of their keys."""
    pairs: set[tuple[str, str]] = set()
    best: dict[int, list[tuple[float, int]]] = defaultdict(list)
    if len(sketches) <= _COMPARE_ALL:
        _compare_all(sketches, best)
    else:
        for number in range(_SUMS):
            _compare_landmarks([one.vectors[number] for one in sketches], best, most)
    for index, others in best.items():
        for _, other in sorted(others, reverse=True)[:most]:
            first, second = sorted((sketches[index].key, sketches[other].key))
            pairs.add((first, second))
    return pairs


def _compare_all(sketches: Sequence[Sketch], best: dict[int, list[tuple[float, int]]]) -> None:
    """Correlate the sums of each two machines at all shifts."""
    for index, one in enumerate(sketches):
        for other in range(index + 1, len(sketches)):
            spectrum = (one.spectra.conj() * sketches[other].spectra).sum(axis=0)
            products = np.abs(fft.irfft(spectrum, one.size))
            chance = float(np.median(products))
            closeness = float(products.max()) / chance if chance > 0 else 0.0
            best[index].append((closeness, other))
            best[other].append((closeness, index))


def _compare_landmarks(of_machines: Sequence[Vectors], best: dict[int, list[tuple[float, int]]], most: int) -> None:
    counts = np.array([len(one) for one in of_machines])
    if not counts.any():
        return
    stacked = np.concatenate([one for one in of_machines if len(one)])
    owner = np.repeat(np.arange(len(of_machines)), counts)
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    owners = owner[starts]
    for index in np.flatnonzero(counts).tolist():
        mine = of_machines[index]
        closeness = np.maximum.reduceat((mine @ stacked.T).max(axis=0), starts)
        closeness[owners == index] = -1.0
        top = np.argsort(-closeness)[:most]
        best[index].extend((float(closeness[one]), int(owners[one])) for one in top)


def _signs(part: FloatArray) -> FloatArray:
    """Add signals with alternating signs, so that what all have in common does not drown what each has."""
    total: FloatArray = (part * np.where(np.arange(len(part)) % 2, -1.0, 1.0)[:, None]).sum(axis=0)
    return total


def _landmark_vectors(part: npt.NDArray[np.float64], reach: int) -> Vectors:
    total = _signs(part)
    rows = len(total)
    vectors = []
    order = np.argsort(-np.abs(total), kind="stable")
    taken = np.zeros(rows, bool)
    for row in order[: 40 * max(1, rows // reach)]:
        if total[row] == 0:
            break
        low, high = max(row - reach, 0), min(row + reach + 1, rows)
        if taken[low:high].any() or row < _AROUND_ROWS or row >= rows - _AROUND_ROWS:
            continue
        taken[row] = True
        vector = part[:, row - _AROUND_ROWS : row + _AROUND_ROWS + 1].ravel()
        vectors.append(vector / np.linalg.norm(vector))
    return np.array(vectors, np.float32).reshape(len(vectors), -1)


def find_copies(
    windows: Mapping[str, Window], thresholds: Thresholds = DEFAULTS, *, only: frozenset[str] | None = None
) -> list[Copy]:
    """Find the machines of one kind whose data are another's, by the caller's keys.

    Parameters
    ----------
    windows : mapping of str to Window
        Machines of one kind on one grid.
    only : frozenset of str, optional
        Pairs without any of these are not looked at.
    """
    noises = {key: shared_noise(window, thresholds) for key, window in windows.items()}
    noises = {key: noise for key, noise in noises.items() if len(noise.signals) >= thresholds.least_signals}
    if len(noises) < 2:
        return []
    step_seconds = next(iter(windows.values())).step_seconds
    sketches = [sketch(key, windows[key].kind, noise, step_seconds=step_seconds) for key, noise in noises.items()]
    found = []
    for first, second in sorted(candidates(sketches, thresholds.copy_candidates)):
        if only is not None and first not in only and second not in only:
            continue
        copy = compare(first, noises[first], second, noises[second], thresholds, step_seconds=step_seconds)
        if copy is not None:
            found.append(copy)
    return found


def compare(first: str, noise: Noise, second: str, other: Noise, thresholds: Thresholds, *, step_seconds: float) -> Copy | None:
    """Correlate two machines in full; None where nothing stands out, or only what one cause in both would explain."""
    common = tuple(name for name in noise.signals if name in other.signals)[: 2 * thresholds.replay_signals]
    if len(common) < thresholds.least_signals:
        return None
    one, two = _aligned(noise, common), _aligned(other, common)
    block = max(1, round(thresholds.replay_block_hours * 3600 / step_seconds))
    match = best_match(one, two, block=block, near=-1, least_share=thresholds.replay_least_share, joined=_COPIED_BLOCKS)
    if match is None or match.score < thresholds.copy_score:
        return None
    # Each signal for itself: by chance its correlation stays below three deviations.
    alike = [correlation * np.sqrt(match.rows) for _, correlation in alike_signals(one, two, match)]
    if np.mean(np.array(alike) > 4) < thresholds.copy_spread:
        return None
    return Copy(first, second, match, (one, two))


def told(
    copy: Copy, windows: Mapping[str, Window], names: Mapping[str, Label], thresholds: Thresholds = DEFAULTS
) -> list[Suspicion]:
    """Raise one suspicion against each of the two: which is the copy, data do not tell."""
    return [_told(copy, windows, names, thresholds, is_first=is_first) for is_first in (True, False)]


def _told(
    copy: Copy, windows: Mapping[str, Window], names: Mapping[str, Label], thresholds: Thresholds, *, is_first: bool
) -> Suspicion:
    match = copy.match
    own, other = (copy.first, copy.second) if is_first else (copy.second, copy.first)
    own_row, other_row = match.first_row, match.first_row + match.lag
    if not is_first:
        own_row, other_row = other_row, own_row
    window = windows[own]
    alike = alike_signals(*copy.noise, match)
    start_us = int(window.times_us[own_row])
    hours, apart = match.rows * window.step_seconds / 3600, abs(match.lag) * window.step_seconds / 3600
    return Suspicion(
        method=Method.REPLAYED_ANOTHER,
        score=match.score,
        threshold=thresholds.copy_score,
        start_us=start_us,
        end_us=int(window.times_us[min(own_row + match.rows, len(window)) - 1]) + round(window.step_seconds * 1e6),
        explanation=Label(
            zh=f"从 {told_time(start_us)} 起约 {hours:.0f} 小时的数据与设备“{names[other].zh}”相同（相差 {apart:.1f} "
            f"小时），连测量噪声都一样"
            f"（相关 {match.share:.0%}，为偶然水平的 {match.score:.0f} 倍标准差）。两台设备中至少一台的数据是复制的。",
            en=f"About {hours:.0f} h from {told_time(start_us)} on are those of {names[other].en} ({apart:.1f} h "
            f"apart), down to the noise of "
            f"the sensors (correlation {match.share:.0%}, {match.score:.0f} deviations above chance). One of the two at "
            f"least is a copy.",
        ),
        evidence=(
            overlaid((windows[other], other_row), (window, own_row), alike[0][0], match.rows),
            profile_curve(match, window.step_seconds),
            table(
                Label(zh="噪声相同的测点", en="Signals of the same noise"), ("测点 / signal", "相关 / correlation"), alike[:20]
            ),
        ),
        other=other,
    )


def _aligned(noise: Noise, names: Sequence[str]) -> Noise:
    """Bring noise to these signals in this order; one that is not there is silent."""
    place = {name: index for index, name in enumerate(noise.signals)}
    values = np.zeros((len(names), noise.values.shape[1]))
    for index, name in enumerate(names):
        if name in place:
            values[index] = noise.values[place[name]]
    return Noise(tuple(names), values)
