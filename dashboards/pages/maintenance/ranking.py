"""Machines by health, the worst first."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from analytics.maintenance.health_score import Health, health
from store.database import Database
from store.health import Symptoms, symptoms


class Ranked(NamedTuple):
    """A machine, what is known to be wrong with it, and what that makes of its health."""

    symptoms: Symptoms
    health: Health


ORDERS: dict[str, Callable[[Ranked], Any]] = {
    "score": lambda one: one.health.score,
    "machine": lambda one: one.symptoms.name,
    "kind": lambda one: one.symptoms.kind,
    "findings": lambda one: one.health.findings,
    "alarms": lambda one: one.health.alarms,
    "data": lambda one: one.health.data,
    "maintenance": lambda one: one.health.maintenance,
}


def ranking(database: Database, *, gateways: frozenset[str] | None, kind: str, search: str, sort: str) -> list[Ranked]:
    """Judge all machines behind some gateways, and give those that were looked for."""
    now, words = datetime.now(UTC), search.strip().casefold()
    found = [
        Ranked(
            one,
            health(findings=one.findings, alarms=one.alarms, bad_share=one.bad_share, maintained_at=one.maintained_at, now=now),
        )
        for one in symptoms(database, gateways=gateways, now=now)
        if (not kind or one.kind == kind) and (words in one.name.casefold() or words in one.gateway.casefold())
    ]
    found.sort(key=lambda one: (one.symptoms.gateway, one.symptoms.name))
    found.sort(key=ORDERS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    return found
