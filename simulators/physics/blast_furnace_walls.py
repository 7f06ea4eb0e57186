"""Brick and water of a blast furnace: staves, the hearth's wall, tuyeres, and the three hot stoves.

The hearth's wall conducts steadily from the 1150 °C isotherm to the water, followed with a lag of three hours, so that two
couples at different depths tell the flux. Staves take an empirical heat that wanders with the gas at the wall. Stoves go by the
clock of a three-hour cycle, one on blast and two on gas; their gas is what the blast's heat needs at 79 % efficiency.
"""

import numpy as np

from simulators.dice import Array, Dice
from simulators.machine import Values, lag
from simulators.physics import blast_furnace_balances as balances
from simulators.physics.blast_furnace_stock import Hidden

LEAK_M3_PER_H = 3.5
"""Of a tuyere or a stave that leaks."""
INNER_M, OUTER_M = 0.35, 0.10
"""Depths of the hearth's couples, from the cold face."""
_FILM_M2_K_PER_W = 0.003
_WATER_C = 38.0
_STAVE_KW = np.array([350.0, 450.0, 900.0, 1250.0, 1400.0, 1200.0, 850.0, 600.0])
_CYCLE_SECONDS = 10_800.0
_FIRED = 1 / 3 + 0.027, 1 - 0.03
"""Of the cycle: when a stove's burner lights, and when it goes out."""
COLD_BLAST_C = 211.0


def each(name: str, columns: Array) -> dict[str, Array]:
    """Name the columns after the parts, which are numbered."""
    return {f"{name}_{number}": column for number, column in enumerate(columns.T, start=1)}


class Walls:
    """Staves, hearth and tuyeres of n furnaces."""

    def __init__(self, dice: Dice, hidden: Hidden) -> None:
        self._stave_kw = _STAVE_KW * (1 + 0.08 * np.clip(dice.normals(8), -2, 2))
        self._stave_flow_m3_per_h = 320 * (1 + 0.03 * np.clip(dice.normals(8), -3, 3))
        self.stave_kw = self._stave_kw
        """What the staves take at the moment, by level."""
        self._tuyere_flow_m3_per_h = 120 * (1 + 0.015 * np.clip(dice.normals(8), -3, 3))
        self._lining_m = 1.3 * (1 + 0.05 * np.clip(dice.normals(4), -2, 2))
        self._conductivity = hidden(11.0, 0.04)[:, np.newaxis]
        self._flux_kw_per_m2 = self._settled_flux(0.0)

    def _settled_flux(self, erosion: Array | float) -> Array:
        return balances.hearth_flux_kw_per_m2(
            lining_m=self._lining_m * (1 - 0.45 * erosion),
            conductivity_w_per_m_k=self._conductivity,
            film_m2_k_per_w=_FILM_M2_K_PER_W,
            water_c=_WATER_C,
        )

    def warm(self, seconds: float, *, stave_share: Array, erosion: Array) -> None:
        """Let the walls follow; ``stave_share`` is the heat into each level against the usual."""
        self.stave_kw = lag(self.stave_kw, self._stave_kw * stave_share, seconds, 900.0)
        self._flux_kw_per_m2 = lag(self._flux_kw_per_m2, self._settled_flux(erosion), seconds, 3 * 3600.0)

    def values(self, *, tuyere_leak: Array, water_leak: Array) -> Values:
        warms_k = self.stave_kw / (1.163 * self._stave_flow_m3_per_h)
        inner_c, outer_c = (
            _WATER_C + 1000 * self._flux_kw_per_m2 * (_FILM_M2_K_PER_W + depth_m / self._conductivity)
            for depth_m in (INNER_M, OUTER_M)
        )
        return {
            **each("stave_temperature", _WATER_C + warms_k + 0.022 * self.stave_kw),
            "stave_water_in_temperature": np.full(len(warms_k), _WATER_C),
            **each("stave_water_out_temperature", _WATER_C + warms_k),
            **each("stave_water_flow", self._stave_flow_m3_per_h),
            "stave_water_makeup": 0.6 + LEAK_M3_PER_H * water_leak.sum(axis=1),
            **each("hearth_temperature_inner", inner_c),
            **each("hearth_temperature_outer", outer_c),
            **each("tuyere_water_in_flow", self._tuyere_flow_m3_per_h),
            **each("tuyere_water_out_flow", self._tuyere_flow_m3_per_h - LEAK_M3_PER_H * tuyere_leak),
        }


class Stoves:
    """The hot stoves of n furnaces."""

    def __init__(self, dice: Dice, hidden: Hidden) -> None:
        self._ahead_seconds = dice.uniform(0, _CYCLE_SECONDS)
        self._dome_c = 1372 + 8 * np.clip(dice.normals(3), -2, 2)
        self._set_c = hidden(1110, 0.008)

    def _phase(self, at_seconds: float) -> Array:
        """Tell where each stove is in its cycle, 0 to 1; the first third it is on blast."""
        turns = (at_seconds + self._ahead_seconds) / _CYCLE_SECONDS
        return np.asarray((turns[:, np.newaxis] + np.arange(3) / 3) % 1)

    def blast_c(self, at_seconds: float) -> Array:
        """Give the hot blast: mixed to a set value, with a dip when the next stove takes over."""
        since_seconds = self._phase(at_seconds).min(axis=1) * _CYCLE_SECONDS
        return np.asarray(self._set_c - 12 * np.exp(-since_seconds / 150))

    def values(self, at_seconds: float, *, blast_heat_kw: Array, gas_kj_per_m3: Array) -> Values:
        phase, (lit, out) = self._phase(at_seconds), _FIRED
        blown, heated = np.minimum(3 * phase, 1.0), np.clip((phase - lit) / (out - lit), 0.0, 1.0)
        gas_m3_per_h = blast_heat_kw * 3600 / 0.79 / gas_kj_per_m3 / (3 * (out - lit))
        gas = np.where((phase >= lit) & (phase < out), gas_m3_per_h[:, np.newaxis], 0.0)
        return {
            **each("stove_dome_temperature", self._dome_c - 90 * blown + 90 * np.expm1(-3 * heated) / np.expm1(-3.0)),
            **each("stove_waste_temperature", 330 - 180 * blown + 180 * heated),
            **each("stove_gas_flow", gas),
            **each("stove_air_flow", 0.67 * gas),
        }
