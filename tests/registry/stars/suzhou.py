"""A county of Jiangsu with an enterprise that applies for stars, and what machines and people prove of it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from registry.stars.edition import DEFAULT, edition
from registry.stars.forms import Filled, read_form
from registry.stars.measuring import Month
from store.city_registry import Area, Enterprise, Gateway, Machine, add_enterprise, add_gateway, add_machine, save_areas
from store.database import Connection
from store.sites import add_site, assign_gateway
from tests.registry.city import code_of
from tests.registry.stars.table_facts import CORE, DEEP, LEAST, NINE, SIX

ZONE = ZoneInfo("Asia/Shanghai")
APRIL = date(2018, 4, 10)
NOW = datetime(2018, 4, 20, 4, tzinfo=UTC)
MARCH = datetime(2018, 3, 10, 4, tzinfo=UTC)
MARCH_2018 = Month(date(2018, 3, 1), ZONE)
RULES = edition(DEFAULT)
_AREAS = (
    Area(code="jiangsu", level="province", label_zh="江苏省", label_en="Jiangsu", division_codes=("320000",), source="test"),
    Area(
        code="suzhou",
        parent="jiangsu",
        level="city",
        label_zh="苏州市",
        label_en="Suzhou",
        division_codes=("320500",),
        source="test",
    ),
    Area(
        code="kunshan",
        parent="suzhou",
        level="county",
        label_zh="昆山市",
        label_en="Kunshan",
        division_codes=("320583",),
        source="test",
    ),
    Area(code="jining", level="city", label_zh="济宁市", label_en="Jining", division_codes=("370800",), source="test"),
)


def enterprise(number: int = 1, *, area: str = "kunshan", **changed: object) -> Enterprise:
    uscc = str(changed.pop("uscc", code_of(number, division="320583")))
    filled = {"name": f"昆山企业{number}", "industry": "C34", "industry_edition": "2017", "registered_by": "test", **changed}
    return Enterprise(uscc=uscc, area=area, **filled)  # type: ignore[arg-type]


def add_county(connection: Connection, *enterprises: Enterprise) -> None:
    save_areas(connection, _AREAS)
    for one in enterprises:
        assert add_enterprise(connection, one)


def fields(uscc: str, star: int = 3, **changed: str) -> dict[str, str]:
    """Fill the form in, just for a number of stars; an empty text leaves a field out."""
    least = LEAST[star]
    made = {
        "star": str(star),
        "deployment": "public",
        "name": "昆山企业",
        "nature": "有限责任公司",
        "registered_address": "昆山市前进路1号",
        "registration_number": uscc,
        "legal_representative": "王某",
        "contact_name": "李某",
        "contact_mobile": "13800000000",
        "people": "100",
        "cloud_users": "4",
        "cloud_partner": "某云",
        "cloud_since": "2017-06",
        "industry": "制造业",
        "planned_month": "2018-04",
        "content_summary": "ERP、MES 上云",
        "performance_summary": "运维成本下降",
        "value.R6": str(least["R6"]),
        "document.R6": "审计报告",
        "value.R11": str(least["R11"]),
        "document.R11": "合同 HT-1",
        "paper.licence": "执照",
        "paper.public_contract": "HT-1",
    }
    for items, row in ((SIX, "R1"), (NINE, "R2"), (CORE, "R4"), (DEEP, "R5")):
        for code in items[: least[row]]:
            made |= {f"has.{code}": "1", f"text.{code}": "在用", f"document.{code}": "HT-1"}
    return {name: text for name, text in (made | changed).items() if text}


def filled(uscc: str, star: int = 3, changed: Mapping[str, str] | None = None) -> Filled:
    return read_form(RULES, fields(uscc, star, **(changed or {})))


def prove(connection: Connection, uscc: str, star: int = 3, *, month: Month = MARCH_2018) -> int:
    """Measure in a month just what a number of stars needs of R7 to R10; give the number of the machine."""
    least = LEAST[star]
    gateway = f"gateway-{uscc[-8:]}"
    add_gateway(
        connection, Gateway(name=gateway, uscc=uscc, certificate_sha256=gateway.encode().ljust(32)[:32], enrolled_by="test")
    )
    machine = Machine(
        uscc=uscc, kind="boiler", gateway=gateway, equipment_name="boiler-1", nameplate_key=uscc, registered_by="test"
    )
    number = add_machine(connection, machine)
    connection.execute(b"INSERT INTO reading.equipment (gateway, name, kind) VALUES (%s, 'boiler-1', 'boiler')", [gateway])
    per_day = least["R10"]
    for day in range(month.days):
        add_hour(connection, gateway, month.start + timedelta(days=day, hours=12), per_day)
    site = add_site(connection, {"name": gateway, "label_zh": "厂", "label_en": "Plant", "time_zone": "Asia/Shanghai"})
    assert site is not None
    assign_gateway(connection, gateway, site)
    people = -(-4 * least["R7"] // 100)
    for person in range(people):
        add_person(connection, f"{gateway}-{person}", [site], seen_at=month.start + timedelta(days=9))
    add_host(connection, uscc, cpu=least["R8"], received=least["R9"] * 10_000, start=month.start + timedelta(days=9))
    return number


def add_hour(connection: Connection, gateway: str, time: datetime, count: int) -> None:
    connection.execute(
        b"INSERT INTO reading.boiler_1h (time, equipment_id, steam_flow_count, steam_pressure_count)"
        b" SELECT %s, id, %s, %s FROM reading.equipment WHERE gateway = %s",
        [time, count, count // 2, gateway],
    )


def add_person(
    connection: Connection, name: str, sites: list[int] | None, *, role: str = "operator", seen_at: datetime | None = None
) -> None:
    ((user,),) = connection.execute(
        b"INSERT INTO web.user (name, password_hash, role, sites) VALUES (%s, 'none', %s, %s) RETURNING id", [name, role, sites]
    ).fetchall()
    if seen_at:
        connection.execute(
            b"INSERT INTO web.session (token_hash, user_id, created_at, seen_at, idle_seconds, expires_at, address, agent)"
            b" VALUES (%s, %s, %s, %s, 1e9, %s, '', '')",
            [name.encode(), user, seen_at, seen_at, seen_at + timedelta(days=10_000)],
        )


def add_host(
    connection: Connection,
    uscc: str,
    *,
    cpu: float,
    received: int,
    is_shared: bool = False,
    host: str = "ecs-1",
    start: datetime = MARCH,
) -> None:
    """Add the use of a host in 100 s, in which its 80 kbit/s could carry a million bytes."""
    connection.execute(
        b"INSERT INTO city.host_use (uscc, host, start_time, end_time, is_shared, cpu_percent, received_bytes, sent_bytes,"
        b" bandwidth_bits_per_second, document, recorded_by) VALUES (%s, %s, %s, %s, %s, %s, %s, 0, 80000, 'report', 'test')",
        [uscc, host, start, start + timedelta(seconds=100), is_shared, cpu, received],
    )


def add_snapshot(
    connection: Connection, uscc: str, machine: int, *, last_day: date, area: str = "kunshan", state: str = "verified"
) -> int:
    """Freeze a monthly count that counts one machine of an enterprise."""
    connection.execute(
        b"INSERT INTO city.rule (version, parameters, document, made_by) VALUES ('test', '{}', 'test', 'test')"
        b" ON CONFLICT DO NOTHING"
    )
    ((snapshot,),) = connection.execute(
        b"INSERT INTO city.snapshot (form, first_day, last_day, area, rule_version, parameters, watermark, hash, machines,"
        b" counted, enterprises, on_cloud, new_on_cloud, made_by)"
        b" VALUES ('month', %s, %s, 'suzhou', 'test', '{}', 0, %s, 1, 1, 1, 1, 1, 't')"
        b" RETURNING id",
        [last_day.replace(day=1), last_day, bytes(32)],
    ).fetchall()
    connection.execute(
        b"INSERT INTO city.snapshot_machine (snapshot_id, machine_id, equipment_id, uscc, area, kind, state, lost_at, reason,"
        b" inputs, data_days, complete_days)"
        b" SELECT %s, m.id, e.id, m.uscc, %s, 'boiler', %s, '', '{}', '{}', 30, 30 FROM city.machine m"
        b" JOIN reading.equipment e ON e.gateway = m.gateway AND e.name = m.equipment_name WHERE m.id = %s",
        [snapshot, area, state, machine],
    )
    connection.execute(
        b"INSERT INTO city.snapshot_enterprise (snapshot_id, uscc, area, sector, machines, counted, is_on_cloud, is_new)"
        b" VALUES (%s, %s, %s, 'industry', 1, 1, true, true)",
        [snapshot, uscc, area],
    )
    return int(snapshot)


def add_run(connection: Connection, machine: int, analytic: str, day: date, *, evaluated: int = 1) -> None:
    connection.execute(
        b"INSERT INTO result.run (equipment_id, analytic, day, evaluated, not_evaluated, failed, last_start, last_end,"
        b" last_result, last_detail, seconds) SELECT e.id, %s, %s, %s, 0, 0, now(), now(), 'evaluated', '', 0 FROM city.machine m"
        b" JOIN reading.equipment e ON e.gateway = m.gateway AND e.name = m.equipment_name WHERE m.id = %s",
        [analytic, day, evaluated, machine],
    )
