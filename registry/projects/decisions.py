"""What a project still lacks, and who may move it on: go and no-go, cut-over, rollback, acceptance, verification."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from registry.projects.templates import requirements
from store.city_projects import Records, add_event, lock_project, move_project, records
from store.database import Connection

MOVES = {
    "go": ("preparing", "rolled_back"),
    "no_go": ("preparing", "rolled_back"),
    "cut_over": ("cutting_over",),
    "roll_back": ("cutting_over", "running"),
    "accept": ("running",),
    "verify": ("accepted",),
}
"""The states in which each decision can be made."""
_AFTER = {
    "go": "cutting_over",
    "cut_over": "running",
    "roll_back": "rolled_back",
    "accept": "accepted",
    "verify": "verified",
}


class Missing(NamedTuple):
    """One thing that is missing, with the clause that demands it."""

    code: str
    zh: str
    en: str
    document: str
    clause: str


class Refused(Exception):  # noqa: N818 - the state of a project, no fault
    """A decision that cannot be made; ``missing`` lists what it lacks."""

    def __init__(self, message: str, missing: Iterable[Missing] = ()) -> None:
        self.missing = list(missing)
        super().__init__("; ".join([message, *(f"{one.en} ({one.document} {one.clause})" for one in self.missing)]))


def missing_for_go(has: Records, template: str) -> list[Missing]:
    """List what stands against a cut-over: scope, plans, tests of the rehearsal and drills that count for the template."""
    demanded = requirements()
    found = list(_scope_gaps(has))
    papers = {one.kind for one in has.documents if one.withdrawn_at is None}
    found += [
        Missing(f"document:{paper.code}", paper.zh, paper.en, paper.document, paper.clause)
        for paper in demanded.documents
        if template in paper.before_go and paper.code not in papers
    ]
    found += _test_gaps(has, template, "rehearsal")
    shortest = min((one.longest_interruption_minutes for one in has.scope if one.longest_interruption_minutes), default=None)
    newest = {one.form: one for one in has.drills}
    for drill in demanded.drills:
        if template not in drill.before_go:
            continue
        last = newest.get(drill.code)
        place = (drill.document, drill.clause)
        if last is None or not last.succeeded:
            found.append(Missing(f"drill:{drill.code}", f"{drill.zh}：尚未成功", f"{drill.en}: has not succeeded", *place))
        elif shortest is not None and last.rollback_minutes is not None and last.rollback_minutes > shortest:
            zh = f"{drill.zh}：演练用时 {last.rollback_minutes} 分钟，超过允许中断的 {shortest} 分钟"
            en = f"{drill.en}: took {last.rollback_minutes} min, longer than the {shortest} min that are allowed"
            found.append(Missing(f"drill:{drill.code}", zh, en, *place))
    return found


def missing_for_acceptance(has: Records, template: str) -> list[Missing]:
    """List what stands against the county's acceptance: tests after the cut-over, reports, open items of the checklist."""
    papers = {one.kind for one in has.documents if one.withdrawn_at is None}
    found = [
        Missing(f"document:{paper.code}", paper.zh, paper.en, paper.document, paper.clause)
        for paper in requirements().documents
        if template in paper.before_acceptance and paper.code not in papers
    ]
    found += _test_gaps(has, template, "after_cut_over")
    standing = sorted(one.code for one in has.items if one.state in ("open", "in_progress"))
    if standing:
        codes = ", ".join(standing)
        clause = "三.1" if template == "jinan_2020" else "三"
        found.append(Missing("items", f"检查表未完成：{codes}", f"Open items of the checklist: {codes}", template, clause))
    return found


def decide(
    connection: Connection,
    project_id: int,
    *,
    template: str,
    decision: str,
    actor: str,
    now: datetime,
    cut_over_at: datetime | None = None,
    note: str = "",
) -> str:
    """Make a decision in the transaction of the connection, and give the state after it.

    Raises
    ------
    LookupError
        If there is no such project.
    Refused
        If the project is not at that point, lacks something, or the same person would accept and verify it.
    """
    state, accepted_by, moved_at = lock_project(connection, project_id)
    if state not in MOVES[decision]:
        raise Refused(f"a project that is {state} is not at the point of {decision}")
    has = records(connection, project_id)
    if decision == "go" and (lacks := missing_for_go(has, template)):
        raise Refused("no go, because this is missing", lacks)
    if decision == "no_go" and not note.strip():
        raise Refused("a no-go says why")
    if decision == "accept" and (lacks := missing_for_acceptance(has, template)):
        raise Refused("not accepted, because this is missing", lacks)
    if decision == "roll_back" and not any(one.kind == "rollback_evidence" and one.withdrawn_at is None for one in has.documents):
        lack = next(one for one in requirements().documents if one.code == "rollback_evidence")
        raise Refused(
            "a rollback is recorded with its evidence", [Missing(lack.code, lack.zh, lack.en, lack.document, lack.clause)]
        )
    if decision == "verify" and accepted_by == actor:
        raise Refused("whoever accepted a project does not verify it")
    if decision == "cut_over":
        if cut_over_at is None or cut_over_at > now:
            raise Refused("a cut-over has a time, and not one to come")
        moved_at = cut_over_at
    after = _AFTER.get(decision, state)
    if after != state:
        move_project(
            connection,
            project_id,
            state=after,
            cut_over_at=None if decision in ("go", "roll_back") else moved_at,
            accepted_by=actor if decision == "accept" else accepted_by if decision == "verify" else None,
            verified_by=actor if decision == "verify" else None,
        )
    add_event(connection, project_id, actor, decision, {"note": note, "state": after, "cut_over_at": moved_at})
    return after


def _scope_gaps(has: Records) -> Iterator[Missing]:
    moving = [one for one in has.scope if one.strategy != "stay"]
    if not moving:
        yield Missing("scope", "没有要迁移的系统或设备", "No system or machine that moves", "jinan_2020", "三.5")
    for one in moving:
        if one.dependence == "interruptible" and not one.longest_interruption_minutes:
            zh, en = f"{one.name}：未写明可接受的中断时间", f"{one.name}: no acceptable interruption is named"
            yield Missing(f"interruption:{one.name}", zh, en, "jinan_2020", "三.3(4)")


def _test_gaps(has: Records, template: str, stage: str) -> Iterator[Missing]:
    """Of each type the newest record counts, and only with its document."""
    newest = {one.type: one for one in has.tests if one.stage == stage}
    for test in requirements().tests:
        if template not in getattr(test, stage):
            continue
        last = newest.get(test.code)
        why = (
            ("尚未做", "not done")
            if last is None
            else ("未通过", "not passed")
            if not last.passed
            else ("没有文件", "no document")
        )
        if last is None or not last.passed or not last.document:
            code, zh, en = f"{stage}:{test.code}", f"{test.zh}：{why[0]}", f"{test.en}: {why[1]}"
            yield Missing(code, zh, en, test.document, test.clause)
