import numpy as np

from analytics.detection.change_points import change_points


def test_levels_are_cut_where_they_change() -> None:
    noise = np.random.default_rng(1).standard_normal(900)
    found = change_points(noise + np.repeat([0.0, 3.0, 1.0], 300))
    assert len(found) == 2
    assert abs(found[0] - 300) <= 3
    assert abs(found[1] - 600) <= 5


def test_noise_alone_is_hardly_ever_cut() -> None:
    dice = np.random.default_rng(2)
    cut = sum(bool(change_points(dice.standard_normal(300))) for _ in range(300))
    assert cut <= 12  # 4 %


def test_gaps_are_skipped_and_rows_keep_their_numbers() -> None:
    x = np.repeat([0.0, 10.0], 50) + np.random.default_rng(3).standard_normal(100)
    x[20:40] = np.nan
    assert change_points(x) == [50]


def test_a_step_without_noise_is_found() -> None:
    assert change_points(np.repeat([1.0, 1.0, 2.0], 20)) == [40]


def test_nothing_is_found_in_what_is_constant_or_too_short() -> None:
    assert change_points(np.full(100, 4.0)) == []
    assert change_points(np.zeros(100)) == []
    assert change_points(np.array([1.0, 5.0])) == []
    assert change_points(np.full(50, np.nan)) == []
