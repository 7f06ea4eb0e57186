import pytest

from analytics.scheduling.calendars import Span
from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from telemetry.errors import ConfigError


def job(name: str = "A", **minutes: int) -> Job:
    return Job(name=name, operations=(Operation(name="mill", minutes=minutes or {"M1": 5}),))


def test_every_mistake_is_told_by_job_and_operation() -> None:
    with pytest.raises(ConfigError) as caught:
        Shop(
            jobs=(job(M9=5), job("B", M1=0), Job(name="C", operations=(), weight=-1, release_minute=-2), job("B")),
            machines=(Machine(name="M1", closed=(Span(5, 5),)), Machine(name="M1")),
            setups={("a", "b"): -1},
        )
    assert [str(problem) for problem in caught.value.problems] == [
        "M1: two machines have this name",
        "M1: closed from 5 to 5: no span",
        "a -> b: a set-up of -1 minutes",
        "B: two jobs have this name",
        "A/mill: no machine is called 'M9'; known: M1",
        "B/mill: 0 minutes on M1; at least 1",
        "C: no operations",
        "C: a weight of -1",
        "C: released at minute -2, before the plan begins",
    ]


def test_an_operation_needs_a_machine_and_a_name_of_its_own() -> None:
    twice = Operation(name="mill", minutes={})
    with pytest.raises(ConfigError, match=r"A/mill: two operations.*\nA/mill: no machine can do it"):
        Shop(jobs=(Job(name="A", operations=(twice, twice)),), machines=(Machine(name="M1"),))


def test_a_set_up_that_is_not_in_the_table_takes_no_time() -> None:
    shop = Shop(jobs=(job(),), machines=(Machine(name="M1"),), setups={("a", "b"): 7})
    assert [shop.setup_minutes("a", "b"), shop.setup_minutes("b", "a")] == [7, 0]
