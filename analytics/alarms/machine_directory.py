"""Which machines there are, as the database knows them."""

from dataclasses import dataclass, field

from device_profiles.kind import kind_names
from store.database import Database
from store.equipment import earlier_names, list_equipment
from store.sites import gateway_sites, list_sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Machines of known kinds, by name and by id; an earlier name leads to its machine."""

    by_name: dict[tuple[str, str], int] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    gateways: dict[int, str] = field(default_factory=dict)
    """Gateway of each machine."""
    names: dict[int, str] = field(default_factory=dict)
    """Each machine as GATEWAY/NAME."""
    sites: dict[str, str] = field(default_factory=dict)
    """Name of the site of each gateway that stands at one."""

    def of_kind(self, kind: str) -> list[int]:
        return [number for number, its in self.kinds.items() if its == kind]


def read_directory(database: Database) -> Directory:
    machines = [machine for machine in list_equipment(database) if machine.kind in kind_names()]
    earlier = earlier_names(database)
    by_name = {
        (gateway, name): machine.id
        for machine in machines
        for gateway, _, name in (earlier_name.partition("/") for earlier_name in earlier.get(machine.id, ()))
    }
    site_names = {site.id: site.name for site in list_sites(database)}
    return Directory(
        by_name=by_name | {(machine.gateway, machine.name): machine.id for machine in machines},
        kinds={machine.id: machine.kind for machine in machines},
        gateways={machine.id: machine.gateway for machine in machines},
        names={machine.id: f"{machine.gateway}/{machine.name}" for machine in machines},
        sites={gateway: site_names[site] for gateway, site in gateway_sites(database).items() if site in site_names},
    )
