"""From shifts of a motor's quantities to the name of what is wrong with it.

What is named first explains what follows from it: unbalanced voltages heat the winding and shake the frame at twice the line
frequency, and neither is then a fault of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analytics.motor.healthy import Shift, Torque
from analytics.motor.quantities import ENDS
from analytics.window import FloatArray

MOVED = 4.0
"""Spreads from which on a quantity has moved: six hours' means are judged every hour by thirty quantities."""
MOST_UNBALANCE_PERCENT = 1.0
"""Negative sequence of the voltages that a motor must bear for long (IEC 60034-1, clause on voltage unbalance; from memory)."""
LEAST_TORQUE_RATIO, LEAST_BUSY_SHARE = 1.10, 0.90
"""Overload is more torque than usual that brings the motor near its rated one."""
LEAST_SLIP_RATIO = 1.15
"""Slip over the usual at the same load; a rule of thumb asks for a look at the rotor from a fifth on,
before heat is taken out."""
LEAST_RISE_RATIO = 1.12
ROTOR_RESISTANCE_PER_KELVIN = 0.0039
"""Of aluminium and copper, and with it the slip, at 20 °C."""
AXIAL_SHARE = 0.5
"""Of the radial vibration; more than half of it along the shaft is a common rule of analysts for misalignment."""
VERTICAL_RATIO = 1.4
"""Vertical over horizontal. A foot or foundation is stiffer upwards, and a rotating force shakes more sideways: the other way
round the feet are loose."""
_ROTATING_VERTICAL, _MAGNETIC_AXIAL = 0.95, 0.22
"""A rotating force shakes less upwards and is felt along the shaft too; the pull of a magnetic field does neither.
Both numbers lie between what simulated machines of the tuning seeds showed, no standard gives them; they count only where the
speed is constant."""
_LEAST_SPEED_SPAN = 1.3
_LEAST_SPEED_BLOCKS = 12
_GROWS_AS_MAGNETIC_PULL, _GROWS_AS_IMBALANCE = 0.5, 1.5
"""Exponents of velocity over speed, half way between 0 (line frequency), 1 (a pull of constant size that turns with the rotor,
whose velocity grows with the frequency) and 2 (centrifugal force on a stiff machine)."""


class Verdict(NamedTuple):
    """A fault and the quantities that show it, the most telling one first."""

    code: str
    part: str
    confidence: float
    shown_by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Signs:
    """All that is judged."""

    shifts: Mapping[str, Shift]
    torque: Torque | None
    voltage_unbalance: float | None
    """[%]"""
    speed: FloatArray
    """Of each block, share of the rated one."""
    is_fed_by_drive: bool

    def score(self, name: str) -> float:
        """Give a quantity's score; 0 where it is not known."""
        return self.shifts[name].score if name in self.shifts else 0.0

    def has_moved(self, *names: str) -> bool:
        return all(self.score(name) >= MOVED for name in names)


def name_faults(signs: Signs) -> list[Verdict]:
    """Give what is wrong, each with how sure it is."""
    electrical = [one for one in (_unbalanced_supply(signs), _overload(signs)) if one]
    supply_is_wrong = any(one.code == "voltage_unbalance" for one in electrical)
    if not supply_is_wrong and (short := _shorted_turns(signs)):
        electrical.append(short)
    if bars := _broken_bars(signs):
        electrical.append(bars)
    # What shakes the machine electrically, and what heats its winding, is then no fault of its own.
    codes = {one.code for one in electrical}
    heat = None if codes & {"voltage_unbalance", "inter_turn_short"} else _blocked_cooling(signs)
    bearings = [one for end in ENDS if (one := _bearing(signs, end))]
    is_explained = codes & {"inter_turn_short", "broken_rotor_bar"} or (supply_is_wrong and not signs.is_fed_by_drive)
    damaged = {one.part for one in bearings if one.code != "lubrication_poor"}
    vibration = None if is_explained else _vibration(signs, [end for end in ENDS if end not in damaged])
    return [*electrical, *([heat] if heat else []), *bearings, *([vibration] if vibration else [])]


def confidence(strengths: Iterable[float]) -> float:
    """Give a confidence from how many times its threshold each sign has reached: 0.6 at the threshold, at most 0.95."""
    weakest = min(strengths)
    return float(0.95 - 0.35 * np.exp(-max(weakest - 1, 0.0)))


def _unbalanced_supply(signs: Signs) -> Verdict | None:
    unbalance = signs.voltage_unbalance
    if unbalance is None or unbalance < MOST_UNBALANCE_PERCENT:
        return None
    return Verdict("voltage_unbalance", "", confidence([unbalance / MOST_UNBALANCE_PERCENT]), ("voltage_unbalance",))


def _overload(signs: Signs) -> Verdict | None:
    torque = signs.torque
    if torque is None or torque.ratio < LEAST_TORQUE_RATIO or torque.busiest < LEAST_BUSY_SHARE:
        return None
    return Verdict("overload", "", confidence([(torque.ratio - 1) / (LEAST_TORQUE_RATIO - 1)]), ("torque",))


def _shorted_turns(signs: Signs) -> Verdict | None:
    scores = {
        "winding_spread": signs.score("winding_spread"),
        "current_negative": signs.score("current_negative"),
        "insulation": -signs.score("insulation"),
    }
    moved = {name: score for name, score in scores.items() if score >= MOVED}
    if len(moved) < 2:
        return None
    shown = tuple(sorted(moved, key=lambda name: -moved[name]))
    return Verdict("inter_turn_short", "", confidence([score / MOVED for score in moved.values()]), shown)


def _broken_bars(signs: Signs) -> Verdict | None:
    slip = signs.shifts.get("slip")
    if slip is None:
        return None
    warmer = signs.shifts.get("winding_rise")
    # A hotter rotor slips more, broken or not.
    ratio = slip.ratio / (1 + ROTOR_RESISTANCE_PER_KELVIN * max(warmer.mean, 0.0)) if warmer else slip.ratio
    swings = ("swing_drive_h", "swing_non_drive_h")
    if not (ratio >= LEAST_SLIP_RATIO and slip.score >= MOVED / 2 and signs.has_moved(*swings)):
        return None
    strengths = [(ratio - 1) / (LEAST_SLIP_RATIO - 1), *(signs.score(name) / MOVED for name in swings)]
    return Verdict("broken_rotor_bar", "", confidence(strengths), ("slip", *swings))


def _blocked_cooling(signs: Signs) -> Verdict | None:
    # Less air becomes hotter; where nothing measures the air, the bearings' warmth at both ends stands for it.
    others = ("air_rise",) if "air_rise" in signs.shifts else tuple(f"bearing_rise_{end}" for end in ENDS)
    winding = signs.shifts.get("winding_rise")
    if winding is None or winding.ratio < LEAST_RISE_RATIO or not signs.has_moved("winding_rise", *others):
        return None
    strengths = [signs.score(name) / MOVED for name in ("winding_rise", *others)]
    return Verdict("cooling_blocked", "", confidence(strengths), ("winding_rise", *others))


def _bearing(signs: Signs, end: str) -> Verdict | None:
    shock, acceleration, rise = f"shock_{end}", f"acceleration_{end}", f"bearing_rise_{end}"
    if not signs.has_moved(shock, acceleration):
        return None
    # A spall strikes: peaks grow more than the rms value. Metal that rubs without oil hisses: the rms value grows more.
    growth = signs.shifts[shock].ratio / signs.shifts[acceleration].ratio
    strengths = [signs.score(shock) / MOVED, signs.score(acceleration) / MOVED]
    if growth < 1:
        shown = (acceleration, shock, *((rise,) if signs.has_moved(rise) else ()))
        return Verdict("lubrication_poor", end, confidence([*strengths, 1 + abs(np.log(growth)) / 0.3]), shown)
    shown = (shock, acceleration, *((rise,) if signs.has_moved(rise) else ()))
    # Which part of it is damaged the levels do not tell: their ratios overlap widely. `bearing_envelope` listens to records.
    return Verdict("bearing_damage", end, confidence([*strengths, 1 + np.log(growth) / 0.3]), shown)


def _vibration(signs: Signs, ends: list[str]) -> Verdict | None:
    """Judge what shakes the whole machine, by the ends where no damaged bearing does."""
    names = {d: [f"velocity_{end}_{d}" for end in ends] for d in ("h", "v", "a")}
    if not ends or not all(name in signs.shifts for of in names.values() for name in of):
        return None
    moved = [d for d, of in names.items() if signs.has_moved(*of)]
    if not moved:
        return None
    # Squares of what has come, not below a tenth of the largest: roots of noise are no directions.
    squares = {d: float(np.mean([signs.shifts[name].mean for name in of])) for d, of in names.items()}
    least = 0.01 * max(squares.values())
    horizontal, vertical, axial = (np.sqrt(max(squares[d], least)) for d in ("h", "v", "a"))
    radial = float(np.hypot(horizontal, vertical) / np.sqrt(2))
    strength = min(signs.score(name) for d in moved for name in names[d]) / MOVED
    axial_share, upright = float(axial / radial), float(vertical / horizontal)
    if "a" in moved and axial_share >= AXIAL_SHARE:
        return Verdict("misalignment", "", confidence([strength, axial_share / AXIAL_SHARE]), (*names["a"], names["h"][0]))
    swings = [f"swing_{end}_v" for end in ends]
    if upright >= VERTICAL_RATIO and signs.has_moved(*swings):
        strengths = [strength, upright / VERTICAL_RATIO, *(signs.score(name) / MOVED for name in swings)]
        return Verdict("looseness", "", confidence(strengths), (names["v"][0], *swings))
    return _turning_or_pulling(signs, names, strength=strength, axial_share=axial_share, upright=upright)


def _turning_or_pulling(
    signs: Signs, names: Mapping[str, list[str]], *, strength: float, axial_share: float, upright: float
) -> Verdict:
    """Tell imbalance from eccentricity: by growth over the speed where it varies, else by direction and current."""
    shown = (names["h"][0], names["v"][0])
    exponent = _growth_over_speed(signs, [*names["h"], *names["v"]])
    if exponent is not None:
        if exponent >= _GROWS_AS_IMBALANCE:
            code, margin = "imbalance", exponent - _GROWS_AS_IMBALANCE
        elif exponent >= _GROWS_AS_MAGNETIC_PULL:
            code, margin = "eccentricity_dynamic", min(exponent - _GROWS_AS_MAGNETIC_PULL, _GROWS_AS_IMBALANCE - exponent)
        else:
            code, margin = "eccentricity_static", _GROWS_AS_MAGNETIC_PULL - exponent
        return Verdict(code, "", confidence([strength, 1 + margin / 0.25]), shown)
    # Logarithms of both cues, in tenths and fifths: what their directions scatter by.
    turning = -np.log(upright / _ROTATING_VERTICAL) / 0.1 + np.log(axial_share / _MAGNETIC_AXIAL) / 0.2
    has_distortion = signs.has_moved("distortion")
    sure = confidence([strength, 1 + abs(turning)])
    if turning < 0:
        if "distortion" in signs.shifts and not has_distortion:
            return Verdict("unknown_anomaly", "", 0.6, shown)
        return Verdict("eccentricity_static", "", sure, (*shown, "distortion") if has_distortion else shown)
    if has_distortion:
        return Verdict("eccentricity_dynamic", "", sure, (*shown, "distortion"))
    # Imbalance is by far the commoner; without a current to ask it is no more than likely.
    return Verdict("imbalance", "", sure if "distortion" in signs.shifts else min(sure, 0.6), shown)


def _growth_over_speed(signs: Signs, names: list[str]) -> float | None:
    """Exponent of the velocity that has come over the speed, by least squares; None where the speed hardly varied."""
    square = np.mean([signs.shifts[name].residual for name in names], axis=0)
    highest = np.max(square[~np.isnan(square)], initial=0.0)
    with np.errstate(invalid="ignore"):
        known = square > 0.02 * highest  # what was before the fault came says nothing of it
    speeds, squares = signs.speed[known], square[known]
    if len(speeds) < _LEAST_SPEED_BLOCKS or np.max(speeds) < _LEAST_SPEED_SPAN * np.min(speeds):
        return None
    exponents = np.arange(-0.5, 3.01, 0.05)
    shapes = speeds ** (2 * exponents[:, np.newaxis])
    sizes = (shapes @ squares) / (shapes**2).sum(axis=1)
    errors = ((squares - sizes[:, np.newaxis] * shapes) ** 2).sum(axis=1)
    return float(exponents[np.argmin(errors)])
