import pytest

from analytics.scheduling.instances import flexible_job_shop, job_shop, read_standard
from telemetry.errors import ConfigError


def test_a_job_shop_has_a_machine_for_each_operation() -> None:
    shop = job_shop([[3, 2], [1, 0]], [[0, 1], [1, 0]])
    assert [[dict(one.minutes) for one in job.operations] for job in shop.jobs] == [[{"M0": 3}, {"M1": 2}], [{"M1": 1}]]


def test_the_plain_text_of_a_job_shop_is_read_after_its_title() -> None:
    shop = read_standard(" instance tiny \n 2 2\n 0 3 1 2\n 1 1 0 4\n", is_flexible=False)
    assert shop == job_shop([[3, 2], [1, 4]], [[0, 1], [1, 0]])


def test_the_plain_text_of_a_flexible_job_shop_counts_its_machines_from_one() -> None:
    shop = read_standard("1 2 1.5\n2 2 1 5 2 4 1 2 3\n", is_flexible=True)
    assert shop == flexible_job_shop(
        [[[{"machine": 0, "processing": 5}, {"machine": 1, "processing": 4}], [{"machine": 1, "processing": 3}]]]
    )


@pytest.mark.parametrize(
    ("text", "form", "line", "said"),
    [
        ("", "plain", None, "no line with the numbers of jobs and machines"),
        ("2 2\n0 3 1 2\n", "plain", 1, "2 jobs are announced, 1 are there"),
        ("1 2\n0 3 1\n", "plain", 2, "the numbers of this job do not come out even"),
        ("1 2\n2 1 1 5 2 1 4\n", "flexible", 2, "the numbers of this job do not come out even"),
        ("1 2\n1 1 1 5 9\n", "flexible", 2, "the numbers of this job do not come out even"),
    ],
)
def test_a_text_that_does_not_come_out_even_is_told_by_line(text: str, form: str, line: int | None, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        read_standard(text, is_flexible=form == "flexible")
    assert caught.value.problems[0].line == line
