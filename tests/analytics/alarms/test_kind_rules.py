"""The rules that the kinds bring."""

import pytest

from analytics.alarms.kind_rules import rules_of
from analytics.alarms.rule_forms import BadQuality, Limit, Stale, Suppressor
from analytics.alarms.rules import Priority, Rule, kind_rule_names
from device_profiles.kind import Alarm, Kind, Label, SignalType, kind_names, load_kind

EVERY_KIND = pytest.mark.parametrize("kind", [load_kind(name) for name in kind_names()], ids=lambda kind: kind.name)
TEXT = Label(zh="文", en="text")


def rules(kind: str) -> dict[str, Rule]:
    return {rule.name: rule for rule in rules_of(load_kind(kind))}


def altered(signal: str, alarms: tuple[Alarm, ...]) -> dict[str, Rule]:
    """Give the boiler's rules with other limits of one signal."""
    boiler = load_kind("boiler")
    families = boiler.families | {signal: boiler.families[signal].model_copy(update={"alarms": alarms})}
    return {rule.name: rule for rule in rules_of(Kind.model_validate({**boiler.model_dump(by_alias=True), "signals": families}))}


def alarm(limit: str, value: float, **more: object) -> Alarm:
    return Alarm.model_validate({"limit": limit, "value": value, "consequence": TEXT, "action": TEXT, **more})


@EVERY_KIND
def test_each_limit_of_a_kind_is_a_rule_and_silence_and_bad_quality_are_two_more(kind: Kind) -> None:
    limits = [f"{kind.name}.{name}.{a.limit}" for name, signal in kind.signals.items() for a in signal.alarms]
    assert [rule.name for rule in rules_of(kind)] == [*limits, f"{kind.name}.stale", f"{kind.name}.bad_quality"]
    assert kind_rule_names(kind) == [rule.name for rule in rules_of(kind)]


@EVERY_KIND
def test_the_deadband_of_no_limit_holds_a_healthy_machine_in_its_alarm(kind: Kind) -> None:
    for rule in rules_of(kind):
        if isinstance(rule.when, Limit) and (normal := kind.signals[rule.when.signal].normal):
            sign, edge = (-1, normal[0]) if rule.when.is_low else (1, normal[1])
            room = sign * (rule.when.value - edge)
            assert rule.when.deadband <= room or room == 0, rule.name


@EVERY_KIND
def test_few_limits_are_critical(kind: Kind) -> None:
    critical = [name for name, signal in kind.families.items() for a in signal.alarms if a.priority == "critical"]
    assert len(critical) <= 3


def test_the_drum_level_low_low_of_a_boiler_is_critical_quick_and_names_what_to_do() -> None:
    rule = rules("boiler")["boiler.drum_level.low_low"]
    assert rule.priority is Priority.CRITICAL
    assert rule.respond_within_minutes == 5
    assert rule.on_delay_seconds <= 5
    assert (rule.title.zh, rule.title.en) == ("锅筒水位 低低", "Drum level low low")
    assert rule.action.en == "Trip the burner, check feedwater"


def test_the_deadband_starts_from_a_hundredth_of_the_distance_between_the_outermost_numbers() -> None:
    when = rules("boiler")["boiler.drum_level.high"].when  # limits at -75 and 75 mm
    assert isinstance(when, Limit)
    assert when.deadband == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("signal", "seconds"),
    [("steam_flow", 15), ("steam_pressure", 15), ("flue_gas_temperature_stack", 60), ("drum_level", 60), ("flue_gas_oxygen", 5)],
)
def test_delays_start_from_what_is_measured(signal: str, seconds: float) -> None:
    rule = altered(signal, (alarm("high", 1),))[f"boiler.{signal}.high"]
    assert (rule.on_delay_seconds, rule.off_delay_seconds, rule.priority) == (seconds, seconds, "medium")


def test_a_critical_limit_waits_at_most_five_seconds_unless_the_kind_says_otherwise() -> None:
    rules = altered(
        "drum_level", (alarm("high", 1, priority="critical"), alarm("low", -1, priority="critical", on_delay_seconds=20))
    )
    assert rules["boiler.drum_level.high"].on_delay_seconds == 5
    assert rules["boiler.drum_level.high"].off_delay_seconds == 60
    assert rules["boiler.drum_level.low"].on_delay_seconds == 20


def test_what_the_kind_says_wins() -> None:
    rule = altered("drum_level", (alarm("high", 1, priority="low", deadband=0, on_delay_seconds=0, off_delay_seconds=7),))[
        "boiler.drum_level.high"
    ]
    assert isinstance(rule.when, Limit)
    assert (rule.priority, rule.when.deadband, rule.on_delay_seconds, rule.off_delay_seconds) == ("low", 0, 0, 7)


def test_an_inner_limit_is_suppressed_by_its_outer_one_only() -> None:
    of_boiler = rules("boiler")
    assert of_boiler["boiler.drum_level.high"].suppressed_by == (Suppressor(rule="boiler.drum_level.high_high"),)
    assert of_boiler["boiler.drum_level.high_high"].suppressed_by == ()
    assert of_boiler["boiler.steam_pressure.high"].suppressed_by == ()


def test_silence_and_bad_quality_of_key_signals_are_low() -> None:
    of_boiler = rules("boiler")
    stale, bad = of_boiler["boiler.stale"], of_boiler["boiler.bad_quality"]
    assert isinstance(stale.when, Stale)
    assert (stale.when.after_seconds, stale.priority) == (60, "low")
    assert isinstance(bad.when, BadQuality)
    assert "drum_level" in bad.when.signals
    assert "economizer_inlet_temperature" not in bad.when.signals
    assert (bad.on_delay_seconds, bad.priority) == (30, "low")


def test_a_boolean_is_called_by_its_name_alone() -> None:
    fires = [r for r in rules_of(load_kind("ship")) if isinstance(r.when, Limit) and r.when.signal.startswith("fire_zone")]
    assert load_kind("ship").signals["fire_zone_1"].type is SignalType.BOOLEAN
    assert fires[0].title == load_kind("ship").signals["fire_zone_1"].label
    assert {rule.priority for rule in fires} == {Priority.CRITICAL}
