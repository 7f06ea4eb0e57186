"""The demo's city: Jining with its plan of 2018, and the demo's plant as one enterprise whose machines are marked as simulated.

So the count shows honestly that nothing of it is on the cloud, and where each machine is lost.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from device_profiles.profile import load_profile
from registry import areas
from registry.counting.periods import period
from registry.counting.recount import recount
from registry.counting.rule import DEFAULT_FILE, load_rule
from registry.nameplates import nameplate_key
from registry.plans.loading import load_plan
from shangyun.demo.plant import GATEWAY, MACHINES
from store.city_registry import Enterprise, Gateway, Machine, add_enterprise, add_gateway, add_machine
from store.database import Database

CITY, COUNTY = "jining", "jining-rencheng"
USCC = "91370811MA3C00003R"
"""Right by both check digits, and nobody's."""
_BY = "demo"
_ZONE = ZoneInfo("Asia/Shanghai")


def add_demo_city(database: Database) -> None:
    """Register everything and count once; a demo that was run before has it already."""
    areas.load(database, areas.find(CITY))
    load_plan(database, "jining_2018", loaded_by=_BY)
    with database.connection() as connection:
        load_rule(connection, DEFAULT_FILE, made_by=_BY)
        plant = Enterprise(uscc=USCC, name="上云演示厂", area=COUNTY, industry="C34", industry_edition="2017", registered_by=_BY)
        if not add_enterprise(connection, plant):
            return
        certificate = hashlib.sha256(GATEWAY.encode()).digest()
        gateway = Gateway(name=GATEWAY, uscc=USCC, certificate_sha256=certificate, is_simulator=True, enrolled_by=_BY)
        add_gateway(connection, gateway)
        for number, machine in enumerate(MACHINES, 1):
            kind, model = machine.profile.split("/")
            maker, serial_number = "Shangyun", f"SIM-{number:04d}"
            one = Machine(
                uscc=USCC,
                kind=kind,
                label=load_profile(machine.profile).label.zh,
                maker=maker,
                model=model,
                serial_number=serial_number,
                nameplate_key=nameplate_key(maker, model, serial_number),
                registration_code="SIM-1100" if kind == "boiler" else "",
                gateway=GATEWAY,
                equipment_name=machine.name,
                is_simulator=True,
                registered_by=_BY,
            )
            add_machine(connection, one)
    yesterday = datetime.now(UTC).astimezone(_ZONE).date() - timedelta(days=1)
    recount(database, area=CITY, period=period("day", yesterday), made_by=_BY)
