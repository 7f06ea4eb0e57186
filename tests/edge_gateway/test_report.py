import math

import pytest

from edge_gateway.driver import Poll, Target
from edge_gateway.report import ReportByException
from edge_gateway.settings import OnChangeSettings
from telemetry.quality import Quality
from tests.edge_gateway.responder import profile

SECOND_US = 1_000_000
MAP = profile({"signal": "steam_flow", "address": 0}, {"signal": "steam_pressure", "address": 1})
NAN = math.nan


def told(on_change: OnChangeSettings | None, *polls: tuple[float, list[tuple[float, int]]]) -> list[float]:
    """Give the seconds at which a row went out."""
    target = Target.from_profile(MAP, name="boiler-1", on_change=on_change)
    times: list[float] = []
    report = ReportByException(lambda _target, time_us, _poll: times.append(time_us / SECOND_US))
    for at, readings in polls:
        report(target, int(at * SECOND_US), Poll(readings=readings))
    return times


def test_without_report_by_exception_every_poll_goes_out() -> None:
    assert told(None, (1, [(1.0, 0), (1.0, 0)]), (2, [(1.0, 0), (1.0, 0)])) == [1, 2]


def test_a_row_that_says_nothing_new_stays_until_the_longest_silence_is_over() -> None:
    same = [(5.0, 0), (1.0, 0)]
    assert told(OnChangeSettings(max_silence_seconds=3), *((at, same) for at in range(1, 9))) == [1, 4, 7]


def test_a_move_within_the_deadband_is_none_and_small_moves_add_up() -> None:
    rule = OnChangeSettings(max_silence_seconds=1000, deadband={"steam_flow": 0.5})
    flows = [10.0, 10.4, 10.5, 10.6, 10.2]
    assert told(rule, *((at, [(flow, 0), (1.0, 0)]) for at, flow in enumerate(flows))) == [0, 3]


def test_one_point_that_moves_takes_the_whole_row_along() -> None:
    rule = OnChangeSettings(max_silence_seconds=1000, deadband={"steam_*": 1.0})
    assert told(rule, (1, [(1.0, 0), (1.0, 0)]), (2, [(1.0, 0), (2.5, 0)]), (3, [(1.0, 0), (2.5, 0)])) == [1, 2]


def test_a_value_that_goes_bad_or_comes_back_is_news_at_once_and_staying_bad_is_none() -> None:
    bad = (NAN, int(Quality.BAD_NO_COMMUNICATION))
    rule = OnChangeSettings(max_silence_seconds=1000, deadband={"*": 100.0})
    polls = [(1, [(1.0, 0), (1.0, 0)]), (2, [bad, (1.0, 0)]), (3, [bad, (1.0, 0)]), (4, [(1.0, 0), (1.0, 0)])]
    assert told(rule, *polls) == [1, 2, 4]


def test_a_deadband_in_percent_is_one_of_the_normal_range() -> None:
    """A hundredth of the range that the kind calls normal."""
    signal = Target.from_profile(MAP, name="b").kind_signals["steam_flow"]
    assert signal.normal is not None
    rule = OnChangeSettings.model_validate({"deadband": {"steam_flow": "1 %"}})
    assert rule.deadband_of("steam_flow", signal) == pytest.approx((signal.normal[1] - signal.normal[0]) / 100)


def test_a_text_that_changes_is_news() -> None:
    target = Target.from_profile(MAP, name="boiler-1", on_change=OnChangeSettings(max_silence_seconds=1000))
    times: list[int] = []
    report = ReportByException(lambda _target, time_us, _poll: times.append(time_us))
    for time_us, text in ((1, "O1"), (2, "O1"), (3, "O2")):
        report(target, time_us, Poll(readings=[(1.0, 0), (1.0, 0)], texts={"program": text}))
    assert times == [1, 3]
