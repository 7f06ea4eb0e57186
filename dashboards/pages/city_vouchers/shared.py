"""What the pages of vouchers share: their words, and how a refusal is shown on the page that was sent."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse

from dashboards.context import language_of, render
from dashboards.plant_time import plant_time
from dashboards.security.access import Permission, Viewer
from dashboards.settings import WebSettings
from registry.vouchers import words
from registry.vouchers.catalogue import services
from registry.vouchers.words import StepRefused
from registry.working_days import CalendarUnknown
from store.city_budgets import BudgetExceeded
from store.city_registry import areas
from store.database import Database, RowRefused
from telemetry.errors import ShangyunError

ROWS = 50
REFUSALS = (StepRefused, CalendarUnknown, BudgetExceeded, RowRefused)
"""What the rules, the calendar, the budget and the tables refuse."""


def show(
    request: Request, viewer: Viewer, template: str, *, part: str, problem: ShangyunError | None = None, **content: Any
) -> HTMLResponse:
    """Render a page of vouchers; with a problem it says that nothing was done, and answers 409."""
    language = language_of(request)
    place = 0 if language == "zh" else 1

    def in_words(table: Any) -> dict[str, str]:
        return {key: found[place] for key, found in table.items()}

    return render(
        request,
        f"city_vouchers/{template}.html",
        200 if problem is None else 409,
        part=part,
        problem="" if problem is None else said(problem, language),
        states=in_words(words.STATES),
        step_words=in_words(words.STEPS),
        labels=in_words(words.LABELS),
        reasons=in_words(words.DEDUCTIONS),
        provider_states=in_words(words.PROVIDER_STATES),
        provider_classes=in_words(words.PROVIDER_CLASSES),
        service_name=lambda code: getattr(services().get(code), language, code),
        area_name=lambda one: one.area_zh if language == "zh" else one.area_en,
        money=money,
        percent=percent,
        local_time=plant_time(request.app.state.settings),
        may_register=viewer.may(Permission.CITY_REGISTER),
        may_accept=viewer.may(Permission.CITY_ACCEPT),
        may_decide=viewer.may(Permission.CITY_DECIDE),
        **content,
    )


def said(problem: ShangyunError, language: str) -> str:
    """Give what was refused in the visitor's language, where it has words of its own."""
    return getattr(problem.words, language) if isinstance(problem, StepRefused) else str(problem)


def money(amount: Decimal | None) -> str:
    return "—" if amount is None else words.money(amount)


def percent(rate: Decimal | None) -> str:
    """Write a rate as it is, without rounding: 27.075 %."""
    return "—" if rate is None else f"{(rate * 100).normalize():f} %"


def today_of(settings: WebSettings) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(settings.time_zone)).date()


def area_choices(database: Database, language: str) -> list[tuple[str, str]]:
    """Give the areas that may have a budget of their own."""
    label = "label_zh" if language == "zh" else "label_en"
    return [(one.code, getattr(one, label)) for one in areas(database) if one.level in ("county", "zone")]
