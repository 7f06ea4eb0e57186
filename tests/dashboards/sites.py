"""Three sites to visit: a new one with nothing in it, a small one where everything has happened once, and a large one."""

import contextlib
import json
import math
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle, product
from pathlib import Path
from urllib.parse import urlsplit

from analytics.alarms.acts import ProcessChange, act, record_changes
from analytics.alarms.kind_rules import rules_of
from analytics.alarms.rules import Priority, Rule
from analytics.alarms.states import Deed
from dashboards.settings import WebSettings
from device_profiles.kind import Signal, kind_names, load_kind
from registry.plans.loading import load_plan
from registry.projects.templates import template
from registry.stars.edition import DEFAULT
from registry.stars.procedure import draft
from shangyun.local_servers import Broker, free_port
from store.alarm_rules import KindRule, synchronise_kind_rules
from store.alarms import ConditionFilter, ConditionKey, list_conditions
from store.capacity_market import Request, add_request, hold
from store.city_projects import add_project
from store.database import Database
from store.equipment import EquipmentRegister, list_equipment
from store.kind_tables import ROLLUPS
from store.maintenance_log import MaintenanceEntry, add_entry
from store.nameplates import Nameplate, save_nameplate
from store.production import NewPlan, add_plan, adopt_plan, documents, finish_plan, plans, save_capability
from store.results import Finding, Kpi, findings, write_findings, write_kpis
from store.rollups import refresh
from store.sites import add_site, assign_gateway
from store.work_orders import WorkOrder, change_work_order, open_work_order
from telemetry.mqtt import BrokerSettings
from telemetry.quality import Quality
from telemetry.topics import state_topic
from tests.dashboards.plant import Filler, Plant, Publisher, is_well, serving, wait_until
from tests.registry import counted_city
from tests.registry.stars import suzhou
from tests.registry.vouchers.town import Town

HOME, AWAY = "works-jinan", "works-weifang"
ROW_SECONDS = 20
LARGE_MACHINES, LARGE_GATEWAYS, LARGE_ALARMS = 10_000, 200, 1_000
HOSTILE = "<script>alert(1)</script>"
LATCHED = "latched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What somebody needs to visit it; ``machines`` are its numbers by kind, one of each."""

    name: str
    address: str
    database: str
    machines: Mapping[str, int]
    gateway: str | None = None
    finding: int | None = None
    order: int | None = None
    alarm: int | None = None
    plan: int | None = None
    capacity_request: int | None = None
    reservation: int | None = None
    enterprise: str | None = None
    city_machine: int | None = None
    star_application: int | None = None
    project: int | None = None
    voucher: int | None = None


Fill = Callable[[Database], dict[str, object]]
"""Fills a database, and gives what `Site` tells of it."""


@contextlib.contextmanager
def running_site(name: str, *, server: str, template: str, folder: Path) -> Iterator[Site]:
    """Serve one of `SITES` from a fresh database, with a broker of its own: a shared one keeps what other gateways said."""
    with (
        fresh_database(server, template) as database,
        Database(database) as opened,
        Broker.mosquitto(folder, free_port()) as broker,
    ):
        told = SITES[name](opened)
        settings = WebSettings(
            database=database,
            broker=BrokerSettings(host=broker.host, port=broker.port),
            stale_seconds=3600,  # nothing comes in while the pages are looked at
        )
        with serving(settings) as address, contextlib.closing(Publisher(broker)) as publisher:
            wait_until(lambda: is_well(address))
            if name == "small":
                say_how_gateways_are(publisher)
            yield Site(name=name, address=address, database=database, **told)  # type: ignore[arg-type]  # by name


@contextlib.contextmanager
def fresh_database(server: str, template: str) -> Iterator[str]:
    """Copy the template, for longer than one test."""
    name = f"site_{uuid.uuid4().hex[:16]}"
    with Database(server) as opened:
        with opened.autocommit() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            with opened.autocommit() as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


# --- the empty one --------------------------------------------------------------------------------------------------


def fill_nothing(_: Database) -> dict[str, object]:
    return {"machines": {}}


# --- the small one --------------------------------------------------------------------------------------------------


def fill_small(database: Database) -> dict[str, object]:
    """Two machines of each kind behind two gateways at two sites, and each thing that a page can show at least once."""
    now = datetime.now(UTC)
    filler = Filler(database)
    for gateway in (HOME, AWAY):
        send_an_hour(filler, Plant(gateway), now.timestamp())
        with database.connection() as connection:
            labels = {"label_zh": f"厂区 {gateway}", "label_en": f"Works {gateway}"}
            site = add_site(connection, {"name": gateway, **labels, "time_zone": "Asia/Shanghai"})
            assert site is not None
            assign_gateway(connection, gateway, site)
    for rollup in ROLLUPS.values():
        refresh(database, rollup, now=now)
    machines = {one.kind: one.id for one in list_equipment(database) if one.gateway == HOME}
    alarm = raise_every_alarm(database, machines, now)
    finding, order = report_and_repair(database, machines["boiler"], alarm, now)
    told = plan_and_sell(database, machines["cnc_machine"], now) | city_of_all(database)
    return {"machines": machines, "gateway": HOME, "finding": finding, "order": order, "alarm": alarm} | told


def city_of_all(database: Database) -> dict[str, object]:
    """Count a city with everything that its pages show."""
    with database.connection() as connection:
        counted = counted_city.fill(connection)
        star = suzhou.enterprise()
        suzhou.add_county(connection, star)
        application = draft(connection, star, DEFAULT, suzhou.filled(star.uscc), actor="officer-1")
        chosen = template("jinan_2020")
        project = add_project(
            connection,
            uscc=counted.enterprises[0],
            title="Boiler house",
            template="jinan_2020",
            provider="",
            codes=chosen.codes,
            actor="officer-1",
        )
    load_plan(database, "jining_2018", loaded_by="test")
    town = Town(database)
    town.grant(100_000)
    voucher = town.issued(number=500)
    with database.connection() as connection:  # names as people gave them have no translation
        connection.execute("UPDATE city.enterprise SET name = 'Works ' || right(uscc, 6)")
        connection.execute("UPDATE city.machine SET label = 'Machine ' || id, maker = 'Jiguo'")
        connection.execute("UPDATE city.declaration SET document = 'Inventory'")
        connection.execute("UPDATE city.voucher_provider SET name = 'Provider ' || id, document = 'List of 2018'")
    return {
        "enterprise": counted.enterprises[0],
        "city_machine": counted.machine_lost_at("completeness"),
        "star_application": application,
        "project": project,
        "voucher": voucher,
    }


def send_an_hour(filler: Filler, plant: Plant, now: float) -> None:
    times = [now - back for back in range(3600, 0, -ROW_SECONDS)]
    for kind in map(load_kind, kind_names()):
        signals = {name: kind.signals[name] for name in kind.numeric_signals}
        rows = {at: {name: plausible(signal, at) for name, signal in signals.items()} for at in times}
        first_real = next(name for name, signal in signals.items() if signal.normal)
        qualities = {first_real: int(Quality.BAD_SENSOR_FAILURE)} if plant.gateway == AWAY else None
        filler.commit(plant.bundle(plant.batch(f"{kind.name.replace('_', '-')}-1", kind.name, rows, qualities)))


def plausible(signal: Signal, at: float) -> float:
    """Give a value inside the normal band that moves with time; machines run."""
    if signal.states:
        return float(signal.states[min(3, len(signal.states) - 1)].code)
    if signal.normal:
        low, high = signal.normal
        return low + (high - low) * (0.55 + 0.3 * math.sin(at / 300))
    return 0.0 if signal.type == "boolean" else 120.0 if signal.type == "integer" else at % 1_000_000


def raise_every_alarm(database: Database, machines: Mapping[str, int], now: datetime) -> int:
    """Make a condition stand in each priority and state, and one shelved, suppressed and out of service; give one that calls."""
    all_rules = {kind: rules_of(load_kind(kind)) for kind in machines}
    wanted = list(product(Priority, ("unacknowledged", "acknowledged", "returned", LATCHED)))
    wanted += [(Priority.LOW, "shelved"), (Priority.MEDIUM, "suppressed"), (Priority.HIGH, "out_of_service")]
    free = ((kind, rule) for turn in range(2) for kind in machines for rule in all_rules[kind][turn : turn + 1])
    chosen: list[tuple[ConditionKey, Rule, str]] = []
    for (priority, state), (kind, rule) in zip(wanted, free, strict=False):
        changed = rule.model_copy(update={"priority": priority, "latch": state == LATCHED})
        chosen.append((ConditionKey(machines[kind], rule.name), changed, state))
    assert len(chosen) == len(wanted)
    rules = {rule.name: rule for of_kind in all_rules.values() for rule in of_kind} | {rule.name: rule for _, rule, _ in chosen}
    synchronise_kind_rules(
        database, [KindRule(rule.name, rule.kind, rule.model_dump(mode="json")) for rule in rules.values()], now=now
    )
    # Two minutes apart: so many at once would be a flood, which the large site has.
    times = {key: now - timedelta(minutes=2 * number + 1) for number, (key, _, _) in enumerate(reversed(chosen))}
    for key, _, state in chosen:
        suppressed = True if state == "suppressed" else None
        change = ProcessChange(key, times[key], is_active=True, is_suppressed=suppressed, value=1.5, limit_value=1.0)
        record_changes(database, [change], rules, now=times[key])
    numbers = {
        (one.condition.equipment_id, one.condition.rule): one.condition.id
        for one in list_conditions(database, ConditionFilter(view="all"))
    }
    for key, _, state in chosen:
        number = numbers[key.equipment_id, key.rule]
        if state in ("returned", LATCHED):
            record_changes(database, [ProcessChange(key, now, is_active=False, value=0.9)], rules, now=now)
        if state in ("acknowledged", LATCHED):
            act(database, [number], Deed.ACKNOWLEDGE, actor="operator-1", now=now, note=f"Seen {HOSTILE}")
        if state == "shelved":
            until = now + timedelta(hours=2)
            act(database, [number], Deed.SHELVE, actor="operator-1", now=now, note="Sensor is being replaced", until=until)
        if state == "out_of_service":
            act(database, [number], Deed.TAKE_OUT_OF_SERVICE, actor="engineer-1", now=now, note="Overhaul")
    return next(numbers[key.equipment_id, key.rule] for key, _, state in chosen if state == "unacknowledged")


def report_and_repair(database: Database, boiler: int, alarm: int, now: datetime) -> tuple[int, int]:
    """Let an analytic have run, somebody have worked on it, and a nameplate be filled in; give the finding and the order."""
    day = timedelta(days=1)
    steps = [round((now - timedelta(minutes=10 * n)).timestamp() * 1000) for n in range(30, 0, -1)]
    finding = Finding(
        equipment_id=boiler,
        analytic="boiler.faults",
        code="gas_side_fouling",
        title={"zh": "烟气侧积灰", "en": f"Fouling {HOSTILE}"},
        severity="high",
        since=now - 5 * day,
        seen_at=now,
        confidence=0.8,
        advice={"zh": "吹灰", "en": "Blow the soot"},
        evidence=[
            {
                "form": "series",
                "label": {"zh": "排烟温度残差", "en": "Residual of the stack temperature"},
                "unit": "K",
                "times": steps,
                "columns": {"residual": [n / 3 for n in range(30)]},
                "band": [-3, 3],
            },
            {"form": "table", "header": ["tube", "°C"], "rows": [["3", 251.5]]},
        ],
        effect={"energy": [12_000, "kWh"]},
        source="GB/T 10180-2017",
    )
    write_findings(database, [finding])
    figure = Kpi(
        equipment_id=boiler,
        name="efficiency",
        start=now - day,
        end=now,
        value=91.2,
        unit="%",
        uncertainty=0.8,
        analytic="boiler.losses",
    )
    missing = Kpi(
        equipment_id=boiler,
        name="coverage",
        start=now - day,
        end=now,
        value=None,
        unit="%",
        validity="not_evaluated",
        reason="fuel_flow has no values",
        analytic="boiler.losses",
    )
    write_kpis(database, [figure, missing])
    number = findings(database)[1][0].id
    order = WorkOrder(
        equipment_id=boiler,
        title=f"Blow the soot {HOSTILE}",
        text="Before Friday",
        priority="high",
        opened_at=now - day,
        opened_by="operator-1",
        assigned_to="Fitter",
        due_on=now.date(),
        finding_id=number,
    )
    opened = open_work_order(database, order)
    done = open_work_order(
        database,
        WorkOrder(equipment_id=boiler, title="Low water", opened_at=now - day, opened_by="operator-1", condition_id=alarm),
    )
    change_work_order(database, done, actor="fitter-1", now=now, state="done", note="Probe cleaned", hours=1.5, cost=300.0)
    add_entry(
        database,
        MaintenanceEntry(equipment_id=boiler, time=now - 3 * day, work="inspection", text=HOSTILE, author="fitter-1"),
    )
    save_nameplate(
        database,
        Nameplate(
            equipment_id=boiler,
            maker="Jinan Boiler Works",
            model="SZS 10-1.25",
            serial_number="JB-2019-117",
            made_year=2019,
            commissioned_on=now.date().replace(year=2020, day=1),
            rated={"steam_flow": [10, "t/h"]},
            location="Hall 1",
            area="Utilities",
            responsible="Shift A",
            documents=[{"title": "Manual", "address": "https://example.com/manual.pdf"}],
        ),
    )
    return number, opened


def plan_and_sell(database: Database, machine: int, now: datetime) -> dict[str, object]:
    """Let a plan hold for the machine tool at home, and hold an hour of the time that it leaves free."""
    day, minutes = 1440, [0, 300, 400, 1500]
    operations = [
        {"name": str(step), "minutes": {"cnc-machine-1": 90}, "family": "", "can_pause": True} for step in range(len(minutes))
    ]
    new = NewPlan(
        gateway=HOME,
        title=f"Week {HOSTILE}",
        origin=now.replace(second=0, microsecond=0),
        zone="Asia/Shanghai",
        made_by="engineer-1",
        seconds_limit=30,
        aims={"makespan": 1, "tardiness": 10, "setup": 0},
        orders=[{"name": "A-17", "release_minute": 0, "due_minute": day, "weight": 1, "operations": operations}],
        machines=[
            {
                "name": "cnc-machine-1",
                "equipment_id": machine,
                "shifts": "1-7 00:00-24:00",
                "sold": [],
                "family": "",
                "from_minute": 0,
                "closed": [[500, 560]],
            }
        ],
        setups=[],
        down_until={},
    )
    measures = {"makespan_minutes": 1590, "weighted_tardiness": 150, "late_jobs": 1, "setup_minutes": 0}
    outcome = {
        "seconds": 12.5,
        "cost": 3090,
        "bound": 2800,
        "floor_cost": 3500,
        "method": "cp_sat",
        "rule": "EDD, active",
        "measures": measures,
        "rule_measures": measures,
        "plan": [["A-17", str(step), "cnc-machine-1", at, at + 90] for step, at in enumerate(minutes)],
    }
    with database.connection() as connection:
        number = add_plan(connection, new, now=now)
    finish_plan(database, number, outcome, now=now)
    plan = plans(database, now=now, plan_id=number)[1][0]
    asked = Request(
        gateway=HOME,
        asked_at=now,
        asked_by="engineer-1",
        buyer=f"ACME {HOSTILE}",
        title="Brackets",
        demand={
            "process": "milling",
            "axes": 3,
            "size_mm": [100, 80, 50],
            "mass_kg": 2,
            "tolerance_mm": 0.02,
            "material": "",
            "certificates": [],
            "regions": [],
        },
        quantity=20,
        minutes_a_part=Decimal(3),
        can_pause=True,
        earliest=now,
        due=now + timedelta(days=5),
        price_cap=Decimal(900),
    )
    capability = {
        "processes": ["milling", "drilling"],
        "axes": 5,
        "envelope_mm": [500, 400, 300],
        "load_kg": 200,
        "tolerance_mm": 0.01,
        "materials": ["steel"],
        "certificates": [],
        "region": "Jinan",
    }
    with database.connection() as connection:
        adopt_plan(connection, plan, documents(database, number), actor="engineer-1", now=now)
        prices = {"hour_price": Decimal("180.00"), "setup_price": Decimal("30.00")}
        save_capability(connection, machine, capability=capability, **prices, actor="engineer-1", now=now)
        request = add_request(connection, asked)
    reservation = hold(
        database,
        request_id=request,
        gateway=HOME,
        plan_id=number,
        equipment_id=machine,
        start=now + timedelta(minutes=120),
        end=now + timedelta(minutes=180),
        price=Decimal("210.00"),
        held_until=now + timedelta(hours=1),
        actor="engineer-1",
        now=now,
    )
    return {"plan": number, "capacity_request": request, "reservation": reservation}


def say_how_gateways_are(publisher: Publisher) -> None:
    """Publish the state of both gateways, as `edge_gateway.publisher` lays it out: one well, one with all that can be wrong."""
    now = time.time()
    gap = {
        "reason": "age",
        "first_seq": 1,
        "last_seq": 9,
        "from_us": round((now - 9000) * 1e6),
        "to_us": round((now - 8000) * 1e6),
        "bundles": 9,
        "row_count": 90,
    }
    for gateway, is_well_there in ((HOME, True), (AWAY, False)):
        spool = {
            "epoch": 7,
            "bundles": 0 if is_well_there else 1234,
            "bytes": 0 if is_well_there else 5_000_000,
            "oldest_us": None if is_well_there else round((now - 3600) * 1e6),
            "working": is_well_there,
            "gaps": [] if is_well_there else [gap],
        }
        told = {
            "online": True,
            "gateway": gateway,
            "version": "0.3.0",
            "profiles": {} if is_well_there else {"nobody/knows": "0123456789abcdef"},
            "equipment": {},
            "connections": {"line-1": True, "line-2": is_well_there},
            "reload": {"result": "done", "detail": ""} if is_well_there else {"result": "refused", "detail": HOSTILE},
            "spool": spool,
        }
        publisher.send_raw(state_topic(gateway), json.dumps(told).encode())


# --- the large one --------------------------------------------------------------------------------------------------


def fill_large(database: Database) -> dict[str, object]:
    """Register machines of all kinds with a newest row each, and a flood of alarms."""
    now = datetime.now(UTC)
    names = [
        (f"gateway-{number % LARGE_GATEWAYS:03}", f"{kind.replace('_', '-')}-{number:05}", kind)
        for number, kind in zip(range(LARGE_MACHINES), cycle(kind_names()), strict=False)
    ]
    EquipmentRegister(database).require(names)
    with database.connection() as connection:
        for kind in map(load_kind, kind_names()):
            values = {name: plausible(kind.signals[name], now.timestamp()) for name in kind.numeric_signals}
            connection.execute(
                b'INSERT INTO reading.latest (equipment_id, time, "values", qualities)'
                b" SELECT id, %s, %s, '{}' FROM reading.equipment WHERE kind = %s",
                [now - timedelta(minutes=1), json.dumps(values), kind.name],
            )
        for number in range(2):
            labels = {"label_zh": f"厂区 {number}", "label_en": f"Works {number}"}
            site = add_site(connection, {"name": f"works-{number}", **labels, "time_zone": "Asia/Shanghai"})
            assert site is not None
            for gateway in range(number, LARGE_GATEWAYS, 2):
                assign_gateway(connection, f"gateway-{gateway:03}", site)
    found = list_equipment(database)
    of_kind = {kind: rules_of(load_kind(kind)) for kind in kind_names()}
    rules = {rule.name: rule for rules in of_kind.values() for rule in rules}
    synchronise_kind_rules(
        database, [KindRule(rule.name, rule.kind, rule.model_dump(mode="json")) for rule in rules.values()], now=now
    )
    changes = [
        ProcessChange(
            ConditionKey(machine.id, of_kind[machine.kind][number % len(of_kind[machine.kind])].name),
            now - timedelta(minutes=9) * (1 - number / LARGE_ALARMS),
            is_active=True,
            value=1.5,
            limit_value=1.0,
        )
        for number, machine in enumerate(found[:LARGE_ALARMS])
    ]
    record_changes(database, changes, rules, now=now)
    with database.autocommit() as connection:
        connection.execute(b"ANALYZE")
    return {"machines": {one.kind: one.id for one in reversed(found)}, "gateway": found[0].gateway}


SITES: dict[str, Fill] = {"empty": fill_nothing, "small": fill_small, "large": fill_large}
