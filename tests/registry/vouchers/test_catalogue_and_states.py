"""The catalogue of annex 2, the policy file, and the arrows between states (V9, V18), without a database."""

from collections import Counter
from pathlib import Path

import pytest

from registry.vouchers.catalogue import catalogue, services, unknown
from registry.vouchers.halves import Half, half_of, parse_half
from registry.vouchers.policy import FILE, VoucherPolicy, default_policy
from registry.vouchers.states import ENDS, STATES, steps, steps_from
from registry.vouchers.words import STATES as STATE_WORDS
from registry.vouchers.words import STEPS as STEP_WORDS
from telemetry.errors import ConfigError
from telemetry.settings import load


def test_jining_annex_2_the_catalogue_has_3_classes_15_sub_classes_and_93_services() -> None:
    found = services().values()
    assert len(found) == 93
    assert Counter(one.class_code for one in found) == {"infrastructure": 30, "platform": 29, "application": 34}
    assert [len(group.services) for one in catalogue().classes for group in one.group] == [
        *(6, 6, 6, 11, 1),
        *(5, 7, 1, 15, 1),
        *(6, 4, 14, 5, 5),
    ]
    assert [group.zh for one in catalogue().classes for group in one.group][:5] == ["计算", "存储", "网络", "安全", "云桌面"]


def test_jining_annex_2_the_service_that_occurs_twice_has_two_codes() -> None:
    twice = [name for name, count in Counter(one.zh for one in services().values()).items() if count > 1]
    assert twice == ["项目管理"]
    assert [one.group_zh for one in services().values() if one.zh == "项目管理"] == ["软件开发平台", "运营管理"]
    assert len(services()) == len({one.code for one in services().values()})
    assert unknown(["1.1.01", "9.9.99"]) == ["9.9.99"]


def test_jining_the_figures_of_the_document_stand_in_its_file() -> None:
    policy = default_policy()
    assert (policy.valid_from.isoformat(), policy.valid_to.isoformat()) == ("2018-01-23", "2020-12-31")
    assert (policy.eligibility.key_industries, policy.eligibility.plan_industries) == (10, "9+6")
    assert (policy.once.vouchers_per_enterprise, policy.redemption.halves_per_year) == (1, 2)
    assert policy.redemption.publicity_working_days == 5


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('rate = "0.30"', 'rate = "1.30"', "amount.rate"),
        ("publicity_working_days = 5", "publicity_working_days = 4", "redemption.publicity_working_days"),
        ("vouchers_per_enterprise = 1", "vouchers_per_enterprise = 2", "once.vouchers_per_enterprise"),
        ('decay_mode = "points"', 'decay_mode = "square"', "amount.decay_mode"),
        ("valid_to = 2020-12-31", "valid_to = 2017-12-31", "valid_from 2018-01-23 is after valid_to 2017-12-31"),
        ("base_year = 2018", "base_year = 2019", "amount.base_year 2019 is after valid_from 2018-01-23"),
        ('cap_cny = "50000"', 'cap_cny = "NaN"', "amount.cap_cny"),
        ('clause = "三(四)"\nvouchers', "weights = [1]\nvouchers", "once.weights"),
    ],
)
def test_a_policy_with_a_mistake_names_file_line_and_key(before: str, after: str, said: str, tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert before in text
    file = tmp_path / "policy.toml"
    file.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        load(file, VoucherPolicy)
    assert said in str(told.value)
    assert str(file) in str(told.value)


def test_jining_3_4_the_path_of_a_voucher_has_ten_states_and_three_ends() -> None:
    path = ["accept", "apply", "issue", "start_service", "request_redemption", "evaluate", "review", "publicise", "pay"]
    state = "draft"
    seen = [state]
    for name in path:
        assert state in steps()[name].origins
        state = steps()[name].to
        seen.append(state)
    assert len(seen) == 10
    assert seen[-1] == "paid"
    assert set(STATES) - set(seen) == ENDS == {"terminated", "cancelled", "disqualified"}


def test_jining_3_4_nothing_leads_out_of_an_end_and_the_county_never_pays() -> None:
    assert all(steps_from(end) == [] for end in ENDS)
    assert [step.name for step in steps_from("paid")] == ["disqualify"]
    assert steps()["review"].permission == "city:accept"
    assert steps()["pay"].permission == "city:decide"
    assert "issue" not in [step.name for step in steps_from("contracted")]


def test_every_state_and_step_has_words() -> None:
    assert set(STATES) == set(STATE_WORDS)
    assert set(steps()) <= set(STEP_WORDS)


def test_half_years_begin_and_end_as_they_should() -> None:
    first, second = Half(2018, 1), Half(2018, 2)
    assert [str(first.first_day), str(first.last_day), str(second.first_day), str(second.last_day)] == [
        *("2018-01-01", "2018-06-30"),
        *("2018-07-01", "2018-12-31"),
    ]
    assert (second.next, half_of(first.last_day), half_of(second.first_day)) == (Half(2019, 1), first, second)
    assert parse_half(" 2018h2 ") == second


@pytest.mark.parametrize("text", ["", "2018", "2018H3", "18H1", "9999H1", "２０１８H1", "2018H1H1"])
def test_a_half_year_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"half-year|years are"):
        parse_half(text)
