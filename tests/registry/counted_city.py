"""A city that has been counted: fourteen areas, all kinds, machines lost at each test, months frozen and today's count."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from device_profiles.kind import kind_names
from store.city_registry import Area, Department, save_areas, save_departments
from store.database import Connection
from tests.registry import city

TODAY = date(2026, 11, 25)
RULE = "2026.1"
MONTHS = 7
COUNTIES = (
    ("rencheng", "任城区", "Rencheng"),
    ("yanzhou", "兖州区", "Yanzhou"),
    ("qufu", "曲阜市", "Qufu"),
    ("sishui", "泗水县", "Sishui"),
    ("zoucheng", "邹城市", "Zoucheng"),
    ("weishan", "微山县", "Weishan"),
    ("yutai", "鱼台县", "Yutai"),
    ("jinxiang", "金乡县", "Jinxiang"),
    ("jiaxiang", "嘉祥县", "Jiaxiang"),
    ("wenshang", "汶上县", "Wenshang"),
    ("liangshan", "梁山县", "Liangshan"),
    ("gaoxin", "济宁高新区", "Jining high-tech zone"),
    ("taibaihu", "太白湖新区", "Taibai Lake new district"),
    ("jingkai", "济宁经济技术开发区", "Jining economic and technological development zone"),
)
TESTS = (
    "",
    "",
    "",
    "",
    "",
    "identity",
    "nameplate",
    "gateway",
    "data",
    "completeness",
    "continuity",
    "authenticity",
    "hold",
    "retired",
)
"""What machines come to, in turn: five of fourteen count."""
REASONS: dict[str, dict[str, object]] = {
    "": {"code": "counts", "window": 30, "days": 29, "needed": 20},
    "retired": {"code": "retired", "on": "2026-10-01"},
    "identity": {"code": "code_for_review", "problem": "inner_check"},
    "nameplate": {"code": "nameplate_incomplete", "missing": ["serial_number"]},
    "gateway": {"code": "no_gateway"},
    "data": {"code": "nothing_came", "gateway": "gw-1", "equipment": "machine-1"},
    "completeness": {
        "code": "points_lacked",
        "of": 28,
        "least_points": 2,
        "points": 2,
        "days": 12,
        "needed": 20,
        "lacking": {"temperature": 16},
    },
    "continuity": {"code": "days_lacked", "window": 30, "days": 9, "needed": 20, "last_day": "2026-11-25"},
    "authenticity": {"code": "suspicion_confirmed", "id": 7, "method": "flatlined"},
    "hold": {"code": "on_hold", "reason": "site visit"},
}
"""As `registry.counting` writes them."""
STATES = {"": "verified", "data": "registered", "gateway": "registered", "identity": "registered", "nameplate": "registered"}
DEPARTMENT = "jining-industry"
PARAMETERS = {"window_days": 30, "least_valid_days": 20, "least_points": "all", "silent_after_days": 3}


@dataclass(kw_only=True)
class CountedCity:
    """What the tests need to know of it."""

    months: list[int] = field(default_factory=list)
    """Numbers of the frozen months, oldest first."""
    today: int = 0
    machines: list[int] = field(default_factory=list)
    lost_at: dict[int, str] = field(default_factory=dict)
    enterprises: list[str] = field(default_factory=list)

    def machine_lost_at(self, test: str) -> int:
        return next(machine for machine, lost_at in self.lost_at.items() if lost_at == test)


def fill(connection: Connection, *, counties: int = len(COUNTIES), enterprises: int = 3, machines: int = 4) -> CountedCity:
    """Register ``enterprises`` in each county with ``machines`` each, and freeze seven months and today's count of them."""
    made = CountedCity()
    source = "test"
    save_areas(connection, [Area(code=city.CITY, level="city", label_zh="济宁市", label_en="Jining", source=source)])
    codes = [f"{city.CITY}-{name}" for name, _, _ in COUNTIES[:counties]]
    save_areas(
        connection,
        [
            Area(code=code, parent=city.CITY, level="county", label_zh=zh, label_en=en, source=source)
            for code, (_, zh, en) in zip(codes, COUNTIES, strict=False)
        ],
    )
    save_departments(
        connection,
        [Department(code=DEPARTMENT, area=city.CITY, label_zh="工业和信息化局", label_en="Industry bureau", source=source)],
    )
    kinds = kind_names()
    for number in range(counties * enterprises):
        uscc = city.enterprise(
            connection,
            number,
            area=codes[number % counties],
            name=f"济宁第{number}机械制造有限公司",
            department=DEPARTMENT if number % 2 else None,
        )
        made.enterprises.append(uscc)
        gateway = city.gateway(connection, f"gw-{number}", uscc)
        for place in range(machines):
            index = number * machines + place
            machine = city.machine(
                connection,
                uscc,
                kind=kinds[index % len(kinds)],
                number=place,
                gateway=gateway,
                equipment_name=f"machine-{place}",
            )
            made.machines.append(machine)
            made.lost_at[machine] = "data" if number % 5 == 4 else TESTS[index * 5 % len(TESTS)]  # each fifth sends nothing
        connection.execute(
            "INSERT INTO city.declaration VALUES (%s, 2026, %s, %s, '2026-01-31', '设备台账')", [uscc, kinds[0], machines + 2]
        )
    connection.execute(
        "INSERT INTO city.rule (version, parameters, document, made_by) VALUES (%s, %s, 'test', 'test')",
        [RULE, json.dumps(PARAMETERS)],
    )
    for back in range(MONTHS, 0, -1):
        last = TODAY.replace(month=TODAY.month - back + 1, day=1) - timedelta(days=1)
        made.months.append(freeze(connection, made, form="month", last=last, fewer=back))
    made.today = freeze(connection, made, form="day", last=TODAY, fewer=0)
    return made


def freeze(connection: Connection, made: CountedCity, *, form: str, last: date, fewer: int, replaces: int | None = None) -> int:
    """Write a snapshot in which every ``fewer``-th of the machines that count has not been heard of yet."""
    rows = connection.execute(
        """SELECT m.id, m.uscc, e.area, m.kind, e.department, e.sector FROM city.machine m JOIN city.enterprise e USING (uscc)
           ORDER BY m.id"""
    ).fetchall()
    found = [(*row, _outcome(made, row[0], fewer)) for row in rows]
    counted = Counter(row[1] for row in found if row[6] == "")
    first = last.replace(day=1) if form == "month" else last
    (snapshot,) = connection.execute(
        """INSERT INTO city.snapshot (form, first_day, last_day, area, rule_version, parameters, watermark, hash, machines,
             counted, enterprises, on_cloud, new_on_cloud, made_at, made_by, replaces, why)
           VALUES (%s, %s, %s, %s, %s, %s, 1000, sha256(%s), %s, %s, %s, %s, %s, %s, 'test', %s, %s) RETURNING id""",
        [
            *(form, first, last, city.CITY, RULE, json.dumps(PARAMETERS), f"{form} {last} {replaces}".encode()),
            *(len(found), sum(counted.values()), len(made.enterprises), len(counted), min(len(counted), 3)),
            *(datetime(last.year, last.month, last.day, 18, tzinfo=UTC), replaces, "更正" if replaces else ""),
        ],
    ).fetchone() or (0,)
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO city.snapshot_machine (snapshot_id, machine_id, equipment_id, uscc, area, kind, state, lost_at, reason,
                 inputs, first_day, last_day, data_days, complete_days)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '{}', %s, %s, %s, %s)""",
            [(snapshot, *_machine_row(row, last)) for row in found],
        )
        cursor.executemany(
            "INSERT INTO city.snapshot_enterprise VALUES (%s, %s, %s, %s, 'industry', %s, %s, %s, %s, %s)",
            [
                (snapshot, uscc, area, department, machines, counted[uscc], machines + 2, counted[uscc] > 0, number < 3)
                for number, (uscc, area, department, machines) in enumerate(_enterprises(found, counted))
            ],
        )
    return int(snapshot)


def _outcome(made: CountedCity, machine: int, fewer: int) -> str:
    lost_at = made.lost_at[machine]
    return "data" if lost_at == "" and fewer and made.machines.index(machine) % 8 < fewer else lost_at


def _machine_row(row: Sequence[object], last: date) -> tuple[object, ...]:
    machine, uscc, area, kind, _, _, lost_at = row
    has_data = lost_at not in ("data", "gateway", "identity", "nameplate", "retired")
    days = {"continuity": 9, "completeness": 28}.get(str(lost_at), 29) if has_data else 0
    complete = 12 if lost_at == "completeness" else days
    state = "retired" if lost_at == "retired" else STATES.get(str(lost_at), "reporting")
    equipment = machine if has_data else None
    return (
        machine,
        equipment,
        uscc,
        area,
        kind,
        state,
        lost_at,
        json.dumps(REASONS[str(lost_at)], ensure_ascii=False),
        last - timedelta(days=29) if days else None,
        last if days else None,
        days,
        complete,
    )


def _enterprises(found: Sequence[Sequence[object]], counted: Counter[object]) -> list[tuple[str, object, object, int]]:
    machines = Counter(row[1] for row in found)
    facts = {row[1]: (row[2], row[4]) for row in found}
    on_cloud_first = sorted(facts, key=lambda uscc: (-min(counted[uscc], 1), str(uscc)))
    return [(str(uscc), *facts[uscc], machines[uscc]) for uscc in on_cloud_first]


def add_days(connection: Connection, equipment_id: int, *, kind: str, days: int = 30, last: date = TODAY) -> None:
    """Write what came of a machine: every seventh day nothing, every fifth only one of two points."""
    (points,) = connection.execute(
        """INSERT INTO city.point_set (kind, signals) VALUES (%s, %s)
           ON CONFLICT (kind, signals) DO UPDATE SET kind = excluded.kind RETURNING id""",
        [kind, ["power", "temperature"]],
    ).fetchone() or (0,)
    for back in range(days):
        if back % 7 != 6:
            connection.execute(
                "INSERT INTO city.day_fact VALUES (%s, %s, nextval('city.day_fact_number'), %s, %s, %s)",
                [equipment_id, last - timedelta(days=back), points, 24, [24, 0 if back % 5 == 4 else 20]],
            )
