"""Shops and plans survive the way into a database and into another process."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from analytics.scheduling import documents
from analytics.scheduling.documents import plain_plan, plain_shop, plan_of
from analytics.scheduling.jobs import Shop
from analytics.scheduling.planning import schedule
from analytics.scheduling.plans import Aims, check

COMMAND = [sys.executable, "-m", "analytics.scheduling.planning_process"]


def asked(shop: Shop, seconds: float) -> str:
    return json.dumps({"shop": plain_shop(shop), "aims": Aims(1, 10, 0)._asdict(), "seconds": seconds}) + "\n"


@pytest.mark.parametrize("seed", range(3))
def test_a_shop_and_a_plan_are_the_same_after_json(shop_of: Callable[..., Shop], seed: int) -> None:
    shop = shop_of(seed)
    plan = schedule(shop, Aims(), seconds=0.2).plan
    assert documents.shop_of(json.loads(json.dumps(plain_shop(shop)))) == shop
    assert plan_of(json.loads(json.dumps(plain_plan(plan)))) == plan


def test_a_process_plans_and_tells(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(1)
    done = subprocess.run(COMMAND, input=asked(shop, 1), capture_output=True, text=True, timeout=60, check=True)
    outcome = json.loads(done.stdout.splitlines()[-1])["done"]
    assert check(shop, plan_of(outcome["plan"])) == []
    assert outcome["bound"] <= outcome["cost"] <= outcome["floor_cost"]


def test_a_process_whose_input_ends_gives_what_it_has(classic: Callable[[str], Shop]) -> None:
    shop = classic("swv01")  # nobody proves it in a minute
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(asked(shop, 60))
        process.stdin.flush()
        assert "seconds" in json.loads(process.stdout.readline())
        process.stdin.close()
        lines = process.stdout.readlines()
        process.wait(20)
    outcome = json.loads(lines[-1])["done"]
    assert outcome["seconds"] < 30
    assert check(shop, plan_of(outcome["plan"])) == []


def test_a_process_says_what_is_wrong(shop_of: Callable[..., Shop]) -> None:
    plain = plain_shop(shop_of(1)) | {"machines": []}
    text = json.dumps({"shop": plain, "aims": Aims()._asdict(), "seconds": 1}) + "\n"
    done = subprocess.run(COMMAND, input=text, capture_output=True, text=True, timeout=60, check=True)
    assert "no machine is called" in json.loads(done.stdout)["failed"]
