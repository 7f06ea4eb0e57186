import pytest

from analytics.vibration.bearing_lines import BearingGeometry, bearing_orders, rating_life_hours, read_bearings


@pytest.mark.parametrize(
    ("name", "outer", "inner", "cage", "ball"),
    [
        # Published with the data sets, or computed from their geometry by another program; all within one in the fourth place.
        ("6205", 3.5848, 5.4152, 0.3983, 4.7134),
        ("6203", 3.0531, 4.9469, 0.3816, 3.9877),
        ("NICE", 3.2450, 4.7550, 0.4056, 5.1091),
    ],
)
def test_known_bearings_have_their_published_lines(name: str, outer: float, inner: float, cage: float, ball: float) -> None:
    orders = bearing_orders(read_bearings()[name].geometry)
    assert orders == pytest.approx((outer, inner, ball, cage), abs=1e-4)


def test_an_angle_of_contact_moves_the_lines_of_za_2115() -> None:
    orders = bearing_orders(read_bearings()["ZA-2115"].geometry)
    assert (orders.outer, orders.inner) == pytest.approx((7.0921, 8.9079), abs=1e-4)


def test_the_bearing_of_pronostia_at_30_hz_has_the_published_frequencies() -> None:
    orders = bearing_orders(read_bearings()["PRONOSTIA"].geometry)
    assert [30 * order for order in (orders.outer, orders.inner, orders.cage, orders.ball)] == pytest.approx(
        [168.34, 221.66, 12.95, 215.33], abs=0.01
    )


def test_both_rings_together_see_each_ball_once_a_turn_and_the_cage_carries_the_outer_line() -> None:
    geometry = BearingGeometry(11, 9.0, 52.0, 25.0)
    orders = bearing_orders(geometry)
    assert orders.outer + orders.inner == pytest.approx(11)
    assert orders.cage * 11 == pytest.approx(orders.outer)


@pytest.mark.parametrize(
    "geometry",
    [BearingGeometry(0, 8, 39, 0), BearingGeometry(9, 40, 39, 0), BearingGeometry(9, 8, 39, 90), BearingGeometry(9, 0, 39, 0)],
)
def test_what_is_no_bearing_has_no_lines(geometry: BearingGeometry) -> None:
    with pytest.raises(ValueError, match="no bearing"):
        bearing_orders(geometry)


def test_a_tenth_of_the_rating_gives_a_thousand_million_turns_to_balls_and_more_to_rollers() -> None:
    """ISO 281: (C/P)³ = 1000 million turns; at 1000 rpm 60 000 turns an hour."""
    hours = rating_life_hours(dynamic_rating_kn=14, equivalent_load_kn=1.4, speed_rpm=1000)
    assert hours == pytest.approx(1e9 / 60_000)
    rollers = rating_life_hours(dynamic_rating_kn=14, equivalent_load_kn=1.4, speed_rpm=1000, rolling_element="roller")
    assert rollers / hours == pytest.approx(10 ** (1 / 3))


@pytest.mark.parametrize(("load_kn", "speed_rpm"), [(8, 1000), (0, 1000), (1, 0), (float("nan"), 1000)])
def test_no_rating_life_outside_the_standard(load_kn: float, speed_rpm: float) -> None:
    with pytest.raises(ValueError, match="no rating life"):
        rating_life_hours(dynamic_rating_kn=14, equivalent_load_kn=load_kn, speed_rpm=speed_rpm)
