"""How far a long command has come."""

import io

from telemetry.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, *, done: int = 0, total: int = 400) -> str:
    seconds = iter((0.0, *(float(n) for n in range(1, 200))))
    with Progress("a.csv: writing", total=total, done=done, stream=stream, clock=lambda: next(seconds)) as progress:
        for _ in range(40):
            progress.advance(5)
    return stream.getvalue()


def test_on_a_terminal_one_line_renews_itself_and_stays() -> None:
    text = shown(Terminal())
    assert text.startswith("\ra.csv: writing: 5 rows, 1 %, ")
    assert text.count("\n") == 1
    assert text.rstrip().split("\r")[-1].startswith("a.csv: writing: 200 rows, 50 %, ")
    assert " left" in text


def test_elsewhere_there_is_a_line_now_and_then() -> None:
    assert shown(io.StringIO()) == "a.csv: writing: 150 rows, 38 %, 5 rows/s, 52 s left\n"


def test_what_was_done_before_counts_for_the_share_and_not_for_the_rate() -> None:
    assert shown(io.StringIO(), done=200) == "a.csv: writing: 350 rows, 88 %, 5 rows/s, 10 s left\n"


def test_without_a_total_there_is_no_share() -> None:
    assert shown(io.StringIO(), total=0) == "a.csv: writing: 150 rows, 5 rows/s\n"
