"""The checker, on lines and values written by hand."""

import pytest

from simulators.check import Received, Rules, check
from simulators.truth import Served

SECOND = 1_000_000
RULES = Rules(before_us=50_000, after_us=400_000)


def truth(*values: float | None, fault: dict[int, str] | None = None) -> list[Served]:
    lines = [Served(n * SECOND, "a", {"x": value}) for n, value in enumerate(values)]
    return [line if n not in (fault or {}) else line.spoiled_by((fault or {})[n]) for n, line in enumerate(lines)]


def received(*pairs: tuple[float, float | None], arrived: float | None = None) -> list[Received]:
    """Values at their seconds; a gateway stamps the start of a request, a moment before it is served."""
    return [
        Received(
            equipment="a",
            signal="x",
            time_us=round(at * SECOND) - 3000,
            value=value,
            arrived_us=None if arrived is None else round((at + arrived) * SECOND),
        )
        for at, value in pairs
    ]


def test_every_value_in_its_place_is_right() -> None:
    verdict = check(truth(1.5, 2.5, None), received((0, 1.5), (1, 2.5), (2, None)), RULES)
    assert (verdict.served, verdict.received, verdict.right) == (3, 3, 3)
    assert (
        str(verdict)
        == "3 served, 3 received, 3 right: 0 lost, 0 duplicate, 0 wrong, 0 late, 0 taken from spoiled replies, 0 excused"
    )
    assert verdict.examples == {}


def test_a_value_that_never_came_is_lost() -> None:
    verdict = check(truth(1, 2, 3), received((0, 1), (2, 3)), RULES)
    assert (verdict.lost, verdict.right, verdict.wrong) == (1, 2, 0)
    assert verdict.examples["lost"] == ["a/x = 2 served at 1000000"]


def test_a_loss_may_be_excused() -> None:
    rules = Rules(is_excused=lambda time_us: time_us == SECOND)
    verdict = check(truth(1, 2, 3), received((0, 1)), rules)
    assert (verdict.lost, verdict.excused) == (1, 1)


def test_the_value_of_the_request_before_is_wrong_and_its_own_is_lost() -> None:
    verdict = check(truth(1, 2, 3), received((0, 1), (1, 1), (2, 3)), RULES)
    assert (verdict.wrong, verdict.lost, verdict.right) == (1, 1, 2)
    assert verdict.examples["wrong"] == ["a/x = 1 at 997000: served 2 at 1000000"]


def test_a_value_that_comes_twice_is_a_duplicate() -> None:
    verdict = check(truth(1, 2), received((0, 1), (0, 1), (0.01, 1), (1, 2)), RULES)
    assert (verdict.duplicate, verdict.right, verdict.wrong, verdict.lost) == (2, 2, 0, 0)


def test_a_value_of_another_machine_or_of_no_signal_is_wrong() -> None:
    alien = [Received(equipment="b", signal="x", time_us=0, value=1.0), Received(equipment="a", signal="y", time_us=0, value=1.0)]
    verdict = check(truth(1), [*received((0, 1)), *alien], RULES)
    assert (verdict.wrong, verdict.right) == (2, 1)


def test_what_a_fault_spoiled_need_not_come_and_is_counted_when_it_is_taken() -> None:
    lines = truth(1, 2, 3, 4, fault={1: "late", 2: "drop", 3: "late"})
    verdict = check(lines, received((0, 1), (1, 2)), RULES)
    assert (verdict.lost, verdict.right, verdict.wrong) == (0, 1, 0)
    assert verdict.taken == {"late": 1}
    assert verdict.spoiled == {"late": 2, "drop": 1}


def test_a_whole_reply_explains_a_value_before_a_spoiled_one_does() -> None:
    lines = [Served(0, "a", {"x": 1}).spoiled_by("late"), Served(100_000, "a", {"x": 1})]
    verdict = check(lines, received((0, 1)), RULES)
    assert (verdict.right, verdict.lost, verdict.taken.total()) == (1, 0, 0)


def test_no_value_where_none_was_served_is_bad_and_not_wrong() -> None:
    verdict = check(truth(1), received((0, 1), (5, None)), RULES)
    assert (verdict.bad, verdict.wrong) == (1, 0)


@pytest.mark.parametrize(("arrived", "late"), [(0.5, 0), (2.5, 1)])
def test_a_value_that_arrives_after_its_time_is_late(arrived: float, late: int) -> None:
    verdict = check(truth(1), received((0, 1), arrived=arrived), Rules(late_after_us=2 * SECOND))
    assert (verdict.late, verdict.right) == (late, 1)


def test_a_value_that_went_through_float32_is_equal_and_its_neighbour_is_not() -> None:
    # 0.1 is 0x3dcccccd as float32; the next float32 is 0.10000000894 (0x3dccccce).
    assert check(truth(0.1), received((0, 0.10000000149011612)), RULES).right == 1
    assert check(truth(0.1), received((0, 0.10000000894069672)), RULES).wrong == 1
    assert check(truth(1e300), received((0, 2e300)), RULES).wrong == 1
    # As float32 both counters are 123456792; a double that is neither of the two was never served.
    assert check(truth(123456789.1), received((0, 123456789.2)), RULES).wrong == 1
    assert check(truth(123456789.1), received((0, 123456792.0)), RULES).right == 1


def test_texts_are_compared_as_they_are() -> None:
    line = Served(0, "a", {"program": "O1000.MPF"})
    same = Received(equipment="a", signal="program", time_us=0, value="O1000.MPF")
    other = Received(equipment="a", signal="program", time_us=0, value="O1001.MPF")
    assert check([line], [same], RULES).right == 1
    assert check([line], [other], RULES).wrong == 1


def test_examples_are_told_for_the_first_twenty_only() -> None:
    verdict = check(truth(*range(100)), [], RULES)
    assert verdict.lost == 100
    assert len(verdict.examples["lost"]) == 20
