"""One fault of a system is named, as surely as its signs agree and stand out."""

import math

import numpy as np
import pytest

from analytics.diagnosis.signatures import DOWN, STILL, UP, Signature
from analytics.diagnosis.verdicts import Reading, best, confidence, recent_reading

NAN = math.nan
FOULING = Signature("gas_side_fouling", {"stack": UP, "draught": UP, "water": STILL})
LEAK = Signature("tube_leak", {"stack": DOWN, "water": UP})


def readings(**scores: float) -> dict[str, Reading]:
    return {name: Reading(score, 2 * score, 2.0, np.empty(0)) for name, score in scores.items()}


def test_the_clearest_sign_comes_first_and_all_that_the_row_looks_at_is_kept() -> None:
    named = best(readings(stack=4.0, draught=9.0, water=0.1, steam=9.0), (LEAK, FOULING), threshold=3.0, least_agreement=0.7)
    assert named is not None
    assert (named.code, named.moved, set(named.readings)) == (
        "gas_side_fouling",
        ("draught", "stack"),
        {"stack", "draught", "water"},
    )


def test_a_row_that_agrees_too_little_names_nothing() -> None:
    of = readings(stack=4.0, draught=4.0, water=9.0)  # four of five parts of its weight
    assert best(of, (FOULING,), threshold=3.0, least_agreement=0.81) is None
    assert best(of, (FOULING,), threshold=3.0, least_agreement=0.79) is not None
    assert best({}, (FOULING,), threshold=3.0, least_agreement=0.5) is None


def test_confidence_is_half_of_the_agreement_at_the_threshold_and_never_certain() -> None:
    assert confidence(0.8, 1.0) == confidence(0.8, 0.2) == pytest.approx(0.4)
    assert confidence(1.0, 2.0) == pytest.approx(1 - 0.5 * math.exp(-1), abs=1e-3)
    assert confidence(1.0, 1e9) == 0.99


def test_the_newest_known_residuals_count_and_too_few_are_not_assessed() -> None:
    residuals = np.array([100.0, NAN, 1.0, NAN, 3.0])
    found = recent_reading(residuals, 4.0, recent_steps=2, least_steps=2)
    assert (found.score, found.difference) == (0.5, 2.0)
    assert math.isnan(recent_reading(residuals, 4.0, recent_steps=9, least_steps=4).score)
