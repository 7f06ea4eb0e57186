"""What the evaluator tells, as what happens to conditions."""

from datetime import UTC, datetime

from analytics.alarms.acts import ProcessChange, process_changes
from analytics.alarms.changes import Change, Changes, Suppression
from store.alarms import ConditionKey


def test_what_the_evaluator_tells_comes_in_order_of_time() -> None:
    second = 1_000_000
    found = Changes(
        [Change(1, "p.high", True, 3 * second, 2.6, 2.5, False), Change(1, "l.low", False, 5 * second, 0.0, -1.0, False)],
        [Suppression(2, "p.high", True, 4 * second)],
    )
    assert process_changes(found) == [
        ProcessChange(ConditionKey(1, "p.high"), datetime(1970, 1, 1, 0, 0, 3, tzinfo=UTC), True, False, 2.6, 2.5),
        ProcessChange(ConditionKey(2, "p.high"), datetime(1970, 1, 1, 0, 0, 4, tzinfo=UTC), None, True),
        ProcessChange(ConditionKey(1, "l.low"), datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC), False, False, 0.0, -1.0),
    ]
