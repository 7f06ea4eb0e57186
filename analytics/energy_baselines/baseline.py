"""A machine's energy baseline: its regression, the conditions that it was learned in, and how its days strayed from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy.special import stdtrit

from analytics.energy_baselines.change_points import Form, fit_change_point
from analytics.energy_baselines.drivers import Driver, KindDrivers
from analytics.energy_baselines.metering import Grid, Metered, energy_used_kwh
from analytics.energy_baselines.regression import Regression, fit_significant
from analytics.energy_baselines.savings import NonRoutine, Savings, avoided_energy, fractional_savings_uncertainty
from analytics.result import NotEvaluated, Why
from analytics.window import Flags, FloatArray, Window

MARGIN = 0.1
"""Conditions count as seen a tenth of their range beyond it (ASHRAE Guideline 14: 10 %)."""
LEAST_JUDGED_SHARE = 0.75
"""Of a day's intervals; or"""
_LEAST_ENERGY_SHARE = 0.9
"""of its energy, where the meters enclose all of it: what sends nothing at night uses next to nothing then."""
_LEAST_DAYS = 4
_LEAST_DAY_SHARE = 0.1
"""Of the mean day's energy: a day on which less was due stood still."""


@dataclass(frozen=True, kw_only=True)
class EnergyBaseline:
    """What a machine uses under given drivers.

    Parameters
    ----------
    points : mapping of str to float
        Change points of the drivers that have one.
    ranges : mapping of str to pair of float
        Of every driver, also of those that turned out not to matter: the others say nothing beyond what was seen.
    day_spread : float
        Root mean square of days' actual over expected less 1, each day held against a regression without it.
    day_kwh : float
        Energy of a mean day.
    """

    regression: Regression
    points: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]]
    day_spread: float
    days: int
    day_kwh: float

    @classmethod
    def fit(cls, history: Window, of: KindDrivers) -> Self:
        """Learn from a base period.

        Raises
        ------
        NotEvaluated
            If energy and drivers are known in less than half the intervals of four days, or on less than three whole days.
        """
        grid = Grid.of(history, of.interval_seconds)
        used = energy_used_kwh(history, grid)
        energy = used.complete
        raw = {driver.name: driver.values(history, grid) for driver in of.drivers}
        _require_known(energy, raw)
        known = ~np.isnan(np.column_stack([energy, *raw.values()])).any(axis=1)
        per_day = 24 // of.interval_hours
        if known.sum() < _LEAST_DAYS * per_day / 2:
            raise NotEvaluated(Why.NOT_TRAINED, f"{known.sum() * of.interval_hours} hours with energy and drivers")
        day_kwh = float(np.nanmean(used.amount)) * per_day
        if day_kwh <= 0:
            raise NotEvaluated(Why.NOT_RUNNING, "no energy was used")
        points = {driver.name: _change_point(driver, raw, energy) for driver in of.drivers if driver.change}
        shaped = _shaped(of.drivers, raw, points)
        regression = _fit_plausible(of.drivers, shaped, energy)
        spread, days = _day_spread(regression, shaped, used, per_day, day_kwh)
        return cls(
            regression=regression,
            points=points,
            ranges={name: (float(column[known].min()), float(column[known].max())) for name, column in raw.items()},
            day_spread=spread,
            days=days,
            day_kwh=day_kwh,
        )

    def judge(self, window: Window, of: KindDrivers) -> "Judged":
        """Hold a window against the baseline.

        Raises
        ------
        NotEvaluated
            If energy or a driver has no value in it.
        """
        grid = Grid.of(window, of.interval_seconds)
        used = energy_used_kwh(window, grid)
        energy = used.complete
        raw = {driver.name: driver.values(window, grid) for driver in of.drivers}
        _require_known(energy, raw)
        outside = {}
        for name, (low, high) in self.ranges.items():
            margin = MARGIN * (high - low) + 1e-9 * max(abs(low), abs(high))
            with np.errstate(invalid="ignore"):
                outside[name] = (raw[name] < low - margin) | (raw[name] > high + margin)
        shaped = _shaped(of.drivers, raw, self.points)
        expected = self.regression.expected(shaped)
        is_judged = ~(np.isnan(energy) | np.isnan(expected) | np.any(list(outside.values()), axis=0))
        return Judged(
            baseline=self,
            grid=grid,
            times_us=grid.times_us(window),
            per_day=24 // of.interval_hours,
            raw=raw,
            drivers=shaped,
            metered_kwh=used.amount,
            energy_kwh=energy,
            expected_kwh=expected,
            is_judged=is_judged,
            outside=outside,
        )

    def spread_of(self, days: float) -> float:
        """Half width of the 95 % interval of so many days' actual over expected, from how whole days of the base period strayed.

        Neighbours' correlation does not tell of what changes from day to day, which a regression of hours takes for noise.
        """
        t = float(stdtrit(max(self.days - 1, 1), 0.975))
        return t * self.day_spread * float(np.sqrt(1 / days + 1 / self.days))

    def smallest_saving_percent(self, days: int, *, per_day: int) -> float:
        """Give the smallest saving over so many days that would stand out of its 95 % interval."""
        regression = self.regression
        by_formula = fractional_savings_uncertainty(
            cv_rmse_percent=regression.cv_rmse_percent,
            saved_share=1.0,
            baseline_rows=regression.rows,
            effective_rows=regression.effective_rows,
            reporting_rows=days * per_day,
            coefficients=len(regression.coefficients),
        )
        return 100 * max(by_formula, self.spread_of(days))

    def to_model(self) -> dict[str, Any]:
        """Give plain data, for the registry of models."""
        return {
            "regression": self.regression.to_model(),
            "points": dict(self.points),
            "ranges": {name: list(of) for name, of in self.ranges.items()},
            "day_spread": self.day_spread,
            "days": self.days,
            "day_kwh": self.day_kwh,
        }

    @classmethod
    def from_model(cls, model: Mapping[str, Any]) -> Self:
        return cls(
            regression=Regression.from_model(model["regression"]),
            points=model["points"],
            ranges={name: (low, high) for name, (low, high) in model["ranges"].items()},
            day_spread=model["day_spread"],
            days=model["days"],
            day_kwh=model["day_kwh"],
        )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A window beside its baseline: arrays of shape (intervals,); days are counted back from its end."""

    baseline: EnergyBaseline
    grid: Grid
    times_us: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    per_day: int
    raw: Mapping[str, FloatArray]
    """Drivers as they were measured."""
    drivers: Mapping[str, FloatArray]
    """The same as the regression takes them."""
    metered_kwh: FloatArray
    """With what meters enclose in gaps."""
    energy_kwh: FloatArray
    """Of complete intervals."""
    expected_kwh: FloatArray
    is_judged: Flags
    """Energy and drivers are known, and such conditions have been seen."""
    outside: Mapping[str, Flags]

    @property
    def days(self) -> int:
        return len(self.energy_kwh) // self.per_day

    def day(self, back: int) -> slice:
        """Give the intervals of a day, 0 the newest."""
        end = len(self.energy_kwh) - back * self.per_day
        return slice(end - self.per_day, end)

    def savings(self, of: slice, *, non_routine: Sequence[NonRoutine] = ()) -> Savings:
        """Give what the judged intervals of a span saved, its uncertainty at least that of `EnergyBaseline.spread_of`.

        Raises
        ------
        NotEvaluated
            If three quarters of it cannot be judged, or hardly any energy was due.
        """
        judged = self.is_judged[of]
        days = len(judged) / self.per_day
        if not _is_enough(judged, self.metered_kwh[of]):
            raise NotEvaluated(Why.OUTSIDE_VALIDITY, self._why_not(of))
        rows = {name: column[of][judged] for name, column in self.drivers.items()}
        found = avoided_energy(self.baseline.regression, rows, self.energy_kwh[of][judged], non_routine=non_routine)
        if found.expected_kwh < _LEAST_DAY_SHARE * self.baseline.day_kwh * days:
            raise NotEvaluated(Why.NOT_RUNNING, f"{found.expected_kwh:.0f} kWh due")
        least = self.baseline.spread_of(days) * found.expected_kwh
        return replace(found, uncertainty_kwh=max(found.uncertainty_kwh, least))

    def _why_not(self, of: slice) -> str:
        counts = {name: int(flags[of].sum()) for name, flags in self.outside.items()}
        worst = max(counts, key=counts.__getitem__, default="")
        return worst if counts.get(worst) else "too few intervals with energy and drivers"


def _is_enough(judged: Flags, metered_kwh: FloatArray) -> bool:
    """Tell whether the judged intervals stand for a span."""
    if judged.mean() >= LEAST_JUDGED_SHARE:
        return True
    total = float(metered_kwh.sum())  # NaN where a meter's gap is open
    return bool(total > 0 and metered_kwh[judged].sum() >= _LEAST_ENERGY_SHARE * total)


def _require_known(energy: FloatArray, raw: Mapping[str, FloatArray]) -> None:
    for name, column in {"energy": energy, **raw}.items():
        if np.isnan(column).all():
            raise NotEvaluated(Why.MISSING_INPUT, name)


def _change_point(driver: Driver, raw: Mapping[str, FloatArray], energy: FloatArray) -> float:
    form: Form = "3P below" if driver.change == "below" else "3P above"
    return fit_change_point(raw[driver.name], energy, form).points[0]


def _shaped(drivers: tuple[Driver, ...], raw: Mapping[str, FloatArray], points: Mapping[str, float]) -> dict[str, FloatArray]:
    found = {}
    for driver in drivers:
        column = raw[driver.name]
        if driver.change:
            side = points[driver.name] - column if driver.change == "below" else column - points[driver.name]
            column = np.maximum(side, 0.0)
        found[driver.name] = column
    return found


def _fit_plausible(drivers: tuple[Driver, ...], shaped: Mapping[str, FloatArray], energy: FloatArray) -> Regression:
    """Fit what matters, without the drivers whose effect comes out the wrong way round."""
    kept = dict(shaped)
    signs = {driver.name: driver.sign for driver in drivers}
    while True:
        found = fit_significant(kept, energy)
        wrong = [
            (abs(float(t)), name)
            for name, t, value in zip(found.drivers, found.t_values[1:], found.coefficients[1:], strict=True)
            if signs[name] * value < 0
        ]
        if not wrong:
            return found
        del kept[min(wrong)[1]]


def _day_spread(
    regression: Regression, shaped: Mapping[str, FloatArray], used: Metered, per_day: int, day_kwh: float
) -> tuple[float, int]:
    """Leave out each day in turn, and hold it against a regression on the others."""
    energy = used.complete
    kept = {name: shaped[name] for name in regression.drivers}
    ratios = []
    whole = len(energy) // per_day
    for end in range(len(energy), len(energy) - whole * per_day, -per_day):
        day = slice(end - per_day, end)
        without = energy.copy()
        without[day] = np.nan
        try:
            expected = Regression.fit(kept, without).expected({name: column[day] for name, column in shaped.items()})
        except NotEvaluated:  # the others do not vary
            continue
        known = ~(np.isnan(expected) | np.isnan(energy[day]))
        due = float(expected[known].sum())
        if _is_enough(known, used.amount[day]) and due > 0 and due >= _LEAST_DAY_SHARE * day_kwh:
            ratios.append(float(energy[day][known].sum()) / due - 1)
    if len(ratios) < _LEAST_DAYS - 1:
        raise NotEvaluated(Why.NOT_TRAINED, f"{len(ratios)} whole days at work")
    return float(np.sqrt(np.square(ratios).mean())), len(ratios)
