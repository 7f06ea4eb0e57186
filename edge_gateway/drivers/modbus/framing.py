"""Requests and replies on the wire, in Modbus TCP's frames and in RTU's; the door to pymodbus.

pymodbus makes the frames and their checks. It does not do the matching: its RTU framer compares nothing but the unit, so that
after one late reply each request gets the answer of the one before (3.16.1, measured), and its TCP framer accepts a reply of
another function or length. Here a reply is what fits its request in every field that a frame has; see `line` for what RTU's lack.
"""

import struct
from typing import NamedTuple, Protocol

from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest, ReadDeviceInformationResponse
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from device_profiles.profile import Table

READ_FUNCTIONS: dict[Table, type[ModbusPDU]] = {
    Table.COIL: ReadCoilsRequest,
    Table.DISCRETE_INPUT: ReadDiscreteInputsRequest,
    Table.HOLDING: ReadHoldingRegistersRequest,
    Table.INPUT: ReadInputRegistersRequest,
}
"""All that a gateway asks for values; beside them there is only `Identify`. No function that writes is made anywhere."""

_EXCEPTION = 0x80
_SHORTEST_RTU_BYTES = 5
_HEADER_BYTES = 7
_LONGEST_LENGTH = 254
_GLITCHES = (0x00, 0xFF)
"""What a line driver that is switched on or off leaves in front of a frame."""
_MOST_GLITCHES = 3


class Question(NamedTuple):
    """One read, and what its answer must look like."""

    unit: int
    table: Table
    start: int
    count: int  # type: ignore[assignment]  # the protocol's word for it, and tuple.count is not missed

    @property
    def function(self) -> int:
        return READ_FUNCTIONS[self.table].function_code

    @property
    def size(self) -> int:
        """Bytes of data in a right answer."""
        return (self.count + 7) // 8 if self.table.is_bits else 2 * self.count

    def pdu(self, transaction: int) -> ModbusPDU:
        return READ_FUNCTIONS[self.table](address=self.start, count=self.count, dev_id=self.unit, transaction_id=transaction)


class Identify(NamedTuple):
    """Asks who a unit is (Read Device Identification, 43/14); its answer has no length of its own to compare."""

    unit: int
    function: int = ReadDeviceInformationRequest.function_code
    size: int = -1

    def pdu(self, transaction: int) -> ModbusPDU:
        return ReadDeviceInformationRequest(dev_id=self.unit, transaction_id=transaction)


AnyQuestion = Question | Identify


class Reply(NamedTuple):
    """What a device said to a question: its data, or the code of an exception."""

    data: bytes
    exception: int | None = None


class OutOfStep(Exception):  # noqa: N818 - what happened
    """Bytes came that are no frame, or a frame that cannot be: nothing behind them can be trusted."""


class Framing(Protocol):
    """How questions and replies are told apart from each other on one connection."""

    is_serial: bool
    """Whether the frames stand for a line that one speaks on at a time, without numbers that tell replies apart."""
    strays: int
    """How many sound frames came that answer another question: late ones, or those of another unit."""

    def ask(self, question: AnyQuestion) -> bytes:
        """Give the frame of a question, which from now on is the one that counts."""

    def take(self, buffer: bytearray) -> Reply | None:
        """Use up what the buffer holds; None until the reply is whole.

        Raises
        ------
        OutOfStep
        """


class TcpFraming:
    """MBAP frames (Modbus Messaging on TCP/IP, 3.1): every reply carries the number of its request."""

    is_serial = False

    def __init__(self, first_transaction: int) -> None:
        self.strays = 0
        self._framer = FramerSocket(DecodePDU(is_server=False))
        self._transaction = first_transaction & 0xFFFF
        self._question: AnyQuestion | None = None

    def ask(self, question: AnyQuestion) -> bytes:
        self._transaction = self._transaction % 0xFFFF + 1  # 0 is left out: some devices answer it with silence
        self._question = question
        return self._framer.buildFrame(question.pdu(self._transaction))

    def take(self, buffer: bytearray) -> Reply | None:
        question = self._question
        while len(buffer) >= _HEADER_BYTES:
            transaction, protocol, length = (int.from_bytes(buffer[at : at + 2], "big") for at in (0, 2, 4))
            if protocol != 0 or not 3 <= length <= _LONGEST_LENGTH:
                raise OutOfStep(f"no Modbus TCP header: {buffer[:_HEADER_BYTES].hex(' ')}")
            end = 6 + length
            if len(buffer) < end:
                return None
            frame = bytes(buffer[:end])
            del buffer[:end]
            if question is None or transaction != self._transaction:
                self.strays += 1
                continue
            self._question = None
            if frame[6] != question.unit:
                raise OutOfStep(f"unit {frame[6]} answers for unit {question.unit}")
            return _reply(frame[7:], question)
        return None


class RtuFraming:
    """RTU frames (Modbus over Serial Line V1.02, 2.5.1): unit, function and length are all that tells replies apart."""

    is_serial = True

    def __init__(self) -> None:
        self.strays = 0
        self._framer = FramerRTU(DecodePDU(is_server=False))
        self._question: AnyQuestion | None = None

    def ask(self, question: AnyQuestion) -> bytes:
        self._question = question
        return self._framer.buildFrame(question.pdu(0))

    def take(self, buffer: bytearray) -> Reply | None:
        question = self._question
        glitches = 0
        while question and glitches < _MOST_GLITCHES and buffer and buffer[0] in _GLITCHES and buffer[0] != question.unit:
            del buffer[:1]
            glitches += 1
        while len(buffer) >= _SHORTEST_RTU_BYTES:
            function = buffer[1]
            if function & _EXCEPTION:
                end = _SHORTEST_RTU_BYTES
            elif 1 <= function <= 4:
                end = buffer[2] + _SHORTEST_RTU_BYTES
            elif function == ReadDeviceInformationResponse.function_code:
                end = ReadDeviceInformationResponse.calculateRtuFrameSize(bytes(buffer))
            else:
                raise OutOfStep(f"no RTU frame: {buffer[:8].hex(' ')}")
            if len(buffer) < end:
                return None
            frame = bytes(buffer[:end])
            if FramerRTU.compute_CRC(frame[:-2]) != int.from_bytes(frame[-2:], "big"):
                raise OutOfStep(f"a frame with a wrong checksum, from unit {frame[0]} perhaps")
            del buffer[:end]
            is_ours = question is not None and frame[0] == question.unit and function & ~_EXCEPTION == question.function
            is_like = function & _EXCEPTION or isinstance(question, Identify) or (question and frame[2] == question.size)
            if question is None or not is_ours or not is_like:
                self.strays += 1
                continue
            self._question = None
            return _reply(frame[1:-2], question)
        return None


def identification_of(data: bytes) -> list[str]:
    """Give the texts of an answer to `Identify`: vendor, product, revision (Application Protocol V1.1b3, 6.21)."""
    answer = ReadDeviceInformationResponse()
    try:
        answer.decode(data)
    except (struct.error, IndexError):
        return []
    texts = (value for value in answer.information.values() if isinstance(value, bytes))
    return [text.decode("utf-8", "replace").strip("\0 ") for text in texts]


def _reply(pdu: bytes, question: AnyQuestion) -> Reply:
    if pdu[0] == question.function | _EXCEPTION and len(pdu) == 2:
        return Reply(b"", pdu[1])
    if isinstance(question, Identify) and pdu[0] == question.function:
        return Reply(pdu[1:])
    if pdu[0] == question.function and pdu[1] == question.size and len(pdu) == 2 + question.size:
        return Reply(pdu[2:])
    raise OutOfStep(f"function {pdu[0]} with {len(pdu) - 2} bytes answers function {question.function} for {question.size} bytes")
