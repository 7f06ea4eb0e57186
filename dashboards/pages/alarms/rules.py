"""The rules of alarms, and the form that changes one."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dashboards.alarms.questions import RuleQuestion, Text
from dashboards.alarms.rule_changes import change_rule, is_theirs, visible_rule, visible_rules
from dashboards.context import CurrentDatabase, language_of, render
from dashboards.csv_table import csv_response
from dashboards.pages.alarms.rule_words import condition_words, origin_words
from dashboards.pages.alarms.shown import kind_choices, kind_label
from dashboards.pages.alarms.words import priority_words
from dashboards.security.access import Permission, Reader, Viewer, require
from dashboards.templating import address_with
from dashboards.texts import Language, translator
from device_profiles.kind import kind_names
from store.alarm_rules import RuleRow

router = APIRouter()

RuleName = Annotated[str, Path(max_length=200, pattern=r"^[^\x00]+$")]
Configuring = Annotated[Viewer, require(Permission.CONFIGURE_ALARMS)]
Number = Annotated[str, Field(max_length=40)]
Words = Annotated[Text, Field(max_length=500)]


class RuleForm(BaseModel):
    """The part of a rule that the form changes; numbers as they were typed, for the rule's own check to judge."""

    model_config = ConfigDict(extra="forbid")
    version: int = Field(ge=1, le=2**31 - 2)
    value: Number = ""
    deadband: Number = ""
    on_delay_seconds: Number
    off_delay_seconds: Number
    priority: Annotated[str, Field(max_length=20)]
    respond_within_minutes: Number
    consequence_zh: Words
    consequence_en: Words
    action_zh: Words
    action_en: Words
    latch: bool = False
    note_required: bool = False
    enabled: bool = False

    def onto(self, definition: Any) -> dict[str, Any]:
        when = dict(definition["when"])
        when |= {name: text for name, text in (("value", self.value), ("deadband", self.deadband)) if text and name in when}
        return {
            **definition,
            "when": when,
            "on_delay_seconds": self.on_delay_seconds,
            "off_delay_seconds": self.off_delay_seconds,
            "priority": self.priority,
            "respond_within_minutes": self.respond_within_minutes,
            "consequence": {"zh": self.consequence_zh, "en": self.consequence_en},
            "action": {"zh": self.action_zh, "en": self.action_en},
            "latch": self.latch,
            "note_required": self.note_required,
            "enabled": self.enabled,
        }


@router.get("/alarms/rules", response_class=HTMLResponse)
def alarm_rules(
    *, request: Request, viewer: Reader, database: CurrentDatabase, asked: Annotated[RuleQuestion, Query()]
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    found = asked.of(visible_rules(database, viewer))
    query = asked.query
    return render(
        request,
        "alarms/rules.html",
        section="rules",
        asked=asked,
        query=query,
        rows=[_shown(rule, viewer, language) for rule in found[asked.offset : asked.offset + asked.limit]],
        total=len(found),
        kinds=[("", _("全部")), *kind_choices(kind_names(), language)],
        priorities=[("", _("全部")), *priority_words(_).items()],
        origins=[("", _("全部")), *origin_words(_).items()],
        csv_address=f"/alarms/rules.csv{address_with({**query, 'limit': None, 'offset': None})}",
        may_configure=viewer.may(Permission.CONFIGURE_ALARMS),
    )


@router.get("/alarms/rules.csv")
def download_rules(
    *, request: Request, viewer: Reader, database: CurrentDatabase, asked: Annotated[RuleQuestion, Query()]
) -> Response:
    language = language_of(request)
    shown = [_shown(rule, viewer, language) for rule in asked.of(visible_rules(database, viewer))]
    columns = [
        "name",
        "title",
        "kind",
        "priority",
        "condition",
        "on_delay",
        "off_delay",
        "consequence",
        "action",
        "origin",
        "enabled",
    ]
    return csv_response("alarm-rules", columns, ([row[column] for column in columns] for row in shown))


@router.get("/alarms/rules/{name}", response_class=HTMLResponse)
def ask_rule(request: Request, name: RuleName, viewer: Configuring, database: CurrentDatabase) -> HTMLResponse:
    rule = visible_rule(database, viewer, name)
    return _form(request, viewer, rule, rule.definition)


@router.post("/alarms/rules/{name}")
def answer_rule(
    *, request: Request, name: RuleName, viewer: Configuring, database: CurrentDatabase, given: Annotated[RuleForm, Form()]
) -> Response:
    rule = visible_rule(database, viewer, name)
    definition = given.onto(rule.definition)
    try:
        change_rule(database, viewer, name, definition, version=given.version, now=datetime.now(UTC))
    except HTTPException as refusal:
        if refusal.status_code not in (409, 422):
            raise
        _ = translator(language_of(request))
        reason = _("这条规则刚被别人改动过，请重新打开后再改。") if refusal.status_code == 409 else str(refusal.detail)
        return _form(request, viewer, rule, definition, problem=reason, status=refusal.status_code)
    return RedirectResponse(f"/alarms/rules?kind={rule.kind}", 303)


def _form(
    request: Request, viewer: Viewer, rule: RuleRow, definition: Any, *, problem: str = "", status: int = 200
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    return render(
        request,
        "alarms/rule.html",
        status,
        section="rules",
        rule=_shown(rule, viewer, language),
        definition=definition,
        version=rule.version,
        problem=problem,
        priorities=list(priority_words(_).items()),
    )


def _shown(rule: RuleRow, viewer: Viewer, language: Language) -> dict[str, Any]:
    _, definition = translator(language), rule.definition
    return {
        "name": rule.name,
        "title": definition["title"][language],
        "kind": kind_label(rule.kind, language),
        "priority": definition["priority"],
        "condition": condition_words(definition, language),
        "on_delay": definition["on_delay_seconds"],
        "off_delay": definition["off_delay_seconds"],
        "consequence": definition["consequence"][language],
        "action": definition["action"][language],
        "origin": origin_words(_)[rule.origin],
        "is_unverified": rule.origin == "kind" and definition["when"]["form"] == "limit",
        "enabled": rule.is_enabled,
        # That a gateway is silent is no rule of a kind: the settings of the worker say when it counts.
        "is_theirs": is_theirs(definition, viewer) and rule.kind in kind_names(),
    }
