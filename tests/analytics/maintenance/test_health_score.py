"""The health score, worked by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics.maintenance.health_score import health

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WELL: dict[str, Any] = {"findings": [], "alarms": [], "bad_share": 0.0, "maintained_at": NOW, "now": NOW}


def test_a_machine_of_which_nothing_is_known_to_be_wrong_has_100() -> None:
    assert health(**WELL).score == 100


def test_each_part_takes_off_its_points() -> None:
    found = health(
        findings=[("high", 0.8), ("low", 0.5)],  # 25 · 0.8 + 4 · 0.5
        alarms=[("high", NOW - timedelta(hours=12)), ("low", NOW - timedelta(days=9))],  # 15 · 1.5 + 2 · 2
        bad_share=0.25,  # 20 · 0.25
        maintained_at=NOW - timedelta(days=240),  # (240 - 180) / 30
        now=NOW,
    )
    assert (found.findings, found.alarms, found.data, found.maintenance) == (22, 26.5, 5, 2)
    assert found.score == 44.5


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"findings": [("critical", 1.0)] * 5}, 40),
        ({"alarms": [("critical", NOW)] * 5}, 60),
        ({"bad_share": 7.0}, 80),
        ({"maintained_at": NOW - timedelta(days=5000)}, 90),
    ],
)
def test_no_part_takes_off_more_than_its_share(changes: dict[str, Any], left: float) -> None:
    assert health(**{**WELL, **changes}).score == left


def test_the_score_ends_at_0() -> None:
    assert (
        health(findings=[("critical", 1.0)] * 5, alarms=[("critical", NOW)] * 5, bad_share=1, maintained_at=NOW, now=NOW).score
        == 0
    )
