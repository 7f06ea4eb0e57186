import csv
import io
from collections.abc import Iterable, Sequence

import httpx
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from dashboards.csv_table import csv_response


async def fetched(name: str, header: list[str], rows: Iterable[Sequence[object]]) -> tuple[bytes, str]:
    app = FastAPI()

    @app.get("/", response_model=None)
    def table() -> StreamingResponse:
        return csv_response(name, header, rows)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return answer.content, answer.headers["content-disposition"]


async def test_a_table_opens_in_a_spreadsheet_as_utf_8_with_the_line_ends_of_rfc_4180() -> None:
    content, _disposition = await fetched("a", ["设备", "值"], [('锅炉,"1"', 1.5), ("多\n行", 2)])
    assert content == '\ufeff设备,值\r\n"锅炉,""1""",1.5\r\n"多\n行",2\r\n'.encode()


async def test_no_text_runs_as_a_formula_and_numbers_stay_numbers() -> None:
    row = ("=1+1", "+86 531", "-", "@a", "\ttab", "\rreturn", "a=b", -3.5, 1e-9, None, float("nan"), 7)
    content, _disposition = await fetched("a", ["=h"], [row])
    header, cells = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert header == ["'=h"]
    assert cells == ["'=1+1", "'+86 531", "'-", "'@a", "'\ttab", "'\rreturn", "a=b", "-3.5", "1e-09", "", "", "7"]


async def test_a_chinese_file_name_travels_after_rfc_5987() -> None:
    _content, disposition = await fetched('报警"1', ["a"], [])
    assert disposition == "attachment; filename=\"___1.csv\"; filename*=UTF-8''%E6%8A%A5%E8%AD%A6%221.csv"


async def test_a_long_table_is_sent_in_pieces_and_is_complete() -> None:
    content, _disposition = await fetched("a", ["n"], ((number,) for number in range(1234)))
    assert content.decode("utf-8-sig").split() == ["n", *map(str, range(1234))]
