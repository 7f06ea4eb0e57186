import numpy as np
import pytest

from analytics.detection.subsequences import left_profile, mass, matrix_profile, subsequence_components


def test_distances_by_the_fft_are_those_by_definition() -> None:
    dice = np.random.default_rng(6)
    x = 1e4 + dice.standard_normal(300).cumsum()
    query = x[40:65]
    found = mass(query, x)

    def scaled(part: np.ndarray) -> np.ndarray:
        return np.asarray((part - part.mean()) / part.std())

    expected = [np.linalg.norm(scaled(query) - scaled(x[i : i + 25])) for i in range(276)]
    assert found == pytest.approx(expected, abs=1e-4)
    assert found[40] == pytest.approx(0, abs=1e-4)


def test_a_flat_stretch_is_like_another_and_unlike_the_rest() -> None:
    x = np.concatenate([np.zeros(10), np.sin(np.arange(20)), np.full(10, 3.0)])
    assert mass(x[:8], x)[32] == 0
    assert mass(x[:8], x)[15] == pytest.approx(np.sqrt(8))


def test_the_profile_is_the_least_of_all_distances_and_its_peak_the_discord() -> None:
    x = np.sin(np.arange(600) * 2 * np.pi / 50) + 0.05 * np.random.default_rng(7).standard_normal(600)
    x[310:330] = 0.2
    profile = matrix_profile(x, 50)
    assert 265 <= int(profile.argmax()) <= 330
    for row in (0, 200, 300, 550):
        distances = mass(x[row : row + 50], x)
        distances[max(0, row - 25) : row + 26] = np.inf
        assert profile[row] == pytest.approx(distances.min(), abs=1e-3)


def test_the_left_profile_looks_back_only_and_is_in_the_signal_s_unit() -> None:
    dice = np.random.default_rng(8)
    x = dice.standard_normal(200)
    profile = left_profile(x, (5, 12))
    expected = min(np.sqrt(np.mean((x[86:91] - x[i : i + 5]) ** 2)) for i in range(82))
    assert profile[0, 90] == pytest.approx(expected)
    assert np.isinf(profile[1, 22])
    assert np.isfinite(profile[1, 23])
    assert np.array_equal(left_profile(x[:150], (5, 12)), profile[:, :150])


def test_what_the_components_of_a_period_do_not_explain_is_where_it_breaks() -> None:
    x = np.sin(np.arange(1_200) * 2 * np.pi / 60) + 0.05 * np.random.default_rng(9).standard_normal(1_200)
    x[900:930] *= -1
    score = subsequence_components(x, 60, components=3, first_rows=600)
    assert 870 <= int(score.argmax()) <= 960
    assert score[900:930].mean() > 20 * score[:800].mean()


def test_lengths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="a query of 9"):
        mass(np.zeros(9), np.zeros(5))
    with pytest.raises(ValueError, match="subsequences of 9"):
        matrix_profile(np.zeros(10), 9)
    with pytest.raises(ValueError, match="components"):
        subsequence_components(np.zeros(12), 10, components=5)
