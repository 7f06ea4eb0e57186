"""What has been learned of machines, and who judges."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.models import accept, add_model, models, reject

START = datetime(2026, 11, 1, tzinfo=UTC)
pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def boiler(store: Any) -> int:
    store.run("INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-1', 'boiler-1', 'boiler')")
    return int(store.ask("SELECT id FROM reading.equipment")[0][0])


def make(store: Any, boiler: int, role: Any, mean: float) -> int:
    return add_model(
        store.database,
        analytic="boiler_diagnosis",
        equipment_id=boiler,
        role=role,
        trained_from=START,
        trained_until=START + timedelta(days=7),
        made_at=START + timedelta(days=8),
        made_by="worker",
        model={"mean": mean},
    )


def roles(store: Any) -> dict[int, str]:
    return {one.id: one.role for one in models(store.database, roles=["champion", "challenger", "retired"])}


def test_a_challenger_that_is_accepted_takes_the_champions_place(store: Any, boiler: int) -> None:
    first, second = make(store, boiler, "champion", 1.0), make(store, boiler, "challenger", 2.0)
    assert roles(store) == {first: "champion", second: "challenger"}
    accept(store.database, second)
    assert roles(store) == {first: "retired", second: "champion"}
    (champion,) = models(store.database, roles=["champion"], equipment_ids=[boiler], analytics=["boiler_diagnosis"])
    assert champion.model == {"mean": 2.0}


def test_a_new_challenger_replaces_the_one_that_waited_and_can_be_rejected(store: Any, boiler: int) -> None:
    make(store, boiler, "challenger", 1.0)
    second = make(store, boiler, "challenger", 2.0)
    reject(store.database, second)
    assert list(roles(store).values()) == ["retired", "retired"]


def test_only_a_challenger_can_be_accepted(store: Any, boiler: int) -> None:
    champion = make(store, boiler, "champion", 1.0)
    with pytest.raises(ValueError, match="no challenger but champion"):
        accept(store.database, champion)
    with pytest.raises(LookupError, match="no model 99"):
        reject(store.database, 99)
