import pytest

from analytics.scheduling.capacity import Slot
from analytics.scheduling.confidence import confidences


def test_the_confidence_of_a_slot_falls_with_all_that_is_promised_before_it() -> None:
    slots = [Slot("M1", 0, 600, 600), Slot("M1", 700, 1300, 600), Slot("M1", 2000, 20_000, 600)]
    first, second, beyond = confidences(slots, busy_hours=40, deliverable_hours=60, uncertainty_hours=19.6, until_minute=10_080)
    # 60 ± 10 hours (one standard deviation): 50 are reached with 84.13 %, 60 with one half.
    assert first == pytest.approx(0.8413, abs=1e-4)
    assert second == pytest.approx(0.5)
    assert beyond is None


def test_a_figure_without_doubt_says_yes_or_no() -> None:
    slots = [Slot("M1", 0, 60, 60), Slot("M1", 60, 180, 120)]
    assert confidences(slots, busy_hours=0, deliverable_hours=2, uncertainty_hours=0, until_minute=180) == pytest.approx([1, 0])
