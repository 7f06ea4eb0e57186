"""How good predictions of remaining life were, once the truth is known."""

import numpy as np

from analytics.window import FloatArray


def rmse(predicted: FloatArray, true: FloatArray) -> float:
    """Root of the mean square of predicted less true, in their unit."""
    return float(np.sqrt(np.mean((predicted - true) ** 2)))


def nasa_score(predicted: FloatArray, true: FloatArray) -> float:
    """Sum of penalties that weigh a life promised too long more than one too short; 0 is perfect, less is better.

    References
    ----------
    Saxena, Goebel, Simon, Eklund (2008), "Damage propagation modeling for aircraft engine run-to-failure simulation", PHM: time
    constants of 13 cycles when early and 10 when late.
    """
    late = predicted - true
    return float(np.sum(np.expm1(np.where(late < 0, -late / 13, late / 10))))


def phm2012_accuracy(predicted: FloatArray, true: FloatArray) -> FloatArray:
    """Give the accuracy of each prediction, 0 to 1, halved by 20 % of the truth when early and by 5 % when late.

    Parameters
    ----------
    predicted, true : ndarray, shape (n,)
        True lives above 0.

    References
    ----------
    Nectoux et al. (2012), "PRONOSTIA: an experimental platform for bearings accelerated degradation tests", IEEE PHM challenge.
    """
    error_percent = 100 * (true - predicted) / true
    accuracy: FloatArray = np.exp(np.log(0.5) * np.where(error_percent <= 0, -error_percent / 5, error_percent / 20))
    return accuracy


def alpha_lambda(predicted: FloatArray, true: FloatArray, *, alpha: float = 0.2) -> float:
    """Share of predictions that lie within a share ``alpha`` of the truth; give those of one part of life, or of all.

    References
    ----------
    Saxena et al. (2010), "Metrics for offline evaluation of prognostic performance", IJPHM 1.
    """
    return float(np.mean(np.abs(predicted - true) <= alpha * true))


def coverage(low: FloatArray, high: FloatArray, true: FloatArray) -> float:
    """Share of truths that lie within their band, ends included."""
    return float(np.mean((low <= true) & (true <= high)))
