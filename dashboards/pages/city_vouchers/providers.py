"""Providers of cloud services, listed, suspended or struck off, and the catalogue of services."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field

from dashboards.api.city_vouchers import ServiceCode
from dashboards.asking import MOST_ID
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.list_questions import Line
from dashboards.pages.city_vouchers.shared import REFUSALS, show, today_of
from dashboards.security.access import CityOfficer, CityReader, CityRegistrar, Viewer, record_act
from dashboards.settings import WebSettings
from registry.uscc import judge
from registry.vouchers.catalogue import catalogue, unknown
from registry.vouchers.issuing import desk
from registry.vouchers.redeeming import change_provider
from registry.vouchers.words import StepRefused
from store import city_voucher_parties as parties
from store.database import Connection, Database
from telemetry.errors import ShangyunError
from telemetry.settings import Settings

router = APIRouter()
ProviderId = Annotated[int, Path(ge=1, le=MOST_ID)]


class NewProvider(Settings):
    """A provider that wants to be listed."""

    uscc: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*$")]
    name: Annotated[Line, Field(min_length=1)]
    provider_class: Literal["general_platform", "industry_platform", "application"]
    services: Annotated[list[ServiceCode], Field(min_length=1, max_length=93)]
    document: Line = ""


class ProviderChanged(Settings):
    """The city's decision on a provider."""

    state: Literal["listed", "suspended", "struck_off"]
    document: Annotated[Line, Field(min_length=1)]


@router.get("/providers", response_class=HTMLResponse)
def providers_page(request: Request, database: CurrentDatabase, viewer: CityReader, settings: CurrentSettings) -> HTMLResponse:
    return _providers(request, database, viewer, settings)


@router.post("/providers")
def register_provider(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityRegistrar,
    settings: CurrentSettings,
    new: Annotated[NewProvider, Form()],
) -> Response:
    try:
        with database.connection() as connection:
            number = add(connection, viewer.name, new)
            detail = {"name": new.name, "services": new.services}
            record_act(connection, viewer, "city.provider.register", f"provider {number}", detail)
    except REFUSALS as error:
        return _providers(request, database, viewer, settings, problem=error)
    return RedirectResponse("/city/vouchers/providers", 303)


@router.post("/providers/{provider_id}")
def decide_on_provider(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: CityOfficer,
    settings: CurrentSettings,
    provider_id: ProviderId,
    changed: Annotated[ProviderChanged, Form()],
) -> Response:
    try:
        with database.connection() as connection:
            at = desk(connection, viewer.name, zone=settings.time_zone)
            change_provider(at, provider_id, changed.state, document=changed.document)
            detail = changed.model_dump()
            record_act(connection, viewer, f"city.provider.{changed.state}", f"provider {provider_id}", detail)
    except REFUSALS as error:
        return _providers(request, database, viewer, settings, problem=error)
    return RedirectResponse("/city/vouchers/providers", 303)


def add(connection: Connection, actor: str, new: NewProvider) -> int:
    """Register a provider, which is not listed yet.

    Raises
    ------
    StepRefused
        If its code is none, or registered, or the catalogue does not have a service.
    """
    judged = judge(new.uscc)
    if judged.is_refused:
        raise StepRefused(f"统一社会信用代码：{judged.hint_zh}", f"unified social credit code: {judged.hint_en}")
    wrong = unknown(new.services)
    if wrong:
        raise StepRefused(f"目录中没有服务 {wrong[0]}", f"the catalogue has no service {wrong[0]}")
    number = parties.add_provider(
        connection,
        uscc=judged.code,
        name=new.name,
        provider_class=new.provider_class,
        services=new.services,
        document=new.document,
        now=datetime.now(UTC),
        actor=actor,
    )
    if number is None:
        raise StepRefused(f"服务商 {judged.code} 已登记", f"the provider {judged.code} is registered already")
    return number


def _providers(
    request: Request, database: Database, viewer: Viewer, settings: WebSettings, *, problem: ShangyunError | None = None
) -> HTMLResponse:
    with database.connection() as connection:
        rows = parties.providers(connection, day=today_of(settings))
    may_become = parties.PROVIDER_STATES
    next_states = {one.id: [state for state in may_become if state in may_become[one.state]] for one in rows}
    groups = [(group, one) for one in catalogue().classes for group in one.group]
    codes = {(one.group_zh, one.zh): one.code for one in catalogue().services()}
    return show(
        request,
        viewer,
        "providers",
        part="providers",
        problem=problem,
        providers=rows,
        next_states=next_states,
        groups=groups,
        codes=codes,
        classes=catalogue().classes,
    )
