"""The tables of the enterprise pages as files for spreadsheets."""

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from dashboards.api.city_enterprises import Asked, Code, find_rows, reason_texts, seen_enterprise
from dashboards.context import CurrentDatabase, CurrentSettings, language_of
from dashboards.csv_table import csv_response
from dashboards.list_questions import MOST_IN_FILE
from dashboards.pages.city_enterprises import words
from dashboards.plant_time import utc_text
from dashboards.security.access import CityReader
from dashboards.texts import translator
from registry.counting.words import name_of_state
from store.city_lists import declarations_of_enterprise, gateways_of_enterprise, labels_of_enterprise, list_machines
from store.city_registry import areas, departments

router = APIRouter()


@router.get("/list.csv", response_class=StreamingResponse)
def enterprises_table(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, asked: Asked
) -> StreamingResponse:
    """Give all enterprises that fit, not only those of one page."""
    language = language_of(request)
    _ = translator(language)
    _total, rows = find_rows(database, settings, asked, limit=MOST_IN_FILE)
    area_names, sectors, counts = words.area_names(areas(database), language), words.sectors(_), words.counts(_)
    names = {one.code: getattr(one, f"label_{language}") for one in departments(database)}
    labels = words.label_names(language)
    header = [
        _("统一社会信用代码"),
        _("企业名称"),
        _("统计区域"),
        _("责任部门"),
        _("总公司信用代码"),
        _("统计类别"),
        _("行业代码"),
    ]
    header += [
        _("称号"),
        _("已登记设备"),
        _("计入设备"),
        _("上云状态"),
        _("代码待复核"),
        _("登记时间（UTC）"),
        _("注销时间（UTC）"),
    ]
    return csv_response(
        "city-enterprises",
        header,
        (
            [
                *(one.uscc, one.name, words.shown(area_names, one.area), words.shown(names, one.department), one.head_uscc or ""),
                *(sectors[one.sector], one.industry, "; ".join(labels[label] for label in one.labels), one.machines),
                *("" if one.counted is None else one.counted, counts[words.count_of(one)]),
                *(_("是") if one.code_state == "for_review" else _("否"), utc_text(one.registered_at)),
                "" if one.retired_at is None else utc_text(one.retired_at),
            ]
            for one in rows
        ),
    )


@router.get("/{uscc}/machines.csv", response_class=StreamingResponse)
def machines_table(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, uscc: Code
) -> StreamingResponse:
    found, _row = seen_enterprise(database, settings, uscc)
    language = language_of(request)
    _ = translator(language)
    _total, rows = list_machines(database, found.uscc, limit=MOST_IN_FILE)
    header = [
        _("设备编号"),
        _("设备类型"),
        _("设备名称"),
        _("制造商"),
        _("型号"),
        _("出厂编号"),
        _("特种设备注册代码"),
        _("制造年份"),
    ]
    header += [
        _("安装地点"),
        _("网关"),
        _("网关内设备名"),
        _("模拟器"),
        _("铭牌重复"),
        _("统计状态"),
        _("未计入的原因"),
        _("退役时间（UTC）"),
    ]
    yes_or_no = {True: _("是"), False: _("否")}
    return csv_response(
        f"machines-{found.uscc}",
        header,
        (
            [
                *(one.id, words.kind_name(one.kind, language), one.label, one.maker, one.model, one.serial_number),
                *(one.registration_code, one.made_year or "", one.place, one.gateway, one.equipment_name),
                *(yes_or_no[one.is_simulator], yes_or_no[one.has_twin]),
                *("" if one.state is None else name_of_state(one.state, language), (reason_texts(one) or {}).get(language, "")),
                "" if one.retired_at is None else utc_text(one.retired_at),
            ]
            for one in rows
        ),
    )


@router.get("/{uscc}/labels.csv", response_class=StreamingResponse)
def labels_table(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, uscc: Code
) -> StreamingResponse:
    found, _row = seen_enterprise(database, settings, uscc)
    language = language_of(request)
    _ = translator(language)
    names, levels = words.label_names(language), words.level_names(language)
    header = [_("称号"), _("级别"), _("标杆类型"), _("有效期起"), _("有效期止"), _("依据文件"), _("记录人")]
    return csv_response(
        f"labels-{found.uscc}",
        header,
        (
            [
                *(names[one.label], levels[one.level], one.form, one.valid_from.isoformat()),
                *("" if one.valid_to is None else one.valid_to.isoformat(), one.document, one.recorded_by),
            ]
            for one in labels_of_enterprise(database, found.uscc)
        ),
    )


@router.get("/{uscc}/declarations.csv", response_class=StreamingResponse)
def declarations_table(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, uscc: Code
) -> StreamingResponse:
    found, _row = seen_enterprise(database, settings, uscc)
    language = language_of(request)
    _ = translator(language)
    header = [_("年度"), _("设备类型"), _("重点设备台数"), _("申报日期"), _("依据文件")]
    return csv_response(
        f"declarations-{found.uscc}",
        header,
        (
            [one.year, words.kind_name(one.kind, language), one.machines, one.declared_on.isoformat(), one.document]
            for one in declarations_of_enterprise(database, found.uscc)
        ),
    )


@router.get("/{uscc}/gateways.csv", response_class=StreamingResponse)
def gateways_table(
    *, request: Request, database: CurrentDatabase, settings: CurrentSettings, _viewer: CityReader, uscc: Code
) -> StreamingResponse:
    found, _row = seen_enterprise(database, settings, uscc)
    _ = translator(language_of(request))
    header = [
        _("网关"),
        _("证书指纹（SHA-256）"),
        _("模拟器"),
        _("设备数"),
        _("入网时间（UTC）"),
        _("入网办理人"),
        _("吊销时间（UTC）"),
    ]
    return csv_response(
        f"gateways-{found.uscc}",
        header,
        (
            [
                *(one.name, one.certificate_sha256.hex(), _("是") if one.is_simulator else _("否"), one.machines),
                *(utc_text(one.enrolled_at), one.enrolled_by, "" if one.revoked_at is None else utc_text(one.revoked_at)),
            ]
            for one in gateways_of_enterprise(database, found.uscc)
        ),
    )
