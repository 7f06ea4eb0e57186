"""Tables of a frozen count: its machines with where each was lost, and its enterprises."""

from collections.abc import Iterator
from typing import Any

from registry.exports.tables import Column, Table
from store.city_snapshots import Snapshot, snapshot_enterprises, snapshot_machines
from store.database import Database

_PIECE = 5000
MACHINE_COLUMNS = (
    Column("machine_id", "设备编号", "Machine", "integer", 10),
    Column("uscc", "统一社会信用代码", "Unified social credit code", "text", 22),
    Column("enterprise", "企业名称", "Enterprise", "text", 30),
    Column("label", "设备名称", "Label", "text", 18),
    Column("area", "统计区域", "Area", "text", 20),
    Column("department", "责任部门", "Department", "text", 20),
    Column("kind", "设备类型", "Kind", "text", 18),
    Column("state", "状态", "State", "text", 12),
    Column("lost_at", "未通过的检验", "Test not passed", "text", 14),
    Column("first_day", "首次数据日", "First day with data", "day", 12),
    Column("last_day", "最近数据日", "Last day with data", "day", 12),
    Column("data_days", "有数据天数", "Days with data", "integer", 12),
    Column("complete_days", "完整天数", "Complete days", "integer", 12),
)
ENTERPRISE_COLUMNS = (
    Column("uscc", "统一社会信用代码", "Unified social credit code", "text", 22),
    Column("name", "企业名称", "Enterprise", "text", 30),
    Column("area", "统计区域", "Area", "text", 20),
    Column("department", "责任部门", "Department", "text", 20),
    Column("sector", "统计类别", "Sector", "text", 18),
    Column("machines", "登记设备", "Machines", "integer", 10),
    Column("counted", "上云设备", "On the cloud", "integer", 10),
    Column("declared", "申报重点设备", "Declared", "integer", 12),
    Column("is_on_cloud", "上云企业", "Is on the cloud", "boolean", 10),
    Column("is_new", "新增", "Is new", "boolean", 8),
)


def machines_of(database: Database, snapshot: Snapshot) -> Table:
    """Give all machines of a count, read piece by piece."""
    return Table(title=f"设备 {snapshot.last_day}", columns=MACHINE_COLUMNS, rows=_machine_rows(database, snapshot.id))


def enterprises_of(database: Database, snapshot: Snapshot) -> Table:
    return Table(title=f"企业 {snapshot.last_day}", columns=ENTERPRISE_COLUMNS, rows=_enterprise_rows(database, snapshot.id))


def _machine_rows(database: Database, snapshot_id: int) -> Iterator[list[Any]]:
    offset = 0
    while rows := snapshot_machines(database, snapshot_id, limit=_PIECE, offset=offset)[1]:
        for row in rows:
            yield [getattr(row, column.name) for column in MACHINE_COLUMNS]
        offset += len(rows)


def _enterprise_rows(database: Database, snapshot_id: int) -> Iterator[list[Any]]:
    offset = 0
    while rows := snapshot_enterprises(database, snapshot_id, limit=_PIECE, offset=offset)[1]:
        for row in rows:
            yield [getattr(row, column.name) for column in ENTERPRISE_COLUMNS]
        offset += len(rows)
