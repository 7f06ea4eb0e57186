"""Use of hosts: weighted by time, with percentiles beside it, and never an invented share of a shared host."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from registry.stars.hosts import HostUse, bandwidth_figure, cpu_figure, percentile
from registry.stars.rating import Evidence

START = datetime(2018, 3, 1, tzinfo=UTC)
MEGABIT = 10**6


def use(
    hours: float, cpu: float, *, host: str = "a", is_shared: bool = False, received: int = 0, sent: int = 0, since: float = 0
) -> HostUse:
    start = START + timedelta(hours=since)
    return HostUse(
        host=host,
        is_shared=is_shared,
        start=start,
        end=start + timedelta(hours=hours),
        cpu_percent=Fraction(cpu),
        received_bytes=received,
        sent_bytes=sent,
        bandwidth_bits_per_second=8 * MEGABIT,
        document="三月报告",
    )


def test_jiangsu_rating_4_r8_is_weighted_by_time() -> None:
    figure = cpu_figure([use(1, 50), use(9, 5, since=1)])
    assert figure.value == Fraction(95, 10)  # (50 x 1 + 5 x 9) / 10
    assert (figure.beside["p50"], figure.beside["p95"]) == ("5", "50")
    assert (figure.source, figure.evidence) == ("measured", (Evidence("document", "三月报告"),))


def test_jiangsu_rating_4_r8_a_host_that_burns_at_night_shows_in_median_and_percentile() -> None:
    honest, burning = [use(24, 10)], [use(22, 1), use(2, 100, since=22)]
    assert cpu_figure(honest).value == 10
    assert cpu_figure(burning).value == Fraction(222, 24)
    assert (cpu_figure(burning).beside["p50"], cpu_figure(burning).beside["p95"]) == ("1", "100")
    assert (cpu_figure(honest).beside["p50"], cpu_figure(honest).beside["p95"]) == ("10", "10")


def test_jiangsu_rating_4_r8_of_a_shared_host_nothing_can_be_told() -> None:
    for figure in (cpu_figure([use(1, 99, is_shared=True)]), bandwidth_figure([use(1, 99, is_shared=True, sent=10**9)])):
        assert (figure.value, figure.note) == (None, "not_separable")
    both = cpu_figure([use(1, 99, host="shared", is_shared=True), use(1, 20)])
    assert (both.value, both.beside["hosts"], both.beside["shared_hosts_left_out"]) == (Fraction(20), "1", "1")


def test_without_hosts_nothing_is_stated() -> None:
    assert (cpu_figure([]).note, bandwidth_figure([]).note) == ("not_stated", "not_stated")


def test_jiangsu_rating_4_r9_takes_the_busier_direction_and_names_it() -> None:
    # 8 Mbit/s carries 3.6e9 bytes an hour: 1.44e9 received are 40 %, 0.36e9 sent are 10 %.
    figure = bandwidth_figure([use(1, 1, received=1_440_000_000, sent=360_000_000)])
    assert (figure.value, figure.beside["direction"], figure.beside["sent_percent"]) == (Fraction(40), "received", "10")
    turned = bandwidth_figure([use(1, 1, received=0, sent=1_440_000_000), use(3, 1, since=1)])
    assert (turned.value, turned.beside["direction"], turned.beside["p50"], turned.beside["p95"]) == (
        Fraction(10),
        "sent",
        "0",
        "40",
    )


def test_a_percentile_is_the_least_value_that_holds_for_so_much_of_the_time() -> None:
    parts = [(Fraction(3), Fraction(1)), (Fraction(1), Fraction(94)), (Fraction(2), Fraction(5))]
    assert [percentile(parts, Fraction(share, 100)) for share in (50, 94, 95, 99, 100)] == [1, 1, 2, 2, 3]
    with pytest.raises(ValueError, match="nothing"):
        percentile([], Fraction(1, 2))
