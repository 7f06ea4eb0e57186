"""Rules: what makes one an alarm, and how a mistake is told."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from analytics.alarms.rules import Rule, rules_from_toml
from telemetry.errors import ConfigError

TEXT = {"zh": "锅筒水位过高", "en": "Drum level high"}
LIMIT = {"form": "limit", "signal": "drum_level", "side": "high", "value": 60, "deadband": 2}


def a_rule(**changes: Any) -> dict[str, Any]:
    texts = {"title": TEXT, "consequence": TEXT, "action": TEXT}
    return {"name": "boiler.own", "kind": "boiler", "when": LIMIT, **texts, "priority": "medium", **changes}


def refusal(**changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Rule.model_validate(a_rule(**changes))
    return str(caught.value)


@pytest.mark.parametrize("action", [None, {}, ""])
def test_a_rule_without_an_action_is_an_event_and_no_alarm(action: object) -> None:
    assert "it is an event, not an alarm" in refusal(action=action)


@pytest.mark.parametrize(
    ("when", "told"),
    [
        (LIMIT | {"signal": "drum_levle"}, "boiler has no signal 'drum_levle'; did you mean 'drum_level'?"),
        (LIMIT | {"signal": "state"}, "state is not a measurement but enum"),
        (LIMIT | {"value": float("nan")}, "finite"),
        ({"form": "rate_of_change", "signal": "drum_level", "value": 5, "per_seconds": 0}, "greater than 0"),
        ({"form": "deviation", "signal": "drum_level", "against": "steam", "value": 5}, "boiler has no signal 'steam'"),
        ({"form": "deviation", "signal": "drum_level", "against": 0, "value": 5, "deadband": 6}, "it would never return"),
        ({"form": "bad_quality", "signals": ["nothing"]}, "boiler has no signal 'nothing'"),
        ({"form": "state", "signal": "state", "states": ["runing"]}, "'runing' is not a state of state; known: off, purging"),
        ({"form": "state", "signal": "drum_level", "states": ["high"]}, "drum_level is not a signal of states but real"),
        ({"form": "stale", "after_seconds": 5}, "'off_delay_seconds' is not shorter than 'after_seconds'"),
        ({"form": "thought"}, "'limit', 'rate_of_change', 'deviation', 'bad_quality', 'stale', 'state'"),
    ],
)
def test_what_the_kind_does_not_have_or_cannot_be_is_refused(when: dict[str, Any], told: str) -> None:
    assert told in refusal(when=when)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "kettle"}, "'kettle' is not an equipment kind; known: air_compressor"),
        ({"applies_in": ["boiling"]}, "'boiling' is not a state of state"),
        ({"suppressed_by": [{"rule": "boiler.own"}]}, "a rule cannot suppress itself"),
        ({"suppressed_by": [{"signal": "state"}]}, "names either a 'rule', or a 'signal' and its 'states'"),
        ({"on_delay_seconds": -1}, "greater than or equal to 0"),
        ({"respond_within_minutes": 10**30}, "less than or equal to 10080"),
        ({"title": {"zh": "过\x00高", "en": "high"}}, "printable"),
        ({"title": {"zh": " ", "en": "high"}}, "printable"),
        ({"equipment": ["boiler-1"]}, "pattern"),
        ({"name": "Boiler high!"}, "pattern"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(changes: dict[str, Any], told: str) -> None:
    assert told in refusal(**changes)


def test_a_wrong_priority_is_the_only_mistake_told() -> None:
    assert refusal(priority="urgent").startswith("1 validation error")


@pytest.mark.parametrize(("priority", "minutes"), [("critical", 5), ("high", 10), ("medium", 30), ("low", 60)])
def test_the_time_to_respond_follows_the_priority_unless_the_rule_names_one(priority: str, minutes: int) -> None:
    assert Rule.model_validate(a_rule(priority=priority)).respond_within_minutes == minutes
    assert Rule.model_validate(a_rule(priority=priority, respond_within_minutes=7)).respond_within_minutes == 7


def test_a_rule_survives_json() -> None:
    rule = Rule.model_validate(a_rule(suppressed_by=[{"signal": "state", "states": ["off"]}], applies_in=["running"], latch=True))
    assert Rule.model_validate_json(rule.model_dump_json()) == rule


def test_texts_and_priority_are_not_what_is_evaluated() -> None:
    rule = Rule.model_validate(a_rule())
    told_otherwise = Rule.model_validate(a_rule(title={"zh": "水位", "en": "Level"}, priority="high", note_required=True))
    assert rule.evaluated == told_otherwise.evaluated
    assert rule.evaluated != Rule.model_validate(a_rule(off_delay_seconds=6)).evaluated


TOML = """\
[[rules]]
name = "boiler.level_swings"
kind = "boiler"
equipment = ["plant-a/boiler-1"]
when = { form = "rate_of_change", signal = "drum_level", value = 30, per_seconds = 10 }
suppressed_by = [{ rule = "boiler.drum_level.high_high" }]
title = { zh = "水位波动大", en = "Level swings" }
consequence = { zh = "蒸汽带水", en = "Water is carried over" }
action = { zh = "检查给水调节", en = "Check the feedwater control" }
priority = "low"
"""


def test_rules_come_from_a_toml_file(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(TOML)
    [rule] = rules_from_toml(tmp_path / "rules.toml")
    assert (rule.form, rule.equipment, rule.respond_within_minutes) == ("rate_of_change", ("plant-a/boiler-1",), 60)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("per_seconds = 10", "per_second = 10", ":5: rules[1].when.per_second: is not a known key; did you mean 'per_seconds'?"),
        ('"drum_level"', '"drum_levle"', ":1: rules[1]: boiler has no signal 'drum_levle'; did you mean 'drum_level'?"),
        ("action =", "reaction =", ":1: rules[1]: has no 'action': it is an event, not an alarm"),
        (".high_high", ".higher", ":6: rules[1].suppressed_by: 'boiler.drum_level.higher' is not a rule of boiler; did you mean"),
        ('priority = "low"\n', f'priority = "low"\n{TOML}', ":1: rules: 'boiler.level_swings' is the name of 2 rules"),
        (TOML, "rules = []", ":1: rules: needs at least 1 of them"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_line_and_key(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    (tmp_path / "rules.toml").write_text(TOML.replace(right, wrong))
    with pytest.raises(ConfigError) as caught:
        rules_from_toml(tmp_path / "rules.toml")
    assert told in str(caught.value)
