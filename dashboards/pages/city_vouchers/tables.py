"""The tables of the pages as files for spreadsheets."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import StreamingResponse

from dashboards.api.city_vouchers import VouchersAsked
from dashboards.context import CurrentDatabase, CurrentSettings, language_of
from dashboards.csv_table import csv_response
from dashboards.list_questions import MOST_IN_FILE
from dashboards.pages.city_vouchers.batches import BatchId
from dashboards.pages.city_vouchers.budgets import caps_of
from dashboards.pages.city_vouchers.shared import percent, today_of
from dashboards.plant_time import utc_text
from dashboards.security.access import CityReader
from dashboards.texts import Language, translator
from registry.vouchers import words
from registry.vouchers.catalogue import catalogue
from registry.vouchers.issuing import newest_policy
from store import city_budgets
from store import city_voucher_parties as parties
from store.city_vouchers import Voucher, vouchers, vouchers_of_batch

router = APIRouter()
AreaAsked = Annotated[str, Query(max_length=100, pattern=r"^[a-z0-9-]+$")]
YearAsked = Annotated[int, Query(ge=2000, le=2100)]


@router.get("/vouchers.csv", response_class=StreamingResponse)
def vouchers_table(request: Request, database: CurrentDatabase, _viewer: CityReader, asked: VouchersAsked) -> StreamingResponse:
    """Give vouchers and applications, at most 20,000."""
    language = language_of(request)
    _total, rows = vouchers(database, **vars(asked), limit=MOST_IN_FILE)
    return csv_response("cloud-vouchers", _voucher_header(language), (_voucher_row(one, language) for one in rows))


@router.get("/batches/{batch_id}/publicity.csv", response_class=StreamingResponse)
def publicity_table(request: Request, database: CurrentDatabase, _viewer: CityReader, batch_id: BatchId) -> StreamingResponse:
    """Give the list of a batch as it is publicised."""
    _ = translator(language_of(request))
    with database.connection() as connection:
        rows = vouchers_of_batch(connection, batch_id)
    if not rows and not parties.batches(database, batch_id):
        raise HTTPException(404, f"there is no batch {batch_id}")
    header = [_("券号"), _("企业"), _("统一社会信用代码"), _("服务商"), _("券面额（元）"), _("兑付金额（元）")]
    shown = ([one.number, one.enterprise, one.uscc, one.provider, one.amount, one.redeemed] for one in rows)
    return csv_response(f"publicity-{batch_id}", header, shown)


@router.get("/batches.csv", response_class=StreamingResponse)
def batches_table(request: Request, database: CurrentDatabase, _viewer: CityReader) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    header = [_("区域"), _("半年"), _("券数"), _("待审核"), _("已拨付"), _("券面额（元）"), _("兑付金额（元）")]
    header += [_("公示日期"), _("公示截止")]
    rows = (
        [
            *(one.area_zh if language == "zh" else one.area_en, f"{one.year}H{one.half}", one.vouchers, one.not_reviewed),
            *(one.paid, one.amount, one.redeemed, one.published_on, one.last_day),
        ]
        for one in parties.batches(database)
    )
    return csv_response("voucher-batches", header, rows)


@router.get("/budgets.csv", response_class=StreamingResponse)
def budgets_table(request: Request, database: CurrentDatabase, _viewer: CityReader) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    header = [
        _("区域"),
        _("年度"),
        _("预算（元）"),
        _("已预留（元）"),
        _("已拨付（元）"),
        _("余额（元）"),
        _("已发放"),
        _("排队"),
    ]
    rows = (
        [
            *(one.label_zh if language == "zh" else one.label_en, one.year, one.granted, one.reserved, one.paid, one.free),
            *(one.vouchers, one.waiting),
        ]
        for one in city_budgets.budgets(database)
    )
    return csv_response("voucher-budgets", header, rows)


@router.get("/ledger.csv", response_class=StreamingResponse)
def ledger_table(
    request: Request, database: CurrentDatabase, _viewer: CityReader, area: AreaAsked, year: YearAsked
) -> StreamingResponse:
    """Give every line of a county's year."""
    _ = translator(language_of(request))
    header = [_("时间（UTC）"), _("类别"), _("金额（元）"), _("券号"), _("经办人"), _("文件或说明")]
    rows = (
        [utc_text(one.time), one.kind, one.amount, one.number, one.actor, one.note]
        for one in city_budgets.ledger(database, area, year)
    )
    return csv_response(f"voucher-ledger-{area}-{year}", header, rows)


@router.get("/silent.csv", response_class=StreamingResponse)
def silent_table(request: Request, database: CurrentDatabase, _viewer: CityReader) -> StreamingResponse:
    """Give, of all vouchers in redemption or paid, what came from the enterprise's machines."""
    language = language_of(request)
    _ = translator(language)
    header = [_("券号"), _("企业"), _("统一社会信用代码"), _("区域"), _("状态"), _("券面额（元）"), _("半年"), _("从"), _("到")]
    header += [_("登记设备"), _("有数据的天数"), _("最后有数据的一天"), _("结论")]
    said = {True: _("没有数据"), False: _("有数据")}
    with database.connection() as connection:
        found = parties.evidence(connection)
    rows = (
        [
            *(one.number, one.enterprise, one.uscc, one.area_zh if language == "zh" else one.area_en),
            *(getattr(words.STATES[one.state], language), one.amount, f"{one.year}H{one.half}", one.first_day, one.last_day),
            *(one.machines, one.days, one.last_day_with_data),
            said[one.is_silent] if one.is_known else _("无法判断"),
        ]
        for one in found
    )
    return csv_response("paid-but-silent", header, rows)


@router.get("/providers.csv", response_class=StreamingResponse)
def providers_table(
    request: Request, database: CurrentDatabase, _viewer: CityReader, settings: CurrentSettings
) -> StreamingResponse:
    language = language_of(request)
    _ = translator(language)
    header = [_("服务商"), _("统一社会信用代码"), _("类别"), _("状态"), _("服务"), _("券数"), _("依据文件")]
    with database.connection() as connection:
        found = parties.providers(connection, day=today_of(settings))
    rows = (
        [
            *(one.name, one.uscc, getattr(words.PROVIDER_CLASSES[one.provider_class], language)),
            *(getattr(words.PROVIDER_STATES[one.state], language), " ".join(one.services), one.vouchers, one.document),
        ]
        for one in found
    )
    return csv_response("cloud-providers", header, rows)


@router.get("/catalogue.csv", response_class=StreamingResponse)
def catalogue_table(request: Request, _viewer: CityReader) -> StreamingResponse:
    """Give the 93 services with their codes."""
    language = language_of(request)
    _ = translator(language)
    classes = {one.code: getattr(one, language) for one in catalogue().classes}
    rows = (
        [one.code, classes[one.class_code], one.group_zh if language == "zh" else one.group_en, getattr(one, language)]
        for one in catalogue().services()
    )
    return csv_response("cloud-services", [_("代码"), _("大类"), _("子类"), _("服务")], rows)


@router.get("/calculator.csv", response_class=StreamingResponse)
def caps_table(request: Request, database: CurrentDatabase, _viewer: CityReader) -> StreamingResponse:
    """Give the fees at which the caps bind, by year and reading."""
    _ = translator(language_of(request))
    with database.connection() as connection:
        rows = caps_of(newest_policy(connection))
    modes = {"points": _("按百分点"), "relative": _("按比例")}
    header = [_("年度"), _("递减读法"), _("补贴比例"), _("普通上限起效费用（元）"), _("有证书上限起效费用（元）")]
    shown = ([year, modes[mode], percent(rate), plain, more] for year, mode, rate, plain, more in rows)
    return csv_response("voucher-caps", header, shown)


def _voucher_header(language: Language) -> list[str]:
    _ = translator(language)
    return [
        *(_("申请编号"), _("券号"), _("企业"), _("统一社会信用代码"), _("区域"), _("状态"), _("排队时间（UTC）"), _("服务商")),
        *(
            _("合同"),
            _("标价（元）"),
            _("服务商让利（元）"),
            _("财政补贴（元）"),
            _("企业支付（元）"),
            _("补贴比例"),
            _("发放日期"),
        ),
        *(_("半年"), _("兑付金额（元）"), _("拨付日期")),
    ]


def _voucher_row(one: Voucher, language: Language) -> list[object]:
    return [
        *(one.id, one.number or "", one.enterprise, one.uscc, one.area_zh if language == "zh" else one.area_en),
        *(getattr(words.STATES[one.state], language), "" if one.queued_at is None else utc_text(one.queued_at), one.provider),
        *(one.contract, one.list_price, one.provider_discount, one.amount, one.enterprise_pays),
        *("" if one.rate is None else percent(one.rate), one.issued_on),
        *("" if one.batch_year is None else f"{one.batch_year}H{one.batch_half}", one.redeemed, one.paid_on),
    ]
