"""What people fill in about a machine."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from store.nameplates import Nameplate, nameplate, save_nameplate

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def machine(store: Any) -> int:
    store.run("INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-1', 'boiler-1', 'boiler')")
    return int(store.ask("SELECT id FROM reading.equipment")[0][0])


def test_a_nameplate_comes_back_as_it_was_saved_and_is_replaced_whole(store: Any, machine: int) -> None:
    assert nameplate(store.database, machine) is None
    full = Nameplate(
        equipment_id=machine,
        maker="泰山锅炉",
        model="WNS10-1.0-Q",
        serial_number="TS-2019-118",
        made_year=2019,
        commissioned_on=date(2020, 3, 1),
        rated={"蒸发量": [10, "t/h"], "燃料": ["天然气", ""]},
        location="1 号锅炉房",
        area="动力车间",
        responsible="李工",
        documents=[{"title": "说明书", "address": "https://example.com/wns10.pdf"}],
    )
    save_nameplate(store.database, full)
    assert nameplate(store.database, machine) == full
    save_nameplate(store.database, replace(full, made_year=None, rated={}, documents=[]))
    assert nameplate(store.database, machine) == replace(full, made_year=None, rated={}, documents=[])


def test_a_document_leads_to_the_web_or_to_this_server(store: Any, machine: int) -> None:
    plate = Nameplate(equipment_id=machine, documents=[{"title": "x", "address": "javascript:alert(1)"}])
    with pytest.raises(ValueError, match="begins with https"):
        save_nameplate(store.database, plate)
    assert nameplate(store.database, machine) is None
