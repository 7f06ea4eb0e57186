"""Which rules a viewer sees, and how one is changed, from the API and the page alike."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import HTTPException
from pydantic import ValidationError

from analytics.alarms.rules import Rule
from dashboards.error_answers import not_found
from dashboards.security.access import Viewer, record_act
from store.alarm_rules import KindRule, RuleRow, get_rule, list_rules, save_rule
from store.database import Database


def visible_rules(database: Database, viewer: Viewer) -> list[RuleRow]:
    return [seen for rule in list_rules(database) if (seen := _as_seen(rule, viewer)) is not None]


def visible_rule(database: Database, viewer: Viewer, name: str) -> RuleRow:
    """Give a rule as the viewer may see it.

    Raises
    ------
    HTTPException
        404, if it is not there or is only about machines of sites that are not the viewer's.
    """
    rule = get_rule(database, name)
    seen = None if rule is None else _as_seen(rule, viewer)
    if seen is None:
        raise not_found(f"alarm rule {name[:80]!r}")
    return seen


def is_theirs(definition: Mapping[str, Any], viewer: Viewer) -> bool:
    """Whether a rule is about machines of the viewer's sites alone: only such a one may be changed by whoever sees some sites."""
    machines = definition.get("equipment") or ()
    return viewer.gateways is None or (bool(machines) and all(viewer.sees(_gateway(machine)) for machine in machines))


def change_rule(
    database: Database, viewer: Viewer, name: str, definition: Mapping[str, Any], *, version: int, now: datetime
) -> RuleRow:
    """Check and save a rule as the plant's own; version 0 makes a new one.

    Raises
    ------
    HTTPException
        422 with every reason, if it is not a rule; 403, if it is also about other sites; 409, if somebody was faster.
    """
    rule = checked_rule(name, definition)
    before = get_rule(database, name)
    if before is not None and _as_seen(before, viewer) is None:
        raise not_found(f"alarm rule {name[:80]!r}")
    concerned = [rule.model_dump(mode="json"), *([] if before is None else [before.definition])]
    if not all(is_theirs(one, viewer) for one in concerned):
        raise HTTPException(403, f"the rule {name} is also about machines of other sites than yours")
    saved = KindRule(name, rule.kind, concerned[0])
    is_saved = save_rule(database, saved, is_enabled=rule.enabled, expected_version=version, changed_by=viewer.name, now=now)
    if not is_saved:
        raise HTTPException(409, f"the rule {name} has another version than {version} by now")
    record_act(database, viewer, "alarm_rule.change", name, {"version": version, "definition": concerned[0]})
    return visible_rule(database, viewer, name)


def checked_rule(name: str, definition: Mapping[str, Any]) -> Rule:
    try:
        rule = Rule.model_validate(definition)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}".lstrip(": ") for problem in error.errors())
        raise HTTPException(422, "; ".join(problems)) from None
    if rule.name != name:
        raise HTTPException(422, f"name: {rule.name!r} is not {name!r}, which the address names")
    return rule


def _as_seen(rule: RuleRow, viewer: Viewer) -> RuleRow | None:
    """Leave out machines that the viewer may not see; a rule about such ones alone is not there."""
    machines = rule.definition.get("equipment") or ()
    if viewer.gateways is None or not machines:
        return rule
    seen = [machine for machine in machines if viewer.sees(_gateway(machine))]
    return rule._replace(definition={**rule.definition, "equipment": seen}) if seen else None


def _gateway(machine: str) -> str:
    return machine.partition("/")[0]
