"""A new forecast goes live only when it clearly beats the floor and the one that is live, on rows that nobody has trained on."""

import numpy as np
import pytest

from analytics.power_forecast.champion import may_go_live
from analytics.result import NotEvaluated
from analytics.window import FloatArray

ROWS = 30 * 96


def forecasts(*deviations: float, seed: int = 1) -> list[FloatArray]:
    """What came, and forecasts that are off by exactly so much at the root mean square."""
    rng = np.random.default_rng(seed)
    actual = rng.uniform(0, 100, ROWS)
    noises = rng.standard_normal((len(deviations), ROWS))
    noises /= np.sqrt(np.mean(noises**2, axis=1, keepdims=True))
    return [actual, *(actual + deviation * noise for deviation, noise in zip(deviations, noises, strict=True))]


def test_a_challenger_that_beats_both_goes_live_and_the_gain_is_told() -> None:
    """Off by 8 instead of 10 and 12: of the mean square error 1 - 64/100 = 36 % and 1 - 64/144 = 56 % are saved."""
    actual, challenger, champion, floor = forecasts(8, 10, 12)
    found = may_go_live(actual, challenger, floor_kw=floor, champion_kw=champion)
    assert found.may_go_live
    assert found.against_champion is not None
    assert found.against_champion.gain == pytest.approx(0.36)
    assert found.against_floor.gain == pytest.approx(1 - 64 / 144)
    assert found.reason.en.startswith("beats the live one (mean square error -36 %, 95 % interval -")
    assert found.reason.zh.startswith("优于现用模型")


def test_what_is_no_better_than_the_live_one_stays_away() -> None:
    actual, challenger, champion, floor = forecasts(10, 10, 12)
    found = may_go_live(actual, challenger, floor_kw=floor, champion_kw=champion)
    assert not found.may_go_live
    assert found.reason.en.startswith("is not clearly better than the live one")


def test_a_gain_too_small_to_be_worth_a_change_is_not_enough() -> None:
    """Off by 9.8 instead of 10 on every row: 4 % of the mean square error, sure but small."""
    actual, champion, floor = forecasts(10, 12)
    challenger = actual + 0.98 * (champion - actual)
    found = may_go_live(actual, challenger, floor_kw=floor, champion_kw=champion)
    assert found.against_champion is not None
    assert found.against_champion.lowest_gain > 0
    assert not found.may_go_live


def test_whoever_does_not_beat_the_floor_does_not_go_live_even_past_a_bad_champion() -> None:
    actual, challenger, champion, floor = forecasts(12, 20, 12)
    found = may_go_live(actual, challenger, floor_kw=floor, champion_kw=champion)
    assert found.against_champion is not None
    assert found.against_champion.is_recommended
    assert not found.may_go_live
    assert found.reason.en.startswith("is not clearly better than the floor")


def test_the_first_model_has_only_the_floor_to_beat() -> None:
    actual, challenger, floor = forecasts(8, 12)
    found = may_go_live(actual, challenger, floor_kw=floor)
    assert found.may_go_live
    assert found.against_champion is None
    assert not may_go_live(actual, floor, floor_kw=challenger).may_go_live


def test_a_challenger_that_declines_what_is_hard_does_not_go_live() -> None:
    """It leaves the tenth of rows open on which it would be worst."""
    actual, challenger, floor = forecasts(8, 12)
    off = np.abs(challenger - actual)
    picky = np.where(off > np.quantile(off, 0.9), np.nan, challenger)
    found = may_go_live(actual, picky, floor_kw=floor)
    assert found.against_floor.lowest_gain > 0
    assert not found.may_go_live
    assert found.reason.en == "declines 10 % of the instants"


def test_rows_that_are_not_known_are_left_out_of_all() -> None:
    actual, challenger, champion, floor = forecasts(8, 10, 12)
    gap = np.where(np.arange(ROWS) % 5 == 0, np.nan, actual)
    assert may_go_live(gap, challenger, floor_kw=floor, champion_kw=champion).may_go_live


def test_too_few_days_and_columns_that_do_not_fit_are_refused() -> None:
    actual, challenger, floor = forecasts(8, 12)
    with pytest.raises(NotEvaluated, match="9 stretches, 10 are needed"):
        may_go_live(actual[: 9 * 96], challenger[: 9 * 96], floor_kw=floor[: 9 * 96])
    with pytest.raises(ValueError, match=r"columns of \[10, 2880\] rows"):
        may_go_live(actual, challenger, floor_kw=floor[:10])
