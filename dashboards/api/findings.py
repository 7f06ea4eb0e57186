"""Findings: what analytics have found wrong with machines, and what people say of it."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from fastapi.responses import StreamingResponse

from dashboards.asking import MOST_ID, Name, Offset, Search, SiteId, example
from dashboards.context import CurrentDatabase
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import MOST_IN_FILE, Limit, MachineId, Sort, Text, Words, checked_sort, chosen, seen_gateways
from dashboards.live.equipment_json import iso
from dashboards.security.access import Permission, Reader, Viewer, record_act, require
from store.database import Database
from store.results import ORDERS, SEVERITIES, VERDICTS, Finding, findings, judge, verdicts
from telemetry.settings import Settings

router = APIRouter(prefix="/api/v1", tags=["findings"])

_EXAMPLE: dict[str, Any] = {
    "id": 12,
    "equipment": {"id": 7, "gateway": "plant-1", "name": "boiler-1", "kind": "boiler"},
    "analytic": "boiler.faults",
    "code": "gas_side_fouling",
    "part": "",
    "title": {"zh": "烟气侧积灰", "en": "Gas-side fouling"},
    "severity": "medium",
    "state": "open",
    "since": "2026-11-01T00:00:00.000Z",
    "until": None,
    "seen_at": "2026-11-20T00:00:00.000Z",
    "confidence": 0.8,
    "advice": {"zh": "吹灰", "en": "Blow the soot"},
    "evidence": [{"form": "series", "signals": ["flue_gas_temperature_stack"]}],
    "effect": {"energy": [12000, "kWh"]},
    "source": "GB/T 10180-2017",
}
FindingId = Annotated[int, Path(ge=1, le=MOST_ID, description="id of a finding")]


@dataclass(frozen=True, kw_only=True)
class FindingQuestion:
    """Checked filters, as `store.results.findings` takes them."""

    gateways: frozenset[str] | None
    equipment_ids: list[int] | None
    kinds: list[str] | None
    states: list[str] | None
    severities: list[str] | None
    analytic: str | None
    search: str
    sort: str


def _asked(
    *,
    database: CurrentDatabase,
    viewer: Reader,
    equipment: MachineId = None,
    site: SiteId = None,
    kind: Annotated[Name, Query(description="name of a kind of equipment")] = "",
    state: Words = "",
    severity: Words = "",
    analytic: Annotated[Name, Query(description="name of an analytic")] = "",
    search: Search = "",
    sort: Sort = "severity",
) -> FindingQuestion:
    return FindingQuestion(
        gateways=seen_gateways(viewer, database, site),
        equipment_ids=None if equipment is None else [equipment],
        kinds=[kind] if kind else None,
        states=chosen(state, VERDICTS, "state"),
        severities=chosen(severity, SEVERITIES, "severity"),
        analytic=analytic or None,
        search=search,
        sort=checked_sort(sort, ORDERS),
    )


Asked = Annotated[FindingQuestion, Depends(_asked)]


@router.get("/findings", responses=example({"total": 1, "offset": 0, "limit": 50, "items": [_EXAMPLE]}))
def list_findings(asked: Asked, database: CurrentDatabase, limit: Limit = 50, offset: Offset = 0) -> dict[str, Any]:
    """List findings, the most severe first where nothing else is asked for."""
    total, found = findings(database, **vars(asked), limit=limit, offset=offset)
    return {"total": total, "offset": offset, "limit": limit, "items": [finding_json(one) for one in found]}


@router.get("/findings.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_findings(asked: Asked, database: CurrentDatabase) -> StreamingResponse:
    """Give the same list, at most its first 20,000 rows, as a table for spreadsheets."""
    _, found = findings(database, **vars(asked), limit=MOST_IN_FILE)
    header = [
        *("id", "gateway", "machine", "kind", "part", "title", "标题", "severity", "state", "since (UTC)", "until (UTC)"),
        *("confidence", "advice", "建议", "analytic", "source"),
    ]
    rows = (
        [
            *(one.id, one.gateway, one.machine, one.kind, one.part, one.title["en"], one.title["zh"], one.severity, one.state),
            *(iso(one.since), "" if one.until is None else iso(one.until), one.confidence, one.advice["en"], one.advice["zh"]),
            *(one.analytic, one.source),
        ]
        for one in found
    )
    return csv_response("findings", header, rows)


@router.get("/findings/{finding_id}", responses=example({**_EXAMPLE, "verdicts": []}))
def show_finding(finding_id: FindingId, database: CurrentDatabase, viewer: Reader) -> dict[str, Any]:
    """Show one finding with what people said of it."""
    found = seen_finding(database, viewer, finding_id)
    said = [verdict._asdict() | {"time": iso(verdict.time)} for verdict in verdicts(database, finding_id)]
    return finding_json(found) | {"verdicts": said}


class Judgement(Settings):
    """What a person makes of a finding."""

    state: Literal["acknowledged", "confirmed", "rejected", "closed"]
    note: Text = ""


@router.post("/findings/{finding_id}/verdict", responses=example({**_EXAMPLE, "state": "confirmed"}))
def judge_finding(
    finding_id: FindingId,
    judgement: Judgement,
    database: CurrentDatabase,
    viewer: Annotated[Viewer, require(Permission.MAINTAIN)],
) -> dict[str, Any]:
    """Acknowledge, confirm, reject or close a finding; 409 where it is past that."""
    give_verdict(database, viewer, finding_id, judgement)
    return finding_json(seen_finding(database, viewer, finding_id))


def seen_finding(database: Database, viewer: Viewer, finding_id: int) -> Finding:
    _, found = findings(database, gateways=viewer.gateways, finding_id=finding_id)
    if not found:
        raise not_found(f"finding {finding_id}")
    return found[0]


def give_verdict(database: Database, viewer: Viewer, finding_id: int, judgement: Judgement) -> None:
    """Record a verdict on a finding that the viewer sees, also in the audit log."""
    seen_finding(database, viewer, finding_id)
    try:
        judge(database, finding_id, judgement.state, viewer.name, judgement.note, now=datetime.now(UTC))
    except ValueError as error:
        raise HTTPException(409, str(error)) from None
    record_act(database, viewer, "finding.judge", f"finding {finding_id}", judgement.model_dump())


def finding_json(one: Finding) -> dict[str, Any]:
    told = asdict(one)
    machine = {"id": one.equipment_id, "gateway": one.gateway, "name": one.machine, "kind": one.kind}
    left_out = {"equipment_id", "gateway", "machine", "kind"}
    return {
        "id": one.id,
        "equipment": machine,
        **{name: value for name, value in told.items() if name not in left_out},
        "since": iso(one.since),
        "until": None if one.until is None else iso(one.until),
        "seen_at": iso(one.seen_at),
    }
