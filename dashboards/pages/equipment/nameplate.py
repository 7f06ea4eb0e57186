"""The nameplate of a machine, and the form to fill it in.

Rated values are written one a line as ``name: value unit``, documents as ``title address``.
"""

import math
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from dashboards.api.maintenance import Day, Maintainer
from dashboards.context import CurrentDatabase, language_of
from dashboards.list_questions import Line, Text
from dashboards.live.state import Machine
from dashboards.pages.equipment.machine import SeenMachine, back_to, show_part
from dashboards.security.access import Reader, record_act
from dashboards.texts import Language, Translate, translator
from device_profiles.kind import Role
from store.database import Database
from store.nameplates import Nameplate, nameplate, save_nameplate
from telemetry.settings import Settings

router = APIRouter()

MOST_LINES = 50
_ADDRESSES = ("https://", "http://", "/")


class FilledPlate(Settings):
    """What the form sends."""

    maker: Line = ""
    model: Line = ""
    serial_number: Line = ""
    made_year: Annotated[int, Field(ge=1850, le=2100)] | None = None
    commissioned_on: Day | None = None
    location: Line = ""
    area: Line = ""
    responsible: Line = ""
    rated: Text = ""
    documents: Text = ""


@router.get("/nameplate", response_class=HTMLResponse)
def machine_nameplate(request: Request, machine: SeenMachine, _viewer: Reader, database: CurrentDatabase) -> HTMLResponse:
    return _part(request, machine, database)


@router.post("/nameplate")
def fill_in(
    *,
    request: Request,
    machine: SeenMachine,
    viewer: Maintainer,
    database: CurrentDatabase,
    filled: Annotated[FilledPlate, Form()],
) -> Response:
    _ = translator(language_of(request))
    rated, wrong_rated = _rated(filled.rated, _)
    documents, wrong_documents = _documents(filled.documents, _)
    if wrong_rated or wrong_documents:
        errors = {"rated": wrong_rated, "documents": wrong_documents}
        return _part(request, machine, database, filled=filled, errors=errors, status=422)
    texts = filled.model_dump(exclude={"rated", "documents"})
    save_nameplate(database, Nameplate(equipment_id=machine.equipment.id, rated=rated, documents=documents, **texts))
    record_act(database, viewer, "nameplate.save", f"equipment {machine.equipment.id}", filled.model_dump(mode="json"))
    return back_to(machine, "nameplate")


def _part(
    request: Request,
    machine: Machine,
    database: Database,
    *,
    filled: FilledPlate | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    plate = nameplate(database, machine.equipment.id)
    return show_part(
        request,
        machine,
        "nameplate.html",
        _("铭牌"),
        status=status,
        plate=plate,
        told=_told(machine, language),
        form=filled or _as_filled(plate),
        errors=errors or {},
    )


def _told(machine: Machine, language: Language) -> list[tuple[str, str]]:
    """Give what the machine says of itself by signals."""
    return [
        (getattr(signal.label, language), f"{machine.shown(name)} {'' if signal.unit == '1' else signal.unit}".strip())
        for name, signal in machine.kind.signals.items()
        if signal.role is Role.NAMEPLATE and name in machine.cells and machine.cells[name].value is not None
    ]


def _as_filled(plate: Nameplate | None) -> FilledPlate:
    """Write a nameplate as the form shows it; what another program stored there is not held against the form's bounds."""
    if plate is None:
        return FilledPlate()
    return FilledPlate.model_construct(
        maker=plate.maker,
        model=plate.model,
        serial_number=plate.serial_number,
        made_year=plate.made_year,
        commissioned_on=plate.commissioned_on,
        location=plate.location,
        area=plate.area,
        responsible=plate.responsible,
        rated="\n".join(f"{name}: {' '.join(map(_written, value))}".strip() for name, value in plate.rated.items()),
        documents="\n".join(f"{one['title']} {one['address']}" for one in plate.documents),
    )


def _rated(text: str, _: Translate) -> tuple[dict[str, list[float | str]], str]:
    """Read rated values; the second is what is wrong."""
    found: dict[str, list[float | str]] = {}
    for line in _lines(text):
        name, colon, rest = line.replace("：", ":", 1).partition(":")
        value, _space, unit = rest.strip().partition(" ")
        if not (colon and name.strip() and value):
            return {}, _("“{line}”不是“名称: 数值 单位”的形式", line=line[:60])
        number = _number(value)
        found[name.strip()] = [rest.strip(), ""] if number is None else [number, unit.strip()]
    if len(found) > MOST_LINES:
        return {}, _("最多 {count} 行", count=MOST_LINES)
    return found, ""


def _documents(text: str, _: Translate) -> tuple[list[dict[str, str]], str]:
    found = []
    for line in _lines(text):
        title, _space, address = line.rpartition(" ")
        if not address.startswith(_ADDRESSES) or address.startswith("//"):
            return [], _("“{line}”不以 https://、http:// 或 / 开头的地址结尾", line=line[:60])
        found.append({"title": title.strip() or address, "address": address})
    if len(found) > MOST_LINES:
        return [], _("最多 {count} 行", count=MOST_LINES)
    return found, ""


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _written(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"
