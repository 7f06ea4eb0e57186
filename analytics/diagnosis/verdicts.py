"""From differences to one named fault of a system: the row of signs that agrees best, if it agrees well enough."""

from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from analytics.diagnosis.signatures import Signature, ranked
from analytics.window import FloatArray


class Scored(Protocol):
    """What a difference is in spreads of the healthy machine; NaN where it is not assessable."""

    @property
    def score(self) -> float: ...


R = TypeVar("R", bound=Scored)


class Reading(NamedTuple):
    """Something's difference from the healthy machine."""

    score: float
    """Mean of the recent rows in spreads of the healthy machine; NaN where it is not assessable."""
    difference: float
    size: float
    """What the score counts in."""
    residuals: FloatArray
    """Over the whole window, shape (n,)."""


class Verdict(NamedTuple, Generic[R]):
    """One fault that is named."""

    code: str
    part: str
    confidence: float
    moved: tuple[str, ...]
    """What moved as the fault's row says; the first is the clearest."""
    readings: Mapping[str, R]
    """Everything that the row looks at."""


def recent_reading(residuals: FloatArray, size: float, *, recent_steps: int, least_steps: int) -> Reading:
    """Take the mean of the newest known residuals; not assessable where there are too few.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
    size : float
        Spread of such means of the healthy machine.
    """
    recent = residuals[~np.isnan(residuals)][-recent_steps:]
    if len(recent) < least_steps:
        return Reading(float("nan"), float("nan"), size, residuals)
    difference = float(recent.mean())
    return Reading(difference / size, difference, size, residuals)


def best(
    readings: Mapping[str, R], rows: Sequence[Signature], *, threshold: float, least_agreement: float, part: str = ""
) -> Verdict[R] | None:
    """Name the fault whose row agrees best.

    Parameters
    ----------
    threshold : float
        From so many spreads on something has moved.
    least_agreement : float
        Share of a row's cells, of those that can be assessed; below it nothing is named.
    """
    scores = {name: reading.score for name, reading in readings.items()}
    matches = [match for match in ranked(scores, rows, threshold=threshold) if match.agreement >= least_agreement]
    if not matches:
        return None
    found = matches[0]
    row = next(row for row in rows if row.code == found.code)
    size = float(np.mean([abs(scores[name]) for name in found.moved]))
    return Verdict(
        code=found.code,
        part=part,
        confidence=confidence(found.agreement, size / threshold),
        moved=tuple(sorted(found.moved, key=lambda name: -abs(scores[name]))),
        readings={name: readings[name] for name in row.signs if name in readings},
    )


def confidence(agreement: float, thresholds: float) -> float:
    """Half of the agreement where the signs are at the threshold, nearly all of it where they are several times as large."""
    return round(min(agreement * (1 - 0.5 * float(np.exp(-(max(thresholds, 1.0) - 1.0)))), 0.99), 3)
