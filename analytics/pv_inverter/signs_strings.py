"""Names what is wrong with a string or a tracker, by its current, its partner's, and the voltage that both share.

A string that lacks voltage (a module bypassed or shorted) pulls its tracker down: the tracker settles between the two, where the
weak string gives too little current and its partner too much. A string that lacks current (a leak, a cracked cell) leaves the
voltage as it is. A shadow comes and goes with the sun.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.pv_inverter.healthy import Residuals
from analytics.pv_inverter.residuals import Blocks
from analytics.pv_inverter.signs_curve import lacking_voltage
from analytics.window import Flags, FloatArray

RECENT_BLOCKS = 48
"""Eight hours of light: about a day."""
LEAST_BLOCKS = 6
OPEN_SHARE = 0.1
LEAST_APART = 0.004
"""Half the difference of the two strings' current ratios that counts: pairs of healthy strings keep within 0.2 % over a month."""
_DOUBT_A = 0.006
"""What clamps cannot tell apart; at little light it is much of the current."""
LEAST_LOW = 0.004
"""So much less voltage than peers counts."""
_SHADE = 0.02
_SUN = 0.008
_LEAST_SHADED, _LEAST_SUNNY_HOURS = 3, 2
_LOST_POINT = 0.05
"""A tracker that works so far off, while both strings give more current than usual, has lost the maximum."""
_VOLTAGE_SHARE = 0.25
"""Of the tracker's voltage that is lost over the difference of the two currents. About the common maximum of two strings, one of
which lacks voltage, it is about a half (dI/dV = -I/V of both); a string that lacks current keeps its voltage."""
_ONE_DIODE = 0.5
"""In modules: between one of its three parts (1/3, and the drop of the diode) and two of them."""
_WHOLE_MODULE = 1.01
"""In modules. A shorted one lacks its voltage; a weak one that sound diodes bypass lacks 0.5 V more for each of its three parts,
some 5 %."""
_LEAST_RISE = 0.03
"""In modules, over the currents that were seen: more voltage lost at more current is resistance, which a hot spot brings."""
_LEAST_SPAN_A = 2.0
_MOST_WEAK_SHARE = 0.34
"""Where more of the trackers stray the peers are no measure."""

Numbers = tuple[tuple[str, float, str], ...]
"""Name, value and unit of what a verdict was told by."""


class StringVerdict(NamedTuple):
    """A fault of a string or tracker."""

    code: str
    part: str
    """Number of the string or tracker."""
    strength: float
    """Its size in thresholds, at least 1."""
    string: int
    """Index of the string that shows it."""
    beyond: Flags
    """Blocks that show it, shape (n,)."""
    numbers: Numbers


class _Pair(NamedTuple):
    """The newest light of one tracker."""

    weak: FloatArray
    """Current ratio of the weaker string, less one."""
    partner: FloatArray
    low: FloatArray
    """Voltage ratio, less one."""
    current_a: FloatArray
    """Of the peers."""
    lost: FloatArray
    """Voltage that the weaker string lacks, as a share."""


def string_verdicts(blocks: Blocks, away: Residuals, model: Mapping[str, Any], *, modules: float | None) -> list[StringVerdict]:
    """Name the faults of strings and trackers.

    Parameters
    ----------
    modules : float, optional
        In series in a string; without it the number of modules that are lost cannot be told.
    """
    lit = np.flatnonzero(blocks.is_bright & ~np.isnan(away.strings).all(axis=0))
    if len(lit) < LEAST_BLOCKS:
        return []
    found = []
    light_share = blocks.peer_current_a / model["current_stc"]
    per_tracker = max(1, len(away.strings) // len(away.trackers))
    for tracker, low in enumerate(away.trackers):
        strings = list(range(tracker * per_tracker, (tracker + 1) * per_tracker))
        verdict = _tracker(blocks, away.strings, strings, low, tracker=tracker, lit=lit, light_share=light_share, modules=modules)
        if verdict:
            found.append(verdict)
    too_many = len(found) > _MOST_WEAK_SHARE * len(away.trackers)
    return [] if too_many else found


def _tracker(
    blocks: Blocks,
    ratios: FloatArray,
    strings: list[int],
    low: FloatArray,
    *,
    tracker: int,
    lit: npt.NDArray[np.int64],
    light_share: FloatArray,
    modules: float | None,
) -> StringVerdict | None:
    known = [string for string in strings if not np.isnan(ratios[string, lit]).all()]
    for string in known:
        newest = ratios[string, lit][~np.isnan(ratios[string, lit])][-LEAST_BLOCKS:]
        if len(newest) == LEAST_BLOCKS and (newest < OPEN_SHARE - 1).all():
            numbers = (("I / I₀ − 1", float(np.median(newest)), "1"),)
            return StringVerdict("string_open", str(string + 1), 4.0, string, ratios[string] < OPEN_SHARE - 1, numbers)
    if len(known) < 2:
        return None
    return _shaded(blocks, ratios, known, low, lit=lit) or _lasting(
        blocks, ratios, known, low, tracker=tracker, lit=lit, light_share=light_share, modules=modules
    )


def _lasting(
    blocks: Blocks,
    ratios: FloatArray,
    strings: list[int],
    low: FloatArray,
    *,
    tracker: int,
    lit: npt.NDArray[np.int64],
    light_share: FloatArray,
    modules: float | None,
) -> StringVerdict | None:
    # Of more than two strings the best one stands for the sound ones.
    sums = np.array([np.nansum(ratios[string, lit[-RECENT_BLOCKS:]]) for string in strings])
    weak, partner = strings[int(sums.argmin())], strings[int(sums.argmax())]
    rows = lit[~np.isnan(ratios[weak, lit] + ratios[partner, lit])][-RECENT_BLOCKS:]
    if len(rows) < LEAST_BLOCKS:
        return None
    lost = lacking_voltage(
        ratios[weak, rows], low[rows], module_c=blocks.means["module_temperature"][rows], light_share=light_share[rows]
    )
    pair = _Pair(ratios[weak, rows], ratios[partner, rows], low[rows], blocks.peer_current_a[rows], lost)
    named = _name(pair, modules)
    if named is None:
        return None
    code, strength, numbers = named
    if code == "mppt_missed":
        return StringVerdict(code, str(tracker + 1), strength, weak, low < -_LOST_POINT / 2, numbers)
    beyond = (ratios[weak] - ratios[partner]) / 2 < -LEAST_APART
    return StringVerdict(code, str(weak + 1), strength, weak, beyond, numbers)


def _shaded(
    blocks: Blocks, ratios: FloatArray, strings: list[int], low: FloatArray, *, lit: npt.NDArray[np.int64]
) -> StringVerdict | None:
    """Tell a shadow: hours of the day that have shown much less, and others that since then have shown nothing."""
    for string in strings:
        others = np.array([ratios[other] for other in strings if other != string])
        apart = np.full(len(low), np.nan)
        apart[lit] = (ratios[string, lit] - others[:, lit].max(axis=0)) / 2
        shade = (apart < -_SHADE) | ((low < -_SHADE) & (apart < -_SUN))
        if shade.sum() < _LEAST_SHADED:
            continue
        sun = (np.abs(apart) < _SUN) & ~(np.abs(low) > _SUN)
        first, last = np.flatnonzero(shade)[[0, -1]]
        after = sun & (np.arange(len(sun)) > first)
        clear_hours = set(blocks.hours[after].tolist()) - set(blocks.hours[shade].tolist())
        # A fault for good shades its last hours too.
        if len(clear_hours) < _LEAST_SUNNY_HOURS or not after[last:].any():
            continue
        if (apart[lit[-LEAST_BLOCKS:]] < -LEAST_APART).all() and not _comes_again(shade, after):
            continue
        deepest = float(np.nanmin(apart[shade]))
        numbers = (
            ("½ (I / I₀ − I' / I'₀)", deepest, "1"),
            ("被遮挡时间 / shaded", float(shade.sum()) / 6, "h"),
            ("其后未遮挡时间 / in full sun since", float(after.sum()) / 6, "h"),
        )
        return StringVerdict("string_shading", str(string + 1), -deepest / _SHADE, string, shade, numbers)
    return None


def _comes_again(shade: Flags, sun: Flags) -> bool:
    """Tell whether there was full sun between two shadows."""
    first, last = np.flatnonzero(shade)[[0, -1]]
    return bool(sun[first:last].sum() >= _LEAST_SHADED)


def _name(pair: _Pair, modules: float | None) -> tuple[str, float, Numbers] | None:
    """Name what lasts, with its size in thresholds and its numbers."""
    if np.isnan(pair.low).all():
        return None  # currents alone do not tell a lack of voltage from a lack of current
    apart = (pair.weak - pair.partner) / 2
    usual, low = float(np.median(apart)), float(np.nanmedian(pair.low))
    numbers: Numbers = (
        ("I / I₀ − 1", float(np.median(pair.weak)), "1"),
        ("I' / I'₀ − 1", float(np.median(pair.partner)), "1"),
        ("U / U₀ − 1", low, "1"),
    )
    if low < -_LOST_POINT and min(np.median(pair.weak), np.median(pair.partner)) > 0:
        return "mppt_missed", -low / _LOST_POINT, numbers
    least = LEAST_APART + _DOUBT_A / float(np.median(pair.current_a))
    # It lasts where nearly all of the newest blocks show it.
    if usual > -least or np.mean(apart < -least / 2) < 0.8:
        return None
    strength = -usual / least
    voltage_share = low / (2 * usual)
    if voltage_share < _VOLTAGE_SHARE:
        return _lacking_current(pair, strength, numbers)
    if low > -LEAST_LOW or modules is None:
        return None
    return _lacking_modules(modules * pair.lost, pair.current_a, strength, numbers)


def _lacking_modules(lost: FloatArray, current_a: FloatArray, strength: float, numbers: Numbers) -> tuple[str, float, Numbers]:
    """Tell a shorted diode, a bypassed module and a hot part of one by how many modules are lost, and at which current."""
    usual = float(np.nanmedian(lost))
    numbers = (*numbers, ("N x", usual, "组件 / modules"))
    at_least, rise = _over_current(lost, current_a)
    if at_least < _ONE_DIODE:
        is_constant = np.ptp(current_a) >= _LEAST_SPAN_A and rise < _LEAST_RISE
        return ("bypass_short" if is_constant else "hot_spot"), strength, numbers
    return ("module_crack" if usual > _WHOLE_MODULE else "bypass_short"), strength, numbers


def _lacking_current(pair: _Pair, strength: float, numbers: Numbers) -> tuple[str, float, Numbers]:
    """Tell a leak, which takes the same current in any light, from a cell that takes the same share."""
    lost_a = -pair.weak * pair.current_a
    of_leak = float(np.square(lost_a - lost_a.mean()).sum())
    share = float((lost_a * pair.current_a).sum() / np.square(pair.current_a).sum())
    of_share = float(np.square(lost_a - share * pair.current_a).sum())
    numbers = (*numbers, ("ΔI", float(np.median(lost_a)), "A"))
    return ("pid" if of_leak < of_share else "module_crack"), strength, numbers


def _over_current(lost: FloatArray, current_a: FloatArray) -> tuple[float, float]:
    """Give the loss at the least current that was seen, and how much more it is at the greatest, by a straight line."""
    known = ~np.isnan(lost)
    if known.sum() < LEAST_BLOCKS or np.ptp(current_a[known]) < 0.5:
        return float(np.nanmedian(lost)), 0.0
    slope, level = np.polyfit(current_a[known], lost[known], 1)
    return float(level + slope * current_a[known].min()), float(slope * np.ptp(current_a[known]))
