import numpy as np
import numpy.typing as npt
import pytest

from analytics.detection.control_charts import cusum, ewma, first_alarm


def run_lengths(alarms: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    found = first_alarm(alarms)
    assert (found > 0).all(), "a run did not end"
    return found


@pytest.mark.parametrize(("limit", "rows", "length"), [(4.0, 167.7, 2_000), (5.0, 465.4, 6_000)])
def test_two_sided_sums_alarm_as_seldom_as_the_markov_chain_says(limit: float, rows: float, length: int) -> None:
    """Average run length where all is well, reference 0.5 (reference, section 6; Lucas and Crosier 1982), ± 5 %."""
    noise = np.random.default_rng(11).standard_normal((2_500, length))
    above, below = cusum(noise)
    assert run_lengths((above > limit) | (below > limit)).mean() == pytest.approx(rows, rel=0.05)


@pytest.mark.parametrize(("weight", "rows", "length"), [(0.2, 560.0, 6_500), (0.1, 842.0, 10_000)])
def test_the_moving_average_alarms_as_seldom_as_the_markov_chain_says(weight: float, rows: float, length: int) -> None:
    """Average run length where all is well, limit 3 (reference, section 6; Lucas and Saccucci 1990), ± 5 %."""
    noise = np.random.default_rng(12).standard_normal((2_000, length))
    assert run_lengths(np.abs(ewma(noise, weight=weight)) > 3).mean() == pytest.approx(rows, rel=0.05)


def test_a_shift_of_one_deviation_is_found_within_about_ten_rows() -> None:
    """10.4 rows at reference 0.5 and limit 5 (Montgomery, Introduction to statistical quality control, table 9.3)."""
    noise = np.random.default_rng(13).standard_normal((4_000, 200)) + 1
    above, _ = cusum(noise)
    assert run_lengths(above > 5).mean() == pytest.approx(10.4, rel=0.05)


def test_the_sums_are_those_of_page_s_recursion() -> None:
    x = np.array([0.2, 1.5, -2.0, 3.0, np.nan, 0.4])
    above, below = cusum(x)
    assert above == pytest.approx([0.0, 1.0, 0.0, 2.5, 2.5, 2.4])
    assert below == pytest.approx([0.0, 0.0, 1.5, 0.0, 0.0, 0.0])


def test_an_impossible_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="a weight of 0"):
        ewma(np.zeros(3), weight=0)


def test_a_run_without_an_alarm_has_no_length() -> None:
    assert first_alarm(np.array([[False, False], [False, True]])).tolist() == [0, 2]
