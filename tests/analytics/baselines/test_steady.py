"""Where a machine works steadily."""

import numpy as np

from analytics.baselines.steady import is_steady, rolling_mean, runs_since


def test_a_stretch_is_steady_only_once_all_of_it_lies_close_together_and_is_known() -> None:
    values = np.array([0.0, 5.0, 5.1, 5.0, 5.2, np.nan, 5.0, 5.0, 5.0])
    assert is_steady(values, span_steps=3, tolerance=0.3).tolist() == [False] * 3 + [True] * 2 + [False] * 3 + [True]
    assert not is_steady(values[:2], span_steps=3, tolerance=9).any()


def test_runs_are_counted_from_the_last_break() -> None:
    assert runs_since(np.array([True, True, False, True, True, True])).tolist() == [1, 2, 0, 1, 2, 3]
    assert runs_since(np.zeros(3, bool)).tolist() == [0, 0, 0]


def test_a_rolling_mean_looks_back_only_and_passes_over_gaps() -> None:
    np.testing.assert_allclose(rolling_mean(np.array([1.0, 3.0, np.nan, 7.0]), 2), [1, 2, 3, 7])
    assert np.isnan(rolling_mean(np.full(3, np.nan), 2)).all()
