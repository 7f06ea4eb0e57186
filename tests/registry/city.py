"""A small city for tests: areas, and enterprises with codes that are right."""

from registry.uscc import check_character, inner_check_character
from store.city_registry import Area, Enterprise, Gateway, Machine, add_enterprise, add_gateway, add_machine, save_areas
from store.database import Connection

CITY, COUNTY, OTHER_COUNTY = "jining", "jining-rencheng", "jining-yanzhou"
_AREAS = (
    Area(code=CITY, level="city", label_zh="济宁市", label_en="Jining", division_codes=("370800",), source="test"),
    Area(
        code=COUNTY,
        parent=CITY,
        level="county",
        label_zh="任城区",
        label_en="Rencheng",
        division_codes=("370811",),
        source="test",
    ),
    Area(
        code=OTHER_COUNTY,
        parent=CITY,
        level="county",
        label_zh="兖州区",
        label_en="Yanzhou",
        division_codes=("370812",),
        source="test",
    ),
)


def code_of(number: int, *, division: str = "370811", head: str = "91") -> str:
    """Make the right code of the enterprise with a number."""
    organisation = f"MA3{number:05d}"
    first_17 = f"{head}{division}{organisation}{inner_check_character(organisation)}"
    return first_17 + check_character(first_17)


def add_city(connection: Connection) -> None:
    """Add the city with its two counties."""
    save_areas(connection, _AREAS)


def enterprise(connection: Connection, number: int = 1, *, area: str = COUNTY, **values: object) -> str:
    """Register an enterprise and give its code."""
    uscc = str(values.pop("uscc", code_of(number)))
    filled = {"name": f"企业{number}", "registered_by": "test", **values}
    assert add_enterprise(connection, Enterprise(uscc=uscc, area=area, **filled))  # type: ignore[arg-type]
    return uscc


def gateway(connection: Connection, name: str, uscc: str, *, certificate: bytes | None = None, is_simulator: bool = False) -> str:
    """Enrol a gateway with a certificate of its own."""
    sha256 = certificate or name.encode().ljust(32, b"-")[:32]
    assert add_gateway(
        connection,
        Gateway(name=name, uscc=uscc, certificate_sha256=sha256, is_simulator=is_simulator, enrolled_by="test"),
    )
    return name


def machine(connection: Connection, uscc: str, *, kind: str = "boiler", number: int = 1, **values: object) -> int:
    """Register a machine with a nameplate of its own."""
    serial = f"SN{uscc[-5:]}{number:04d}"
    filled = {
        "label": f"设备{number}",
        "maker": "济锅",
        "model": "WNS10",
        "serial_number": serial,
        "nameplate_key": f"济锅|WNS10|{serial}",
        "registration_code": f"1100{serial}" if kind == "boiler" else "",
        "registered_by": "test",
        **values,
    }
    return add_machine(connection, Machine(uscc=uscc, kind=kind, **filled))  # type: ignore[arg-type]
