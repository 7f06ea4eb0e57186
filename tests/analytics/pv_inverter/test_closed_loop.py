import numpy as np
import pytest

from analytics.pv_inverter.closed_loop import Unit, differ, grouped
from analytics.pv_inverter.work_list import Loss, ranked


def units(maker: str, count: int, *, degradation: float = -0.5, faults: tuple[float, ...] = (), age: float = 800.0) -> list[Unit]:
    return [
        Unit(f"{maker}{number}", maker, f"{maker}-1", "installer", degradation + 0.02 * (number % 3), 0.85, faults, age)
        for number in range(count)
    ]


def test_makers_are_ranked_by_how_slowly_their_modules_age() -> None:
    groups = grouped(units("A", 6) + units("B", 7, degradation=-1.2), by="module_maker", quantity="degradation_percent_per_year")
    assert [(one.name, one.units, one.rank) for one in groups] == [("A", 6, 1), ("B", 7, 2)]
    assert differ(*groups)


def test_four_units_are_shown_and_not_ranked() -> None:
    groups = grouped(units("A", 5) + units("C", 4, degradation=0.0), by="module_maker", quantity="degradation_percent_per_year")
    assert [(one.name, one.rank) for one in groups] == [("A", 1), ("C", None)]


def test_installers_are_told_apart_by_faults_of_the_first_ninety_days() -> None:
    first = [one._replace(installer="X") for one in units("A", 5, faults=(10.0, 80.0, 300.0))]
    second = [one._replace(installer="Y") for one in units("A", 6, faults=(120.0,))]
    young = [one._replace(installer="Y") for one in units("A", 3, faults=(5.0,), age=30.0)]
    groups = grouped(first + second + young, by="installer", quantity="early_faults")
    assert [(one.name, one.units, one.mean, one.rank) for one in groups] == [("Y", 6, 0.0, 1), ("X", 5, 2.0, 2)]


def test_unknown_makers_and_unknown_figures_make_no_group() -> None:
    unknown = [one._replace(performance_ratio=np.nan) for one in units("A", 6)]
    assert grouped(unknown, by="module_maker", quantity="performance_ratio") == []
    assert grouped(units("", 6), by="module_maker", quantity="performance_ratio") == []
    assert grouped([], by="module_batch", quantity="performance_ratio") == []


def test_groups_of_one_kind_do_not_differ() -> None:
    groups = grouped(units("A", 6) + units("B", 6), by="module_maker", quantity="degradation_percent_per_year")
    assert not differ(*groups)


def test_work_is_ranked_by_money_a_day() -> None:
    losses = [
        Loss("inverter 1", "soiling", "", 30.0, 0.95, 300.0),
        Loss("inverter 2", "string_open", "7", 20.0),
        Loss("inverter 3", "outage", "", 400.0),
        Loss("inverter 3", "derating", "", 0.0),
    ]
    jobs = ranked(losses, price_per_kwh=0.4)
    assert [(job.rank, job.loss.code) for job in jobs] == [(1, "outage"), (2, "soiling"), (3, "string_open")]
    assert jobs[1].money_per_day == pytest.approx(11.4)
    assert jobs[1].payback_days == pytest.approx(300 / 11.4)
    assert np.isnan(jobs[0].payback_days)
    with pytest.raises(ValueError, match="price"):
        ranked(losses, price_per_kwh=0.0)
