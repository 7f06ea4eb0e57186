"""The counting rule of the reference's A.8, at, below and above every number; every test that a machine can be lost at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from device_profiles.kind import kind_names, load_kind
from registry.counting.funnel import count
from registry.counting.rule import Parameters
from registry.counting.words import METHOD_LABELS, STATE_LABELS, TEST_LABELS, name_of_state, name_of_test, sentence
from store.city_counting import FrozenMachine, RegisteredMachine
from store.city_facts import Facts
from store.city_snapshots import STATES, TESTS
from tests.registry.counting.facts import BOILER, LAST, facts

DAY = timedelta(days=1)
OWN = "91370811MA3C00003R"
GOOD: dict[str, Any] = {
    "label": "1号锅炉",
    "maker": "济锅",
    "model": "WNS10",
    "serial_number": "1",
    "nameplate": "济锅|WNS10|1",
    "registration_code": "11003708",
    "enterprise": "甲",
    "gateway": "gw-1",
    "equipment": "boiler-1",
    "gateway_uscc": OWN,
    "certificate": "00",
}


@dataclass(frozen=True)
class Case:
    """A boiler that counts, but for what a test changes."""

    days: int = 30
    complete: int = 30
    inputs: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    kind: str = "boiler"
    valid_of_lacking: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(BOILER, 0))
    hours: int = 24
    last: date = LAST
    parameters: Parameters = field(default_factory=Parameters)

    def outcome(self) -> FrozenMachine:
        """Let the newest ``days`` days have data, and the oldest ``complete`` of them all points."""
        inputs = {name: value for name, value in {**GOOD, **self.inputs}.items() if name not in self.without}
        machine = RegisteredMachine(1, 7, OWN, "jining-rencheng", self.kind, inputs)
        rows = [
            (7, self.last - n * DAY, self.hours, 24 if n >= self.days - self.complete else dict(self.valid_of_lacking))
            for n in range(self.days)
        ]
        spans = {7: (self.last - (self.days - 1) * DAY, self.last)} if self.days else {}
        (found,) = count([machine], [facts(rows)], spans, self.parameters.complete(), last_day=LAST)
        return found.row


def lost(case: Case) -> tuple[str, str]:
    row = case.outcome()
    return row.lost_at, row.reason["code"]


def test_a_machine_that_passes_all_tests_is_verified() -> None:
    row = Case().outcome()
    assert (row.state, row.lost_at, row.data_days, row.complete_days) == ("verified", "", 30, 30)
    assert row.reason == {"code": "counts", "days": 30, "needed": 20, "window": 30}


@pytest.mark.parametrize(("days", "lost_at"), [(19, "continuity"), (20, ""), (21, "")])
def test_a_8_continuity_needs_20_of_30_days(days: int, lost_at: str) -> None:
    row = Case(days=days, complete=days).outcome()
    assert (row.lost_at, row.data_days) == (lost_at, days)


@pytest.mark.parametrize(("complete", "lost_at"), [(19, "completeness"), (20, ""), (21, "")])
def test_a_8_completeness_needs_all_points_on_20_days(complete: int, lost_at: str) -> None:
    row = Case(complete=complete).outcome()
    assert (row.lost_at, row.data_days, row.complete_days) == (lost_at, 30, complete)


def test_a_8_one_lacking_point_is_named_with_its_days() -> None:
    row = Case(complete=12, valid_of_lacking={"drum_level": 0}).outcome()
    assert row.reason == {
        "code": "points_lacked",
        "days": 12,
        "of": 30,
        "needed": 20,
        "window": 30,
        "least_points": 7,
        "points": 7,
        "lacking": {"drum_level": 12},
    }


@pytest.mark.parametrize(
    ("least", "valid", "counts"),
    [
        ("all", 6, False),
        ("all", 7, True),
        (5, 4, False),
        (5, 5, True),
        (9, 6, False),
        (9, 7, True),
        (0.6, 4, False),
        (0.6, 5, True),
        (1.0, 6, False),
    ],
)
def test_a_8_least_points_are_all_a_number_or_a_share_rounded_up(least: Any, valid: int, counts: Any) -> None:
    """0.6 of 7 points is 4.2, so 5; and a number above 7 is 7."""
    lacking = {name: 24 if place < valid else 0 for place, name in enumerate(BOILER)}
    for parameters in (Parameters(least_points=least), Parameters(least_points=1, least_points_of={"boiler": least})):
        assert (Case(complete=0, valid_of_lacking=lacking, parameters=parameters).outcome().lost_at == "") is counts


@pytest.mark.parametrize(("hours", "lost_at"), [(2, "continuity"), (3, ""), (4, "")])
def test_a_8_a_day_needs_its_hours(hours: int, lost_at: str) -> None:
    assert Case(hours=hours, parameters=Parameters(least_hours=3)).outcome().lost_at == lost_at


@pytest.mark.parametrize(("hours", "complete"), [(2, 0), (3, 30)])
def test_a_8_a_point_needs_its_hours_too(hours: int, complete: int) -> None:
    row = Case(complete=0, valid_of_lacking=dict.fromkeys(BOILER, hours), parameters=Parameters(least_hours=3)).outcome()
    assert row.complete_days == complete


@pytest.mark.parametrize(("window", "days"), [(30, 30), (31, 31), (29, 29)])
def test_a_8_the_window_ends_with_the_period_and_counts_its_days(window: int, days: int) -> None:
    parameters = Parameters(window_days=window, least_valid_days=20)
    assert Case(days=40, complete=40, parameters=parameters).outcome().data_days == days


def test_a_8_days_after_the_period_do_not_count() -> None:
    row = Case(days=25, complete=25, last=LAST + 6 * DAY).outcome()
    assert (row.data_days, row.lost_at) == (19, "continuity")


@pytest.mark.parametrize(
    ("changed", "without", "expected"),
    [
        ({"retired_at": "2026-11-30T15:59:59+00:00"}, (), ("retired", "retired")),
        ({"retired_at": "2026-11-30T16:00:00+00:00"}, (), ("", "counts")),
        ({"code_problem": "内部校验位不符"}, (), ("identity", "code_for_review")),
        ({"enterprise_retired_at": "2026-11-02T00:00:00+00:00"}, (), ("identity", "enterprise_retired")),
        ({"enterprise_retired_at": "2026-12-02T00:00:00+00:00"}, (), ("", "counts")),
        ({"area_valid_to": "2026-11-30"}, (), ("identity", "area_not_valid")),
        ({"area_valid_to": "2026-12-01"}, (), ("", "counts")),
        ({"area_valid_from": "2026-12-01"}, (), ("identity", "area_not_valid")),
        ({"area_valid_from": "2026-11-30"}, (), ("", "counts")),
        ({}, ("serial_number",), ("nameplate", "nameplate_incomplete")),
        ({}, ("nameplate",), ("nameplate", "nameplate_incomplete")),
        ({}, ("registration_code",), ("nameplate", "registration_code_missing")),
        ({"twins": [9], "first_twin": 9}, (), ("nameplate", "twin")),
        ({"twins": [9], "first_twin": 1}, (), ("", "counts")),
        ({}, ("gateway", "equipment"), ("gateway", "no_gateway")),
        ({}, ("gateway_uscc", "certificate"), ("gateway", "not_enrolled")),
        ({"gateway_revoked_at": "2026-11-20T00:00:00+00:00"}, (), ("gateway", "gateway_revoked")),
        ({"gateway_revoked_at": "2026-12-20T00:00:00+00:00"}, (), ("", "counts")),
        ({"certificate_also": ["gw-2"]}, (), ("gateway", "certificate_shared")),
        ({"gateway_uscc": "91370811MA3BJ1XGXF"}, (), ("gateway", "gateway_of_another")),
        ({"gateway_uscc": "91370811MA3BJ1XGXF", "head": "91370811MA3BJ1XGXF"}, (), ("", "counts")),
        ({"sends": "motor"}, (), ("completeness", "other_kind")),
        ({"simulator": True}, (), ("authenticity", "simulator")),
        ({"gateway_simulator": True}, (), ("authenticity", "simulator")),
        ({"hold": {"id": 3, "reason": "现场无设备", "placed_at": "2026-11-20T00:00:00+00:00"}}, (), ("hold", "on_hold")),
    ],
)
def test_a_8_1_2_3_5_6_each_condition_loses_a_machine_at_its_test(
    changed: dict[str, Any], without: tuple[str, ...], expected: tuple[str, str]
) -> None:
    assert lost(Case(inputs=changed, without=without)) == expected


def test_a_8_data_that_never_came_lose_a_machine() -> None:
    row = Case(days=0, complete=0).outcome()
    assert (row.state, row.lost_at, row.reason) == (
        "registered",
        "data",
        {"code": "nothing_came", "gateway": "gw-1", "equipment": "boiler-1"},
    )


def suspicion(state: str, since: str, until: str) -> dict[str, Any]:
    return {
        "suspicions": [
            {
                "id": 5,
                "method": "flatlined",
                "state": state,
                "since": f"{since}T00:00:00+00:00",
                "until": f"{until}T00:00:00+00:00",
            }
        ]
    }


@pytest.mark.parametrize(
    ("state", "since", "until", "count_open", "code"),
    [
        ("confirmed", "2026-11-10", "2026-11-12", False, "suspicion_confirmed"),
        ("confirmed", "2026-11-10", "2026-11-12", True, "suspicion_confirmed"),
        ("open", "2026-11-10", "2026-11-12", False, "suspicion_open"),
        ("open", "2026-11-10", "2026-11-12", True, "counts"),
        ("confirmed", "2026-10-01", "2026-10-31", False, "counts"),
        ("confirmed", "2026-10-01", "2026-11-01", False, "suspicion_confirmed"),
        ("confirmed", "2026-11-30", "2026-12-09", False, "suspicion_confirmed"),
        ("confirmed", "2026-12-01", "2026-12-09", False, "counts"),
    ],
)
def test_a_8_5_a_suspicion_counts_while_it_touches_the_window(
    state: str, since: str, until: str, count_open: Any, code: str
) -> None:
    parameters = Parameters(count_while_suspicion_open=count_open)
    assert Case(inputs=suspicion(state, since, until), parameters=parameters).outcome().reason["code"] == code


def test_a_confirmed_suspicion_is_told_before_an_open_one() -> None:
    both = [
        *suspicion("open", "2026-11-10", "2026-11-12")["suspicions"],
        {**suspicion("confirmed", "2026-11-10", "2026-11-12")["suspicions"][0], "id": 6},
    ]
    assert Case(inputs={"suspicions": both}).outcome().reason == {"code": "suspicion_confirmed", "id": 6, "method": "flatlined"}


def test_of_twins_none_counts_where_the_city_says_so() -> None:
    assert lost(Case(inputs={"twins": [9], "first_twin": 1}, parameters=Parameters(twins_counted="none"))) == (
        "nameplate",
        "twin",
    )


def test_a_registration_code_is_asked_of_the_kinds_that_the_rule_names() -> None:
    assert lost(Case(without=("registration_code",), parameters=Parameters(registration_code_kinds=()))) == ("", "counts")


def test_the_first_test_that_is_not_passed_is_the_one() -> None:
    everything: dict[str, Any] = {
        "retired_at": "2026-11-01T00:00:00+00:00",
        "code_problem": "x",
        "simulator": True,
        "hold": {"id": 1, "reason": "x"},
    }
    without: tuple[str, ...] = ("serial_number", "gateway")
    # What is mended, one thing after the other, and the days that came then.
    mended = (
        ("", 0),
        ("retired_at", 0),
        ("code_problem", 0),
        ("serial_number", 0),
        ("gateway", 0),
        ("", 5),
        ("", 30),
        ("simulator", 30),
        ("hold", 30),
    )
    found = []
    for name, days in mended:
        everything.pop(name, None)
        without = tuple(one for one in without if one != name)
        found.append(Case(days=days, complete=days, inputs=everything, without=without).outcome().lost_at)
    assert found == ["retired", "identity", "nameplate", "gateway", "data", "continuity", "authenticity", "hold", ""]


@pytest.mark.parametrize(
    ("case", "state"),
    [
        (Case(inputs={"retired_at": "2026-11-01T00:00:00+00:00"}), "retired"),
        (Case(), "verified"),
        (Case(days=7, complete=7), "reporting"),
        (Case(days=6, complete=6), "connected"),
        (Case(days=12, complete=12, last=LAST - 6 * DAY), "reporting"),
        (Case(days=12, complete=12, last=LAST - 7 * DAY), "silent"),
        (Case(without=("gateway",)), "registered"),
        (Case(inputs={"simulator": True}), "reporting"),
    ],
)
def test_a_8_states_follow_from_what_came(case: Case, state: str) -> None:
    assert case.outcome().state == state


def test_a_kind_without_a_profile_is_complete_with_anything() -> None:
    machine = RegisteredMachine(1, 7, OWN, "jining-rencheng", "press", {**GOOD, "sends": "other"})
    rows = facts(((7, LAST - n * DAY, 2, 0) for n in range(20)), ())
    (found,) = count([machine], [rows], {7: (LAST - 19 * DAY, LAST)}, Parameters().complete(), last_day=LAST)
    assert (found.row.lost_at, found.row.complete_days) == ("", 20)


def test_facts_without_a_point_that_the_rule_asks_for_are_not_complete() -> None:
    parameters = Parameters(required_points={"boiler": ("steam_flow", "fuel_total")})
    row = Case(parameters=parameters).outcome()
    assert (row.lost_at, row.reason["lacking"]) == ("completeness", {"fuel_total": 0})


def test_what_was_measured_is_in_the_digest_and_other_machines_are_not() -> None:
    machine = RegisteredMachine(1, 7, OWN, "jining-rencheng", "boiler", GOOD)
    rows = [(7, LAST - n * DAY, 24, 24) for n in range(25)]

    def digest(*groups: Facts) -> str:
        (found,) = count([machine], groups, {7: (LAST, LAST)}, Parameters().complete(), last_day=LAST)
        return found.facts

    once = digest(facts(rows))
    assert once == digest(facts(rows[::-1])) == digest(facts(rows[:9]), facts([*rows[9:], (8, LAST, 1, 1)]))
    assert once != digest(facts([(7, LAST, 24, 23), *rows[1:]]))


def test_the_digest_is_that_of_the_documented_bytes() -> None:
    import hashlib

    machine = RegisteredMachine(1, 7, OWN, "jining-rencheng", "boiler", GOOD)
    rows = facts([(7, date(2026, 11, 29), 3, 2), (7, date(2026, 11, 30), 24, 23)])
    (found,) = count([machine], [rows], {7: (LAST, LAST)}, Parameters().complete(), last_day=LAST)
    expected = np.array([[20786, 3] + [2] * 7, [20787, 24] + [23] * 7], "<i4").tobytes()
    assert found.facts == hashlib.sha256(expected).hexdigest()


def test_a_thousand_machines_are_counted_as_each_alone() -> None:
    rng = np.random.default_rng(5)
    machines = [RegisteredMachine(n, n, OWN, "a", "boiler", GOOD) for n in range(1, 301)]
    rows = [(n, LAST - int(d) * DAY, int(h), int(h)) for n in range(1, 301) for d in range(35) if (h := rng.integers(0, 4))]
    spans = dict.fromkeys(range(1, 301), (LAST - 40 * DAY, LAST))
    parameters = Parameters().complete()
    together = count(machines, [facts(rows[::2]), facts(rows[1::2])], spans, parameters, last_day=LAST)
    for one in together[::37]:
        own = [row for row in rows if row[0] == one.row.registered.machine_id]
        assert count([one.row.registered], [facts(own)], spans, parameters, last_day=LAST) == [one]
        assert one.row.data_days == len([row for row in own if row[1] > LAST - 30 * DAY])


def test_every_reason_is_a_sentence_in_both_languages() -> None:
    told = set()
    for zh, en in (
        (sentence(row.reason, "zh", kind="boiler"), sentence(row.reason, "en", kind="boiler"))
        for row in (
            Case().outcome(),
            Case(days=5, complete=5).outcome(),
            Case(complete=3).outcome(),
            Case(days=0, complete=0).outcome(),
            Case(inputs={"sends": "motor"}).outcome(),
            Case(without=("maker", "model")).outcome(),
            Case(inputs={"certificate_also": ["gw-2", "gw-3"]}).outcome(),
            Case(inputs=suspicion("open", "2026-11-10", "2026-11-12")).outcome(),
            Case(inputs={"gateway_simulator": True}).outcome(),
            Case(inputs={"twins": [9, 11], "first_twin": 9}).outcome(),
        )
    ):
        assert "{" not in zh + en
        told.add((zh, en))
    assert len(told) == 10
    assert ("铭牌缺少：制造商、型号", "the nameplate lacks: maker, model") in told
    assert ("网关gw-1与gw-2、gw-3共用一张证书", "gateway gw-1 shares its certificate with gw-2, gw-3") in told
    assert (
        "最近30天中只有5天有数据（至少20天），最后一天是2026-11-30",
        "data on 5 of the last 30 days only (at least 20); the last day was 2026-11-30",
    ) in told
    assert any("锅筒水位3天" in zh for zh, _ in told)
    assert sentence({"code": "of_a_later_version"}, "zh") == "of_a_later_version"
    assert sentence({"code": "retired"}, "en") == "retired"


def test_every_test_and_state_has_a_name() -> None:
    assert tuple(TEST_LABELS) == TESTS
    assert tuple(STATE_LABELS) == STATES
    assert (name_of_test("continuity", "zh"), name_of_state("silent", "en"), name_of_test("x", "en")) == ("连续性", "Silent", "x")
    assert len(METHOD_LABELS) == 9


def test_every_kind_has_required_points_that_are_numeric_key_signals() -> None:
    parameters = Parameters().complete()
    for kind in kind_names():
        points = parameters.points_of(kind)
        assert points
        assert all(load_kind(kind).signals[name].key and load_kind(kind).signals[name].is_numeric for name in points)
