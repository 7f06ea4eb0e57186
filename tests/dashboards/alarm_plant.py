"""Alarms as the evaluator records them, on boilers of two gateways that stand at two sites."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from analytics.alarms.acts import ProcessChange, record_changes
from analytics.alarms.kind_rules import rules_of
from analytics.alarms.rules import Priority
from device_profiles.kind import load_kind
from store.alarm_rules import KindRule, synchronise_kind_rules
from store.alarms import ConditionFilter, ConditionKey, list_conditions
from store.database import Database
from store.equipment import find_equipment
from store.sites import add_site, assign_gateway
from tests.dashboards.plant import Filler, Plant

HOME, AWAY = "plant-1", "plant-2"
LOW_LEVEL = "boiler.drum_level.low_low"
PRESSURE = "boiler.steam_pressure.high"
RULES = {rule.name: rule for rule in rules_of(load_kind("boiler"))}
RULES[LOW_LEVEL] = RULES[LOW_LEVEL].model_copy(update={"priority": Priority.CRITICAL})
RULES[PRESSURE] = RULES[PRESSURE].model_copy(update={"priority": Priority.MEDIUM, "latch": True})


class AlarmPlant:
    """Two sites with a boiler each; ``sites`` gives the number of each by its gateway."""

    def __init__(self, database: Database, filler: Filler) -> None:
        self.database, self._filler = database, filler
        self._plants = {gateway: Plant(gateway) for gateway in (HOME, AWAY)}
        self._ids: dict[tuple[str, str], int] = {}
        self.sites = {}
        for gateway in (HOME, AWAY):
            self.equipment(gateway)
            with database.connection() as connection:
                labels = {"label_zh": f"厂区 {gateway}", "label_en": f"Works {gateway}"}
                site = add_site(connection, {"name": gateway, **labels, "time_zone": "Asia/Shanghai"})
                assert site is not None
                assign_gateway(connection, gateway, site)
                self.sites[gateway] = site
        kind_rules = [KindRule(rule.name, rule.kind, rule.model_dump(mode="json")) for rule in RULES.values()]
        synchronise_kind_rules(database, kind_rules, now=datetime.now(UTC))

    def equipment(self, gateway: str = HOME, name: str = "boiler-1") -> int:
        if (gateway, name) not in self._ids:
            self._filler.commit(self._plants[gateway].boiler(time.time(), name=name))
            found = find_equipment(self.database, gateway=gateway, name=name)
            assert found is not None
            self._ids[gateway, name] = found.id
        return self._ids[gateway, name]

    def alarm(
        self,
        rule: str = LOW_LEVEL,
        *,
        gateway: str = HOME,
        name: str = "boiler-1",
        is_active: bool = True,
        value: float | None = -80.0,
        seconds_ago: float = 0,
    ) -> int:
        """Let a condition become active, or return; give its id."""
        at, machine = datetime.now(UTC) - timedelta(seconds=seconds_ago), self.equipment(gateway, name)
        change = ProcessChange(ConditionKey(machine, rule), at, is_active=is_active, value=value, limit_value=-75.0)
        self.record([change])
        wanted = ConditionFilter(view="all", equipment_ids=[machine], rules=[rule])
        return list_conditions(self.database, wanted)[0].condition.id

    def record(self, changes: Iterable[ProcessChange]) -> None:
        record_changes(self.database, list(changes), RULES, now=datetime.now(UTC))
