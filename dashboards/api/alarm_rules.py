"""Rules of alarms: what is watched, and what an operator is to do."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from dashboards.alarms.answers import RuleDetail, RuleList, RuleRecord
from dashboards.alarms.questions import RuleQuestion
from dashboards.alarms.rows import iso
from dashboards.alarms.rule_changes import change_rule, visible_rule, visible_rules
from dashboards.context import CurrentDatabase
from dashboards.security.access import Permission, Reader, Viewer, require
from store.alarm_rules import RuleRow, rule_history

router = APIRouter(prefix="/api/v1/alarm-rules", tags=["alarms"])

RuleName = Annotated[
    str, Path(max_length=200, pattern=r"^[^\x00]+$", description="name of a rule", examples=["boiler.drum_level.low_low"])
]
Configuring = Annotated[Viewer, require(Permission.CONFIGURE_ALARMS)]


class RuleChange(BaseModel):
    """A rule as it shall be."""

    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=0, le=2**31 - 2, description="the one that was read; 0 for a new rule")
    definition: dict[str, Any] = Field(description="as `/api/v1/alarm-rules/{name}` shows it")


@router.get("", response_model=RuleList)
def list_all(*, viewer: Reader, database: CurrentDatabase, asked: Annotated[RuleQuestion, Query()]) -> dict[str, Any]:
    """List rules by name."""
    found = asked.of(visible_rules(database, viewer))
    return {
        "total": len(found),
        "offset": asked.offset,
        "limit": asked.limit,
        "items": [rule_json(rule) for rule in found[asked.offset : asked.offset + asked.limit]],
    }


@router.get("/{name}", response_model=RuleDetail)
def show(name: RuleName, viewer: Reader, database: CurrentDatabase) -> dict[str, Any]:
    """Show a rule with its earlier versions."""
    rule = visible_rule(database, viewer, name)
    history = [
        {"version": one.version, "enabled": one.is_enabled, "changed_by": one.changed_by, "changed_at": iso(one.changed_at)}
        for one in rule_history(database, name)
    ]
    return rule_json(rule) | {"history": history}


@router.put("/{name}", response_model=RuleRecord)
def put(name: RuleName, viewer: Configuring, database: CurrentDatabase, change: RuleChange) -> dict[str, Any]:
    """Make or change a rule; to save a kind's rule unchanged confirms its limit. 409, if its version is another one by now."""
    return rule_json(change_rule(database, viewer, name, change.definition, version=change.version, now=datetime.now(UTC)))


def rule_json(rule: RuleRow) -> dict[str, Any]:
    return {
        "name": rule.name,
        "kind": rule.kind,
        "origin": rule.origin,
        "enabled": rule.is_enabled,
        "version": rule.version,
        "changed_by": rule.changed_by,
        "changed_at": iso(rule.changed_at),
        "definition": rule.definition,
    }
