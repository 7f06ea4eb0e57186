"""How well the alarms serve their operators, after ISA-18.2 and EEMUA 191."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from analytics.alarms.performance import Counted
from dashboards.alarms.answers import PerformanceRecord
from dashboards.alarms.feed import CurrentAlarms
from dashboards.alarms.performance import PerformanceQuestion, measured
from dashboards.alarms.rows import iso
from dashboards.context import CurrentDatabase
from dashboards.security.access import Reader
from store.alarms import ListedCondition

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])


@router.get("/performance", response_model=PerformanceRecord)
def show_performance(
    *, viewer: Reader, database: CurrentDatabase, alarms: CurrentAlarms, asked: Annotated[PerformanceQuestion, Query()]
) -> dict[str, Any]:
    """Give each figure with its target, limit and verdict, and the alarms behind them."""
    found, is_complete = measured(database, alarms, viewer, asked, now=datetime.now(UTC))
    return {
        "from": iso(found.begin),
        "to": iso(found.end),
        "complete": is_complete,
        "figures": [
            {
                "name": figure.measure.name,
                "label": figure.measure.label,
                "unit": figure.measure.unit,
                "value": figure.value,
                "target": figure.measure.target,
                "limit": figure.measure.limit,
                "sense": figure.measure.sense,
                "verdict": figure.verdict,
            }
            for figure in found.figures
        ],
        "alarms": found.calls,
        "alarms_by_priority": found.calls_by_priority,
        "alarms_by_hour": [{"time": iso(time), "count": count} for time, count in found.calls_by_hour],
        "most_frequent": [_counted(one) for one in found.most_frequent],
        "chattering": [_counted(one) for one in found.chattering],
        "stale": [_named(one) for one in found.stale],
        "floods": [{"from": iso(flood.began_at), "to": iso(flood.ended_at)} for flood in found.floods],
    }


def _counted(one: Counted) -> dict[str, Any]:
    return _named(one.listed) | {"count": one.count}


def _named(listed: ListedCondition) -> dict[str, Any]:
    return {
        "id": listed.condition.id,
        "machine": listed.equipment or listed.gateway,
        "gateway": listed.gateway,
        "rule": listed.condition.rule,
        "title": listed.condition.title,
    }
