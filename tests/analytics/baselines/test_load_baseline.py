"""What signals should read at the load of the moment."""

import json

import numpy as np
import pytest

from analytics.baselines.load_baseline import LoadBaseline, robust_deviation, stretch_means
from analytics.result import NotEvaluated

DICE = np.random.default_rng(5)
N = 4000
LOAD, AIR = DICE.uniform(20, 100, N), DICE.uniform(0, 30, N)
STACK = 60 + 0.5 * LOAD + 0.004 * LOAD**2 + 0.3 * AIR + DICE.normal(0, 0.5, N)
FEATURES, TARGETS = {"load": LOAD, "air": AIR}, {"stack": STACK}


@pytest.fixture(scope="module")
def learned() -> LoadBaseline:
    fitted = LoadBaseline.fit(FEATURES, TARGETS, stretch_steps=100)
    return LoadBaseline.from_model(json.loads(json.dumps(fitted.to_model())))  # as the registry keeps it


def test_a_known_curve_is_found_again(learned: LoadBaseline) -> None:
    expected = learned.expected({"load": np.array([50.0]), "air": np.array([15.0])})["stack"]
    assert expected[0] == pytest.approx(60 + 25 + 10 + 4.5, abs=0.1)
    assert learned.spreads[0].single == pytest.approx(0.5, rel=0.1)
    # Means of 100 independent values stray a tenth as far.
    assert learned.spreads[0].stretch == pytest.approx(0.05, rel=0.5)


def test_outside_what_was_seen_it_declines(learned: LoadBaseline) -> None:
    expected = learned.expected({"load": np.array([50.0, 150.0, np.nan]), "air": np.array([60.0, 15.0, 15.0])})["stack"]
    assert np.isnan(expected).all()


def test_a_shift_is_scored_in_spreads_of_healthy_stretches(learned: LoadBaseline) -> None:
    residuals = learned.residuals(FEATURES, {"stack": STACK + 2.0})
    assert learned.scores(residuals)["stack"] == pytest.approx(2.0 / learned.spreads[0].stretch, rel=0.05)
    assert learned.scores(residuals, floors={"stack": 1.0})["stack"] == pytest.approx(2.0, rel=0.05)
    assert np.isnan(learned.scores({"stack": np.full(3, np.nan)})["stack"])


def test_a_machine_that_has_lost_a_feature_is_not_judged_by_it(learned: LoadBaseline) -> None:
    with pytest.raises(NotEvaluated, match="outside_validity: the model goes by air"):
        learned.expected({"load": LOAD})


def test_too_little_history_makes_no_baseline() -> None:
    few = {name: column[:20] for name, column in FEATURES.items()}
    with pytest.raises(NotEvaluated, match="not_trained: 20 steady rows"):
        LoadBaseline.fit(few, {"stack": STACK[:20]}, stretch_steps=5)


def test_stretches_need_a_share_of_values() -> None:
    values = np.array([1.0, 3.0, np.nan, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(stretch_means(values, 2), [2, np.nan, np.nan])
    assert robust_deviation(DICE.normal(0, 2, 20_000)) == pytest.approx(2, rel=0.03)
