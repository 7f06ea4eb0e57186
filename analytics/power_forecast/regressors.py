"""The learners behind a forecast: boosted trees where LightGBM is installed, ridge regression where it is not."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics.result import NotEvaluated, Why
from analytics.window import FloatArray

THREADS = 1
"""Seconds for a year of one plant; two threads that share their cores with other work wait for each other, many times as long."""
BOOSTED = {
    "objective": "l2",
    "learning_rate": 0.03,
    "num_leaves": 6,
    "min_data_in_leaf": 300,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "num_threads": THREADS,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
"""Few leaves and half of rows and features at a time: a year of one plant's weather is not much to learn from."""
ROUNDS = 300
RIDGE = 100.0


def has_boosting() -> bool:
    try:
        import lightgbm  # noqa: F401, PLC0415 - an extra, and slow to import
    except ImportError:
        return False
    return True


def fit(features: FloatArray, target: FloatArray) -> dict[str, Any]:
    """Learn the conditional mean.

    Parameters
    ----------
    features : ndarray, shape (n, m)
        NaN where not known.
    target : ndarray, shape (n,)
    """
    if not has_boosting():
        return _fit_ridge(features, target)
    import lightgbm  # noqa: PLC0415

    parameters = BOOSTED | {"min_data_in_leaf": min(300, max(20, len(target) // 50))}
    return {"form": "boosted", "trees": lightgbm.train(parameters, lightgbm.Dataset(features, target), ROUNDS).model_to_string()}


def predict(model: Mapping[str, Any], features: FloatArray) -> FloatArray:
    """Give the mean for each row.

    Raises
    ------
    NotEvaluated
        If the model was made with LightGBM, which is not installed here.
    """
    if model["form"] == "ridge":
        mean, spread, weights = (np.array(model[name]) for name in ("mean", "spread", "weights"))
        linear: FloatArray = np.nan_to_num((features - mean) / spread) @ weights + float(model["intercept"])
        return linear
    if not has_boosting():
        raise NotEvaluated(Why.NO_LIBRARY, "pip install 'shangyun[forecast]'")
    import lightgbm  # noqa: PLC0415

    return np.asarray(lightgbm.Booster(model_str=model["trees"]).predict(features, num_threads=THREADS), np.float64)


def _fit_ridge(features: FloatArray, target: FloatArray) -> dict[str, Any]:
    known = ~np.isnan(features)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, features, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (features - mean) ** 2, 0).sum(axis=0) / count)
    spread = np.where(spread > 1e-9 * np.maximum(1, np.abs(mean)), spread, 1.0)  # what never changed tells nothing, ever
    scaled = np.nan_to_num((features - mean) / spread)
    level = float(target.mean())
    weights = np.linalg.solve(scaled.T @ scaled + RIDGE * np.eye(scaled.shape[1]), scaled.T @ (target - level))
    return {
        "form": "ridge",
        "mean": mean.tolist(),
        "spread": spread.tolist(),
        "weights": weights.tolist(),
        "intercept": level,
    }
