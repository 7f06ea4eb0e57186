"""A string inverter of 100 kW with 110 kWp of modules on a roof in Jinan.

Sun position (Cooper's declination, the equation of time), Meinel's clear-sky beam with Kasten and Young's air mass and a tenth
of diffuse light, clouds as a Markov chain of three skies with a first-order clearness, Faiman's module temperature, temperature
coefficient of power, and inverter losses p0 + k1·P + k2·P², clipped at the rating.
Limits of the model: no I-V curve (the maximum power point is a function of light and temperature), no shading, no rain, one
orientation, loss constants of a typical machine.
"""

import math
import random
from datetime import UTC, datetime, timedelta

LATITUDE_DEG, LONGITUDE_DEG = 36.65, 117.0
TILT_DEG = 25.0  # facing south
ARRAY_KWP, RATING_KW = 110.0, 100.0
POWER_PER_K = -0.0035
LONGEST_STEP_SECONDS = 5.0
STARTING_SECONDS = 60.0
SLEEPING, STARTING, RUNNING, THROTTLED = 2, 3, 4, 5
SKIES = {"clear": (0.98, 0.01), "broken": (0.7, 0.22), "overcast": (0.25, 0.06)}
"""Mean and spread of the clearness under each sky."""


def sun(at: datetime) -> tuple[float, float]:
    """Give the cosines of the sun's zenith angle and of its angle to the modules' normal."""
    utc = at.astimezone(UTC)
    day = utc.timetuple().tm_yday
    b = 2 * math.pi * (day - 81) / 364
    equation_minutes = 9.87 * math.sin(2 * b) - 7.53 * math.cos(b) - 1.5 * math.sin(b)
    solar_hours = utc.hour + utc.minute / 60 + utc.second / 3600 + LONGITUDE_DEG / 15 + equation_minutes / 60
    hour_angle = math.radians(15 * (solar_hours - 12))
    declination = math.radians(23.45 * math.sin(2 * math.pi * (284 + day) / 365))

    def cosine(latitude: float) -> float:
        return math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)

    # A plane tilted to the south sees the sun as level ground does at a latitude that is lower by the tilt.
    return cosine(math.radians(LATITUDE_DEG)), cosine(math.radians(LATITUDE_DEG - TILT_DEG))


def clear_sky_w_per_m2(at: datetime) -> float:
    """Give the irradiance in the plane of the modules without clouds."""
    cos_zenith, cos_incidence = sun(at)
    if cos_zenith <= 0:
        return 0.0
    zenith_deg = math.degrees(math.acos(cos_zenith))
    air_mass = 1 / (cos_zenith + 0.50572 * (96.07995 - zenith_deg) ** -1.6364)
    beam = 1353 * 0.7 ** (air_mass**0.678)
    return float(beam * max(cos_incidence, 0) + 0.1 * beam * (1 + math.cos(math.radians(TILT_DEG))) / 2)


class PvInverter:
    """The machine; `step` moves sun, clouds and temperatures, `values` reads the inverter's meters."""

    def __init__(self, *, seed: int, start: datetime) -> None:
        self._rng, self._sensor = random.Random(seed), random.Random(seed + 1)
        self.now = start
        self._serial_number = f"SY100K-{seed:06d}"
        self._soiling = self._rng.uniform(0.93, 0.99)
        self._sky, self._clearness = "clear", 0.95
        self._state, self._in_state_seconds = SLEEPING, 0.0
        self._irradiance, self._wind = 0.0, 2.0
        self._dc_kw, self._ac_kw, self._dc_v = 0.0, 0.0, 0.0
        self._air_c = self._air(start)
        self._module_c = self._internal_c = self._heatsink_c = self._air_c
        self._energy_kwh = self._rng.uniform(5e4, 9e5)
        self._grid, self._frequency_hz = 1.01, 50.0
        self._phase = [1 + self._rng.uniform(-0.006, 0.006) for _ in range(3)]
        if clear_sky_w_per_m2(start) > 50:  # put up at daylight, it has been at work since the morning
            self._state = RUNNING

    def step(self, seconds: float) -> None:
        while seconds > 0:
            part = min(seconds, LONGEST_STEP_SECONDS)
            self._step(part)
            seconds -= part

    def _step(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self._weather(seconds)
        self._irradiance = clear_sky_w_per_m2(self.now) * self._clearness
        light = self._irradiance
        self._module_c += (self._air_c + light / (25 + 6.84 * self._wind) - self._module_c) * min(seconds / 300, 1)
        available_kw = max(ARRAY_KWP * light / 1000 * self._soiling * (1 + POWER_PER_K * (self._module_c - 25)), 0.0)
        self._mode(seconds, available_kw)
        working = self._state in (RUNNING, THROTTLED)
        self._dc_kw = min(available_kw, _dc_for(RATING_KW)) if working else 0.0
        self._ac_kw = max(self._dc_kw - _losses(self._dc_kw), 0.0) if working else 0.0
        self._state = THROTTLED if working and available_kw > _dc_for(RATING_KW) else RUNNING if working else self._state
        lit = max(light, 1.0)
        self._dc_v = 0.0 if light < 3 else 752 * (1 - 0.003 * (self._module_c - 25)) * (1 + 0.03 * math.log(lit / 1000))
        self._energy_kwh += self._ac_kw * seconds / 3600
        waste = self._dc_kw - self._ac_kw
        self._heatsink_c += (self._air_c + 16 * waste - self._heatsink_c) * min(seconds / 240, 1)
        self._internal_c += (self._air_c + 4 + 10 * waste - self._internal_c) * min(seconds / 600, 1)

    def _weather(self, seconds: float) -> None:
        if self._rng.random() < seconds / 1200:  # a sky lasts twenty minutes in the mean
            self._sky = self._rng.choices(list(SKIES), weights=(5, 3, 2))[0]
        mean, spread = SKIES[self._sky]
        pull = min(seconds / 40, 1)
        self._clearness += (mean - self._clearness) * pull + spread * math.sqrt(2 * pull) * self._rng.gauss(0, 0.5)
        self._clearness = min(max(self._clearness, 0.08), 1.1)
        self._wind = max(self._wind + (2.5 - self._wind) * seconds / 600 + self._rng.gauss(0, 0.03) * math.sqrt(seconds), 0.2)
        self._air_c += (self._air(self.now) - self._air_c) * min(seconds / 900, 1)
        self._grid += (1.01 - self._grid) * seconds / 300 + self._rng.gauss(0, 0.0003) * math.sqrt(seconds)
        self._frequency_hz += (50 - self._frequency_hz) * seconds / 60 + self._rng.gauss(0, 0.002) * math.sqrt(seconds)

    def _mode(self, seconds: float, available_kw: float) -> None:
        before = self._state
        self._in_state_seconds += seconds
        if self._state == SLEEPING and available_kw > 1.0:
            self._state = STARTING
        elif self._state == STARTING and self._in_state_seconds > STARTING_SECONDS:
            self._state = RUNNING
        elif self._state in (RUNNING, THROTTLED) and available_kw < 0.5:
            self._state = SLEEPING
        if self._state != before:
            self._in_state_seconds = 0.0

    @staticmethod
    def _air(at: datetime) -> float:
        """Give the air temperature by season and hour: Jinan's monthly means, coldest in January and at five in the morning."""
        season = 14.5 - 14 * math.cos(2 * math.pi * (at.timetuple().tm_yday - 15) / 365)
        return season - 5 * math.cos(2 * math.pi * (at.hour + at.minute / 60 - 4) / 24)

    def values(self) -> dict[str, float | str]:
        def near(value: float, relative: float) -> float:
            return value * (1 + self._sensor.gauss(0, relative))

        phases = [near(230 * self._grid * share, 0.0004) for share in self._phase]
        lines = [math.sqrt(x * x + y * y + x * y) for x, y in zip(phases, [*phases[1:], phases[0]], strict=True)]
        active = near(self._ac_kw, 0.001)
        apparent = active / 0.998
        currents = [near(1000 * apparent / 3 / volts, 0.001) for volts in phases]
        dc_v, dc_kw = near(self._dc_v, 0.0005), near(self._dc_kw, 0.001)
        return {
            "state": float(self._state),
            "active_power": active,
            "reactive_power": math.sqrt(max(apparent**2 - active**2, 0)),
            "apparent_power": apparent,
            "power_factor": active / apparent if apparent else math.nan,  # 0 / 0 at night: the device says "not available"
            "energy_total": self._energy_kwh,
            "dc_power": dc_kw,
            "dc_voltage": dc_v,
            "dc_current": 1000 * dc_kw / dc_v if dc_v else 0.0,
            **dict(zip(("voltage_ab", "voltage_bc", "voltage_ca"), lines, strict=True)),
            **dict(zip(("voltage_a", "voltage_b", "voltage_c"), phases, strict=True)),
            "current_total": sum(currents),
            **dict(zip(("current_a", "current_b", "current_c"), currents, strict=True)),
            "frequency": self._frequency_hz + self._sensor.gauss(0, 0.003),
            "internal_temperature": self._internal_c + self._sensor.gauss(0, 0.05),
            "heatsink_temperature": self._heatsink_c + self._sensor.gauss(0, 0.1),
            "alarm_1": 0.0,
            "vendor_state": 100.0 + self._state,
            "serial_number": self._serial_number,
        }


def _losses(dc_kw: float) -> float:
    return 0.12 + 0.005 * dc_kw + 1.0e-4 * dc_kw**2


def _dc_for(ac_kw: float) -> float:
    """Invert the losses: the DC power that gives this AC power."""
    return (0.995 - math.sqrt(0.995**2 - 4e-4 * (ac_kw + 0.12))) / 2e-4
