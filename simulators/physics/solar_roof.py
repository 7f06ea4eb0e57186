"""Roofs full of modules: the sky above them, the dirt on them, their temperature, and what their strings could give.

Sun and clear sky (`simulators.physics.sun`) under clouds, haze and rain (`simulators.physics.sky`) give the light in the plane.
Modules follow Faiman's temperature with a heat capacity of 11 kJ/(m² K). Dirt settles by 0.1 to 0.2 % a day until a day's rain
exceeds 5 mm (A. Kimber et al., WCPEC 2006) or people clean. Modules age by half a percent a year (D. C. Jordan and S. R. Kurtz,
2013). Each string is a single diode (`simulators.physics.photovoltaics`), and pairs of strings share a tracker
(`simulators.physics.trackers`).
Limits: one orientation a roof, no rows that shade each other, no snowfall but the fault's, dirt alike on all strings.
"""

from datetime import datetime

import numpy as np

from simulators.dice import Array, Dice
from simulators.machine import lag
from simulators.machine_faults import MachineFault, MachineFaults
from simulators.physics.photovoltaics import CS6K_275M, Diode, cooling_w_m2_k, module_temperature_c
from simulators.physics.sky import Sky
from simulators.physics.sun import PlaneLight, Sun, clear_sky_w_m2, on_plane, sun_at
from simulators.physics.trackers import Weakness, WorkingPoint, track, track_weak
from simulators.physics.weather import Weather

LATITUDE_DEG, LONGITUDE_DEG = 36.65, 117.0
STRINGS, TRACKERS, MODULES = 24, 12, 17
ARRAY_KWP = STRINGS * MODULES * 0.27544

ROOF_FAULTS = {
    "string_open": MachineFault("组串开路（熔断器熔断）", "String open (fuse blown)", "no current from severity 0.5", "string"),
    "string_shading": MachineFault(
        "组串遮挡", "String shaded", "an obstacle in the east takes the beam from 40 % of the cells in the morning", "string"
    ),
    "bypass_short": MachineFault("旁路二极管短路", "Bypass diodes shorted", "one of 17 modules gives no voltage", "string"),
    "module_crack": MachineFault("组件隐裂", "Module cracked", "one of 17 modules makes 15 % less current", "string"),
    "hot_spot": MachineFault(
        "热斑", "Hot spot", "a third of a module makes 45 % less current, series resistance +20 %", "string"
    ),
    "pid": MachineFault("电势诱导衰减", "Potential-induced degradation", "each module leaks like 35 Ω", "string"),
    "mppt_missed": MachineFault("最大功率点跟踪偏离", "Tracker misses the maximum", "works 20 % below the best voltage", "mppt"),
    "soiling": MachineFault("积灰加剧", "Heavy soiling", "dirt settles ten times as fast, some 1.5 % a day; nobody cleans"),
    "snow": MachineFault("积雪", "Snow cover", "97 % less light passes to the modules"),
    "degradation": MachineFault("组件衰减", "Modules degraded", "light current -7 %, series resistance +60 %"),
}
_WEAKENING = ("string_shading", "bypass_short", "module_crack", "hot_spot")

_MODULE_J_M2_K = 11_000.0
_FIRST_DAYS = 0.98
"""What light leaves of a new module's power in its first days (p-type silicon)."""
_AGEING_PER_YEAR = 0.005
_YEAR_SECONDS = 365.25 * 86_400
_CLEANING_RAIN_MM, _CLEANED_LOSS = 5.0, 0.002
_SHADOW_FROM_DEG, _SHADOW_TO_DEG, _SHADOW_BELOW_DEG = 80.0, 150.0, 50.0
_WARMER_K = 1.0
"""How much one string differs from another in full sun: the middle of the roof is warmer than its edge."""


class SolarRoof:
    """n roofs of 24 strings, each under its own sky and with its own strings."""

    def __init__(self, dice: Dice, faults: MachineFaults, midnight: datetime) -> None:
        self._faults = faults
        self._tilt_deg, self._azimuth_deg = dice.uniform(22, 30), 180 + 12 * np.clip(dice.normal(), -2, 2)
        self._match = 1 + 0.006 * np.clip(dice.normals(STRINGS), -3, 3)
        self._warmer_k = _WARMER_K * np.clip(dice.normals(STRINGS), -3, 3)
        self._cables = 1.06 + 0.03 * np.clip(dice.normals(STRINGS), -1.5, 3)
        self._dirt_per_day = dice.uniform(0.001, 0.002)
        self._cleaned_at = dice.uniform(0.04, 0.05)
        self.age_years = dice.uniform(0.2, 8.0)
        self.soiling_loss = dice.uniform(0.0, 0.04)
        self.weather, self.sky = Weather(dice, midnight), Sky(dice, midnight)
        self.wetness = np.zeros(dice.n)
        """Of cables and connectors, 0 to 1."""
        self.module_c = self.weather.temperature_c
        self.sun: Sun
        self.ghi_w_m2: Array
        self.light: PlaneLight
        self._look_at_the_sun(midnight)

    def step(self, now: datetime, seconds: float) -> None:
        self.weather.step(now, seconds)
        self.sky.step(now, seconds)
        self._look_at_the_sun(now)
        self._settle_dirt(now, seconds)
        dew = np.clip((self.weather.humidity_percent - 75) / 20, 0, 1)
        self.wetness = lag(self.wetness, np.where(self.sky.is_raining, 1.0, dew), seconds, 2700)
        self.age_years = self.age_years + seconds / _YEAR_SECONDS
        wind_m_s = self.sky.wind_m_s
        target_c = module_temperature_c(self.light.total_w_m2, self.weather.temperature_c, wind_m_s)
        self.module_c = lag(self.module_c, target_c, seconds, _MODULE_J_M2_K / cooling_w_m2_k(wind_m_s))

    def working_point(self) -> WorkingPoint | None:
        """Find what each string and tracker could give now; nothing in the dark."""
        if self.sun.cos_zenith <= 0:
            return None
        strings = self._strings()
        alive = (self._faults["string_open"] < 0.5).astype(float)
        missed = 0.2 * self._faults["mppt_missed"]
        point = track(strings, alive=alive, missed=missed)
        if any(self._faults.has(name) for name in _WEAKENING):
            weakness = self._weakness()
            rows = np.flatnonzero((weakness.shorted + weakness.weak).any(axis=1))
            if rows.size:
                there = Weakness(weakness.shorted[rows], weakness.weak[rows], weakness.light[rows], weakness.diodes)
                weak = track_weak(Diode(*(of[rows] for of in strings)), there, alive=alive[rows], missed=missed[rows])
                for of, worked_out in zip(point, weak, strict=True):
                    of[rows] = worked_out
        return point

    def _look_at_the_sun(self, now: datetime) -> None:
        self.sun = sun_at(now, latitude_deg=LATITUDE_DEG, longitude_deg=LONGITUDE_DEG)
        self.ghi_w_m2 = clear_sky_w_m2(self.sun, self.sky.linke_turbidity) * self.sky.clearness
        self.light = on_plane(self.sun, self.ghi_w_m2, tilt_deg=self._tilt_deg, azimuth_deg=self._azimuth_deg)

    def _settle_dirt(self, now: datetime, seconds: float) -> None:
        heavy = self._faults["soiling"]
        loss = self.soiling_loss + self._dirt_per_day * (1 + 9 * heavy) * seconds / 86_400
        is_cleaned = (loss > self._cleaned_at) & (heavy == 0) & (now.hour == 5)
        is_rinsed = self.sky.is_raining & (self.sky.rain_day_mm >= _CLEANING_RAIN_MM)
        self.soiling_loss = np.where(is_rinsed | is_cleaned, _CLEANED_LOSS, np.minimum(loss, 0.5))

    def _strings(self) -> Diode:
        faults = self._faults
        sound = (_FIRST_DAYS - _AGEING_PER_YEAR * self.age_years) * (1 - 0.07 * faults["degradation"])
        passes = (1 - self.soiling_loss) * (1 - 0.97 * faults["snow"])
        return Diode.at(
            CS6K_275M,
            light_w_m2=(self.light.useful_w_m2 * sound * passes)[:, None] * self._match,
            cell_c=self.module_c[:, None] + self._warmer_k * (self.light.total_w_m2 / 1000)[:, None],
            modules=MODULES,
            series=self._cables * (1 + 0.6 * faults["degradation"])[:, None] * (1 + 0.2 * faults["hot_spot"]),
            leak_s=faults["pid"] / 35,
        )

    def _weakness(self) -> Weakness:
        faults, sun = self._faults, self.sun
        is_behind = _SHADOW_FROM_DEG < sun.azimuth_deg < _SHADOW_TO_DEG and sun.elevation_deg < _SHADOW_BELOW_DEG
        shaded = 0.4 * faults["string_shading"] * is_behind
        shadow = np.where(shaded > 0, self.light.diffuse_share[:, None], 1.0)
        crack, hot = faults["module_crack"], faults["hot_spot"]
        return Weakness(
            shorted=faults["bypass_short"] / MODULES,
            weak=shaded + (crack > 0) / MODULES + (hot > 0) / (3 * MODULES),
            light=np.minimum(shadow, np.minimum(1 - 0.15 * crack, 1 - 0.45 * hot)),
            diodes=float(MODULES * CS6K_275M.substrings),
        )
