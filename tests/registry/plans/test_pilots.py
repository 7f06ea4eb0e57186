"""Jiaxing 二(三)(四): pilots report, experts of the county accept, the city verifies."""

from datetime import UTC, datetime

import pytest

from registry.plans.pilots import StepRefused, check_step
from store.city_trainings import PilotStep

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def done(*steps: str, by: str = "county") -> list[PilotStep]:
    return [PilotStep(step, "note", "", NOW, by) for step in steps]


def test_jiaxing_2_3_and_2_4_a_pilot_reports_is_accepted_and_verified_by_another() -> None:
    check_step([], "progress", "enterprise")
    check_step(done("progress"), "accepted", "county")
    check_step(done("progress", "accepted"), "verified", "city")
    check_step(done("progress", "accepted", "refused"), "progress", "enterprise")


@pytest.mark.parametrize(
    ("before", "step", "by", "reason"),
    [
        ([], "accepted", "county", "no_progress"),
        ([], "verified", "city", "not_accepted"),
        (["progress"], "verified", "city", "not_accepted"),
        (["progress", "accepted"], "progress", "county", "accepted"),
        (["progress", "accepted"], "verified", "county", "same_person"),
        (["progress", "accepted"], "refused", "county", "same_person"),
        (["progress", "accepted", "refused"], "accepted", "county", "no_progress"),
        (["progress", "accepted", "verified"], "progress", "county", "verified"),
    ],
)
def test_jiaxing_2_4_no_step_is_left_out_and_nobody_verifies_what_they_accepted(
    before: list[str], step: str, by: str, reason: str
) -> None:
    with pytest.raises(StepRefused) as refused:
        check_step(done(*before), step, by)
    assert refused.value.reason == reason
