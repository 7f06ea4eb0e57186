"""Who may apply, and when: windows, conditions of the document, and later practice that waits to be turned on."""

from datetime import date
from typing import Any

import pytest

from registry.stars.conditions import Quota, Standing, conditions_on, judge, places
from registry.stars.edition import DEFAULT, edition
from registry.stars.windows import batch_of, batches, next_batch

RULES = edition(DEFAULT)
ALL = frozenset(one.code for one in RULES.conditions)


def met(star: int, code: str, **changed: Any) -> bool:
    standing: dict[str, Any] = {
        "uscc": "91320583MA3C00003R",
        "is_independent": True,
        "head_uscc": None,
        "divisions": ("320583", "320500", "320000"),
        "deployment": "public",
        "stars_held": (),
        "vetoes": {},
    }
    (found,) = [one for one in judge(RULES, Standing(**{**standing, **changed}), star=star, on=ALL) if one.condition.code == code]
    return found.is_met


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2018, 3, 31), None),
        (date(2018, 4, 1), date(2018, 4, 1)),
        (date(2018, 4, 30), date(2018, 4, 1)),
        (date(2018, 5, 1), None),
        (date(2019, 9, 30), date(2019, 9, 1)),
        (date(2020, 10, 1), None),
        (date(2021, 4, 15), None),
    ],
)
def test_jiangsu_rating_5_1_applications_in_april_and_september_of_2018_to_2020(day: date, first: date | None) -> None:
    found = batch_of(day, batches(RULES))
    assert (found and found.first_day) == first


def test_jiangsu_rating_5_1_the_next_window_is_named_until_none_is_left() -> None:
    coming = next_batch(date(2018, 5, 1), batches(RULES))
    assert coming is not None
    assert (coming.first_day, coming.last_day) == (date(2018, 9, 1), date(2018, 9, 30))
    assert next_batch(date(2020, 9, 1), batches(RULES)) is None
    further = batches(RULES, [(date(2026, 11, 1), date(2026, 12, 31), "通知")])
    found = batch_of(date(2026, 11, 26), further)
    assert found is not None
    assert found.source == "通知"


def test_jiangsu_rating_1_2_1_independent_legal_persons_registered_in_jiangsu() -> None:
    assert met(3, "legal_person")
    assert not met(3, "legal_person", uscc="92320583MA3C00003R")
    assert not met(3, "legal_person", is_independent=False)
    assert not met(3, "legal_person", head_uscc="91320583MA3C00004P")
    assert met(3, "registered_here")
    assert not met(3, "registered_here", divisions=("370811", "370800"))
    assert not met(3, "registered_here", divisions=())


def test_jiangsu_rating_1_2_2_three_stars_are_for_public_clouds_alone() -> None:
    assert [met(3, "public_cloud", deployment=one) for one in ("public", "private", "hybrid")] == [True, False, False]
    assert {one.code: one.stars for one in RULES.conditions}["public_cloud"] == (3,)


def test_later_practice_is_off_until_the_city_turns_it_on() -> None:
    assert conditions_on(RULES, {}) == {"legal_person", "registered_here", "public_cloud"}
    assert conditions_on(RULES, {"quota": True, "public_cloud": False}) == {"legal_person", "registered_here", "quota"}
    assert all("(web)" in one.clause for one in RULES.conditions if not one.is_on)


def test_jinan_2022_web_at_most_3_percent_of_a_districts_enterprises_a_year() -> None:
    assert [places(Quota(0, base), 3) for base in (33, 34, 66, 67, 100)] == [0, 1, 1, 2, 3]
    assert met(3, "quota", quota=Quota(rated=2, base=100))
    assert not met(3, "quota", quota=Quota(rated=3, base=100))
    assert not met(3, "quota", quota=Quota(rated=0, base=33))


def test_jinan_2022_web_three_stars_come_before_four_and_five() -> None:
    assert [met(4, "star_before", stars_held=held) for held in ((), (3,), (4,))] == [False, True, True]


def test_jinan_2022_web_joint_punishment_and_accidents_are_vetoes() -> None:
    assert met(3, "joint_punishment", vetoes={"safety_accident": "x"})
    assert not met(3, "safety_accident", vetoes={"safety_accident": "x"})


def test_jiangsu_2021_web_four_stars_ask_for_analysed_equipment_and_five_for_models() -> None:
    assert [met(4, "edge_analysis", analysed_machines=count) for count in (0, 1)] == [False, True]
    assert [met(5, "data_and_model", modelled_machines=count) for count in (0, 1)] == [False, True]
