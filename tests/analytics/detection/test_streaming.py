"""The streaming detector, and our scoring of NAB by which it is judged."""

from pathlib import Path

import numpy as np
import pytest

from analytics.detection.streaming import surprise
from benchmarks.analytics_nab import (
    Profile,
    Series,
    best_threshold,
    normalised,
    probation_rows,
    read_corpus,
    read_profiles,
    row_weights,
    score_at,
)

NAB = Path(__file__).parents[3] / ".." / "shared" / "data" / "nab"
STANDARD = Profile(1.0, 0.11, 1.0)


def daily(rows: int) -> np.ndarray:
    return np.asarray(20 + 5 * np.sin(np.arange(rows) * 2 * np.pi / 96) + 0.3 * np.random.default_rng(14).standard_normal(rows))


def test_a_day_that_is_like_no_other_is_what_surprises_most() -> None:
    x = daily(3_000)
    x[2_400:2_440] = 20.0
    score = surprise(x, learning_rows=450)
    assert 2_400 <= int(score.argmax()) < 2_460


def test_a_value_beyond_all_that_was_seen_surprises_at_once() -> None:
    x = daily(2_000)
    x[1_500] = 60.0
    assert int(surprise(x, learning_rows=300).argmax()) == 1_500


def test_no_score_depends_on_what_comes_later() -> None:
    x = daily(1_500)
    x[1_200] = 50.0
    x[300:310] = np.nan
    whole = surprise(x, learning_rows=225)
    for rows in (400, 900, 1_201):
        assert np.array_equal(surprise(x[:rows], learning_rows=225), whole[:rows])


def test_unit_and_offset_of_a_signal_do_not_matter() -> None:
    x = daily(1_200)
    x[1_000:1_030] += 7
    assert surprise(1_000 * x - 5e4, learning_rows=180) == pytest.approx(surprise(x, learning_rows=180), abs=1e-6)


def test_a_flat_line_surprises_nowhere_and_its_first_change_does() -> None:
    x = np.full(1_000, 7.0)
    assert not surprise(x, learning_rows=150).any()
    x[800:] = 7.5
    score = surprise(x, learning_rows=150)
    assert int(score.argmax()) == 800
    assert not score[:800].any()


def test_too_little_to_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="rows to learn from"):
        surprise(daily(100), learning_rows=20)
    with pytest.raises(ValueError, match="no value"):
        surprise(np.full(200, np.nan), learning_rows=90)


def test_a_detection_earns_by_its_place_as_nab_says() -> None:
    """0.98661 at the left edge before scaling, 0.84828 half way, 0 at the right, -0.98661 one width behind (NAB, sweeper)."""
    series = Series("x", (), np.zeros(1_000), ((400, 499),))
    weights, inside = row_weights(series)
    assert weights[400] == pytest.approx(1.0)
    assert weights[450] == pytest.approx(0.84828 / 0.98661, abs=1e-4)
    assert weights[499 + 99] == pytest.approx(-0.98661, abs=1e-5)
    assert weights[0] == weights[999] == -1.0
    assert np.flatnonzero(inside == 0).tolist() == list(range(400, 500))


def test_silence_scores_0_and_the_perfect_detector_100() -> None:
    series = Series("x", (), np.zeros(1_000), ((400, 499), (800, 849)))
    perfect = np.zeros(1_000)
    perfect[[400, 800]] = 1.0
    threshold, score = best_threshold([series], [perfect], STANDARD)
    assert threshold == 1.0
    assert normalised(score, [series], STANDARD) == pytest.approx(100)
    nothing = score_at([series], [np.zeros(1_000)], STANDARD, 0.5).sum()
    assert normalised(float(nothing), [series], STANDARD) == 0


def test_only_the_first_detection_in_a_window_counts_and_each_one_outside_costs() -> None:
    series = Series("x", (), np.zeros(1_000), ((400, 499),))
    found = np.zeros(1_000)
    found[[410, 420, 430, 300, 100]] = 1.0  # row 100 is within the 150 rows of learning
    weights, _ = row_weights(series)
    assert score_at([series], [found], STANDARD, 1.0)[0] == pytest.approx(weights[410] - 0.11)


def test_learning_takes_15_percent_and_at_most_750_rows() -> None:
    assert [probation_rows(n) for n in (1_000, 4_032, 22_695)] == [150, 604, 750]


@pytest.fixture
def folder() -> Path:
    if not NAB.exists():
        pytest.skip("the benchmark's data is not here")
    return NAB


def test_the_corpus_part_is_read_whole_and_silence_scores_zero_on_it(folder: Path) -> None:
    corpus, profiles = read_corpus(folder), read_profiles(folder)
    assert len(corpus) == 18
    for profile in profiles.values():
        nothing = score_at(corpus, [np.zeros(len(series.values)) for series in corpus], profile, 0.5).sum()
        assert normalised(float(nothing), corpus, profile) == pytest.approx(0)


def test_artificial_jumps_are_found_early_at_the_threshold_of_the_whole_benchmark(folder: Path) -> None:
    """Series of which the whole benchmark, too long for a test, is made; its threshold on all 18 series is 0.451."""
    names = ("art_daily_jumpsup", "art_daily_flatmiddle", "art_load_balancer_spikes", "art_flatline")
    corpus = [one for one in read_corpus(folder) if Path(one.name).stem in names]
    scores = [surprise(one.values, learning_rows=probation_rows(len(one.values))) for one in corpus]
    total = score_at(corpus, scores, STANDARD, 0.451).sum()
    assert len(corpus) == 4
    assert normalised(float(total), corpus, STANDARD) > 90
