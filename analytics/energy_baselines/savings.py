"""Energy that was saved: the baseline adjusted to what happened, less what was used (IPMVP option C), and how sure that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from analytics.energy_baselines.regression import Regression
from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

_APPROXIMATION = 1.26
"""Reddy and Claridge 2000: what the exact matrix term of a regression comes to in usual cases."""


class NonRoutine(NamedTuple):
    """A change that the baseline's drivers do not tell of, estimated by a person: a new line, a shift more, a fire."""

    reason: str
    energy_kwh: float
    """Added to what the baseline expects."""
    uncertainty_kwh: float = 0.0
    """Half width of its 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """Avoided energy of a reporting period."""

    expected_kwh: float
    """The baseline at the period's drivers: routine adjustments."""
    non_routine_kwh: float
    actual_kwh: float
    uncertainty_kwh: float
    """Half width of the 95 % interval of what was saved."""

    @property
    def adjusted_kwh(self) -> float:
        return self.expected_kwh + self.non_routine_kwh

    @property
    def saved_kwh(self) -> float:
        """Avoided energy; negative where more was used."""
        return self.adjusted_kwh - self.actual_kwh

    @property
    def saved_share(self) -> float:
        return self.saved_kwh / self.adjusted_kwh

    @property
    def performance(self) -> float:
        """Energy performance indicator of ISO 50006, actual over expected: 1 as in the base period, less is better."""
        return self.actual_kwh / self.adjusted_kwh

    @property
    def fractional_uncertainty(self) -> float:
        """Half width over savings; IPMVP and ASHRAE Guideline 14 ask for less than 0.5 at 68 % confidence."""
        return self.uncertainty_kwh / abs(self.saved_kwh) if self.saved_kwh else float("inf")


def avoided_energy(
    baseline: Regression,
    drivers: Mapping[str, FloatArray],
    actual_kwh: FloatArray,
    *,
    non_routine: Sequence[NonRoutine] = (),
) -> Savings:
    """Hold a period against its baseline, over the rows in which energy and drivers are known.

    Raises
    ------
    NotEvaluated
        If no row is known, or the baseline expects no energy.
    """
    expected = baseline.expected(drivers)
    known = ~(np.isnan(expected) | np.isnan(actual_kwh))
    if not known.any():
        raise NotEvaluated(Why.MISSING_INPUT, ", ".join(("energy", *baseline.drivers)))
    inside = {name: column[known] for name, column in drivers.items()}
    own = baseline.uncertainty_of_sum(inside)
    found = Savings(
        expected_kwh=float(expected[known].sum()),
        non_routine_kwh=sum(one.energy_kwh for one in non_routine),
        actual_kwh=float(actual_kwh[known].sum()),
        uncertainty_kwh=float(np.hypot(own, np.linalg.norm([one.uncertainty_kwh for one in non_routine]))),
    )
    if found.adjusted_kwh <= 0:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, "the baseline expects no energy")
    return found


def fractional_savings_uncertainty(
    *,
    cv_rmse_percent: float,
    saved_share: float,
    baseline_rows: int,
    effective_rows: float,
    reporting_rows: int,
    coefficients: int = 2,
    confidence: float = 0.95,
) -> float:
    """Uncertainty of savings over savings, by the short formula that needs no more than a baseline's summary.

    Notes
    -----
    ``t * 1.26 * CV * sqrt(n / n' * (1 + 2 / n') / m) / F`` (ASHRAE Guideline 14-2014, annex B; Reddy and Claridge
    2000, HVAC&R Research 6(1); IPMVP Uncertainty Assessment 2019), F being the share saved, n rows of the baseline, n' effective
    ones and m rows of the reporting period. `avoided_energy` computes the exact term instead.
    """
    t = float(stdtrit(max(effective_rows - coefficients, 1.0), (1 + confidence) / 2))
    spread = np.sqrt(baseline_rows / effective_rows * (1 + 2 / effective_rows) / reporting_rows)
    return t * _APPROXIMATION * cv_rmse_percent / 100 * float(spread) / abs(saved_share)
