"""Spare parts: two tables of a store keeper go in, the list of what to order comes out; nothing is stored."""

import math
from collections.abc import Callable
from typing import Annotated, Any, cast

from fastapi import APIRouter, Form, Path, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse

from analytics.spare_parts.reorder_plan import Line, ReorderPlan, Wishes
from dashboards.asking import Offset
from dashboards.context import language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import checked_sort
from dashboards.pages.spares import words
from dashboards.pictures.bars import bars
from dashboards.pictures.figures import significant
from dashboards.pictures.picture import Picture
from dashboards.security.access import Reader, Viewer
from dashboards.security.body_limit import MOST_BYTES
from dashboards.side_work import Busy
from dashboards.spares.lists import Asked, Lists
from dashboards.texts import Language, translator
from telemetry.errors import Problem

router = APIRouter(prefix="/spares", include_in_schema=False)

ROWS = 100
Token = Annotated[str, Path(min_length=16, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Sort = Annotated[str, Query(max_length=40)]
Given = Annotated[str, Form(max_length=30, pattern=r"^[^\x00]*$")]
SORTS: dict[str, Callable[[Line], Any]] = {
    "need": lambda line: -line.order.chance_short,
    "part": lambda line: line.order.part,
    "quantity": lambda line: line.order.quantity,
    "money": lambda line: line.order.money,
    "base_stock": lambda line: line.order.base_stock,
}
"""The list itself is in the order of need for the money."""
_EXAMPLE = {
    "filter-8120": (86.5, 6, [4, 3, 5, 4, 4, 3, 6, 4]),
    "hose-1133": (240.0, 1, [0, 0, 2, 0, 0, 1, 0, 2]),
    "injector-77": (1980.0, 0, [0, 0, 0, 0, 1, 0, 0, 1]),
    "seal-kit-5": (35.0, 4, [0, 12, 0, 0, 1, 0, 0, 4]),
    "belt-2400": (120.0, 8, [1, 9, 2, 1, 0, 14, 1, 3]),
}
"""Price, on hand, and demand that comes again each eight months."""


@router.get("", response_class=HTMLResponse)
def spares_page(request: Request, _viewer: Reader) -> HTMLResponse:
    """Show the form."""
    return _form(request)


@router.post("/lists", response_class=HTMLResponse)
def ask_for_list(
    *,
    request: Request,
    viewer: Reader,
    demand: UploadFile,
    stock: UploadFile,
    target: Given = "95",
    lead_time_months: Given = "3",
    budget: Given = "",
) -> Response:
    """Let a list be made of uploaded tables."""
    given = {"target": target, "lead_time_months": lead_time_months, "budget": budget}
    months = _number(lead_time_months)
    wishes = Wishes(
        target=_number(target) / 100,
        lead_time_months=int(months) if months.is_integer() and abs(months) < 1e6 else 0,
        budget=_number(budget) if budget.strip() else None,
    )
    wrong = tuple(wishes.problems())
    if wrong:
        return _form(request, status=422, given=given, wrong=wrong)
    try:
        token = _lists(request).ask(owner=_owner(viewer), demand=demand.file.read(), stock=stock.file.read(), wishes=wishes)
    except Busy:
        return _form(request, status=503, given=given, is_busy=True)
    return RedirectResponse(f"/spares/lists/{token}", 303)


@router.get("/lists/{token}", response_class=HTMLResponse)
def list_page(*, request: Request, viewer: Reader, token: Token, sort: Sort = "", offset: Offset = 0) -> HTMLResponse:
    """Show a list, or how far it is, or what is wrong with its tables."""
    asked = _asked(request, token, viewer)
    if asked.state == "wrong":
        return _form(request, status=422, given=_given(asked.wishes), mistakes=asked.problems)
    if asked.plan is None:
        return render(request, "spares/waiting.html", asked=asked)
    _ = translator(language_of(request))
    rows = _sorted(asked.plan, sort)
    return render(
        request,
        "spares/list.html",
        asked=asked,
        plan=asked.plan,
        rows=rows[offset : offset + ROWS],
        limit=ROWS,
        offset=offset,
        sort=sort,
        query={"sort": sort},
        address=f"/spares/lists/{token}",
        classes=words.classes(_),
        class_picture=_class_picture(asked.plan, language_of(request)),
        reason=lambda line: words.reason(line, _),
        significant=significant,
        wishes=_given(asked.wishes),
    )


@router.get("/lists/{token}/progress", response_class=HTMLResponse)
def progress(request: Request, viewer: Reader, token: Token) -> HTMLResponse:
    """Give the part of the page that changes while a list is made; once it is over, the page comes anew."""
    asked = _asked(request, token, viewer)
    answer = render(request, "spares/progress.html", asked=asked)
    if not asked.is_under_way:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.get("/lists/{token}/orders.csv", response_class=StreamingResponse)
def orders_table(request: Request, viewer: Reader, token: Token) -> StreamingResponse:
    """Give the whole list as a table for spreadsheets."""
    plan = _plan(request, token, viewer)
    _ = translator(language_of(request))
    header = [_("备件名称"), _("需求类型"), _("ABC-XYZ"), _("基准库存"), _("在库"), _("在途"), _("订购"), _("金额")]
    header += [_("缺货概率"), _("依据"), _("原因")]
    classes, methods = words.classes(_), words.methods(_)
    rows = (
        [part, classes[str(demand_class)], *more, methods[str(method)], words.reason(line, _)]
        for line in plan.lines
        for part, demand_class, *more, method in (line.cells,)
    )
    return csv_response("reorder", header, rows)


@router.get("/lists/{token}/classes.csv", response_class=StreamingResponse)
def classes_table(request: Request, viewer: Reader, token: Token) -> StreamingResponse:
    picture = _class_picture(_plan(request, token, viewer), language_of(request))
    return csv_response("demand-classes", picture.header, picture.rows)


@router.get("/example/demand.csv", response_class=StreamingResponse)
def example_demand(_viewer: Reader) -> StreamingResponse:
    """Give a table of demand to begin with."""
    rows = (
        [part, f"{2024 + month // 12}-{month % 12 + 1:02d}", demand[month % len(demand)]]
        for part, (_price, _there, demand) in _EXAMPLE.items()
        for month in range(24)
        if demand[month % len(demand)]
    )
    return csv_response("demand", ["part", "month", "quantity"], rows)


@router.get("/example/stock.csv", response_class=StreamingResponse)
def example_stock(_viewer: Reader) -> StreamingResponse:
    """Give a table of stock to begin with."""
    header = ["part", "on_hand", "on_order", "price", "lead_time_months", "criticality"]
    rows = ([part, there, 0, price, 2, 1] for part, (price, there, _demand) in _EXAMPLE.items())
    return csv_response("stock", header, rows)


def _form(
    request: Request,
    *,
    status: int = 200,
    given: dict[str, str] | None = None,
    wrong: tuple[Problem, ...] = (),
    mistakes: tuple[Problem, ...] = (),
    is_busy: bool = False,
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    files = {"demand.csv": _("需求表"), "stock.csv": _("库存表"), "": ""}
    return render(
        request,
        "spares/form.html",
        status,
        given=given or _given(Wishes()),
        wrong={one.key: words.mistake(one, language, _) for one in wrong},
        mistakes=[
            (files[one.file.name if one.file else ""], one.line, one.key, words.mistake(one, language, _)) for one in mistakes
        ],
        is_busy=is_busy,
        most_bytes=MOST_BYTES,
        labels=words.wishes(_),
    )


def _lists(request: Request) -> Lists:
    return cast("Lists", request.app.state.reorder_lists)


def _asked(request: Request, token: str, viewer: Viewer) -> Asked:
    found = _lists(request).get(token, owner=_owner(viewer))
    if found is None:
        raise not_found("such list; lists are kept for an hour")
    return found


def _plan(request: Request, token: str, viewer: Viewer) -> ReorderPlan:
    plan = _asked(request, token, viewer).plan
    if plan is None:
        raise not_found("list yet")
    return plan


def _owner(viewer: Viewer) -> tuple[int | None, str]:
    return viewer.user, viewer.name


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _given(wishes: Wishes) -> dict[str, str]:
    budget = "" if wishes.budget is None else f"{wishes.budget:.15g}"
    return {"target": f"{100 * wishes.target:.6g}", "lead_time_months": str(wishes.lead_time_months), "budget": budget}


def _sorted(plan: ReorderPlan, sort: str) -> list[Line]:
    if not sort:
        return list(plan.lines)
    key = SORTS[checked_sort(sort, SORTS).removeprefix("-")]
    return sorted(plan.lines, key=key, reverse=sort.startswith("-"))


def _class_picture(plan: ReorderPlan, language: Language) -> Picture:
    """Draw how many parts are of each class, and how many of these are to be ordered."""
    _ = translator(language)
    names = words.classes(_)
    series = {_("库存中的备件"): plan.classes, _("需要订购"): plan.ordered_classes}
    counts = {title: [float(of[name]) for name in names] for title, of in series.items()}
    return bars(list(names.values()), counts, unit=_("种"), stacked=False, language=language)
