"""Usage statements: machines with their chains, whether these hold now, and the files for who wants to check them elsewhere."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from analytics.leasing.chain import Break
from analytics.statements.checking import broken_in, check_chain
from dashboards.asking import EquipmentId, Offset, Search
from dashboards.context import CurrentDatabase, language_of, render
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.list_questions import MOST_IN_FILE, checked_sort
from dashboards.pages.statements.days import day_of
from dashboards.plant_time import plant_time, utc_text
from dashboards.security.access import Reader, Viewer
from dashboards.texts import Translate, translator
from store.database import Database
from store.statements import ORDERS, Chain, chains, public_keys, statements

router = APIRouter(prefix="/statements", include_in_schema=False)

ROWS = 50
DAYS = 100
Sort = Annotated[str, Query(max_length=40)]


@router.get("", response_class=HTMLResponse)
def statements_page(
    *,
    request: Request,
    database: CurrentDatabase,
    viewer: Reader,
    search: Search = "",
    sort: Sort = "machine",
    offset: Offset = 0,
) -> HTMLResponse:
    sort = checked_sort(sort, ORDERS)
    total, rows = chains(database, gateways=viewer.gateways, search=search, sort=sort, limit=ROWS, offset=offset)
    keys = public_keys(database)
    return render(
        request,
        "statements/list.html",
        rows=rows,
        total=total,
        limit=ROWS,
        offset=offset,
        sort=sort,
        query={"search": search, "sort": "" if sort == "machine" else sort},
        search=search,
        keys=[(key_id, keys[key_id].hex()) for key_id in sorted({one.key_id for one in rows} & keys.keys())],
        local_time=plant_time(request.app.state.settings),
    )


@router.get("/machines.csv", response_class=StreamingResponse)
def machines_table(
    *, request: Request, database: CurrentDatabase, viewer: Reader, search: Search = "", sort: Sort = "machine"
) -> StreamingResponse:
    """Give all machines that have statements as a table for spreadsheets."""
    _ = translator(language_of(request))
    order = checked_sort(sort, ORDERS)
    _total, rows = chains(database, gateways=viewer.gateways, search=search, sort=order, limit=MOST_IN_FILE)
    header = [_("网关"), _("设备"), _("声明数"), _("第一天"), _("最后一天"), _("最新哈希"), _("密钥编号"), _("生成时间（UTC）")]
    return csv_response(
        "statement-chains",
        header,
        (
            [
                *(one.gateway, one.machine, one.days, one.first_day.isoformat(), one.last_day.isoformat()),
                *(one.newest_hash.hex(), one.key_id, utc_text(one.made_at)),
            ]
            for one in rows
        ),
    )


@router.get("/{equipment_id}/state", response_class=HTMLResponse)
def chain_state(request: Request, database: CurrentDatabase, viewer: Reader, equipment_id: EquipmentId) -> HTMLResponse:
    """Check one chain now; the list asks for each row by itself, for a year of days takes a tenth of a second."""
    _seen_chain(database, viewer, equipment_id)
    broken = check_chain(database, equipment_id)
    _ = translator(language_of(request))
    return render(request, "statements/state.html", broken=broken, why=_why(broken, _))


@router.get("/{equipment_id}", response_class=HTMLResponse)
def machine_page(
    *, request: Request, database: CurrentDatabase, viewer: Reader, equipment_id: EquipmentId, offset: Offset = 0
) -> HTMLResponse:
    """Show one chain: whether it holds, the key, and its days, the newest first."""
    chain = _seen_chain(database, viewer, equipment_id)
    rows = statements(database, equipment_id)
    broken = broken_in(rows, database)
    key = public_keys(database).get(chain.key_id)
    _ = translator(language_of(request))
    return render(
        request,
        "statements/machine.html",
        chain=chain,
        broken=broken,
        why=_why(broken, _),
        public_key="" if key is None else key.hex(),
        rows=[day_of(row) for row in rows[::-1][offset : offset + DAYS]],
        total=len(rows),
        limit=DAYS,
        offset=offset,
        query={},
        regions=_regions(_),
        flags=_flags(_),
        local_time=plant_time(request.app.state.settings),
    )


@router.get("/{equipment_id}/days.csv", response_class=StreamingResponse)
def days_table(request: Request, database: CurrentDatabase, viewer: Reader, equipment_id: EquipmentId) -> StreamingResponse:
    """Give one machine's days as a table for spreadsheets; what is signed is in the JSON lines."""
    _seen_chain(database, viewer, equipment_id)
    _ = translator(language_of(request))
    header = [_("编号"), _("日期"), _("运转小时"), _("怠速小时"), _("油耗（L）"), _("日末小时计"), _("区域"), _("提示")]
    header += [_("存疑"), _("故障码"), _("完整率"), _("哈希")]
    regions, flags = _regions(_), _flags(_)

    def cells() -> Iterator[list[object]]:
        for one in map(day_of, statements(database, equipment_id)):
            yield [
                *(one.number, one.day, one.hours, one.idle_hours, one.fuel_litres, one.engine_hours_at_end),
                *(regions.get(one.region, ""), "; ".join(flags.get(name, name) for name in one.flags)),
                *("; ".join(one.doubtful), "; ".join(one.codes), one.completeness, one.hash),
            ]

    return csv_response("usage-statements", header, cells())


def _seen_chain(database: Database, viewer: Viewer, equipment_id: int) -> Chain:
    _total, found = chains(database, gateways=viewer.gateways, equipment_id=equipment_id, limit=1)
    if not found:
        raise not_found(f"statement of machine {equipment_id}")
    return found[0]


def _why(broken: Break | None, _: Translate) -> str:
    """Say where and why a chain breaks."""
    if broken is None:
        return ""
    reasons: dict[str, Any] = {
        "not_canonical": _("不是规范的记录"),
        "number": _("编号不连续"),
        "previous": _("与前一条不衔接"),
        "hash": _("生成后被改动"),
        "signature": _("签名与密钥不符"),
        "day": _("日期不对"),
        "machine": _("属于另一台设备"),
        "end": _("末尾缺少记录"),
    }
    return str(_("第 {number} 条：{reason}", number=broken.line, reason=reasons[broken.why]))


def _regions(_: Translate) -> dict[str, str]:
    return {
        "not_agreed": _("未约定"),
        "unknown": _("无定位"),
        "inside": _("区域内"),
        "outside": _("区域外"),
        "returned": _("曾离开"),
    }


def _flags(_: Translate) -> dict[str, str]:
    return {
        "counter_decrease": _("计数器倒退"),
        "engine_on_for_nothing": _("长时间空转"),
        "offline": _("长时间离线"),
        "left_region": _("离开约定区域"),
        "power_cut": _("主电源被断"),
    }
