"""The devices of the benches speak Modbus as its specification writes it, and remember what they served."""

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import gateway_site
from benchmarks.gateway_rig import Devices


@pytest.fixture
def devices(tmp_path: Path) -> Iterator[Devices]:
    with Devices(tmp_path, 3) as running:
        yield running


def ask(devices: Devices, device: int, sent: bytes, length: int) -> bytes:
    with socket.create_connection((gateway_site.device_host(device), devices.port), timeout=10) as client:
        client.sendall(sent)
        received = b""
        while len(received) < length:
            received += client.recv(length - len(received)) or pytest.fail(f"closed after {received.hex()}")
    return received


def read(transaction: int, start: int, count: int) -> bytes:
    return struct.pack(">HHHBBHH", transaction, 0, 6, 1, 3, start, count)


def test_a_read_is_answered_as_the_specification_says(devices: Devices) -> None:
    # The first poll of device 2 of 3: its first value is (1 * 3 + 2) * 32 = 160.0, 0x43200000, and the next 161.0, 0x43210000.
    answer = ask(devices, 2, bytes.fromhex("abcd 0000 0006 01 03 0000 0004"), 17)
    assert answer.hex(" ") == "ab cd 00 00 00 0b 01 03 08 43 20 00 00 43 21 00 00"


def test_requests_in_one_segment_are_all_answered_and_a_poll_begins_at_the_first_register(devices: Devices) -> None:
    answer = ask(devices, 0, read(1, 0, 2) + read(2, 58, 2) + read(3, 0, 2), 3 * 13)
    values = [struct.unpack(">f", answer[at + 9 : at + 13])[0] for at in (0, 13, 26)]
    assert values == [3 * 32, 3 * 32 + 29, 6 * 32]


@pytest.mark.parametrize(
    ("request_pdu", "answer_pdu"),
    [("03 0000 003d", "83 02"), ("03 0000 0000", "83 02"), ("04 0000 0001", "84 01"), ("06 0000 0001", "86 01")],
)
def test_what_is_not_there_is_refused(devices: Devices, request_pdu: str, answer_pdu: str) -> None:
    body = bytes.fromhex(request_pdu)
    answer = ask(devices, 0, struct.pack(">HHHB", 7, 0, len(body) + 1, 1) + body, 9)
    assert answer == struct.pack(">HHHB", 7, 0, 3, 1) + bytes.fromhex(answer_pdu)


def test_every_poll_is_remembered(devices: Devices) -> None:
    for device in (0, 2, 2):
        ask(devices, device, read(1, 0, 60), 129)
    polls = devices.finish()
    assert polls.devices.tolist() == [0, 2, 2]
    assert polls.numbers.tolist() == [1, 1, 2]
    assert (polls.times_us[1:] >= polls.times_us[:-1]).all()
