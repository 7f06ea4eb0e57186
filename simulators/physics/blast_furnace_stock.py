"""What is in a blast furnace: the burden that sinks through it, and the hearth from which iron and slag are cast.

The burden follows the coke that burns below it; charges of coke and ore come by turns when the line has sunk to its mark. Iron
oxide on its way is one stirred tank, a change of the recipe arrives through two more (7 hours in all). A burden that hangs lets
a cavity grow, which it fills within a minute when it lets go. Masses close: what was charged is in the stack (line and
cavity), in the tank, in the hearth, or cast.
"""

from collections.abc import Callable

import numpy as np

from simulators.dice import Array, Dice
from simulators.machine import Flags, Values, lag
from simulators.physics import blast_furnace_balances as balances

Hidden = Callable[[float, float], Array]
"""Draws a parameter that differs from furnace to furnace, from its middle and its spread."""

THROAT_M2 = 54.0
IRON_SHARE, CARBON_SHARE = 0.945, 0.046
"""Of the hot metal."""
IRON_KMOL_PER_T = 1000 * IRON_SHARE / balances.IRON
COKE_CARBON, COKE_ASH = 0.875, 0.12
ORE_IRON, ORE_OXYGEN = 0.585, 1.455
"""Iron in the mixed burden by mass, and its oxygen in kmol a kmol of iron."""
GANGUE_KG_PER_KMOL = balances.IRON * (1 / ORE_IRON - 1) - ORE_OXYGEN * balances.OXYGEN
"""What else comes with a kmol of iron and goes to the slag."""
SINTER_SHARE, PELLET_SHARE = 0.74, 0.16
METAL_C, SILICON_PERCENT = 1500.0, 0.465
"""Usual temperature and silicon of the hot metal; the silicon is the mean of the public records."""
_SILICON_PER_K = 0.0105
_ORE_T_PER_M3, _COKE_T_PER_M3 = 1.95, 0.52
_RECIPE_SECONDS = 3.5 * 3600
_LONG_AGO_SECONDS = 1e6
_EMPTY_T, _FULL_T = 95.0, 245.0
_CHARGED_A_DAY = {"ore_total": 9540.0, "coke_total": 2220.0, "charge_count": 154.0}


def silicon_percent(metal_c: Array) -> Array:
    """Give the silicon that a hearth of this temperature reduces."""
    return np.maximum(SILICON_PERCENT + _SILICON_PER_K * (metal_c - METAL_C), 0.1)


class Burden:
    """The burdens of n furnaces."""

    def __init__(self, dice: Dice, hidden: Hidden) -> None:
        self.mark_m = hidden(1.35, 0.04)
        """Depth of the stock line, below its zero, at which the next charge is due."""
        self.depth_m = self.mark_m - dice.uniform(0.05, 0.45)
        self.coke_kg_per_kmol = hidden(377 / IRON_KMOL_PER_T, 0.01)
        """Of the recipe, per kmol of iron that is charged with it."""
        self.coke_below_kg_per_kmol = self._coke_midway = self.coke_kg_per_kmol
        self.ore_kmol = np.ones(dice.n)
        """Iron that is on its way and not reduced."""
        self.cavity_kmol = np.zeros(dice.n)
        """Coke that has burned away below a burden that hangs, as carbon."""
        self.tightness, self.shock, self.looseness = np.zeros(dice.n), np.zeros(dice.n), np.zeros(dice.n)
        """How far the bed has closed while it hangs, and what a slip leaves behind for minutes and for half an hour; 0 to 1."""
        self.since_dump_seconds = dice.uniform(60, 200)
        self._ore_batch_t = hidden(62, 0.03)
        self._is_ore_next: Flags = dice.uniform() < 0.5
        self._is_hung: Flags = np.zeros(dice.n, dtype=bool)
        self._phase_seconds = np.full(dice.n, _LONG_AGO_SECONDS)
        self._standing = np.zeros(dice.n)

    def age(self, days: Array) -> None:
        self._totals = {name: np.floor(days * a_day) for name, a_day in _CHARGED_A_DAY.items()}

    @property
    def below_mark_m(self) -> Array:
        return np.clip(self.depth_m - self.mark_m, 0.0, 3.0)

    @property
    def coke_batch_t(self) -> Array:
        return self._ore_batch_t * ORE_IRON / balances.IRON * self.coke_kg_per_kmol

    def hang(self, seconds: float, hanging: Array, slipping: Array) -> None:
        """Let the burden stand and slip by turns, long where it hangs and shortly where it only slips."""
        severity = np.maximum(hanging, slipping)
        is_long, is_struck, was_hung = hanging >= slipping, severity > 0, self._is_hung
        stands_seconds, moves_seconds = np.where(is_long, 1500.0, 480.0), np.where(is_long, 3600.0, 1500.0)
        flips = is_struck & (self._phase_seconds >= np.where(was_hung, stands_seconds, moves_seconds))
        self._is_hung = (was_hung ^ flips) & is_struck
        self._phase_seconds = np.where(is_struck, np.where(flips, 0.0, self._phase_seconds + seconds), _LONG_AGO_SECONDS)
        self._standing = np.where(self._is_hung, 0.97 * severity, 0.0)
        slips = was_hung & ~self._is_hung
        closing = np.where(self._is_hung, hanging + 0.4 * slipping, 0.0)
        self.tightness = lag(self.tightness, closing, seconds, np.where(self._is_hung, 600.0, 60.0))
        self.shock = np.where(slips, 1.0, lag(self.shock, 0.0, seconds, 100.0))
        self.looseness = np.where(slips, 1.0, lag(self.looseness, 0.0, seconds, 1200.0))

    def descend(self, seconds: float, *, coke_carbon_kmol: Array, coke_carbon_share: Array, reduced_kmol: Array) -> None:
        """Let the burden follow the coke that has gone from under it, and ore become iron."""
        filled = np.where(self._is_hung, 0.0, self.cavity_kmol * -np.expm1(-seconds / 20))
        fallen = coke_carbon_kmol * (1 - self._standing) + filled
        self.cavity_kmol = self.cavity_kmol + coke_carbon_kmol - fallen
        iron_kmol = fallen * balances.CARBON / (self.coke_below_kg_per_kmol * coke_carbon_share)
        self.ore_kmol = self.ore_kmol + iron_kmol - reduced_kmol
        ore_m3 = balances.IRON / ORE_IRON / 1000 / _ORE_T_PER_M3
        coke_m3 = self.coke_below_kg_per_kmol / 1000 / _COKE_T_PER_M3
        self.depth_m = self.depth_m + iron_kmol * (ore_m3 + coke_m3) / THROAT_M2
        self._coke_midway = lag(self._coke_midway, self.coke_kg_per_kmol, seconds, _RECIPE_SECONDS)
        self.coke_below_kg_per_kmol = lag(self.coke_below_kg_per_kmol, self._coke_midway, seconds, _RECIPE_SECONDS)

    def charge(self, seconds: float, *, low_line: Array) -> None:
        """Dump coke or ore, by turns, whenever the line has sunk to its mark; a dump takes two and a half minutes."""
        self.since_dump_seconds = self.since_dump_seconds + seconds
        dumps = (self.depth_m >= self.mark_m + 1.5 * low_line) & (self.since_dump_seconds >= 150)
        if not dumps.any():
            return
        is_ore = dumps & self._is_ore_next
        ore_t, coke_t = self._ore_batch_t * is_ore, self.coke_batch_t * (dumps & ~is_ore)
        self.depth_m = self.depth_m - (ore_t / _ORE_T_PER_M3 + coke_t / _COKE_T_PER_M3) / THROAT_M2
        self.since_dump_seconds = np.where(dumps, 0.0, self.since_dump_seconds)
        self._is_ore_next = self._is_ore_next ^ dumps
        more = {"ore_total": ore_t, "coke_total": coke_t, "charge_count": is_ore}
        self._totals = {name: total + more[name] for name, total in self._totals.items()}

    def values(self) -> Values:
        return {
            "charge_coke_mass": self.coke_batch_t,
            "charge_ore_mass": self._ore_batch_t * (1 - SINTER_SHARE - PELLET_SHARE),
            "charge_sinter_mass": self._ore_batch_t * SINTER_SHARE,
            "charge_pellet_mass": self._ore_batch_t * PELLET_SHARE,
            "ring_position": 9 - np.minimum(self.since_dump_seconds // 12, 6),
            **self._totals,
        }


class CastHouse:
    """The hearths of n furnaces and what was cast from them."""

    def __init__(self, dice: Dice, hidden: Hidden) -> None:
        self._dice = dice
        self.hearth_t = dice.uniform(110, 230)
        """Metal in the hearth."""
        self._hearth_slag_t = 0.33 * self.hearth_t
        self._cast_t_per_min = hidden(6.1, 0.03)
        self.is_open: Flags = dice.uniform() < 0.6
        self._cast_t = 3.2 * (_FULL_T - self.hearth_t) * self.is_open
        self._cast_slag_t = 0.33 * self._cast_t

    def age(self, days: Array, metal_c: Array) -> None:
        lab = self._dice.normals(9)
        mass_t = 490 + 15 * lab[:, 8]
        self._lab = _analyse(metal_c, lab) | {"hot_metal_mass": mass_t, "slag_mass": 0.326 * mass_t}
        self._totals = {"hot_metal_total": np.floor(5900 * days), "slag_total": np.floor(1920 * days)}

    @property
    def fullness(self) -> Array:
        """How much more than usual is in the hearth; it takes room from the gas."""
        return (self.hearth_t - 170) / 120

    @property
    def tapped_silicon(self) -> Array:
        return self._lab["hot_metal_si"]

    def cast(self, *, minutes: float, metal_t: Array, slag_t: Array, metal_c: Array) -> Flags:
        """Fill the hearth, and empty it through the taphole once it is full; tell which casts have ended."""
        metal_t, slag_t = self.hearth_t + metal_t, self._hearth_slag_t + slag_t
        out_t = np.where(self.is_open, np.minimum(self._cast_t_per_min * minutes, metal_t), 0.0)
        slag_out_t = slag_t * out_t / np.maximum(metal_t, 1.0)
        self.hearth_t, self._hearth_slag_t = metal_t - out_t, slag_t - slag_out_t
        self._cast_t, self._cast_slag_t = self._cast_t + out_t, self._cast_slag_t + slag_out_t
        more = {"hot_metal_total": out_t, "slag_total": slag_out_t}
        self._totals = {name: total + more[name] for name, total in self._totals.items()}
        closes = self.is_open & (self.hearth_t <= _EMPTY_T)
        self.is_open = (self.is_open & ~closes) | (self.hearth_t >= _FULL_T)
        if closes.any():
            self._report(closes, metal_c)
        return np.asarray(closes)

    def _report(self, closes: Flags, metal_c: Array) -> None:
        noise = np.zeros((self._dice.n, 8))
        for machine in np.flatnonzero(closes):
            noise[machine] = self._dice.events[machine].standard_normal(8)
        found = _analyse(metal_c, noise) | {"hot_metal_mass": self._cast_t, "slag_mass": self._cast_slag_t}
        self._lab = {name: np.where(closes, value, self._lab[name]) for name, value in found.items()}
        self._cast_t, self._cast_slag_t = np.where(closes, 0.0, self._cast_t), np.where(closes, 0.0, self._cast_slag_t)

    def values(self) -> Values:
        return {"tap_open": self.is_open.astype(float), **self._lab, **self._totals}


def _analyse(metal_c: Array, noise: Array) -> dict[str, Array]:
    """Give what the laboratory finds in a sample: sulphur falls with silicon and basicity."""
    spread = noise.T
    silicon = np.maximum(silicon_percent(metal_c) + 0.055 * spread[0], 0.05)
    basicity = 1.18 + 0.018 * spread[1]
    return {
        "hot_metal_temperature": metal_c + 2.5 * spread[3],
        "hot_metal_si": silicon,
        "hot_metal_s": 0.026 * np.exp(-0.6 * (silicon - SILICON_PERCENT) - 3 * (basicity - 1.18) + 0.12 * spread[2]),
        "hot_metal_mn": 0.32 + 0.1 * (silicon - SILICON_PERCENT) + 0.012 * spread[4],
        "hot_metal_p": 0.11 + 0.004 * spread[5],
        "slag_basicity": basicity,
        "slag_mgo": 8.2 + 0.25 * spread[6],
        "slag_al2o3": 14.6 + 0.3 * spread[7],
    }
