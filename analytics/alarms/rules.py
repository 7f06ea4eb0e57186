"""Alarm rules: what is watched on the machines of a kind, and what an operator is to do about it (ISA-18.2)."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from analytics.alarms.rule_forms import (
    MOST_SECONDS,
    RuleName,
    Stale,
    StateNames,
    Suppressor,
    When,
    form_problems,
    hint,
    state_problems,
)
from device_profiles.kind import Kind, Label, kind_names, load_kind
from telemetry.errors import ConfigError
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile
from telemetry.topics import NAME_PATTERN

_NAME = NAME_PATTERN.strip("^$")


class Priority(StrEnum):
    """How soon a person must answer; few rules are critical (80 % low, 15 % medium, 5 % high, under 1 % critical)."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


RESPONSE_MINUTES = {Priority.CRITICAL: 5, Priority.HIGH: 10, Priority.MEDIUM: 30}
"""Time to respond where a rule names none, and its priority is not low."""


def _plain(label: Label) -> Label:
    for text in (label.zh, label.en):
        if not text.strip() or len(text) > 500 or not text.isprintable():
            raise ValueError("is a text of 1 to 500 printable characters in each language")
    return label


Words = Annotated[Label, AfterValidator(_plain)]
Delay = Annotated[float, Field(ge=0, le=MOST_SECONDS)]


class Rule(Settings):
    """One alarm: when it is active, how important it is, what happens without an answer, and what the answer is."""

    name: RuleName
    kind: Annotated[str, Field(max_length=63)]
    equipment: Annotated[tuple[Annotated[str, Field(pattern=f"^{_NAME}/{_NAME}$")], ...], Field(max_length=10_000)] = ()
    """Machines as GATEWAY/NAME; all of the kind where it is left out."""
    when: Annotated[When, Field(discriminator="form")]
    on_delay_seconds: Delay = 5
    """Becomes active when it was true without a break for at least so long."""
    off_delay_seconds: Delay = 5
    """Returns when it was back without a break for at least so long."""
    applies_in: StateNames = ()
    """States of the machine outside which the condition is normal by definition; in all of them where it is left out."""
    suppressed_by: Annotated[tuple[Suppressor, ...], Field(max_length=20)] = ()
    """Suppressed by design while one of these is true: it is evaluated and kept, and calls nobody."""
    title: Words
    consequence: Words
    """What happens if nobody answers."""
    action: Words
    """What the operator does."""
    priority: Priority
    respond_within_minutes: int = Field(default=60, ge=1, le=10_080)
    """5, 10, 30 or 60 by priority where it is left out."""
    latch: bool = False
    """Stays after its return until somebody resets it."""
    note_required: bool = False
    """Acknowledging needs a note."""
    enabled: bool = True

    @property
    def form(self) -> str:
        return self.when.form

    @property
    def evaluated(self) -> str:
        """What decides when the rule is active, as one text; a change of anything else leaves running delays alone."""
        return self.model_dump_json(
            include={"kind", "equipment", "when", "on_delay_seconds", "off_delay_seconds", "applies_in", "suppressed_by"}
        )

    @model_validator(mode="before")
    @classmethod
    def _is_an_alarm(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if not given.get("action"):
            raise ValueError("has no 'action': it is an event, not an alarm")
        minutes = [minutes for priority, minutes in RESPONSE_MINUTES.items() if priority == given.get("priority")]
        return {"respond_within_minutes": minutes[0], **given} if minutes else given

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind not in kind_names():
            raise ValueError(f"{self.kind!r} is not an equipment kind; known: {', '.join(kind_names())}")
        problems = [*_signal_problems(self, load_kind(self.kind)), *_delay_problems(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def kind_rule_names(kind: Kind) -> list[str]:
    """Name the rules that a kind brings itself: its limits, silence and bad quality."""
    limits = [f"{kind.name}.{signal}.{alarm.limit}" for signal, its in kind.signals.items() for alarm in its.alarms]
    return [*limits, f"{kind.name}.stale", f"{kind.name}.bad_quality"]


class _RuleFile(Settings):
    rules: tuple[Rule, ...] = Field(min_length=1)


def rules_from_toml(path: Path) -> list[Rule]:
    """Read rules of one's own: ``[[rules]]`` tables of a TOML file.

    Raises
    ------
    ConfigError
        With every mistake found in the file, each with line and key.
    """
    file = TomlFile(path)
    rules = fit(file, _RuleFile).rules
    problems = []
    for name, count in Counter(rule.name for rule in rules).items():
        if count > 1:
            problems.append(file.problem(("rules",), f"{name!r} is the name of {count} rules"))
    own = {(rule.kind, rule.name) for rule in rules}
    for number, rule in enumerate(rules):
        known = {name for kind, name in own if kind == rule.kind} | set(kind_rule_names(load_kind(rule.kind)))
        problems += [
            file.problem(("rules", number, "suppressed_by"), f"{by.rule!r} is not a rule of {rule.kind}{hint(by.rule, known)}")
            for by in rule.suppressed_by
            if by.rule and by.rule not in known
        ]
    if problems:
        raise ConfigError(*problems)
    return list(rules)


def _signal_problems(rule: Rule, kind: Kind) -> Iterator[str]:
    """Hold what a rule names against the signals and states that its kind has."""
    yield from form_problems(rule.when, kind)
    if rule.applies_in:
        if kind.state_signal is None:
            yield f"'applies_in' means nothing: {kind.name} has no signal of its state"
        else:
            yield from state_problems(kind, kind.state_signal, rule.applies_in)
    for by in rule.suppressed_by:
        if by.signal:
            yield from state_problems(kind, by.signal, by.states)
        elif by.rule == rule.name:
            yield "a rule cannot suppress itself"


def _delay_problems(rule: Rule) -> Iterator[str]:
    if isinstance(rule.when, Stale) and rule.off_delay_seconds >= rule.when.after_seconds:
        yield "'off_delay_seconds' is not shorter than 'after_seconds': a machine could fall silent while it is coming back"
