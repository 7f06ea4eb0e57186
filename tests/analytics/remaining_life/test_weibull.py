"""Weibull's distribution against Nelson's diesel fans, a closed form, and simulated fleets."""

import numpy as np
import pytest
from scipy.stats import weibull_min

from analytics.remaining_life.weibull import Weibull, fit
from analytics.result import NotEvaluated

# Nelson (1982), table of 70 diesel generator fans: hours to failure, and of those that still ran, in thousands.
FAILED = [0.45, 1.15, 1.15, 1.60, 2.07, 2.07, 2.08, 3.10, 3.45, 4.60, 6.10, 8.75]
RUNNING = {
    **dict.fromkeys([0.46, 1.56, 1.66, 2.20, 3.20, 6.30, 6.70, 7.45, 8.20, 9.40, 9.90, 11.50], 1),
    **dict.fromkeys([3.75, 6.45, 7.80, 8.10, 8.75], 2),
    **dict.fromkeys([2.03, 5.00, 6.10, 8.50, 10.10], 3),
    **dict.fromkeys([3.00, 4.15, 4.30, 4.85], 4),
    1.85: 5,
}


def fans(thousand: float = 1.0) -> Weibull:
    running = np.repeat(list(RUNNING), list(RUNNING.values()))
    times = thousand * np.concatenate([FAILED, running])
    return fit(times, np.arange(len(times)) < len(FAILED))


def test_nelsons_fans_have_their_published_shape_and_scale() -> None:
    found = fans()
    assert sum(RUNNING.values()) + len(FAILED) == 70
    # Nelson (1982); reference, analytics_newenergy C.5: reproduced with another program, to 1e-4.
    assert found.shape == pytest.approx(1.0584, rel=1e-4)
    assert found.scale == pytest.approx(26.2968, rel=1e-4)
    assert -found.log_likelihood == pytest.approx(52.2597, rel=1e-5)
    assert found.life(0.1) == pytest.approx(3.1372, rel=1e-4)
    assert found.failure_share(age=5, within=1) == pytest.approx(0.03606, abs=2e-5)


def test_the_unit_of_time_changes_nothing() -> None:
    hours, thousands = fans(1000.0), fans()
    assert hours.shape == pytest.approx(thousands.shape, rel=1e-9)
    assert hours.life_interval(0.1) == pytest.approx(tuple(1000 * of for of in thousands.life_interval(0.1)), rel=1e-9)


def test_at_the_largest_likelihood_the_scale_has_its_closed_form() -> None:
    times = np.array([30.0, 55, 81, 102, 131, 150, 150, 150])
    failed = np.array([True] * 6 + [False] * 2)
    found = fit(times, failed)
    assert found.scale == pytest.approx((np.sum(times**found.shape) / 6) ** (1 / found.shape), rel=1e-9)
    free, *_ = weibull_min.fit(times[failed], floc=0)
    alone = fit(times[failed], failed[:6])
    assert alone.shape == pytest.approx(free, rel=1e-4)  # scipy's fit has no censoring


def test_fishers_and_the_likelihoods_interval_of_the_shape_agree_in_a_large_fleet() -> None:
    times = 900 * np.random.default_rng(1).weibull(2.5, 2000)
    found = fit(np.minimum(times, 1000), times < 1000)
    half = 1.96 * np.sqrt(found.covariance[0, 0])
    assert found.shape_interval == pytest.approx((found.shape * np.exp(-half), found.shape * np.exp(half)), rel=3e-3)
    assert found.shape_interval[0] < 2.5 < found.shape_interval[1]


def test_the_interval_of_b10_holds_the_truth_in_95_of_100_fleets() -> None:
    truth = 500 * (-np.log(0.9)) ** (1 / 2)
    held = 0
    for seed in range(400):
        times = 500 * np.random.default_rng(seed).weibull(2.0, 60)
        low, high = fit(np.minimum(times, 450), times < 450).life_interval(0.1)
        held += low < truth < high
    assert held / 400 == pytest.approx(0.95, abs=0.035)


def test_an_aged_unit_has_the_remaining_life_of_its_survivors() -> None:
    found = fans()
    for chance, days in zip((0.1, 0.5, 0.9), found.remaining(age=5), strict=True):
        assert 1 - found.reliability(5 + days) / found.reliability(5) == pytest.approx(chance, abs=1e-9)
    # With a shape above 1 an old unit has less to live than a new one.
    assert found.remaining(age=20).p50 < found.remaining(age=0).p50 == pytest.approx(found.life(0.5))


@pytest.mark.parametrize(
    ("times", "failures"),
    [([1.0, 2, 3, 4, 5, 6], 4), ([0.0, 2, 3, 4, 5, 6], 6), ([np.nan, 2, 3, 4, 5, 6], 6), ([3.0] * 6, 6)],
    ids=["few failures", "zero", "unknown", "all at once"],
)
def test_what_tells_nothing_of_lives_is_declined(times: list[float], failures: int) -> None:
    with pytest.raises(NotEvaluated):
        fit(np.array(times), np.arange(len(times)) < failures)
