"""Tables of a store keeper, classes of parts, and the list of what to order."""

from pathlib import Path

import numpy as np
import pytest

from analytics.spare_parts.demand_table import DemandHistory, Kept, read_demand, read_stock
from analytics.spare_parts.reorder import reorder, reorder_files, value_classes, variation_classes, within_budget
from telemetry.errors import ConfigError

DEMAND = "part,month,quantity\nfilter,2025-11,4\nfilter,2026-02,2\nhose,2026-01,1.5\n"


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def history(parts: int, months: int = 39) -> DemandHistory:
    quantities = np.random.default_rng(1).poisson(np.linspace(0.05, 1.5, parts)[:, None], (parts, months)).astype(float)
    names = tuple(f"part-{number:04d}" for number in range(parts))
    return DemandHistory(names, tuple(f"{number:07d}" for number in range(months)), quantities)


def kept(of: DemandHistory, **values: float) -> list[Kept]:
    known = {"on_hand": 0.0, "on_order": 0.0, "price": 10.0, "criticality": 1.0} | values
    return [Kept(part=part, lead_time_months=None, **known) for part in of.parts]


def test_months_without_a_row_had_no_demand(tmp_path: Path) -> None:
    found = read_demand(written(tmp_path, "demand.csv", DEMAND))
    assert found.parts == ("filter", "hose")
    assert found.months == ("2025-11", "2025-12", "2026-01", "2026-02")
    assert found.quantities.tolist() == [[4, 0, 0, 2], [0, 0, 1.5, 0]]


def test_every_mistake_is_told_by_file_line_and_column(tmp_path: Path) -> None:
    text = "part,month,quantity\n,2026-01,1\na,2026-13,1\na,2026-01,-2\na,2026-02,x\na,2026-03,1\na,2026-03,1\na,2026-04,nan\n"
    file = written(tmp_path, "demand.csv", text)
    with pytest.raises(ConfigError) as caught:
        read_demand(file)
    places = [(problem.file, problem.line, problem.key) for problem in caught.value.problems]
    assert places == [
        (file, line, key)
        for line, key in ((2, "part"), (3, "month"), (4, "quantity"), (5, "quantity"), (7, "month"), (8, "quantity"))
    ]
    assert "returns are no demand" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("part,quantity\na,1\n", "month: this column is missing"),
        ("part,month,quantity,colour\n", "colour: no such column; known: part, month, quantity"),
        ("part,month,quantity\n", "there is no row"),
        ("part,month,quantity\na,1026-01,1\na,2026-01,1\n", "more than 600 months"),
        ("part,month,quantity\na,２０２６-01,1\n", "is not a month"),
        ('part,month,quantity\n"a,2026-01,1\n', "cannot be read"),
    ],
)
def test_tables_that_are_none_are_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read_demand(written(tmp_path, "demand.csv", text))


def test_a_stock_table_needs_no_more_than_three_columns(tmp_path: Path) -> None:
    found = read_stock(written(tmp_path, "stock.csv", "part,on_hand,price\nfilter,2,86.5\n"))
    assert found == (Kept("filter", 2.0, 0.0, 86.5, None, 1.0),)
    text = "part,on_hand,price,lead_time_months\na,1,0,2\na,1,5,0\nb,1,5,2.5\n"
    with pytest.raises(ConfigError) as caught:
        read_stock(written(tmp_path, "stock.csv", text))
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (2, "price"),
        (3, "lead_time_months"),
        (3, "part"),
        (4, "lead_time_months"),
    ]


def test_parts_are_sorted_by_money_and_by_evenness() -> None:
    # Shares 70, 15, 10, 4 and 1 %: the second begins at 70, the third at 85, the fourth at 95 %.
    assert value_classes(np.array([70.0, 15, 10, 4, 1, 0])).tolist() == ["A", "A", "B", "C", "C", "C"]
    assert value_classes(np.array([1.0, 99.0])).tolist() == ["C", "A"]
    demand = np.array([[4.0, 4, 5, 3], [0, 4, 6, 2], [0, 0, 9, 0], [0, 0, 0, 0]])
    assert variation_classes(demand).tolist() == ["X", "Y", "Z", "Z"]


def test_short_money_goes_unit_by_unit_to_what_is_likeliest_missed() -> None:
    missed = [np.array([0.9, 0.5, 0.2]), np.array([0.6, 0.1]), np.empty(0)]
    known = {"prices": np.array([10.0, 5.0, 1.0]), "criticality": np.ones(3)}
    # By money: 0.12 of the second part, 0.09 and 0.05 of the first, then 0.02 of either.
    assert within_budget(missed, **known, budget=15.0).tolist() == [1, 1, 0]
    assert within_budget(missed, **known, budget=27.0).tolist() == [2, 1, 0]
    assert within_budget(missed, **known, budget=None).tolist() == [3, 2, 0]
    critical = {"prices": known["prices"], "criticality": np.array([3.0, 1.0, 1.0])}
    assert within_budget(missed, **critical, budget=10.0).tolist() == [1, 0, 0]


def test_all_is_ordered_up_to_the_base_stock() -> None:
    of = history(120)
    found = reorder(of, kept(of, on_hand=1.0))
    assert {order.method for order in found.orders} == {"pooled"}
    assert all(order.quantity == order.base_stock - 1 for order in found.orders)
    assert found.left_out == 0
    assert found.money == pytest.approx(10 * sum(order.quantity for order in found.orders))
    chances = [order.chance_short for order in found.orders]
    assert chances == sorted(chances, reverse=True)
    assert min(chances) > 0.05
    # What is on its way counts as there.
    full = reorder(of, kept(of, on_hand=1.0, on_order=30.0))
    assert full.orders == ()


def test_a_budget_is_kept_and_what_it_leaves_out_is_told() -> None:
    of = history(120)
    everything = reorder(of, kept(of))
    found = reorder(of, kept(of), budget=500.0)
    assert found.money <= 500.0
    assert found.money + found.left_out == pytest.approx(everything.money)


def test_a_small_store_goes_by_each_parts_own_months() -> None:
    of = history(5)
    of.quantities[4] += 1
    found = reorder(of, [*kept(of), Kept("new", 0.0, 0.0, 3.0, None, 1.0)])
    assert {order.method for order in found.orders} == {"bootstrap"}
    assert found.without_history == ("new",)
    classes = {order.part: order.demand_class for order in found.orders}
    assert classes["part-0004"] == "smooth"
    assert classes["part-0001"] in {"intermittent", "lumpy"}
    assert reorder(of, kept(of)) == reorder(of, kept(of))
    nothing = reorder(of, [Kept("new", 0.0, 0.0, 3.0, None, 1.0)])
    assert (nothing.orders, nothing.money, nothing.without_history) == ((), 0.0, ("new",))


def test_parts_with_a_longer_lead_time_are_held_in_larger_number() -> None:
    of = history(120)
    short, long = ([one._replace(lead_time_months=months) for one in kept(of)] for months in (1, 6))
    assert reorder(of, short).money < 0.5 * reorder(of, long).money


def test_the_list_of_two_files_tells_a_lead_time_beyond_the_history(tmp_path: Path) -> None:
    demand = written(tmp_path, "demand.csv", DEMAND)
    stock = written(tmp_path, "stock.csv", "part,on_hand,price,lead_time_months\nfilter,0,86.5,2\nhose,0,20,\n")
    found = reorder_files(demand, stock, lead_time_months=2)
    assert {order.part for order in found.orders} == {"filter", "hose"}
    with pytest.raises(ConfigError, match="lead time of 9 months in a history of 4"):
        reorder_files(demand, stock, lead_time_months=9)
    with pytest.raises(ValueError, match="target"):
        reorder_files(demand, stock, lead_time_months=2, target=95)
