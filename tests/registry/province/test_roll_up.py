"""From a city's counts to the province: told once, read once, corrected by name, a missing day stays missing."""

import argparse
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from analytics.statements.keys import make_keys
from registry.province.commands import add_commands
from registry.province.facts_file import BadFacts, read_facts, write_facts
from registry.province.publishing import publish
from registry.province.reading import take_file
from store.city_province import by_city_and_kind, cities, city_days, newest_day, province_funnel
from store.city_snapshots import funnel
from store.database import Database, DatabaseError
from telemetry.errors import ConfigError
from tests.registry.city import code_of
from tests.registry.plans.frozen import RULE, Seen, freeze, load_areas

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
DAY = date(2026, 11, 25)
MACHINES = [
    *({"area": "jining-rencheng", "kind": "boiler", "state": "verified", "lost_at": "", "uscc": code_of(1)} for _ in range(3)),
    {"area": "jining-rencheng", "kind": "motor", "state": "silent", "lost_at": "continuity", "uscc": code_of(1)},
    {"area": "jining-yanzhou", "kind": "motor", "state": "registered", "lost_at": "gateway", "uscc": code_of(2)},
]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def city(migrated_database: str) -> Iterator[Database]:
    """Give a city that was counted on a day; it is its own province as well."""
    with Database(migrated_database) as made:
        load_areas(made, "jining")
        with made.connection() as connection:
            seen = [Seen(code_of(1), "jining-rencheng"), Seen(code_of(2), "jining-yanzhou", is_on_cloud=False)]
            freeze(connection, "jining", DAY, DAY, seen, form="day", machines=MACHINES)
        yield made


@pytest.fixture
def run(database: str, capsys: pytest.CaptureFixture[str]) -> Run:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())

    def command(*arguments: str) -> tuple[int, str, str]:
        args = parser.parse_args(["province", *arguments, "--database", database])
        status = args.run(args)
        return status, *capsys.readouterr()

    return command


def read(database: Database, content: bytes, public_key: bytes | None = None) -> bool:
    with database.connection() as connection:
        return take_file(connection, content, read_by="province", public_key=public_key)[1]


def recounted(database: Database) -> None:
    with database.connection() as connection:
        freeze(connection, "jining", DAY, DAY, [Seen(code_of(1), "jining-rencheng")], form="day", machines=MACHINES[:4])


def test_a_day_is_told_once_and_what_it_says_is_what_the_count_says(city: Database) -> None:
    told = publish(city, "jining", DAY)
    facts = read_facts(told.content).facts
    assert (facts.machines, facts.counted, facts.enterprises, facts.on_cloud) == (5, 3, 2, 1)
    assert len(facts.areas) == 14  # an area without an enterprise is told of as well
    assert facts.new_since == date(2026, 11, 1)
    again = publish(city, "jining", DAY)
    assert (again.content, told.is_new, again.is_new) == (told.content, True, False)
    with pytest.raises(ConfigError, match="was not counted for 2026-11-24"):
        publish(city, "jining", date(2026, 11, 24))
    with pytest.raises(ConfigError, match="no area 'atlantis'"):
        publish(city, "atlantis", DAY)


def test_a_changed_count_is_told_only_as_a_correction_that_names_what_it_replaces(city: Database) -> None:
    first = publish(city, "jining", DAY)
    recounted(city)
    with pytest.raises(ConfigError, match="--correct"):
        publish(city, "jining", DAY)
    second = publish(city, "jining", DAY, corrects=True)
    assert (second.facts.revision, second.facts.replaces) == (2, read_facts(first.content).sha256.hex())
    assert (read(city, first.content), read(city, second.content), read(city, second.content)) == (True, True, False)
    (told,) = city_days(city, DAY, DAY)
    assert (told.revision, told.machines, told.enterprises) == (2, 4, 1)
    assert province_funnel(city, DAY)[-1].left == 3


def test_a_day_can_be_told_again_after_its_count_was_forgotten(city: Database) -> None:
    told = publish(city, "jining", DAY)
    with city.connection() as connection:
        for table in ("snapshot_machine", "snapshot_enterprise"):
            connection.execute(f"DELETE FROM city.{table}".encode())
        connection.execute("DELETE FROM city.snapshot")
    assert publish(city, "jining", DAY).content == told.content


def test_the_provinces_funnel_is_the_sum_of_its_cities(city: Database) -> None:
    told = publish(city, "jining", DAY)
    read(city, told.content)
    own = funnel(city, told.facts.snapshot)
    assert own[-1].left == 3
    assert province_funnel(city, DAY) == own
    facts = read_facts(told.content).facts
    other = facts.model_copy(update={"city": "jinan", "label_zh": "济南市", "label_en": "Jinan"})
    read(city, write_facts(other))
    assert [step.lost for step in province_funnel(city, DAY)] == [2 * step.lost for step in own]
    assert province_funnel(city, DAY, city="jinan") == own
    assert [(one.city, one.kind, one.machines, one.counted) for one in by_city_and_kind(city, DAY)] == [
        ("jinan", "boiler", 3, 3),
        ("jinan", "motor", 2, 0),
        ("jining", "boiler", 3, 3),
        ("jining", "motor", 2, 0),
    ]
    assert [one.city for one in cities(city)] == ["jinan", "jining"]
    assert city_days(city, date(2026, 11, 24), date(2026, 11, 24)) == []  # a day that nobody told of is missing, not 0


def test_another_file_of_the_same_day_and_a_correction_of_something_else_are_refused(city: Database) -> None:
    facts = read_facts(publish(city, "jining", DAY).content).facts
    read(city, write_facts(facts))
    with pytest.raises(BadFacts, match="was read before and was another"):
        read(city, write_facts(facts.model_copy(update={"rule_version": "2026.9"})))
    with pytest.raises(BadFacts, match="does not correct revision 1"):
        read(city, write_facts(facts.model_copy(update={"revision": 2, "replaces": "0" * 64})))
    with pytest.raises(BadFacts, match="does not correct revision 1"):
        read(city, write_facts(facts.model_copy(update={"revision": 3, "replaces": "0" * 64})))
    (told,) = city_days(city, DAY, DAY)
    assert told.rule_version == RULE
    with pytest.raises(DatabaseError, match="never changed"), city.connection() as connection:
        connection.execute("UPDATE city.province_file SET on_cloud = 900")


def test_once_a_key_is_known_every_file_of_the_city_must_be_signed_with_it(city: Database, tmp_path: Path) -> None:
    keys, others = make_keys(tmp_path / "one.key"), make_keys(tmp_path / "other.key")
    facts = read_facts(publish(city, "jining", DAY).content).facts
    read(city, write_facts(facts, private_key=keys.signing_key), keys.public_key)
    later = facts.model_copy(update={"day": date(2026, 11, 26)})
    with pytest.raises(BadFacts, match="is not signed, and"):
        read(city, write_facts(later))
    with pytest.raises(BadFacts, match="is not signed with this key"):
        read(city, write_facts(later, private_key=others.signing_key))
    with pytest.raises(BadFacts, match="is known by another key"):
        read(city, write_facts(later, private_key=others.signing_key), others.public_key)
    assert read(city, write_facts(later, private_key=keys.signing_key))
    assert all(one.is_signed for one in city_days(city, DAY, later.day))


def test_the_commands_publish_to_a_folder_and_read_it_and_a_changed_file_stops_no_other(
    city: Database, run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "told"
    folder.mkdir()
    assert run("publish", "--area", "jining", "--out", str(folder))[0] == 0
    file = folder / "facts-jining-2026-11-25.json"
    assert run("publish", "--area", "jining", "--day", "2026-11-25", "--out", str(folder))[1].endswith("as published before\n")
    content = json.loads(file.read_bytes())
    content["facts"]["label_en"] = "Elsewhere"
    (folder / "facts-jining-2026-11-24.json").write_text(json.dumps(content), encoding="utf-8")
    status, told, wrong = run("read", str(folder), str(tmp_path / "missing.json"))
    assert (status, told) == (1, "3 files: 1 new, 0 known, 2 refused\n")
    assert "facts-jining-2026-11-24.json: was changed: its hash is another" in wrong
    assert run("read", str(file))[1] == "1 files: 0 new, 1 known, 0 refused\n"
    assert newest_day(city) == DAY
    shown = run("show")[1]
    assert "2026-11-25: 1 of 1 cities" in shown
    assert "missing" in run("show", "--day", "2026-11-24")[1]
    file.write_bytes(b"other")
    with pytest.raises(ConfigError, match="never changed"):
        run("publish", "--area", "jining", "--out", str(folder))
    with pytest.raises(ConfigError, match="is not a day"):
        run("show", "--day", "yesterday")
