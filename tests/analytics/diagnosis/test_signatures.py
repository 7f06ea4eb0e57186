"""A fault is named by the row of signs that agrees best."""

import math

from analytics.diagnosis.signatures import DOWN, STILL, UP, Signature, ranked

FOULING = Signature("gas_side_fouling", {"stack": UP, "draught": UP, "water": STILL})
LEAK = Signature("tube_leak", {"stack": DOWN, "water": UP, "draught": STILL})


def test_the_row_that_agrees_in_every_cell_comes_first() -> None:
    matches = ranked({"stack": 8.0, "draught": 5.0, "water": 0.4}, [LEAK, FOULING])
    assert [(one.code, one.agreement, one.moved) for one in matches] == [("gas_side_fouling", 1.0, ("stack", "draught"))]


def test_what_moved_although_it_should_not_counts_against_a_row() -> None:
    (match,) = ranked({"stack": 8.0, "draught": 5.0, "water": 9.0}, [FOULING])
    assert match.agreement == 4 / 5


def test_one_sign_alone_names_nothing_where_a_row_has_two() -> None:
    assert ranked({"stack": 8.0, "draught": 0.0, "water": 0.0}, [FOULING]) == []
    single = Signature("battery_weak", {"voltage": DOWN})
    assert [one.code for one in ranked({"voltage": -4.0}, [single])] == ["battery_weak"]


def test_a_cell_that_is_not_assessable_is_left_out() -> None:
    (match,) = ranked({"stack": 8.0, "draught": 5.0, "water": math.nan}, [FOULING])
    assert match.agreement == 1.0
