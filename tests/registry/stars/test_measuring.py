"""What the database measures for the rating: people, hosts, samples, and machines that prove."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from registry.stars.measuring import Measured, Month, gather
from registry.stars.rating import Evidence
from store.audit import record
from store.database import Connection, Database
from tests.registry.stars.suzhou import (
    MARCH,
    RULES,
    ZONE,
    add_county,
    add_host,
    add_hour,
    add_person,
    add_run,
    add_snapshot,
    enterprise,
    prove,
)

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
MONTH = Month(date(2018, 3, 1), ZONE)
ONE = enterprise()


@pytest.fixture
def connection(migrated_database: str) -> Iterator[Connection]:
    """Give a county with an enterprise that reaches three stars in March 2018."""
    with Database(migrated_database) as opened, opened.connection() as made:
        add_county(made, ONE)
        yield made


def measure(connection: Connection, month: Month = MONTH) -> Measured:
    return gather(connection, RULES, ONE.uscc, month, application=None, industry=ONE.industry)


def test_jiangsu_rating_4_r7_counts_people_of_its_sites_and_no_programs_screens_or_officers(connection: Connection) -> None:
    prove(connection, ONE.uscc)  # two people with sessions of March
    ((site,),) = connection.execute(b"SELECT id FROM plant.site").fetchall()
    add_person(connection, "asleep", [site])
    add_person(connection, "of-april", [site], seen_at=datetime(2018, 3, 31, 16, tzinfo=UTC))
    add_person(connection, "screen", [site], role="screen", seen_at=MARCH)
    add_person(connection, "officer", None, role="city_officer", seen_at=MARCH)
    add_person(connection, "elsewhere", [site + 1], seen_at=MARCH)
    figure = measure(connection).facts.figures["R7"]
    assert (figure.beside["active_people"], figure.beside["accounts"]) == ("2", "4")
    assert (figure.value, figure.note) == (None, "not_stated")  # nobody declared how many there are


def test_r7_takes_the_audit_log_for_sessions_that_are_gone_and_not_the_acts_of_a_program_of_the_same_name(
    connection: Connection,
) -> None:
    prove(connection, ONE.uscc)
    ((site,),) = connection.execute(b"SELECT id FROM plant.site").fetchall()
    for name in ("writes", "refused", "like-a-program"):
        add_person(connection, name, [site])
    now = datetime.now(UTC)
    this_month = Month(now.astimezone(ZONE).date().replace(day=1), ZONE)
    acts = (("writes", "alarm.shelve", "done"), ("refused", "log_in", "wrong password"), ("like-a-program", "order.open", "done"))
    for actor, action, result in acts:
        record(connection, actor=actor, role="operator", address="", action=action, obj="x", result=result)
    record(connection, actor="admin", role="admin", address="", action="token.add", obj="like-a-program")
    assert measure(connection, this_month).facts.figures["R7"].beside["active_people"] == "1"
    record(connection, actor="like-a-program", role="operator", address="", action="log_in", obj="like-a-program")
    assert measure(connection, this_month).facts.figures["R7"].beside["active_people"] == "2"


def test_jiangsu_rating_4_r8_and_r9_come_from_imported_hosts_cut_at_the_month(connection: Connection) -> None:
    assert measure(connection).facts.figures["R8"].note == "not_stated"
    add_host(connection, ONE.uscc, cpu=5, received=300_000)
    figures = measure(connection).facts.figures
    assert [figures[row].value for row in ("R8", "R9")] == [5, 30]  # 300,000 of the 1,000,000 bytes that 80 kbit/s carry in 100 s
    add_host(connection, ONE.uscc, cpu=99, received=9, is_shared=True, host="shared")
    assert measure(connection).facts.figures["R8"].value == 5
    april = measure(connection, Month(date(2018, 4, 1), ZONE)).facts.figures
    assert (april["R8"].note, april["R9"].note) == ("not_stated", "not_stated")


def test_jiangsu_rating_4_r10_counts_samples_by_day_with_points_beside_and_says_what_it_leaves_out(
    connection: Connection,
) -> None:
    prove(connection, ONE.uscc)  # 1,000 samples on each of 31 days, with half as many values of a second signal
    figure = measure(connection).facts.figures["R10"]
    assert (figure.value, figure.beside["points_a_day"], figure.beside["api_reads"]) == (Fraction(1000), "1500", "not recorded")
    gateway = f"gateway-{ONE.uscc[-8:]}"
    add_hour(connection, gateway, MONTH.end, 10**6)  # the first hour of April
    assert measure(connection).facts.figures["R10"].value == 1000
    connection.execute(b"UPDATE city.machine SET is_simulator = true")
    assert measure(connection).facts.figures["R10"].value == 0


def test_jiangsu_rating_3_2_10_production_data_are_proven_by_counted_machines_that_an_analytic_ran_on(
    connection: Connection,
) -> None:
    machine = prove(connection, ONE.uscc)
    add_run(connection, machine, "boiler_efficiency", date(2018, 3, 5))
    assert "production_data" not in measure(connection).facts.contents  # nothing was frozen yet
    snapshot = add_snapshot(connection, ONE.uscc, machine, last_day=date(2018, 3, 31))
    found = measure(connection)
    content = found.facts.contents["production_data"]
    assert content.source == "measured"
    assert content.evidence == (
        Evidence("machine", "boiler_efficiency", number=str(machine), amount="1", source=f"{snapshot} (2018-03-31)"),
    )
    assert "diagnosis" not in found.facts.contents
    assert found.analysed_machines == 1
    add_run(connection, machine, "boiler_diagnosis", date(2018, 3, 6))
    assert measure(connection).facts.contents["diagnosis"].source == "measured"


def test_jiangsu_rating_3_3_2_machines_that_do_not_count_or_runs_without_a_result_prove_nothing(connection: Connection) -> None:
    machine = prove(connection, ONE.uscc)
    add_run(connection, machine, "boiler_diagnosis", date(2018, 3, 6), evaluated=0)
    add_run(connection, machine, "boiler_efficiency", date(2018, 2, 6))
    add_snapshot(connection, ONE.uscc, machine, last_day=date(2018, 3, 31))
    assert measure(connection).facts.contents == {}
    add_run(connection, machine, "boiler_faults", date(2018, 3, 7))
    assert set(measure(connection).facts.contents) == {"production_data"}
    add_snapshot(connection, ONE.uscc, machine, last_day=date(2018, 3, 31).replace(day=30), state="silent")
    assert set(measure(connection).facts.contents) == {"production_data"}
