"""The procedure of the rating: apply, review, rate or recommend, publish; each step by another person than the one before.

Three stars: the city rates, tells the province and publishes. Four and five: the city recommends, the province rates. Every
function works in the transaction of its connection, in which the caller writes the audit log too.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from registry.stars.conditions import Judged, Quota, Standing, conditions_on, judge
from registry.stars.edition import Edition, edition
from registry.stars.forms import Filled, missing
from registry.stars.measuring import Measured, Month, gather, last_whole_month
from registry.stars.rating import Rating, rate, rating_json, report_hash
from registry.stars.refusals import Problem, StarRefusal, refusal
from registry.stars.windows import batch_of, batches, next_batch
from store.city_registry import Enterprise
from store.city_stars import (
    Application,
    add_report,
    add_step,
    divisions_of,
    lock_application,
    move_application,
    quota_of,
    save_application,
    stars_held,
    switched_conditions,
    vetoes,
    windows,
)
from store.database import Connection

RATED_BY_CITY = 3
"""Up to so many stars the city rates by itself (二(二))."""
FROM: dict[str, frozenset[str]] = {
    "submitted": frozenset({"draft"}),
    "material_reviewed": frozenset({"submitted"}),
    "recommended": frozenset({"material_reviewed"}),
    "rated": frozenset({"material_reviewed", "recommended"}),
    "published": frozenset({"rated"}),
    "refused": frozenset({"submitted", "material_reviewed", "recommended"}),
    "withdrawn": frozenset({"draft", "submitted", "material_reviewed", "recommended"}),
}
"""What each state is reached from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """An enterprise in a month: the rating, and the conditions for the star that it applies for."""

    rating: Rating
    conditions: list[Judged]
    month: date
    authority: str


def draft(connection: Connection, enterprise: Enterprise, edition_code: str, filled: Filled, *, actor: str) -> int:
    """Begin an application.

    Raises
    ------
    StarRefusal
        If one is open already.
    """
    number = save_application(connection, _application(enterprise, edition_code, filled, actor))
    if number is None:
        raise refusal("该企业已有一份未办结的申请", "this enterprise has an open application already")
    add_step(connection, number, "draft", actor=actor)
    return number


def change_draft(connection: Connection, application_id: int, filled: Filled) -> None:
    """Fill a draft in anew."""
    old = _locked(connection, application_id, "submitted")
    made = Application(
        id=old.id,
        uscc=old.uscc,
        edition=old.edition,
        star=filled.star,
        deployment=filled.deployment,
        form=filled.form,
        contents=filled.contents,
        figures=filled.figures,
        attachments=filled.attachments,
        made_by=old.made_by,
    )
    save_application(connection, made)


def submit(connection: Connection, application_id: int, enterprise: Enterprise, *, actor: str, today: date) -> None:
    """Hand an application in.

    Raises
    ------
    StarRefusal
        With all that is missing, if no window is open (the next one is named), or if a condition is not met.
    """
    one = _locked(connection, application_id, "submitted")
    rules = edition(one.edition)
    gaps = missing(rules, filled_of(one), uscc=one.uscc)
    if gaps:
        raise StarRefusal(*gaps)
    all_windows = batches(rules, ((w.first_day, w.last_day, w.document) for w in windows(connection, rules.code)))
    batch = batch_of(today, all_windows)
    if batch is None:
        coming = next_batch(today, all_windows)
        zh = f"下一申报期为 {coming.first_day} 至 {coming.last_day}" if coming else "没有后续申报期"
        en = f"the next one is {coming.first_day} to {coming.last_day}" if coming else "and none follows"
        raise refusal(f"{today} 不在申报期内；{zh}", f"{today} is in no application window; {en}")
    # What machines prove is judged when it is rated: a month may pass until then.
    judged = judge(rules, standing_of(connection, one, enterprise, today), star=one.star, on=_on(connection, rules))
    _refuse_unmet([found for found in judged if found.condition.form not in ("analysed_machines", "modelled_machines")])
    move_application(connection, one.id, "submitted", actor=actor, batch=batch.first_day.isoformat(), submitted_by=actor)


def review(connection: Connection, application_id: int, *, actor: str, note: str = "") -> None:
    """Find the papers in order; whoever handed them in cannot."""
    one = _locked(connection, application_id, "material_reviewed")
    _refuse_same(actor, one.made_by, one.submitted_by)
    move_application(connection, one.id, "material_reviewed", actor=actor, note=note, reviewed_by=actor)


def decide(
    connection: Connection,
    application_id: int,
    enterprise: Enterprise,
    *,
    actor: str,
    now: datetime,
    zone: ZoneInfo,
    note: str = "",
) -> str:
    """Rate three stars, or recommend four and five to the province; the report is frozen. Give the new state.

    Raises
    ------
    StarRefusal
        If a row or a condition is not passed, each named, or the quota of the area is used up.
    """
    one = _locked(connection, application_id, "recommended")
    _refuse_same(actor, one.made_by, one.submitted_by, one.reviewed_by)
    today = now.astimezone(zone).date()
    found = assess(connection, one, enterprise, month=last_whole_month(now, zone), today=today, is_rated=True)
    if found.rating.star < one.star:
        rows = ", ".join(found.rating.missing(one.star))
        raise refusal(
            f"未达到{one.star}星，未通过的行：{rows}", f"it does not reach {one.star} stars: rows {rows} are not passed"
        )
    _refuse_unmet(found.conditions)
    report = report_of(found, one)
    add_report(connection, one.id, month=found.month, report=report, sha256=report_hash(report), made_by=actor)
    if one.star <= RATED_BY_CITY:
        move_application(connection, one.id, "rated", actor=actor, note=note, decided_by=actor, rated_on=today)
        return "rated"
    move_application(connection, one.id, "recommended", actor=actor, note=note, decided_by=actor)
    return "recommended"


def record_province(
    connection: Connection, application_id: int, *, actor: str, rated_on: date, document: str, today: date
) -> None:
    """Record that the province rated what the city recommended, by its document."""
    one = _locked(connection, application_id, "rated")
    if one.state != "recommended":
        raise refusal("只有已推荐的申请由省级评定", "the province rates only what was recommended")
    if not document.strip():
        raise StarRefusal(Problem("note", "请写明省级文件", "name the province's document"))
    if rated_on > today:
        raise StarRefusal(Problem("rated_on", "评定日期不能在今天之后", "the day of the rating is after today"))
    move_application(connection, one.id, "rated", actor=actor, note=document, rated_on=rated_on)


def file_with_province(connection: Connection, application_id: int, *, actor: str, document: str) -> None:
    """Note that the province was told of three stars."""
    one = _found(connection, application_id)
    if one.state not in ("rated", "published") or one.star > RATED_BY_CITY:
        raise refusal("只有本市评定的三星级需要备案", "only three stars that the city rated are filed")
    if not document.strip():
        raise StarRefusal(Problem("note", "请写明备案文件", "name the document"))
    add_step(connection, one.id, "filed", actor=actor, note=document)


def publish(connection: Connection, application_id: int, *, actor: str, note: str = "") -> None:
    """Put it on the published list."""
    one = _locked(connection, application_id, "published")
    move_application(connection, one.id, "published", actor=actor, note=note)


def refuse(connection: Connection, application_id: int, *, actor: str, note: str) -> None:
    """End an application with a reason; whoever handed it in cannot."""
    one = _locked(connection, application_id, "refused")
    _refuse_same(actor, one.made_by, one.submitted_by)
    if not note.strip():
        raise StarRefusal(Problem("note", "请写明不予通过的理由", "say why it is refused"))
    move_application(connection, one.id, "refused", actor=actor, note=note)


def withdraw(connection: Connection, application_id: int, *, actor: str, note: str = "") -> None:
    """Take an application back on the enterprise's wish."""
    one = _locked(connection, application_id, "withdrawn")
    move_application(connection, one.id, "withdrawn", actor=actor, note=note)


def assess(
    connection: Connection, one: Application, enterprise: Enterprise, *, month: Month, today: date, is_rated: bool = False
) -> Assessment:
    """Rate an application with what a month measured; ``is_rated`` takes a place of the quota into account."""
    rules = edition(one.edition)
    measured = gather(connection, rules, one.uscc, month, application=one, industry=enterprise.industry)
    standing = standing_of(connection, one, enterprise, today, measured=measured, is_rated=is_rated)
    return Assessment(
        rating=rate(measured.facts, rules),
        conditions=judge(rules, standing, star=one.star, on=_on(connection, rules)),
        month=month.first,
        authority=rules.authority_of(standing.divisions),
    )


def standing_of(
    connection: Connection,
    one: Application,
    enterprise: Enterprise,
    day: date,
    *,
    measured: Measured | None = None,
    is_rated: bool = False,
) -> Standing:
    """Look up how an enterprise stands on a day."""
    quota = Quota(*quota_of(connection, enterprise.area, star=one.star, year=day.year)) if is_rated else None
    return Standing(
        uscc=one.uscc,
        is_independent=enterprise.is_independent,
        head_uscc=enterprise.head_uscc,
        divisions=divisions_of(connection, enterprise.area),
        deployment=one.deployment,
        stars_held=stars_held(connection, one.uscc),
        vetoes={veto.condition: veto.document for veto in vetoes(connection, one.uscc, day)},
        quota=quota,
        analysed_machines=measured.analysed_machines if measured else 0,
        modelled_machines=measured.modelled_machines if measured else 0,
    )


def report_of(found: Assessment, one: Application) -> dict[str, Any]:
    """Write the rating report as it is frozen."""
    return {
        **rating_json(found.rating),
        "application": one.id,
        "uscc": one.uscc,
        "name": one.name,
        "applied_for": one.star,
        "deployment": one.deployment,
        "authority": found.authority,
        "month": found.month.isoformat()[:7],
        "conditions": [
            {"code": code.code, "clause": code.clause, "is_met": is_met, "found": what} for code, is_met, what in found.conditions
        ],
        "attachments": [dict(paper) for paper in one.attachments],
    }


def filled_of(one: Application) -> Filled:
    """Give what an application declares as a form."""
    return Filled(
        star=one.star,
        deployment=one.deployment,
        form=one.form,
        contents=one.contents,
        figures=one.figures,
        attachments=one.attachments,
    )


def _application(enterprise: Enterprise, edition_code: str, filled: Filled, actor: str) -> Application:
    return Application(
        uscc=enterprise.uscc,
        edition=edition(edition_code).code,
        star=filled.star,
        deployment=filled.deployment,
        form=filled.form,
        contents=filled.contents,
        figures=filled.figures,
        attachments=filled.attachments,
        made_by=actor,
    )


def _found(connection: Connection, application_id: int) -> Application:
    one = lock_application(connection, application_id)
    if one is None:
        raise LookupError(f"there is no application {application_id}")
    return one


def _locked(connection: Connection, application_id: int, state: str) -> Application:
    """Lock an application that can come into a state."""
    one = _found(connection, application_id)
    if one.state not in FROM[state]:
        raise refusal(f"申请现为“{one.state}”，不能办理这一步", f"an application that is {one.state} cannot become {state}")
    return one


def _on(connection: Connection, rules: Edition) -> frozenset[str]:
    switched = switched_conditions(connection, rules.code)
    return conditions_on(rules, {code: is_on for code, (is_on, _document, _who) in switched.items()})


def _refuse_same(actor: str, *before: str) -> None:
    if actor in before:
        raise refusal("经办人不能审查或评定自己办理的申请", "whoever handed it in or reviewed it cannot take this step too")


def _refuse_unmet(judged: list[Judged]) -> None:
    unmet = [one for one in judged if not one.is_met]
    if unmet:
        raise StarRefusal(
            *(
                Problem("", f"不符合条件：{one.condition.label_zh}", f"{one.condition.label_en}: not met ({one.found})")
                for one in unmet
            )
        )
